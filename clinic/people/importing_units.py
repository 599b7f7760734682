"""Units from a list: what it would change, and the change itself.

An empty cell changes nothing, a unit missing from the list stays as it is, and a unit whose name
changes keeps the old one among its former names, so that an old sheet still finds it (D12).
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from django.db import transaction
from django.utils.text import slugify

from clinic.lib.arithmetic.tables import Table
from clinic.people.arithmetic.lineage import leads_to
from clinic.people.arithmetic.lists import ListProblem, find_repeated
from clinic.people.arithmetic.unit_rows import (
    ALIASES,
    LONGEST,
    REQUIRED,
    UnitRow,
    read_unit_row,
)
from clinic.people.importing import FieldChange, ImportPlan, PlannedRow, read_rows
from clinic.people.models import Account, Membership, Unit, UnitSuccession
from clinic.people.moving import ONE_DAY
from clinic.people.restructuring import carry_over
from clinic.people.unit_names import find_alike, fold_unit_name
from clinic.records import audit

PLAIN = ("name", "kind", "order", "national_code", "note", "short_name", "zone")
DAYS = ("valid_from", "valid_to")
KINDS = frozenset(Unit.Kind.values)


def read_units(table: Table) -> tuple[list[UnitRow], list[ListProblem]]:
    """Read a table into rows of units."""
    return read_rows(table, partial(read_unit_row, kinds=KINDS), aliases=ALIASES, required=REQUIRED)


def plan_units(
    rows: Sequence[UnitRow],
    problems: Sequence[ListProblem] = (),
    known: "KnownUnits | None" = None,
) -> ImportPlan:
    """Say what the rows would create and change, without writing.

    Args:
        rows: units as ``read_units`` gives them, or made by code.
        problems: what reading has found already; they stay in front.
        known: the units of this instance, where they were read already.
    """
    known = known or KnownUnits.load()
    rows = _fill_slugs(rows, problems, known)
    reported = [
        *problems,
        *_find_double_rows(rows),
        *_check_roots(rows, known.parents),
        *_check_parents(rows, known),
        *_check_successions(rows, known),
        *_check_days(rows, known),
        *_count_people_of_ended(rows, known),
    ]
    refused = {problem.row for problem in reported if problem.level == "error"}
    depending = _find_depending(rows, refused)
    reported += [ListProblem("depends_on_refused", row) for row in depending]
    refused |= set(depending)
    planned = [
        PlannedRow(row.row, row.name or row.slug, "refused")
        if row.row in refused
        else _plan_row(row, known)
        for row in rows
    ]
    return ImportPlan(tuple(planned), tuple(reported))


@transaction.atomic
def apply_units(
    rows: Sequence[UnitRow],
    problems: Sequence[ListProblem] = (),
    *,
    actor: Account | None,
    partial: bool = False,
    expected_digest: str = "",
) -> ImportPlan:
    """Plan under the lock and write in one transaction with the audit rows; return the plan.

    Args:
        rows: as for ``plan_units``.
        problems: as for ``plan_units``.
        actor: who applies; None for commands on the server.
        partial: take the good rows and leave the others.
        expected_digest: of the plan that a person has looked at.

    Raises:
        Refused: a row has an error and ``partial`` is off (``rows_rejected``).
        PlanOutdated: the units have changed since the plan was looked at.
    """
    list(Unit.objects.select_for_update().filter(depth=1))  # one import at a time
    known = KnownUnits.load()
    rows = _fill_slugs(rows, problems, known)
    plan = plan_units(rows, problems, known)
    plan.check(partial=partial, expected_digest=expected_digest)
    planned = {row.row: row for row in plan.to_do}
    written = [row for row in rows if row.row in planned]
    for row in _sort_parents_first(written, known.parents):
        _write_unit(planned[row.row], row, actor=actor)
    for row in written:
        _write_successors(row)
    for row in written:
        if "valid_to" in planned[row.row].fields:
            _carry_people(row, actor=actor)
    return plan


@dataclass(frozen=True)
class KnownUnits:
    """The units of this instance by slug, read in two queries; the root's parent is ""."""

    units: Mapping[str, Unit]
    parents: Mapping[str, str]
    successors: Mapping[str, Sequence[str]]

    @classmethod
    def load(cls) -> "KnownUnits":
        units = {unit.slug: unit for unit in Unit.objects.all()}
        by_path = {unit.path: unit.slug for unit in units.values()}
        parents = {
            slug: by_path.get(unit.path[: -Unit.steplen], "") for slug, unit in units.items()
        }
        successors: dict[str, list[str]] = defaultdict(list)
        for before, after in UnitSuccession.objects.values_list("before__slug", "after__slug"):
            successors[before].append(after)
        return cls(units, parents, successors)


