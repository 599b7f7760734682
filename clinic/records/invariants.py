"""What ``manage.py verify`` reads of the records."""

from collections.abc import Iterator

from clinic.lib.breaches import Breach, Invariant
from clinic.records import seals


def _find_unguarded_tables() -> Iterator[Breach]:
    for table in seals.missing_triggers():
        yield Breach(table, "an append-only table has lost its triggers")


INVARIANTS: list[Invariant] = [("S22", seals.breaches), ("D7", _find_unguarded_tables)]
