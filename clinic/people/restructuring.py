"""Units change: they get a name or a parent, end, merge, split and are opened again.

A unit keeps its row for ever: ``valid_to`` ends it and its successors carry on, so that an old
sheet still finds its unit (D12). Days are the first day of the new state; what was before ends the
day before. Roles are not moved: a role in an ended unit is given anew where it is needed.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import date

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from clinic.lib.errors import Refused
from clinic.people.access import require
from clinic.people.arithmetic.lineage import leads_to
from clinic.people.models import Account, Membership, Unit, UnitSuccession
from clinic.people.moving import ONE_DAY, place_person, write_placement
from clinic.people.unit_names import find_carriers, successors_by_unit
from clinic.records import audit

NOBODY: Mapping[int, Unit] = {}


def successors_on(unit: Unit, day: date) -> list[Unit]:
    """Return the units that carry on for ``unit`` on the day; the unit itself while it exists."""
    units = Unit.objects.in_bulk()
    keys = find_carriers(unit.pk, day, units=units, successors=successors_by_unit())
    return [units[key] for key in keys]


def predecessors_of(unit: Unit) -> list[Unit]:
    """Return every unit for which ``unit`` carries on, so that their sheets are its history."""
    successors = successors_by_unit()
    keys = [key for key in successors if key != unit.pk and leads_to(key, unit.pk, successors)]
    return list(Unit.objects.filter(pk__in=keys))


def memberships_from(unit: Unit, day: date) -> QuerySet[Membership]:
    """Return the memberships in the unit that cover the day or begin later."""
    from_day = unit.memberships.on(day) | unit.memberships.filter(start__gte=day)
    return from_day.select_related("person").order_by("start", "pk")


@transaction.atomic
def rename_unit(unit: Unit, name: str, *, actor: Account | None, reason: str = "") -> Unit:
    """Give the unit another name; the old one stays among its former names."""
    _lock(unit, actor)
    old = unit.name
    if name == old:
        return unit
    names = dict.fromkeys([*unit.former_name_list, old])
    unit.former_names = "\n".join(former for former in names if former != name)
    unit.name = name
    unit.save(update_fields=["name", "former_names"])
    if not unit.is_root():
        unit.move(unit.get_parent(), "sorted-child")
    _record("unit.renamed", unit, actor=actor, reason=reason, before=old, after=name)
    unit.refresh_from_db()
    return unit


@transaction.atomic
def move_unit(unit: Unit, parent: Unit, *, today: date, actor: Account | None, reason: str) -> None:
    """Put the unit, with all below it, below another parent; twice changes nothing."""
    _lock(unit, actor)
    check_parent(unit, parent, today)
    old = unit.get_parent()
    if old == parent:
        return
    unit.move(Unit.objects.get(pk=parent.pk), "sorted-child")
    _record("unit.moved", unit, actor=actor, reason=reason, before=old.slug, after=parent.slug)


def check_parent(unit: Unit, parent: Unit, today: date) -> None:
    """Refuse a parent that cannot be the unit's."""
    if unit.is_root():
        raise Refused(_("The regency cannot be put below another unit."), code="regency_stays_root")
    if parent == unit or parent.is_descendant_of(unit):
        raise Refused(
            _("A unit cannot lie below itself or below one of its own parts."),
            code="parent_lies_below",
        )
    if not parent.exists_on(today):
        raise Refused(_("The unit does not exist on that day."), code="unit_not_valid")


@transaction.atomic
def merge_unit(unit: Unit, into: Unit, *, day: date, actor: Account | None, reason: str) -> None:
    """End the unit the day before ``day``; ``into`` carries on with its people and parts."""
    _lock(unit, actor)
    _hand_over(unit, [into], day=day, actor=actor, reason=reason)
    _record("unit.merged", unit, actor=actor, reason=reason, into=into.slug, day=str(day))


@transaction.atomic
def split_unit(
    unit: Unit, into: Sequence[Unit], *, day: date, actor: Account | None, reason: str,
    persons: Mapping[int, Unit] = NOBODY, parts: Mapping[int, Unit] = NOBODY,
) -> None:  # fmt: skip
    """End the unit the day before ``day`` and part its people and parts among its successors.

    Args:
        unit: ends.
        into: units that carry on; who and what is not named goes to the first.
        day: first day of the successors.
        actor: who does it.
        reason: kept in the audit log.
        persons: successor by person id.
        parts: successor by id of a unit below.
    """
    _lock(unit, actor)
    if any(target not in into for target in [*persons.values(), *parts.values()]):
        raise Refused(
            _("Persons and parts can only go to a unit that carries on."), code="not_a_successor"
        )
    _hand_over(unit, into, day=day, actor=actor, reason=reason, persons=persons, parts=parts)
    slugs = ", ".join(successor.slug for successor in into)
    _record("unit.split", unit, actor=actor, reason=reason, into=slugs, day=str(day))


@transaction.atomic
def end_unit(unit: Unit, *, last_day: date, actor: Account | None, reason: str) -> None:
    """End a unit that nobody carries on; its people have no unit from the next day on."""
    _lock(unit, actor)
    check_end(unit, last_day)
    unit.memberships.on(last_day + ONE_DAY).update(end=last_day)
    unit.valid_to = last_day
    unit.save(update_fields=["valid_to"])
    _record("unit.ended", unit, actor=actor, reason=reason, day=str(last_day))