def _fill_slugs(
    rows: Sequence[UnitRow], problems: Sequence[ListProblem], known: KnownUnits
) -> list[UnitRow]:
    """Give slugs to the rows that state none, and to parents that are named: by name, else new.

    Of several units of one name the one below the same parent is meant; a new unit whose slug
    another one has gets its parent's behind it. Filling twice changes nothing.
    """
    unreadable = {problem.row for problem in problems if problem.column == "slug"}
    slugs: dict[str, list[str]] = defaultdict(list)
    for unit in known.units.values():
        slugs[fold_unit_name(unit.name)].append(unit.slug)
    taken = {*known.units, *(row.slug for row in rows)}
    own: dict[int, str] = {}
    for row in rows:
        if row.slug or not row.name or row.row in unreadable:
            continue
        named = slugs[fold_unit_name(row.name)]
        above = _find_one(slugs, row.parent) if row.parent not in taken else row.parent
        alike = [slug for slug in named if known.parents.get(slug) == above] or named
        if len(alike) == 1:
            own[row.row] = alike[0]
            continue
        slug = slugify(row.name)[: LONGEST["slug"]]
        if slug in taken:
            slug = f"{slug}-{slugify(above or row.parent)}"[: LONGEST["slug"]].rstrip("-")
        own[row.row] = slug
        taken.add(slug)
    filled = [replace(row, slug=row.slug or own.get(row.row, "")) for row in rows]
    for row in filled:
        folded = fold_unit_name(row.name)
        if row.slug and row.slug not in slugs[folded]:
            slugs[folded].append(row.slug)
    stated = {row.slug for row in filled} | known.units.keys()
    return [
        row
        if row.parent in stated
        else replace(row, parent=_find_one(slugs, row.parent) or row.parent)
        for row in filled
    ]


def _find_one(slugs: Mapping[str, Sequence[str]], name: str) -> str:
    found = slugs.get(fold_unit_name(name), ()) if name else ()
    return found[0] if len(found) == 1 else ""


def _find_double_rows(rows: Sequence[UnitRow]) -> Iterator[ListProblem]:
    for row, first in find_repeated((row.row, row.slug) for row in rows).items():
        yield ListProblem("slug_twice", row, "slug", {"row": str(first)})


def _check_roots(rows: Sequence[UnitRow], parents: Mapping[str, str]) -> Iterator[ListProblem]:
    known = {slug for slug, parent in parents.items() if not parent}
    roots = [row for row in rows if row.slug and not row.parent and row.kind == "kabupaten"]
    for row in roots[1:]:
        if row.slug != roots[0].slug:
            yield ListProblem("second_root", row.row, "parent", {"row": str(roots[0].row)})
    for row in rows:
        is_root = row in roots[:1]
        if is_root and known and row.slug not in known:
            yield ListProblem("root_exists", row.row, "parent", {"slug": min(known)})
        elif row.slug in known and row.parent:
            yield ListProblem("root_stays_root", row.row, "parent")


