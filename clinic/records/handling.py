"""What is known of a job's name: the function that does it and how it is tried."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, TypeAlias

from django.conf import settings
from django.utils.module_loading import import_string

from clinic.lib.errors import Refused
from clinic.lib.limits import within

LEASE = timedelta(seconds=60)
BACK_OFF = (5, 30, 120, 600)  # seconds before the second, third, fourth and fifth attempt
FILE_BACK_OFF = (10,)  # a file that killed the worker twice is not tried a third time
FILE_LEASE_MARGIN = 30  # seconds

Write: TypeAlias = Callable[[], None]
Function: TypeAlias = Callable[[Any], Write | None]
GivenUp: TypeAlias = Callable[[Any, Refused], None]


@dataclass(frozen=True, kw_only=True)
class Handler:
    """The function behind a name, with its lease, its back-off and its limits."""

    function: Function
    lease: timedelta
    back_off: tuple[int, ...]
    reads_file: bool
    given_up: GivenUp | None

    def call(self, row: Any) -> Write | None:
        """Call the function, within the soft limits when it reads an uploaded file."""
        with ExitStack() as stack:
            if self.reads_file:
                stack.enter_context(
                    within(
                        memory_bytes=settings.KLINIK_FILE_MEMORY_MB * 1024 * 1024,
                        seconds=settings.KLINIK_FILE_SECONDS,
                    )
                )
            return self.function(row)


_handlers: dict[str, Handler] = {}


def job(
    name: str,
    *,
    aliases: tuple[str, ...] = (),
    lease: timedelta | None = None,
    back_off: tuple[int, ...] | None = None,
    reads_file: bool = False,
    given_up: GivenUp | None = None,
) -> Callable[[Function], Function]:
    """Register ``handler(job) -> write | None`` under a name such as ``insights.refresh_unit``.

    The handler does its slow work outside a transaction and returns the write, which runs only if
    this attempt still holds the row. A ``Refused`` ends the job without another attempt.

    Args:
        name: ``<package>.<verb>``.
        aliases: names of an earlier release whose rows may still wait.
        lease: longer than the slowest run; after it another worker may take over.
        back_off: seconds before each further attempt; its length limits the attempts.
        reads_file: run within the soft limits of memory and time for an uploaded file.
        given_up: ``(job, refused)``, in the closing transaction of a job without success.
    """
    file_lease = timedelta(seconds=settings.KLINIK_FILE_SECONDS + FILE_LEASE_MARGIN)
    usual_lease, usual_back_off = (file_lease, FILE_BACK_OFF) if reads_file else (LEASE, BACK_OFF)

    def register(function: Function) -> Function:
        for each in (name, *aliases):
            if each in _handlers:
                msg = f"Two handlers for the job {each}."
                raise ValueError(msg)
            _handlers[each] = Handler(
                function=function,
                lease=lease or usual_lease,
                back_off=usual_back_off if back_off is None else back_off,
                reads_file=reads_file,
                given_up=given_up,
            )
        return function

    return register


def handler_of(name: str) -> Handler | None:
    """Return the handler of a name; None when this release has none."""
    return _handlers.get(name)


def registered() -> frozenset[str]:
    """Return the names that have a handler."""
    return frozenset(_handlers)


@contextmanager
def surroundings() -> Iterator[None]:
    """Enter the context managers that ``KLINIK_JOB_MIDDLEWARE`` names, such as the root's zone.

    Each dotted name is a callable without arguments that returns a context manager.
    """
    with ExitStack() as stack:
        for dotted_name in settings.KLINIK_JOB_MIDDLEWARE:
            stack.enter_context(import_string(dotted_name)())
        yield
