"""Units from a list: what it would change, and the change itself.

An empty cell changes nothing, a unit missing from the list stays as it is, and a unit whose name
changes keeps the old one among its former names, so that an old sheet still finds it (D12).

Whether a list of units makes one tree, and in which order to write it.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db import transaction

from clinic.lib.arithmetic.tables import Table
from clinic.people.applying import check_still_true, refuse_rejected_rows
from clinic.people.arithmetic.headers import read_list
from clinic.people.arithmetic.import_plan import Change, Plan, PlannedRow, Problem, repeated
from clinic.people.arithmetic.lineage import leads_to
from clinic.people.arithmetic.unit_rows import ALIASES, REQUIRED, UnitRow, read_unit_row
from clinic.people.models import Account, Membership, Unit, UnitSuccession
from clinic.people.moving import carry_over
from clinic.people.wording import columns_missing
from clinic.records import audit


def tree_problems(
    rows: Sequence[UnitRow], *, parents: Mapping[str, str], ends: Mapping[str, bool]
) -> Iterator[Problem]:
    """Tell what the rows together say wrongly about the tree and its history.

    Args:
        rows: the list as read.
        parents: slug to parent's slug of the units known before, the root with "".
        ends: slug to whether the unit has a last day, after the import.
    """
    yield from _double_rows(rows)
    yield from _roots(rows, parents)
    yield from _parents(rows, parents)
    yield from _successions(rows, known=set(parents), ends=ends)


def parents_first(rows: Sequence[UnitRow], parents: Mapping[str, str]) -> list[UnitRow]:
    """Order the rows by their depth in the tree to come, so that no move goes below itself."""
    after = {**parents, **{row.slug: row.parent for row in rows if row.parent}}

    def depth(row: UnitRow) -> int:
        steps, slug = 0, row.slug
        while after.get(slug) and steps <= len(after):
            steps, slug = steps + 1, after[slug]
        return steps

    return sorted(rows, key=depth)


def _double_rows(rows: Sequence[UnitRow]) -> Iterator[Problem]:
    for row, first in repeated((row.row, row.slug) for row in rows).items():
        yield Problem("slug_twice", row, "slug", {"row": str(first)})


def _roots(rows: Sequence[UnitRow], parents: Mapping[str, str]) -> Iterator[Problem]:
    known = {slug for slug, parent in parents.items() if not parent}
    roots = [row for row in rows if row.slug and not row.parent and row.kind == "kabupaten"]
    for row in roots[1:]:
        if row.slug != roots[0].slug:
            yield Problem("second_root", row.row, "parent", {"row": str(roots[0].row)})
    for row in rows:
        is_root = row in roots[:1]
        if is_root and known and row.slug not in known:
            yield Problem("root_exists", row.row, "parent", {"slug": min(known)})
        elif row.slug in known and row.parent:
            yield Problem("root_stays_root", row.row, "parent")


def _parents(rows: Sequence[UnitRow], parents: Mapping[str, str]) -> Iterator[Problem]:
    stated = {row.slug: row.parent for row in rows if row.slug}
    after = {**parents, **{slug: parent for slug, parent in stated.items() if parent}}
    edges = {slug: [parent] for slug, parent in after.items() if parent}
    for row in rows:
        if not row.parent:
            continue
        if row.parent not in stated and row.parent not in parents:
            yield Problem("parent_unknown", row.row, "parent", {"slug": row.parent[:80]})
        elif row.slug and leads_to(row.parent, row.slug, edges):
            yield Problem("parent_circle", row.row, "parent", {"slug": row.parent[:80]})


def _successions(
    rows: Sequence[UnitRow], *, known: set[str], ends: Mapping[str, bool]
) -> Iterator[Problem]:
    slugs = known | {row.slug for row in rows}
    edges = {row.slug: list(row.succeeded_by) for row in rows}
    for row in rows:
        for successor in row.succeeded_by:
            values = {"slug": successor[:80]}
            if successor not in slugs:
                yield Problem("successor_unknown", row.row, "succeeded_by", values)
            elif successor != row.slug and leads_to(successor, row.slug, edges):
                yield Problem("successor_circle", row.row, "succeeded_by", values)
        if row.succeeded_by and not ends.get(row.slug):
            yield Problem("successor_without_end", row.row, "valid_to")


PLAIN = ("name", "kind", "order", "national_code", "note", "short_name", "zone")
DAYS = ("valid_from", "valid_to")
KINDS = frozenset(Unit.Kind.values)


def read_units(table: Table) -> tuple[list[UnitRow], list[Problem]]:
    """Read a table into rows of units; what cannot be read is told by row.

    Raises:
        ColumnsMissing: the table has no header row that names slug, name, kind and parent.
    """
    with columns_missing():
        listed = read_list(table.rows, aliases=ALIASES, required=REQUIRED)
    problems = list(listed.problems)
    if table.encoding_was_guessed:
        problems.append(Problem("encoding_guessed", level="warning"))
    if not listed.rows:
        problems.append(Problem("no_rows"))
    rows = []
    for cells in listed.rows:
        row, found = read_unit_row(cells, KINDS)
        rows.append(row)
        problems.extend(found)
    return rows, problems


def plan_units(rows: Sequence[UnitRow], problems: Sequence[Problem] = ()) -> Plan:
    """Say what the rows would create and change, without writing.

    Args:
        rows: units as ``read_units`` gives them, or made by code.
        problems: what reading has told already.
    """
    known = _Known.load()
    told = [*problems, *_judge(rows, known)]
    refused = _refused_rows(rows, told)
    told.extend(
        Problem("depends_on_refused", row.row)
        for row in rows
        if row.row in refused and not _is_told(row.row, told)
    )
    planned = [
        PlannedRow(row.row, row.name or row.slug, "refused")
        if row.row in refused
        else _plan_row(row, known)
        for row in rows
    ]
    return Plan(tuple(planned), tuple(told), tuple(rows), tuple(problems))


@transaction.atomic
def apply_units(plan: Plan, *, actor: Account | None, partial: bool = False) -> dict[str, int]:
    """Write the plan in one transaction with its audit rows; return its counts.

    Raises:
        RowsRejected: a row has an error and ``partial`` is off.
        PlanOutdated: the units have changed since the plan was made.
    """
    refuse_rejected_rows(plan, partial=partial)
    list(Unit.objects.select_for_update().filter(depth=1))  # one import at a time
    check_still_true(plan, plan_units(plan.source, plan.source_problems))
    rows = {row.row: row for row in plan.source}
    doing = {planned.row: planned for planned in plan.to_do()}
    parents = _Known.load().parents
    for row in parents_first([rows[number] for number in doing], parents):
        _write(doing[row.row], row, actor=actor)
    for row in plan.source:
        if row.row in doing:
            _write_successors(row)
    for row in plan.source:
        if row.row in doing and "valid_to" in doing[row.row].fields:
            _carry_people(row, actor=actor)
    return plan.counts


@dataclass(frozen=True)
class _Known:
    """The units of this instance, read in two queries."""

    units: Mapping[str, Unit]
    parents: Mapping[str, str]
    successors: Mapping[str, Sequence[str]]

    @classmethod
    def load(cls) -> "_Known":
        units = {unit.slug: unit for unit in Unit.objects.all()}
        by_path = {unit.path: unit.slug for unit in units.values()}
        parents = {
            slug: by_path.get(unit.path[: -Unit.steplen], "") for slug, unit in units.items()
        }
        successors: dict[str, list[str]] = defaultdict(list)
        pairs = UnitSuccession.objects.values_list("before__slug", "after__slug")
        for before, after in pairs:
            successors[before].append(after)
        return cls(units, parents, successors)


def _judge(rows: Sequence[UnitRow], known: _Known) -> list[Problem]:
    ends = {slug: unit.valid_to is not None for slug, unit in known.units.items()}
    ends |= {row.slug: True for row in rows if row.valid_to}
    told = list(tree_problems(rows, parents=known.parents, ends=ends))
    for row in rows:
        unit = known.units.get(row.slug)
        first, last = _validity(row, unit)
        if unit and not (row.valid_from and row.valid_to) and first and last and last < first:
            told.append(Problem("ends_before_it_begins", row.row, "valid_to"))
    return [*told, *_people_of_ended(rows, known)]


def _people_of_ended(rows: Sequence[UnitRow], known: _Known) -> Iterator[Problem]:
    """Tell what becomes of the people of units that the list ends."""
    ends = {row.slug: row.valid_to for row in rows if row.valid_to and row.slug in known.units}
    ending = {slug: day for slug, day in ends.items() if known.units[slug].valid_to != day}
    if not ending:
        return
    stays = Membership.objects.filter(unit__slug__in=ending).values_list("unit__slug", "end")
    left = Counter(slug for slug, end in stays if end is None or end > ending[slug])
    for row in rows:
        if not left[row.slug]:
            continue
        successors = {*known.successors.get(row.slug, ()), *row.succeeded_by}
        values = {"number": str(left[row.slug]), "unit": ", ".join(sorted(successors))}
        code = "people_carried" if len(successors) == 1 else "people_left_behind"
        yield Problem(code, row.row, "valid_to", values, "warning")


def _validity(row: UnitRow, unit: Unit | None) -> tuple[Any, Any]:
    """Return first and last day as they would be after the import."""
    if unit is None:
        return row.valid_from, row.valid_to
    return row.valid_from or unit.valid_from, row.valid_to or unit.valid_to


def _refused_rows(rows: Sequence[UnitRow], told: Sequence[Problem]) -> set[int]:
    """Return the rows with an error, and those that hang on them."""
    refused = {problem.row for problem in told if problem.level == "error"}
    while True:
        slugs = {row.slug for row in rows if row.row in refused and row.slug}
        hanging = {
            row.row
            for row in rows
            if row.row not in refused and (row.parent in slugs or slugs & set(row.succeeded_by))
        }
        if not hanging:
            return refused
        refused |= hanging


def _is_told(row: int, told: Sequence[Problem]) -> bool:
    return any(problem.row == row and problem.level == "error" for problem in told)


def _plan_row(row: UnitRow, known: _Known) -> PlannedRow:
    unit = known.units.get(row.slug)
    fields: dict[str, Any] = {name: getattr(row, name) for name in (*PLAIN, *DAYS)}
    fields = {name: value for name, value in fields.items() if value not in {"", None}}
    fields["former_names"] = _former_names(row, unit)
    if row.parent:
        fields["parent"] = row.parent
    if row.succeeded_by:
        fields["succeeded_by"] = ";".join(
            dict.fromkeys([*known.successors.get(row.slug, ()), *row.succeeded_by])
        )
    if unit is None:
        changes = tuple(Change(name, "", str(value)) for name, value in fields.items() if value)
        return PlannedRow(row.row, row.name, "created", changes, fields)
    before = {name: getattr(unit, name) for name in (*PLAIN, *DAYS, "former_names")}
    before["parent"] = known.parents[row.slug]
    before["succeeded_by"] = ";".join(known.successors.get(row.slug, ()))
    fields = {name: value for name, value in fields.items() if before[name] != value}
    changes = tuple(
        Change(name, _shown(before[name]), _shown(value)) for name, value in fields.items()
    )
    state = "changed" if fields else "unchanged"
    return PlannedRow(row.row, row.name, state, changes, fields, unit.pk)


def _former_names(row: UnitRow, unit: Unit | None) -> str:
    """Names are added, never lost; the name of today is not a former one."""
    known = unit.former_name_list if unit else []
    old = [unit.name] if unit and row.name and unit.name != row.name else []
    names = dict.fromkeys([*known, *row.former_names, *old])
    return "\n".join(name for name in names if name != (row.name or (unit.name if unit else "")))


def _shown(value: Any) -> str:
    return "" if value is None else str(value)


def _write(planned: PlannedRow, row: UnitRow, *, actor: Account | None) -> None:
    """Create or change one unit, keep its place in the official order, and record it."""
    fields = {
        name: value
        for name, value in planned.fields.items()
        if name not in {"parent", "succeeded_by"}
    }
    is_new = planned.target is None
    unit = _create(row, fields) if is_new else _change(planned, fields)
    audit.record(
        "unit.created" if is_new else "unit.changed",
        actor=actor,
        thing=unit,
        values={"changes": [[c.field, c.before, c.after] for c in planned.changes]},
    )


def _create(row: UnitRow, fields: Mapping[str, Any]) -> Unit:
    if not row.parent:
        return Unit.add_root(slug=row.slug, **fields)
    return Unit.objects.get(slug=row.parent).add_child(slug=row.slug, **fields)


def _change(planned: PlannedRow, fields: Mapping[str, Any]) -> Unit:
    unit = Unit.objects.get(pk=planned.target)
    for name, value in fields.items():
        setattr(unit, name, value)
    if fields:
        unit.save(update_fields=list(fields))
    if {"parent", "order", "name"} & planned.fields.keys() and not unit.is_root():
        slug = planned.fields.get("parent")
        parent = Unit.objects.get(slug=slug) if slug else unit.get_parent()
        unit.move(parent, "sorted-child")
    return unit


def _carry_people(row: UnitRow, *, actor: Account | None) -> None:
    """Place the people of an ended unit with the one that carries on, if there is exactly one."""
    unit = Unit.objects.get(slug=row.slug)
    successors = list(unit.succeeded_by.all())
    if len(successors) == 1 and unit.valid_to is not None:
        carry_over(unit, successors[0], day=unit.valid_to + timedelta(days=1), actor=actor)


def _write_successors(row: UnitRow) -> None:
    if not row.succeeded_by:
        return
    unit = Unit.objects.get(slug=row.slug)
    for order, slug in enumerate(row.succeeded_by):
        after = Unit.objects.get(slug=slug)
        UnitSuccession.objects.get_or_create(before=unit, after=after, defaults={"order": order})
