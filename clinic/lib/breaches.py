"""What ``manage.py verify`` prints when an invariant does not hold.

A package's ``invariants`` module holds ``INVARIANTS``, a list of pairs: the number that the
invariant has in the design ("S22") and a function that yields its breaches.
"""

from collections.abc import Callable, Iterable
from typing import NamedTuple, TypeAlias


class Breach(NamedTuple):
    """One place where an invariant is broken.

    Attributes:
        where: table, row or file, without personal data.
        message: what is wrong there, for an operator.
        number: of another invariant than the one that the check is listed under.
    """

    where: str
    message: str
    number: str = ""


Invariant: TypeAlias = tuple[str, Callable[[], Iterable[Breach]]]
