"""What ``manage.py verify`` reads of the people room (D12)."""

from collections.abc import Iterator

from clinic.lib.breaches import Breach, Invariant
from clinic.people.arithmetic.lineage import leads_to
from clinic.people.models import Person, Unit
from clinic.people.moving import successors_by_unit


def _merges_without_end() -> Iterator[Breach]:
    """A reader follows merged rows to the kept one: a circle would never let it arrive."""
    merged = Person.objects.exclude(merged_into=None).values_list("pk", "merged_into")
    edges = {key: [into] for key, into in merged}
    for key, (into,) in edges.items():
        if leads_to(into, key, edges):
            yield Breach(f"people.person {key}", "a merged row leads back to itself")


def _successions_in_a_circle() -> Iterator[Breach]:
    edges = successors_by_unit()
    for key, successors in edges.items():
        if any(leads_to(after, key, edges) for after in successors):
            yield Breach(f"people.unit {key}", "a unit carries on for itself")


def _successions_of_units_that_go_on() -> Iterator[Breach]:
    for slug in Unit.objects.filter(successions__isnull=False, valid_to=None).values_list("slug"):
        yield Breach(f"people.unit {slug[0]}", "a unit has a successor but no last day")


INVARIANTS: list[Invariant] = [
    ("D12", _merges_without_end),
    ("D12", _successions_in_a_circle),
    ("D12", _successions_of_units_that_go_on),
]
