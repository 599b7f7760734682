"""Whom an organiser invites: people of chosen units and positions, or one found by name."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from django.core.cache import cache
from django.db import transaction
from django.db.models import Count, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from attendance import registration
from attendance.models import Event, Registration
from attendance.registration import EventFull, lock_event
from clinic.lib.errors import Refused
from clinic.people.access import require, visible
from clinic.people.models import Account, Membership, Person, Unit

MOST_AT_ONCE = 200
POSITIONS_OFFERED = 12
SECONDS_A_DAY = 86_400
TOP_DEPTH = 2
FOUND_BY_NAME = 20


@dataclass(frozen=True)
class InviteCandidate:
    """Somebody who may be invited; ``registration`` is the one they have already."""

    person: Person
    unit: Unit
    position: str
    registration: Registration | None


@dataclass
class UnitCandidates:
    """A top unit with the people found in it and below it, perhaps nobody."""

    unit: Unit
    people: list[InviteCandidate] = field(default_factory=list)


@dataclass
class Invited:
    """What came of one act: new invitations, who had a registration, who got no seat."""

    new: list[Registration] = field(default_factory=list)
    known: list[Registration] = field(default_factory=list)
    without_seat: list[Person] = field(default_factory=list)


def top_units(event: Event, *, kind: str = "") -> QuerySet[Unit]:
    """Return the units right below the event's regency, in official order."""
    rows = Unit.objects.under(event.unit.get_root()).filter(depth=TOP_DEPTH)
    rows = rows.valid_on(timezone.localdate())
    return rows.filter(kind=kind) if kind else rows


def positions_of(event: Event) -> list[tuple[str, int]]:
    """Return the positions that several people of the regency hold, as stored, with how many.

    They are suggestions, counted once a day: the count reads every membership.
    """
    root = event.unit.get_root()

    def count() -> list[tuple[str, int]]:
        rows = _find_memberships(root).exclude(position="")
        counted = rows.order_by().values("position").annotate(people=Count("person", distinct=True))
        shared = counted.filter(people__gt=1).order_by("-people", "position")
        return list(shared.values_list("position", "people")[:POSITIONS_OFFERED])

    key = f"attendance.positions:{root.uuid}:{timezone.localdate()}"
    return cache.get_or_set(key, count, timeout=SECONDS_A_DAY) or []


def _find_memberships(*roots: Unit) -> QuerySet[Membership]:
    rows = Membership.objects.on(timezone.localdate()).filter(person__merged_into__isnull=True)
    return rows.filter(unit__in=Unit.objects.under(*roots))


def find_candidates(
    event: Event,
    units: Sequence[Unit],
    positions: Sequence[str],
    *,
    words: str = "",
    actor: Account,
) -> list[UnitCandidates]:
    """Return the chosen top units, each with the people who hold such a position in or below it.

    Without positions and words everybody of the units is found; several words mean any of them.
    """
    require(actor, "change-event", event)
    rows = _find_memberships(*units).filter(_match_positions(positions, words))
    rows = rows.filter(person__in=visible(actor, "register", Person.objects.all()))
    rows = rows.select_related("person", "unit").order_by("unit__path", "person__name", "pk")
    memberships = _keep_first_of_each(rows[: MOST_AT_ONCE + 1])
    if len(memberships) > MOST_AT_ONCE:
        raise Refused(
            _("More than %(count)d people match. Choose fewer units, or posts.")
            % {"count": MOST_AT_ONCE},
            code="too_many",
        )
    by_path = {unit.path: UnitCandidates(unit) for unit in units}
    for candidate in _make_candidates(event, memberships):
        by_path[candidate.unit.path[: TOP_DEPTH * Unit.steplen]].people.append(candidate)
    return list(by_path.values())


def _match_positions(positions: Sequence[str], words: str) -> Q:
    wanted = [word.strip() for word in words.split(",") if word.strip()]
    if not positions and not wanted:
        return Q()
    condition = Q(position__in=positions)
    for word in wanted:
        condition |= Q(position__icontains=word)
    return condition


def _keep_first_of_each(rows: Iterable[Membership]) -> list[Membership]:
    first: dict[int, Membership] = {}
    for row in rows:
        first.setdefault(row.person_id, row)
    return list(first.values())


def _make_candidates(event: Event, memberships: Sequence[Membership]) -> list[InviteCandidate]:
    people = [row.person_id for row in memberships]
    rows = event.registrations.active().filter(person__in=people)
    registrations = {row.person_id: row for row in rows}
    return [
        InviteCandidate(row.person, row.unit, row.position, registrations.get(row.person_id))
        for row in memberships
    ]


def find_by_name(
    event: Event, text: str, *, actor: Account, only_free: bool = False
) -> list[InviteCandidate]:
    """Return people of the regency whose name holds every word of the text, at most twenty.

    ``only_free`` leaves out whoever is registered.
    """
    require(actor, "change-event", event)
    rows = _find_memberships(event.unit.get_root())
    rows = rows.filter(person__in=visible(actor, "register", Person.objects.all()))
    for word in text.split():
        rows = rows.filter(person__name__icontains=word)
    if only_free:
        rows = rows.exclude(person__in=event.registrations.active().values("person"))
    rows = rows.select_related("person", "unit").order_by("person__name", "pk")
    return _make_candidates(event, _keep_first_of_each(rows[: 2 * FOUND_BY_NAME])[:FOUND_BY_NAME])


def people_named(wanted: Iterable[UUID], *, actor: Account) -> QuerySet[Person]:
    """Return those of the named people whom the actor may invite, by name."""
    rows = visible(actor, "register", Person.objects.unmerged())
    return rows.filter(uuid__in=list(wanted)).order_by("name", "pk")


def invite_all(event: Event, people: Iterable[Person], *, actor: Account) -> Invited:
    """Invite each of them in one transaction; whoever is registered keeps that registration.

    Seats go by the order given; who gets none is named and stays uninvited.
    """
    require(actor, "change-event", event)
    result = Invited()
    with transaction.atomic():
        before = set(lock_event(event).registrations.active().values_list("pk", flat=True))
        for person in people:
            require(actor, "register", person)
            try:
                row = registration.invite(event, person, actor=actor)
            except EventFull:
                result.without_seat.append(person)
                continue
            (result.known if row.pk in before else result.new).append(row)
    return result
