"""Units, persons, accounts and grants."""

from clinic.people.models.accounts import Account, fold_login_name
from clinic.people.models.activations import Activation
from clinic.people.models.persons import Grant, Membership, Person
from clinic.people.models.units import Unit

__all__ = ["Account", "Activation", "Grant", "Membership", "Person", "Unit", "fold_login_name"]
