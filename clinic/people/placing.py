"""Writing what ``place_person`` has decided."""

from collections.abc import Mapping
from typing import Any

from clinic.people.arithmetic.placement import Place, Step
from clinic.people.models import Membership, Person


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
