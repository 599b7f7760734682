"""The web server on a socket that the supervisor has bound: ``python -m clinic.management.web FD``.

A second argument names another application than the product's, such as the bench's bare one.

Granian binds with SO_REUSEPORT, so that a second demo would start on the same port without a
word. Its workers therefore accept on the one socket that was bound without it.
"""

import os
import socket
import sys
from collections.abc import Callable
from typing import Any

from granian._granian import SocketHolder
from granian._internal import load_target
from granian.constants import Interfaces
from granian.log import LogLevels
from granian.server import Server

from clinic.management.supervisor import end_with_parent

BACKLOG = 1024
APPLICATION = "clinic.wsgi:application"
WORKERS = 2
BLOCKING_THREADS = 4
SECONDS_TO_END = 5


class InheritedSocketServer(Server):
    """Granian with a listening socket of somebody else."""

    def __init__(self, listener: int, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._listener = listener

    def _init_shared_socket(self) -> None:
        self._ssp = None
        self._shd = SocketHolder(self._listener, False, BACKLOG)  # noqa: FBT003 - no Unix socket
        self._sfd = self._listener
        self._sso = socket.socket(fileno=self._listener)


def load_application(target: str) -> Callable[..., Any]:
    """Load the application inside a worker process, which ends when the server ends."""
    end_with_parent(os.getppid())
    loaded: Callable[..., Any] = load_target(target)
    return loaded


def main(listener: int, application: str = APPLICATION) -> None:
    """Serve until INT or TERM."""
    with socket.socket(fileno=os.dup(listener)) as bound:
        host, port = bound.getsockname()[:2]
    server = InheritedSocketServer(
        listener,
        application,
        address=host,
        port=port,
        interface=Interfaces.WSGI,
        workers=WORKERS,
        blocking_threads=BLOCKING_THREADS,
        websockets=False,
        workers_kill_timeout=SECONDS_TO_END,
        respawn_failed_workers=True,
        log_level=LogLevels.warning,
    )
    server.serve(target_loader=load_application)


if __name__ == "__main__":
    main(int(sys.argv[1]), *sys.argv[2:])
