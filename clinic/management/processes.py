"""What a process asks of the kernel, and a line for whoever waits at the terminal."""

import contextlib
import ctypes
import os
import signal
import sys
from pathlib import Path

PR_SET_PDEATHSIG, PR_SET_NAME = 1, 15
BACKGROUND = 10  # of 19: a tenth of what the web gets where both want the processor
LIBC = ctypes.CDLL(None, use_errno=True)


def end_with_parent(parent: int, *, by: signal.Signals = signal.SIGTERM) -> None:
    """Ask for a signal to this process when its parent dies, however it dies."""
    LIBC.prctl(PR_SET_PDEATHSIG, by)
    if os.getppid() != parent:
        os._exit(1)


def work_in_the_background() -> None:
    """Let processes run first that somebody waits for.

    Where the kernel weighs each session as one (autogroup), the session's own weight counts.
    """
    os.nice(BACKGROUND)
    with contextlib.suppress(OSError):
        Path("/proc/self/autogroup").write_text(str(BACKGROUND))


def write_line(text: str) -> None:
    """Write a line to the terminal at once, through any pipe."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def name_process(name: str) -> None:
    """Name this process as ``ps`` and ``top`` show it, up to 15 letters."""
    LIBC.prctl(PR_SET_NAME, name.encode())