def _check_parents(rows: Sequence[UnitRow], known: KnownUnits) -> Iterator[ListProblem]:
    stated = {row.slug: row.parent for row in rows if row.slug}
    after = {**known.parents, **{slug: parent for slug, parent in stated.items() if parent}}
    edges = {slug: [parent] for slug, parent in after.items() if parent}
    names = {slug: unit.name for slug, unit in known.units.items()}
    names |= {row.slug: row.name for row in rows if row.slug and row.name}
    for row in rows:
        if not row.parent:
            continue
        values = {"slug": row.parent[:80]}
        if row.parent not in stated and row.parent not in known.parents:
            option = find_alike(row.parent, [*names, *names.values()])
            code = "parent_unknown_alike" if option else "parent_unknown"
            yield ListProblem(code, row.row, "parent", {**values, "option": option})
        elif row.slug and leads_to(row.parent, row.slug, edges):
            yield ListProblem("parent_circle", row.row, "parent", values)


def _check_successions(rows: Sequence[UnitRow], known: KnownUnits) -> Iterator[ListProblem]:
    slugs = {*known.units, *(row.slug for row in rows)}
    ended = {slug for slug, unit in known.units.items() if unit.valid_to is not None}
    ended |= {row.slug for row in rows if row.valid_to}
    edges = {row.slug: list(row.succeeded_by) for row in rows}
    for row in rows:
        for successor in row.succeeded_by:
            values = {"slug": successor[:80]}
            if successor not in slugs:
                yield ListProblem("successor_unknown", row.row, "succeeded_by", values)
            elif successor != row.slug and leads_to(successor, row.slug, edges):
                yield ListProblem("successor_circle", row.row, "succeeded_by", values)
        if row.succeeded_by and row.slug not in ended:
            yield ListProblem("successor_without_end", row.row, "valid_to")


def _check_days(rows: Sequence[UnitRow], known: KnownUnits) -> Iterator[ListProblem]:
    """Compare a stated day with the known other one; two stated days are compared at reading."""
    for row in rows:
        unit = known.units.get(row.slug)
        if unit is None or (row.valid_from and row.valid_to):
            continue
        first, last = row.valid_from or unit.valid_from, row.valid_to or unit.valid_to
        if first and last and last < first:
            yield ListProblem("ends_before_it_begins", row.row, "valid_to")


def _count_people_of_ended(rows: Sequence[UnitRow], known: KnownUnits) -> Iterator[ListProblem]:
    """Say what becomes of the people of units that the list ends."""
    ends = {row.slug: row.valid_to for row in rows if row.valid_to and row.slug in known.units}
    ending = {slug: day for slug, day in ends.items() if known.units[slug].valid_to != day}
    if not ending:
        return
    memberships = Membership.objects.filter(unit__slug__in=ending)
    pairs = memberships.values_list("unit__slug", "end")
    staying = Counter(slug for slug, end in pairs if end is None or end > ending[slug])
    for row in rows:
        if not staying[row.slug]:
            continue
        successors = {*known.successors.get(row.slug, ()), *row.succeeded_by}
        values = {"number": str(staying[row.slug]), "unit": ", ".join(sorted(successors))}
        code = "people_carried" if len(successors) == 1 else "people_left_behind"
        yield ListProblem(code, row.row, "valid_to", values, "warning")


def _find_depending(rows: Sequence[UnitRow], refused: set[int]) -> list[int]:
    """Return the rows that hang on refused ones, as parents or successors, over any steps."""
    depending: set[int] = set()
    while True:
        out = refused | depending
        slugs = {row.slug for row in rows if row.row in out and row.slug}
        further = {
            row.row
            for row in rows
            if row.row not in out and (row.parent in slugs or slugs & set(row.succeeded_by))
        }
        if not further:
            return [row.row for row in rows if row.row in depending]
        depending |= further


