"""The embedded database, as Django's but for when a commit reaches the disk."""
