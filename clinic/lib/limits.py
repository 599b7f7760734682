"""Soft limits of memory and time around the reading of a file that a stranger sent."""

import resource
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import NoReturn

from clinic.lib.arithmetic.messages import gettext_noop
from clinic.lib.errors import Refused

TOO_HEAVY = gettext_noop(
    "The file needs more memory or time than one file may take. "
    "Delete unused sheets and rows, then send it again."
)


class FileTooHeavy(Refused):
    """Reading the file took more memory or time than one file may take."""

    code = "file_too_heavy"


class _OutOfTime(BaseException):
    """Raised by the alarm; no ``except Exception`` of a parser can swallow it."""


def _raise_out_of_time(signum: int, frame: FrameType | None) -> NoReturn:
    raise _OutOfTime


@contextmanager
def within(*, memory_bytes: int, seconds: float) -> Iterator[None]:
    """Let the block use so much more memory and so much time, then put the old limits back.

    Libraries map hundreds of megabytes before any file is opened, so the memory counts from what
    the process holds at the start. Runs in the main thread of a Linux process.

    Raises:
        FileTooHeavy: the block ran into either limit.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    ceiling = pages * resource.getpagesize() + memory_bytes
    if hard != resource.RLIM_INFINITY:
        ceiling = min(ceiling, hard)
    earlier = signal.signal(signal.SIGALRM, _raise_out_of_time)
    try:
        resource.setrlimit(resource.RLIMIT_AS, (ceiling, hard))
        signal.setitimer(signal.ITIMER_REAL, seconds)
        yield
    except MemoryError:
        raise FileTooHeavy(TOO_HEAVY, details={"limit": "memory"}) from None
    except _OutOfTime:
        raise FileTooHeavy(TOO_HEAVY, details={"limit": "time"}) from None
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))
        signal.signal(signal.SIGALRM, earlier)
