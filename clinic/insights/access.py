"""Who may read findings; from how many people is decided by ``reading``."""

from django.db.models import Q

from clinic.insights import evidence
from clinic.people.access import NOTHING, Reach, rule
from clinic.people.models import Unit


@rule("read-finding", Unit, "pejabat-unit:u kabupaten:k panitia:e")
def units_whose_findings_are_read(reach: Reach) -> Q:
    """The official's own unit and those below it; for the programme's staff the whole regency.

    An organiser reads the units that have participants in the own events.
    """
    at_events = Q(pk__in=evidence.units_at(reach.event_ids)) if reach.event_ids else NOTHING
    return reach.in_units() | at_events


@rule("read-finding-of-others", Unit, "pejabat-unit:k")
def units_of_the_same_regency(reach: Reach) -> Q:
    """Other units of the regency, as published to their officials."""
    return reach.in_units()
