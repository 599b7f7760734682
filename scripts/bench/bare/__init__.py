"""The bare application: what Django alone costs on the product's server and database."""
