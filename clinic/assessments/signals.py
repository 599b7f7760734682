"""What assessments announces, inside the transaction of the act."""

from django.dispatch import Signal

scores_recorded = Signal()
"""A sheet's scores were written. Arguments: ``unit_id``."""
