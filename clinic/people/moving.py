"""People move, units end, merge and split: the rows of before stay and are still found (D12).

Days are given as the first day of the new state; what was before ends the day before. Roles are
not moved: a role in an ended unit is granted anew where it is needed.

The units of this instance by name, read in two queries.

Writing what ``place_person`` has decided.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from clinic.lib.errors import Refused
from clinic.people.arithmetic.lineage import Span, carriers_on, leads_to
from clinic.people.arithmetic.placement import (
    Place,
    StartsBeforeTheLast,
    Step,
    Wanted,
    place_person,
)
from clinic.people.arithmetic.unit_names import NamedUnit, UnitNames
from clinic.people.models import Account, Membership, Person, Unit, UnitSuccession
from clinic.people.wording import shown
from clinic.records import audit


def load_unit_names() -> UnitNames:
    """Return the index over all units, ended ones included.

    ``find(text, day)`` answers a list's unit column and an old sheet's heading.
    """
    units = list(Unit.objects.all())
    roots = {unit.path: unit.name for unit in units if unit.is_root()}
    named = [
        NamedUnit(
            key=unit.pk,
            slug=unit.slug,
            name=unit.name,
            short_name=unit.short_name,
            former_names=tuple(unit.former_name_list),
            root=roots.get(unit.path[: Unit.steplen], ""),
            span=Span(unit.valid_from, unit.valid_to),
        )
        for unit in units
    ]
    return UnitNames(named, successors_by_unit())


def successors_by_unit() -> dict[int, list[int]]:
    """Return who follows whom, in the order of each split."""
    successors: dict[int, list[int]] = defaultdict(list)
    for before, after in UnitSuccession.objects.values_list("before", "after"):
        successors[before].append(after)
    return successors


def places_of(person: Person) -> list[Place]:
    """Return all stays of the person, those of merged rows included."""
    rows = Membership.objects.filter(person__in=Person.objects.rows_of(person))
    columns = ("unit_id", "start", "end", "position", "position_kind", "id")
    return [Place(*row) for row in rows.values_list(*columns)]


def change_last_stay(step: Step) -> None:
    """Correct or end the stay that the step is about; one to be added is not added here."""
    if step.last is None:
        return
    stay = Membership.objects.filter(pk=step.last.key)
    if step.act == "move":
        stay.update(end=step.last_ends)
    elif step.act == "correct":
        stay.update(**_fields(step.place))


def new_stay(person: Person, step: Step) -> Membership | None:
    """Return the unsaved membership that the step adds, if it adds one."""
    if step.act in {"begin", "move"}:
        return Membership(person=person, **_fields(step.place))
    return None


def _fields(place: Place) -> Mapping[str, Any]:
    return {
        "unit_id": place.unit,
        "start": place.start,
        "end": place.end,
        "position": place.position,
        "position_kind": place.position_kind,
    }


ONE_DAY = timedelta(days=1)


class NotMovable(Refused):
    """A move, merger, split or end that cannot be done as asked."""

    code = "not_movable"


@dataclass(frozen=True)
class Split:
    """How a unit is split.

    Attributes:
        into: the units that carry on, the main one first.
        rest_to: where persons and parts go that are not named; one of ``into``.
        persons: unit by person id.
        parts: unit by id of a unit below.
    """

    into: Sequence[Unit]
    rest_to: Unit
    persons: Mapping[int, Unit] = field(default_factory=dict)
    parts: Mapping[int, Unit] = field(default_factory=dict)


def successors_on(unit: Unit, day: date) -> list[Unit]:
    """Return the units that carry on for ``unit`` on the day; the unit itself while it exists."""
    spans = {
        key: Span(first, last)
        for key, first, last in Unit.objects.values_list("pk", "valid_from", "valid_to")
    }
    keys = carriers_on(unit.pk, day, spans=spans, successors=successors_by_unit())
    by_key = Unit.objects.in_bulk(keys)
    return [by_key[key] for key in keys]


def predecessors_of(unit: Unit) -> list[Unit]:
    """Return every unit for which ``unit`` carries on, so that their sheets are its history."""
    successors = successors_by_unit()
    keys = [key for key in successors if key != unit.pk and leads_to(key, unit.pk, successors)]
    return list(Unit.objects.filter(pk__in=keys))


@transaction.atomic
def move_person(
    person: Person, wanted: Wanted, *, today: date, actor: Account | None, reason: str = ""
) -> Step:
    """Place the person in a unit from a day on (today if none is wanted); twice changes nothing.

    Raises:
        NotMovable: the unit does not exist on that day, or the day lies before the last move.
    """
    kept = Person.objects.kept_row(person)
    person = Person.objects.select_for_update().get(pk=kept.pk)
    day = wanted.start or today
    if not Unit.objects.valid_on(day).filter(pk=wanted.unit).exists():
        raise NotMovable(_("The unit does not exist on that day."), code="unit_not_valid")
    try:
        step = place_person(places_of(person), wanted, today=today)
    except StartsBeforeTheLast as refused:
        raise NotMovable(
            _("The person's last place began on %(start)s, not before this date.")
            % {"start": shown("start", refused.details["start"])},
            code=refused.code,
        ) from refused
    _carry_out(person, step, actor=actor, reason=reason)
    return step


@transaction.atomic
def rename_unit(unit: Unit, name: str, *, actor: Account | None, reason: str = "") -> Unit:
    """Give the unit another name; the old one stays among its former names."""
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
def merge_units(
    units: Iterable[Unit], into: Unit, *, day: date, actor: Account | None, reason: str
) -> None:
    """End the units the day before ``day``; ``into`` carries on with their people and parts.

    Raises:
        NotMovable: a unit has ended already, is the regency, or lies around ``into``.
    """
    for unit in units:
        split = Split(into=[into], rest_to=into)
        _hand_over(unit, split, day=day, actor=actor, reason=reason)
        _record("unit.merged", unit, actor=actor, reason=reason, into=into.slug, day=str(day))


@transaction.atomic
def split_unit(unit: Unit, split: Split, *, day: date, actor: Account | None, reason: str) -> None:
    """End the unit the day before ``day`` and part its people and parts among its successors.

    Raises:
        NotMovable: the unit has ended already, is the regency, lies around a successor, or a
            person or part is sent to a unit that does not succeed it.
    """
    named = [split.rest_to, *split.persons.values(), *split.parts.values()]
    if any(target not in split.into for target in named):
        raise NotMovable(
            _("Persons and parts can only go to a unit that carries on."), code="not_a_successor"
        )
    _hand_over(unit, split, day=day, actor=actor, reason=reason)
    slugs = ", ".join(successor.slug for successor in split.into)
    _record("unit.split", unit, actor=actor, reason=reason, into=slugs, day=str(day))


@transaction.atomic
def end_unit(unit: Unit, *, last_day: date, actor: Account | None, reason: str) -> None:
    """End a unit that nobody carries on; its people have no unit from the next day on.

    Raises:
        NotMovable: it has ended already, is the regency, has parts that go on, or somebody
            begins there later.
    """
    _refuse_unending(unit, last_day)
    after = last_day + ONE_DAY
    if unit.get_children().valid_on(after).exists():
        raise NotMovable(
            _("Units below this one go on. Move or end them first."), code="unit_has_parts"
        )
    if unit.memberships.filter(start__gte=after).exists():
        raise NotMovable(
            _("Somebody begins in this unit after that day."), code="unit_has_later_people"
        )
    unit.memberships.on(after).update(end=last_day)
    _end(unit, last_day)
    _record("unit.ended", unit, actor=actor, reason=reason, day=str(last_day))


@transaction.atomic
def carry_over(unit: Unit, into: Unit, *, day: date, actor: Account | None) -> None:
    """Place whoever works in an ended unit on the day, or begins there later, in its successor."""
    _move_people(
        unit,
        lambda _person: into,
        day=day,
        record=lambda person, step: _carry_out(person, step, actor=actor, reason=""),
    )


def _hand_over(unit: Unit, split: Split, *, day: date, actor: Account | None, reason: str) -> None:
    """End the unit, name its successors, and move its parts and people to them."""
    _refuse_unending(unit, day - ONE_DAY)
    for successor in split.into:
        _refuse_successor(unit, successor, day)
    _end(unit, day - ONE_DAY)
    for order, successor in enumerate(split.into):
        UnitSuccession.objects.create(before=unit, after=successor, order=order)
    _move_people(
        unit,
        lambda person: split.persons.get(person, split.rest_to),
        day=day,
        record=lambda person, step: _carry_out(person, step, actor=actor, reason=reason),
    )
    for part in list(unit.get_children().valid_on(day)):
        target = split.parts.get(part.pk, split.rest_to)
        fresh = Unit.objects.get(pk=part.pk)
        fresh.move(Unit.objects.get(pk=target.pk), "sorted-child")


def _move_people(
    unit: Unit,
    target: Callable[[int], Unit],
    *,
    day: date,
    record: Callable[[Person, Step], None],
) -> None:
    """Place everybody who works in the unit on the day, or begins there later."""
    staying = unit.memberships.on(day) | unit.memberships.filter(start__gte=day)
    for stay in list(staying.select_related("person").order_by("start", "pk")):
        person = stay.person
        wanted = Wanted(
            target(person.pk).pk, max(stay.start, day), stay.position, stay.position_kind
        )
        places = [place for place in places_of(person) if place.key == stay.pk]
        if Membership.objects.on(wanted.start or day).filter(person=person, unit=wanted.unit):
            stay.end = max(day - ONE_DAY, stay.start)
            stay.save(update_fields=["end"])
            continue
        record(person, place_person(places, wanted, today=day))


def _carry_out(person: Person, step: Step, *, actor: Account | None, reason: str) -> None:
    if step.act == "none":
        return
    change_last_stay(step)
    stay = new_stay(person, step)
    if stay is not None:
        stay.save()
    audit.record(
        "person.moved",
        actor=actor,
        thing=person,
        subject=person,
        reason=reason,
        values={
            "from": step.last.unit if step.last else None,
            "to": step.place.unit,
            "start": str(step.place.start),
        },
    )


def _refuse_unending(unit: Unit, last_day: date) -> None:
    if unit.is_root():
        raise NotMovable(_("The regency itself does not end."), code="regency_does_not_end")
    if unit.valid_to is not None:
        raise NotMovable(_("This unit has ended already."), code="unit_has_ended")
    if unit.valid_from is not None and unit.valid_from > last_day:
        raise NotMovable(_("The unit begins after that day."), code="unit_begins_later")


def _refuse_successor(unit: Unit, successor: Unit, day: date) -> None:
    if not Span(successor.valid_from, successor.valid_to).covers(day):
        raise NotMovable(_("The unit does not exist on that day."), code="unit_not_valid")
    if successor == unit or successor.is_descendant_of(unit):
        raise NotMovable(
            _("The succeeding unit lies below the one that ends. Move it first."),
            code="successor_lies_below",
        )
    if leads_to(successor.pk, unit.pk, successors_by_unit()):
        raise NotMovable(_("The units would carry on for each other."), code="successor_circle")


def _end(unit: Unit, last_day: date) -> None:
    unit.valid_to = last_day
    unit.save(update_fields=["valid_to"])


def _record(verb: str, unit: Unit, *, actor: Account | None, reason: str, **values: str) -> None:
    audit.record(verb, actor=actor, thing=unit, reason=reason, values=values)
