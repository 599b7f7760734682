"""Whether a list of units makes one tree, and in which order to write it."""

from collections.abc import Iterator, Mapping, Sequence

from clinic.people.arithmetic.import_plan import Problem, repeated
from clinic.people.arithmetic.lineage import leads_to
from clinic.people.arithmetic.unit_rows import UnitRow


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
