"""What attendance announces, inside the transaction of the act."""

from django.dispatch import Signal

registered = Signal()
"""A person got a seat. Arguments: ``registration``."""

invited = Signal()
"""A person was invited or proposed and has not answered. Arguments: ``registration``."""

presence_confirmed = Signal()
"""Presences changed. Arguments: ``event``, ``registrations`` (rows whose presences changed)."""
