"""What quizzes announces, inside the transaction of the act."""

from django.dispatch import Signal

attempt_credited = Signal()
"""An attempt was handed in or ended by time, its credits are written. Arguments: ``attempt``."""
