"""What ``manage.py verify`` reads of attendance."""

from collections.abc import Iterator

from django.db.models import Count, F, Q

from attendance import presence
from attendance.models import Event, Presence, Registration, Scan
from clinic.lib.breaches import Breach, Invariant


def _find_double_uids() -> Iterator[Breach]:
    doubles = Scan.objects.values("uid").annotate(rows=Count("pk")).filter(rows__gt=1)
    for row in doubles:
        yield Breach(f"scan {row['uid']}", "is stored more than once")


def _find_presences_off_their_rows() -> Iterator[Breach]:
    for row in presence.differences():
        yield Breach(
            f"presence of registration {row.registration}",
            f"stored {row.stored}, should be {row.folded}",
        )


def _find_too_many_minutes() -> Iterator[Breach]:
    for row in Presence.objects.select_related("session").iterator():
        length = row.session.ends_at - row.session.starts_at
        if row.minutes * 60 > length.total_seconds():
            yield Breach(f"presence {row.pk}", "holds more minutes than its session")


def _find_intervals_out_of_order() -> Iterator[Breach]:
    for row in Presence.objects.select_related("session").iterator():
        edges = [moment for span in row.spans for moment in span]
        inside = not edges or (
            row.session.starts_at <= edges[0] and edges[-1] <= row.session.ends_at
        )
        if edges != sorted(edges) or not inside:
            yield Breach(f"presence {row.pk}", "has intervals out of order or its session")


def _find_seats_beyond_capacity() -> Iterator[Breach]:
    held = Count(
        "registrations",
        filter=Q(
            registrations__state__in=Registration.HELD_STATES,
            registrations__is_over_quota=False,
        ),
    )
    for event in Event.objects.annotate(held=held).exclude(held=F("seats_taken")):
        yield Breach(f"event {event.code}", f"{event.held} seats held, {event.seats_taken} counted")


INVARIANTS: list[Invariant] = [
    ("I2", _find_double_uids),
    ("I3", _find_presences_off_their_rows),
    ("I5", _find_too_many_minutes),
    ("I6", _find_intervals_out_of_order),
    ("I10", _find_seats_beyond_capacity),
]
