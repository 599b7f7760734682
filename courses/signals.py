"""What courses announces, inside the transaction of the act."""

from django.dispatch import Signal

module_published = Signal()
"""A module came out in a new edition. Arguments: ``module_id``, ``edition_id``."""

module_finished = Signal()
"""A person finished every required section. Arguments: ``person_id``, ``module_id``."""
