"""Who may do what with events, registrations, scans and presences."""

from django.db.models import Q
from django.utils import timezone

from attendance.models import Event, Registration
from clinic.people.access import EVERYTHING, NOTHING, Reach, rule
from clinic.people.models import Membership, Person, Unit


def _find_regions(reach: Reach) -> set[str]:
    """Return the paths of the regencies in which the actor may register somebody."""
    today = timezone.localdate()
    memberships = Membership.objects.on(today).filter(person__in=reach.person_ids)
    paths = set(memberships.values_list("unit__path", flat=True)) if reach.person_ids else set()
    return {path[: Unit.steplen] for path in paths | reach.unit_paths}


def _match_below(field: str, paths: set[str]) -> Q:
    condition = NOTHING
    for path in paths:
        condition |= Q(**{f"{field}__path__startswith": path})
    return condition


@rule("see-event", Event, "publik:*")
def events_seen(_reach: Reach) -> Q:
    """What is announced; drafts are their organisers' alone."""
    return Q(state__in=Event.PUBLIC_STATES)


@rule("register", Event, "peserta:o panitia:e pejabat-unit:u operator:u")
def events_joined(reach: Reach) -> Q:
    """Announced events of the regency that the person or the unit belongs to."""
    in_region = _match_below("unit", _find_regions(reach))
    return reach.in_events("pk") | (Q(state__in=Event.PUBLIC_STATES) & in_region)


@rule("register", Person, "peserta:o panitia:e pejabat-unit:u operator:u")
def persons_registered(reach: Reach) -> Q:
    """Oneself, the people of the own unit, and for an organiser those of the event's regency."""
    events = Event.objects.filter(pk__in=reach.event_ids) if reach.event_ids else None
    roots = (
        {path[: Unit.steplen] for path in events.values_list("unit__path", flat=True)}
        if events is not None
        else set()
    )
    members = Membership.objects.on(timezone.localdate()).filter(
        reach.in_units("unit") | _match_below("unit", roots)
    )
    return reach.own("pk") | Q(pk__in=members.values("person"))


@rule("cancel-registration", Registration, "peserta:o panitia:e pejabat-unit:u operator:u")
def registrations_cancelled(reach: Reach) -> Q:
    """One's own, those of the own unit, those of the event."""
    return reach.own("person") | reach.in_events("event") | reach.in_units("unit")


@rule("create-event", Event, "panitia:e")
@rule("change-event", Event, "panitia:e")
@rule("record-scan", Event, "panitia:e")
def events_run(reach: Reach) -> Q:
    """The organiser's events."""
    return reach.in_events("pk")


@rule("add-walk-in", Event, "panitia:e admin:*")
def events_with_walk_ins(reach: Reach) -> Q:
    """The organiser's events; the administrator's everywhere."""
    return EVERYTHING if reach.everything else reach.in_events("pk")


@rule("correct-presence", Registration, "panitia:e")
def presences_corrected(reach: Reach) -> Q:
    """Of the organiser's events; that it is never one's own is a rule of ``presence``."""
    return reach.in_events("event")


@rule(
    "read-presence",
    Registration,
    "peserta:o panitia:e pejabat-unit:u kabupaten:k",
    is_reading=True,
)
def presences_read(reach: Reach) -> Q:
    """Own presence; lists for the organiser, the unit's official and the secretariat."""
    return reach.own("person") | reach.in_events("event") | reach.in_units("unit")


@rule("reveal-person", Person, "panitia:e")
def persons_revealed_to_organisers(reach: Reach) -> Q:
    """Of those registered for the organiser's events, one at a time; each look is audited."""
    rows = Registration.objects.filter(reach.in_events("event"))
    return Q(pk__in=rows.values("person"))
