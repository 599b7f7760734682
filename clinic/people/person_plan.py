"""What a list of persons would change: finds the person, the unit and the place of each row."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from clinic.people.arithmetic.import_plan import Change, Level, Plan, PlannedRow, Problem, repeated
from clinic.people.arithmetic.masking import mask_email, mask_phone
from clinic.people.arithmetic.matching import Identity, names_share_a_word, normalise_name
from clinic.people.arithmetic.nip import mask_nip
from clinic.people.arithmetic.person_rows import PersonRow
from clinic.people.arithmetic.placement import (
    Place,
    StartsBeforeTheLast,
    Step,
    Wanted,
    place_person,
)
from clinic.people.known_people import FIELDS, KnownPeople

MASKS: Mapping[str, Callable[[str], str]] = {
    "nip": mask_nip,
    "phone": mask_phone,
    "email": mask_email,
}
UNIT_PROBLEMS = {
    "unknown": "unit_unknown",
    "ambiguous": "unit_ambiguous",
    "split": "unit_was_split",
    "ended": "unit_has_ended",
}


def plan_rows(
    rows: Sequence[PersonRow], problems: Sequence[Problem], *, known: KnownPeople, today: date
) -> Plan:
    """Return the plan for all rows; problems told before stay in front."""
    planning = _Planning(known, today)
    for problem in [*problems, *_double_rows(rows)]:
        planning.add(problem)
    for row in rows:
        planning.find_unit(row)
    planning.find_persons(rows)
    planned = tuple(planning.plan(row) for row in rows)
    return Plan(planned, tuple(planning.problems), tuple(rows), tuple(problems))


def _double_rows(rows: Sequence[PersonRow]) -> Iterator[Problem]:
    """Tell rows of the list that speak of one human twice."""
    keys: dict[str, tuple[str, Callable[[PersonRow], str]]] = {
        "nip_twice": ("nip", lambda row: row.nip),
        "email_twice": ("email", lambda row: row.email),
        "same_name_twice": ("name", _keyless_name),
    }
    for code, (column, key) in keys.items():
        for row, first in repeated((row.row, key(row)) for row in rows).items():
            yield Problem(code, row, column, {"row": str(first)})


def _keyless_name(row: PersonRow) -> str:
    if row.nip or row.email or not row.name:
        return ""
    return f"{normalise_name(row.name)}\n{row.unit.lower()}"


@dataclass
class _Planning:
    """One plan in the making."""

    known: KnownPeople
    today: date
    problems: list[Problem] = field(default_factory=list)
    refused: set[int] = field(default_factory=set)
    units: dict[int, int] = field(default_factory=dict)
    persons: dict[int, int] = field(default_factory=dict)

    def tell(
        self, code: str, row: PersonRow, column: str, level: Level = "error", **values: str
    ) -> None:
        self.add(Problem(code, row.row, column, values, level))

    def add(self, problem: Problem) -> None:
        self.problems.append(problem)
        if problem.level == "error":
            self.refused.add(problem.row)

    def find_unit(self, row: PersonRow) -> None:
        if not row.unit:
            return
        answer = self.known.units.find(row.unit, self.today)
        names = self.known.unit_names
        if answer.unit is None:
            options = ", ".join(names[key] for key in answer.options[:5])
            code = UNIT_PROBLEMS[answer.how]
            self.tell(code, row, "unit", typed=row.unit[:80], options=options)
            return
        self.units[row.row] = answer.unit
        if answer.how == "carried":
            unit = names[answer.unit]
            self.tell("unit_carried", row, "unit", "warning", typed=row.unit[:80], unit=unit)

    def find_persons(self, rows: Sequence[PersonRow]) -> None:
        """Join rows with known persons: those with a key first, names with who is left."""
        for row in rows:
            if row.nip or row.email:
                self._find_by_key(row)
        taken = set(self.persons.values())
        for row in rows:
            if not (row.nip or row.email):
                self._find_by_name(row, taken)
        for number, first in repeated((n, str(key)) for n, key in self.persons.items()).items():
            self.add(Problem("person_twice", number, "", {"row": str(first)}))

    def _find_by_key(self, row: PersonRow) -> None:
        how, person = self.known.index.find(self._identity(row))
        if how == "ambiguous":
            self.tell("email_shared", row, "email")
        elif person is None:
            self._suggest(row)
        elif how == "conflict" or (how == "email" and not self._is_same_name(row, person)):
            self.tell("email_taken", row, "email", known=self._name(person))
        else:
            self.persons[row.row] = person
            if not self._is_same_name(row, person):
                self.tell("name_differs", row, "name", "warning", known=self._name(person))

    def _find_by_name(self, row: PersonRow, taken: set[int]) -> None:
        alike = self.known.index.alike(self._identity(row)) - taken
        if len(alike) > 1:
            self.tell("name_ambiguous", row, "name")
        elif alike and row.row in self.units:
            (person,) = alike
            self.persons[row.row] = person
            self.tell("taken_by_name", row, "name", "warning", known=self._name(person))

    def _suggest(self, row: PersonRow) -> None:
        alike = self.known.index.alike(self._identity(row))
        if alike and row.row in self.units:
            self.tell("maybe_same", row, "name", "warning", known=self._name(min(alike)))

    def _identity(self, row: PersonRow) -> Identity:
        return Identity(row.name, row.nip, row.email, str(self.units.get(row.row, "")))

    def _name(self, person: int) -> str:
        return self.known.persons[person]["name"]

    def _is_same_name(self, row: PersonRow, person: int) -> bool:
        return not row.name or names_share_a_word(row.name, self._name(person))

    def plan(self, row: PersonRow) -> PlannedRow:
        """Plan one row; call after units and persons are found."""
        person = self.persons.get(row.row)
        if person is None and not row.unit and row.row not in self.refused:
            self.tell("cell_empty", row, "unit")
        step = None if row.row in self.refused else self._step(row, person)
        if row.row in self.refused:
            return PlannedRow(row.row, row.name or mask_nip(row.nip), "refused")
        fields: dict[str, Any] = dict(self._own_fields(row, person))
        before = self.known.persons[person] if person is not None else {}
        changes = [
            Change(name, _shown(name, before.get(name, "")), _shown(name, value))
            for name, value in fields.items()
        ]
        if step is not None and step.act != "none":
            fields["step"] = step
            changes.extend(self._place_changes(step))
        state = "created" if person is None else "changed" if fields else "unchanged"
        return PlannedRow(row.row, row.name, state, tuple(changes), fields, person)

    def _own_fields(self, row: PersonRow, person: int | None) -> Iterator[tuple[str, str]]:
        known = self.known.persons[person] if person is not None else dict.fromkeys(FIELDS, "")
        for name in FIELDS:
            value = getattr(row, name)
            if not value or value == known[name]:
                continue
            if person is None or self._may_change(name, row, person):
                yield name, value

    def _may_change(self, name: str, row: PersonRow, person: int) -> bool:
        """Keep a known NIP and a confirmed e-mail address, and say so."""
        if name == "nip" and self.known.persons[person]["nip"]:
            self.tell("nip_differs", row, "nip", "warning")
            return False
        confirmed = self.known.confirmed.get(person)
        if name == "email" and confirmed and row.email not in confirmed:
            self.tell("email_verified_kept", row, "email", "warning")
            return False
        return True

    def _step(self, row: PersonRow, person: int | None) -> Step | None:
        unit = self.units.get(row.row)
        if unit is None and person is not None:
            unit = self.known.unit_on(person, self.today)
        if unit is None:
            return None
        places = self.known.places.get(person, ()) if person is not None else ()
        wanted = Wanted(unit, row.start, row.position, row.position_kind)
        try:
            step = place_person(places, wanted, today=self.today)
        except StartsBeforeTheLast as refused:
            self.tell("start_before_last", row, "start", start=refused.details["start"])
            return None
        if step.keeps_earlier_start:
            start = step.place.start.isoformat()
            self.tell("start_kept", row, "start", "warning", start=start)
        return step

    def _place_changes(self, step: Step) -> Iterator[Change]:
        old = step.last or Place(0, date.min)
        names = self.known.unit_names
        shown = [
            ("unit", names.get(old.unit, ""), names[step.place.unit]),
            ("position", old.position, step.place.position),
            ("position_kind", old.position_kind, step.place.position_kind),
            ("start", old.start.isoformat() if step.last else "", step.place.start.isoformat()),
        ]
        yield from (Change(*change) for change in shown if change[1] != change[2])


def _shown(name: str, value: str) -> str:
    return MASKS[name](value) if name in MASKS else value
