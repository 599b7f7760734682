"""What a process may remember for a while instead of asking the database for every page."""

import time
from collections.abc import Callable
from functools import lru_cache, wraps
from typing import TypeVar

from django.conf import settings

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