def check_end(unit: Unit, last_day: date) -> None:
    """Refuse an end without successors: of the regency, twice, or with parts or people to come."""
    _check_may_end(unit, last_day)
    after = last_day + ONE_DAY
    if unit.get_children().valid_on(after).exists():
        raise Refused(
            _("Units below this one go on. Move or end them first."), code="unit_has_parts"
        )
    if unit.memberships.filter(start__gte=after).exists():
        raise Refused(
            _("Somebody begins in this unit after that day."), code="unit_has_later_people"
        )


@transaction.atomic
def reopen_unit(unit: Unit, *, today: date, actor: Account | None, reason: str) -> None:
    """Take back the end of a unit: it has no last day and no successors any more.

    People and parts stay where they are now; nobody can tell a mistake from a later move.
    """
    _lock(unit, actor)
    check_reopening(unit, today)
    slugs = ", ".join(unit.succeeded_by.values_list("slug", flat=True))
    unit.successions.all().delete()
    day, unit.valid_to = unit.valid_to, None
    unit.save(update_fields=["valid_to"])
    _record("unit.reopened", unit, actor=actor, reason=reason, day=str(day), into=slugs)


def check_reopening(unit: Unit, today: date) -> None:
    """Refuse to open what has not ended, or lies below a unit that has."""
    if unit.valid_to is None:
        raise Refused(_("This unit has not ended."), code="unit_goes_on", status=409)
    parent = unit.get_parent()
    if parent is not None and not parent.exists_on(today):
        raise Refused(_("The unit above has ended. Open it first."), code="parent_has_ended")


@transaction.atomic
def carry_over(unit: Unit, into: Unit, *, day: date, actor: Account | None) -> None:
    """Place whoever works in an ended unit on the day, or begins there later, in its successor."""
    _move_people(unit, lambda _person: into, day=day, actor=actor, reason="")


def check_successor(unit: Unit, successor: Unit, day: date) -> None:
    """Refuse that the unit ends the day before ``day`` and the successor carries on."""
    _check_may_end(unit, day - ONE_DAY)
    if not successor.exists_on(day):
        raise Refused(_("The unit does not exist on that day."), code="unit_not_valid")
    if successor == unit or successor.is_descendant_of(unit):
        raise Refused(
            _("The succeeding unit lies below the one that ends. Move it first."),
            code="successor_lies_below",
        )
    if leads_to(successor.pk, unit.pk, successors_by_unit()):
        raise Refused(_("The units would carry on for each other."), code="successor_circle")


def _check_may_end(unit: Unit, last_day: date) -> None:
    if unit.is_root():
        raise Refused(_("The regency itself does not end."), code="regency_does_not_end")
    if unit.valid_to is not None:
        raise Refused(_("This unit has ended already."), code="unit_has_ended")
    if unit.valid_from is not None and unit.valid_from > last_day:
        raise Refused(_("The unit begins after that day."), code="unit_begins_later")


def _hand_over(
    unit: Unit, into: Sequence[Unit], *, day: date, actor: Account | None, reason: str,
    persons: Mapping[int, Unit] = NOBODY, parts: Mapping[int, Unit] = NOBODY,
) -> None:  # fmt: skip
    """End the unit, name its successors, and move its parts and people to them."""
    for successor in into:
        check_successor(unit, successor, day)
    unit.valid_to = day - ONE_DAY
    unit.save(update_fields=["valid_to"])
    for order, successor in enumerate(into):
        UnitSuccession.objects.create(before=unit, after=successor, order=order)
    _move_people(
        unit, lambda person: persons.get(person, into[0]), day=day, actor=actor, reason=reason
    )
    for part in list(unit.get_children().valid_on(day)):
        target = parts.get(part.pk, into[0])
        # Each move changes paths: both are read anew.
        Unit.objects.get(pk=part.pk).move(Unit.objects.get(pk=target.pk), "sorted-child")


def _move_people(
    unit: Unit, choose: Callable[[int], Unit], *, day: date, actor: Account | None, reason: str
) -> None:
    """Place everybody who works in the unit on the day, or begins there later."""
    for membership in list(memberships_from(unit, day)):
        person, target = membership.person, choose(membership.person_id)
        start = max(membership.start, day)
        if Membership.objects.on(start).filter(person=person, unit=target).exists():
            membership.end = max(day - ONE_DAY, membership.start)
            membership.save(update_fields=["end"])
            continue
        placement = place_person(
            [membership], unit=target.pk, today=day, start=start,
            position=membership.position, position_kind=membership.position_kind,
        )  # fmt: skip
        write_placement(person, placement, actor=actor, reason=reason)


def _lock(unit: Unit, actor: Account | None) -> None:
    """Ask whether the actor may change the unit, then let one change of the tree be done at a time.

    The unit is read anew: what was shown may have changed, and each move writes paths.
    """
    if actor is not None:
        require(actor, "change-unit", unit)
    list(Unit.objects.select_for_update().filter(depth=1))
    unit.refresh_from_db()


def _record(verb: str, unit: Unit, *, actor: Account | None, reason: str, **values: str) -> None:
    audit.record(verb, actor=actor, thing=unit, reason=reason, values=values)
