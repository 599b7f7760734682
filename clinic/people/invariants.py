"""What ``manage.py verify`` reads of people (D12)."""

from collections.abc import Iterator

from clinic.lib.breaches import Breach, Invariant
from clinic.people.arithmetic.lineage import leads_to
from clinic.people.models import Person, Unit
from clinic.people.unit_names import successors_by_unit


def _find_circles_of_merges() -> Iterator[Breach]:
    """A reader follows merged rows to the kept one: a circle would never let it arrive."""
    merged = Person.objects.values_list("pk", "merged_into")
    edges = {key: [into] for key, into in merged if into is not None}
    for key, (into,) in edges.items():
        if leads_to(into, key, edges):
            yield Breach(f"people.person {key}", "a merged row leads back to itself")


def _find_circles_of_units() -> Iterator[Breach]:
    edges = successors_by_unit()
    for key, successors in edges.items():
        if any(leads_to(after, key, edges) for after in successors):
            yield Breach(f"people.unit {key}", "a unit carries on for itself")


def _find_successors_without_end() -> Iterator[Breach]:
    for slug in Unit.objects.filter(successions__isnull=False, valid_to=None).values_list("slug"):
        yield Breach(f"people.unit {slug[0]}", "a unit has a successor but no last day")


INVARIANTS: list[Invariant] = [
    ("D12", _find_circles_of_merges),
    ("D12", _find_circles_of_units),
    ("D12", _find_successors_without_end),
]