def _plan_row(row: UnitRow, known: KnownUnits) -> PlannedRow:
    unit = known.units.get(row.slug)
    fields: dict[str, Any] = {name: getattr(row, name) for name in (*PLAIN, *DAYS)}
    fields = {name: value for name, value in fields.items() if value not in {"", None}}
    fields["former_names"] = _join_former_names(row, unit)
    if row.parent:
        fields["parent"] = row.parent
    if row.succeeded_by:
        successors = [*known.successors.get(row.slug, ()), *row.succeeded_by]
        fields["succeeded_by"] = ";".join(dict.fromkeys(successors))
    if unit is None:
        changes = [FieldChange(name, "", str(value)) for name, value in fields.items() if value]
        return PlannedRow(row.row, row.name, "created", tuple(changes), fields)
    before = {name: getattr(unit, name) for name in (*PLAIN, *DAYS, "former_names")}
    before["parent"] = known.parents[row.slug]
    before["succeeded_by"] = ";".join(known.successors.get(row.slug, ()))
    fields = {name: value for name, value in fields.items() if before[name] != value}
    changes = [
        FieldChange(name, "" if before[name] is None else str(before[name]), str(value))
        for name, value in fields.items()
    ]
    return PlannedRow(
        row.row,
        row.name,
        "changed" if fields else "unchanged",
        tuple(changes),
        fields,
        target=unit.pk,
    )


def _join_former_names(row: UnitRow, unit: Unit | None) -> str:
    """Names are added, never lost; the name of today is not a former one."""
    known = unit.former_name_list if unit else []
    old = [unit.name] if unit and row.name and unit.name != row.name else []
    names = dict.fromkeys([*known, *row.former_names, *old])
    return "\n".join(name for name in names if name != (row.name or (unit.name if unit else "")))


def _sort_parents_first(rows: Sequence[UnitRow], parents: Mapping[str, str]) -> list[UnitRow]:
    """Order the rows by their depth in the tree to come, so that no move goes below itself."""
    after = {**parents, **{row.slug: row.parent for row in rows if row.parent}}

    def count_depth(row: UnitRow) -> int:
        steps, slug = 0, row.slug
        while after.get(slug) and steps <= len(after):
            steps, slug = steps + 1, after[slug]
        return steps

    return sorted(rows, key=count_depth)


def _write_unit(planned: PlannedRow, row: UnitRow, *, actor: Account | None) -> None:
    """Create or change one unit, keep its place in the official order, and record it."""
    fields = dict(planned.fields)
    parent = fields.pop("parent", "")
    fields.pop("succeeded_by", None)
    if planned.target is None:
        unit = (
            Unit.objects.get(slug=parent).add_child(slug=row.slug, **fields)
            if parent
            else Unit.add_root(slug=row.slug, **fields)
        )
    else:
        unit = Unit.objects.get(pk=planned.target)
        for name, value in fields.items():
            setattr(unit, name, value)
        if fields:
            unit.save(update_fields=list(fields))
        if {"parent", "order", "name"} & planned.fields.keys() and not unit.is_root():
            above = Unit.objects.get(slug=parent) if parent else unit.get_parent()
            unit.move(above, "sorted-child")
    audit.record(
        "unit.created" if planned.target is None else "unit.changed",
        actor=actor,
        thing=unit,
        values={"changes": planned.changes},
    )


def _write_successors(row: UnitRow) -> None:
    if not row.succeeded_by:
        return
    unit = Unit.objects.get(slug=row.slug)
    for order, slug in enumerate(row.succeeded_by):
        after = Unit.objects.get(slug=slug)
        UnitSuccession.objects.get_or_create(before=unit, after=after, defaults={"order": order})


def _carry_people(row: UnitRow, *, actor: Account | None) -> None:
    """Place the people of an ended unit with the one that carries on, if there is exactly one."""
    unit = Unit.objects.get(slug=row.slug)
    successors = list(unit.succeeded_by.all())
    if len(successors) == 1 and unit.valid_to is not None:
        carry_over(unit, successors[0], day=unit.valid_to + ONE_DAY, actor=actor)
