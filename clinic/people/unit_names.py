"""The units of this instance by name, read in two queries."""

from collections import defaultdict

from clinic.people.arithmetic.lineage import Span
from clinic.people.arithmetic.unit_names import NamedUnit, UnitNames
from clinic.people.models import Unit, UnitSuccession


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
