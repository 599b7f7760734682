"""A person moves: from a day on they work in another unit or post, and what was before stays.

Days are the first day of the new place; the membership before it ends the day before.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from django.db import transaction
from django.utils.translation import gettext as _

from clinic.lib.errors import Refused
from clinic.people import granting
from clinic.people.access import require
from clinic.people.models import Account, Grant, Membership, Person, Unit
from clinic.people.wording import format_value
from clinic.records import audit

ONE_DAY = timedelta(days=1)
FACTS = ("unit_id", "start", "end", "position", "position_kind")


class StartsBeforeTheLast(Refused):
    """A new place that would begin before the last one began; ``details`` name that day."""

    code = "start_before_last"


@dataclass(frozen=True)
class PersonPlacement:
    """How a person's memberships change so that they work in a unit from a day on.

    Attributes:
        act: ``none``; ``begin`` adds ``after``; ``correct`` overwrites ``last`` with ``after``;
            ``move`` ends ``last`` the day before ``after`` begins, and adds ``after``.
        after: the membership as it will be, not saved.
        last: the stored membership that is corrected or ended.
        keeps_earlier_start: the asked start is later than the known one and is not taken over,
            since answers given in between belong to this unit.
    """

    act: Literal["none", "begin", "correct", "move"]
    after: Membership
    last: Membership | None = None
    keeps_earlier_start: bool = False

    def __str__(self) -> str:
        """Say all that it would write: two that say the same do the same."""
        last = self.last.pk if self.last else None
        return f"{self.act} {last} {[str(getattr(self.after, fact)) for fact in FACTS]}"

    @property
    def leaves_unit(self) -> bool:
        """Say whether the person no longer works in the unit of before."""
        return self.last is not None and self.last.unit_id != self.after.unit_id

    def change_last(self) -> None:
        """Correct or end the last membership."""
        if self.last is None:
            return
        if self.act == "move":
            self.last.end = self.after.start - ONE_DAY
            self.last.save(update_fields=["end"])
        elif self.act == "correct":
            for fact in FACTS:
                setattr(self.last, fact, getattr(self.after, fact))
            self.last.save(update_fields=[*FACTS])

    def new_for(self, person: Person) -> Membership | None:
        """Return the membership to be added, for the person, if there is one."""
        if self.act not in {"begin", "move"}:
            return None
        self.after.person = person
        return self.after


def place_person(
    memberships: Sequence[Membership],
    *,
    unit: int,
    today: date,
    start: date | None = None,
    position: str = "",
    position_kind: str = "",
) -> PersonPlacement:
    """Say how the memberships change; asking for the same again is ``none``.

    Args:
        memberships: all of the person's, those of merged rows included.
        unit: id of the unit in which the person is to work.
        today: first day where no start is stated.
        start: first day in the unit; None is not stated.
        position: post held there; empty is not stated.
        position_kind: kind of the post; empty is not stated.

    Raises:
        StartsBeforeTheLast: the new place cannot follow the last one in time.
    """
    begin = start or today
    new = Membership(
        unit_id=unit, start=begin, position=position, position_kind=position_kind, end=None
    )
    in_unit = [
        membership
        for membership in memberships
        if membership.unit_id == unit and (membership.end is None or membership.end >= begin)
    ]
    # What reaches the day in this unit, else what began last.
    last = max(in_unit or memberships, key=lambda membership: membership.start, default=None)
    if last is None or (last.end is not None and last.end < begin):
        return PersonPlacement("begin", new)
    if last.unit_id == unit:
        return _change_within_unit(memberships, last, new, start)
    if begin < last.start:
        raise StartsBeforeTheLast(details={"start": last.start.isoformat()})
    return PersonPlacement("move" if begin > last.start else "correct", new, last)


def _change_within_unit(
    memberships: Sequence[Membership], last: Membership, new: Membership, start: date | None
) -> PersonPlacement:
    """The unit stays: a later start with another post is a new membership, else a correction."""
    new.start = start or last.start
    new.end = last.end
    new.position = new.position or last.position
    new.position_kind = new.position_kind or last.position_kind
    is_later = new.start > last.start
    is_same_post = (new.position, new.position_kind) == (last.position, last.position_kind)
    if is_later and not is_same_post:
        return PersonPlacement("move", new, last)
    for other in memberships:
        reaches = other.end is None or other.end >= new.start
        if new.start < last.start and other is not last and reaches:
            raise StartsBeforeTheLast(details={"start": other.start.isoformat()})
    new.start = min(new.start, last.start)
    changes = any(getattr(new, fact) != getattr(last, fact) for fact in FACTS)
    return PersonPlacement(
        "correct" if changes else "none", new, last, keeps_earlier_start=is_later
    )


def memberships_of(person: Person) -> list[Membership]:
    """Return all memberships of the person, those of merged rows included."""
    rows = Membership.objects.filter(person__in=Person.objects.rows_of(person))
    return list(rows.select_related("unit"))


def plan_move(
    person: Person, unit: Unit, *, today: date, start: date | None = None, position: str = "",
    position_kind: str = "",
) -> PersonPlacement:  # fmt: skip
    """Say what a move of the person to the unit would do.

    Raises:
        Refused: the unit does not exist on that day (``unit_not_valid``), or the day lies before
            the last move (``start_before_last``).
    """
    if not unit.exists_on(start or today):
        raise Refused(_("The unit does not exist on that day."), code="unit_not_valid")
    try:
        return place_person(
            memberships_of(person), unit=unit.pk, today=today, start=start, position=position,
            position_kind=position_kind,
        )  # fmt: skip
    except StartsBeforeTheLast as refused:
        refused.message = _("The person's last place began on %(start)s, not before this date.") % {
            "start": format_value("start", refused.details["start"])
        }
        raise


@transaction.atomic
def move_person(
    person: Person, unit: Unit, *, today: date, actor: Account | None, start: date | None = None,
    position: str = "", position_kind: str = "", reason: str = "",
) -> PersonPlacement:  # fmt: skip
    """Place the person in a unit from a day on; who leaves a unit loses the roles in units.

    Twice changes nothing.
    """
    if actor is not None:
        require(actor, "change-person", person)
    kept = Person.objects.kept_row(person)
    person = Person.objects.select_for_update().get(pk=kept.pk)
    placement = plan_move(
        person, unit, today=today, start=start, position=position, position_kind=position_kind
    )
    roles = roles_that_end(person, placement)
    write_placement(person, placement, actor=actor, reason=reason)
    end_roles(roles, placement.after.start, today=today, actor=actor)
    return placement


def end_roles(
    roles: Sequence[Grant], first_day: date, *, today: date, actor: Account | None
) -> None:
    """End roles at once, or the day before ``first_day`` where the move lies ahead."""
    last_day = first_day - ONE_DAY
    for role in roles:
        is_ahead = last_day >= today and role.starts_on <= last_day
        granting.end_grant(role, actor=actor, last_day=last_day if is_ahead else None)


def roles_that_end(person: Person, placement: PersonPlacement) -> list[Grant]:
    """Return the roles in units that a move to another unit ends, whichever unit they are for."""
    if not placement.leaves_unit:
        return []
    in_units = granting.standing_grants(person).filter(unit__isnull=False)
    first_day = placement.after.start
    return [role for role in in_units if role.ends_on is None or role.ends_on >= first_day]


def write_placement(
    person: Person, placement: PersonPlacement, *, actor: Account | None, reason: str
) -> None:
    """Write what was planned, with its audit row."""
    if placement.act == "none":
        return
    before = placement.last.unit_id if placement.last else None
    placement.change_last()
    new = placement.new_for(person)
    if new is not None:
        new.save()
    audit.record(
        "person.moved",
        actor=actor,
        thing=person,
        subject=person,
        reason=reason,
        values={
            "from": before,
            "to": placement.after.unit_id,
            "start": str(placement.after.start),
        },
    )
