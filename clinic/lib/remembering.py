"""What a process may remember for a while instead of asking the database for every page."""

import time
from collections.abc import Callable
from functools import lru_cache, wraps
from typing import ParamSpec, TypeVar

from django.conf import settings

from clinic.lib.publication import read_publication

P = ParamSpec("P")
T = TypeVar("T")


def for_a_while(read: Callable[[], T]) -> Callable[[], T]:
    """Ask again after ``PAGE_CACHE_SECONDS``, in each process; with nought ask each time."""

    @lru_cache(maxsize=1)
    def remember(_while: float) -> T:
        return read()

    @wraps(read)
    def ask() -> T:
        seconds = settings.PAGE_CACHE_SECONDS
        return remember(time.monotonic() // seconds) if seconds else read()

    return ask


def until_publication(read: Callable[P, T]) -> Callable[P, T]:
    """Ask again when something was published (``clinic.lib.publication``), or after a while.

    Everybody is given the same objects: nobody may change them. They follow from the arguments,
    which can be keys, and from rows of ``PUBLISHED_MODELS``.
    """

    @lru_cache(maxsize=128)
    def remember(_publication: str, _while: float, *args: P.args, **kwargs: P.kwargs) -> T:
        return read(*args, **kwargs)

    @wraps(read)
    def ask(*args: P.args, **kwargs: P.kwargs) -> T:
        seconds = settings.PAGE_CACHE_SECONDS
        publication = read_publication() if seconds else None
        if publication is None:
            return read(*args, **kwargs)
        return remember(publication, time.monotonic() // seconds, *args, **kwargs)

    return ask
