"""The web server on a socket that is bound already: ``python -m clinic.management.web FD``.

A second argument names another application than the product's, such as the bench's bare one.

Granian binds with SO_REUSEPORT, so that a second demo would start on the same port without a
word. Its workers therefore accept on the one socket that was bound without it.
"""

import gc
import multiprocessing
import os
import socket
import sys
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.db import connections
from django.urls import get_resolver
from django.utils import translation
from granian._granian import SocketHolder
from granian._internal import load_target
from granian.constants import Interfaces
from granian.log import LogLevels
from granian.server.mp import MPServer

from clinic.management.processes import end_with_parent

APPLICATION = "clinic.wsgi:application"
BACKLOG = 1024
WORKERS = 2
BLOCKING_THREADS = 4
SECONDS_TO_END = 5

Application = Callable[..., Any]


class InheritedSocketServer(MPServer):
    """Granian with a listening socket of somebody else."""

    _ssp: Any
    _shd: Any
    _sfd: Any
    _sso: Any

    def __init__(self, listener: int, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._listener = listener

    def _init_shared_socket(self) -> None:
        self._ssp = None
        self._shd = SocketHolder(  # type: ignore[call-arg] # its stub knows no constructor
            self._listener,
            False,  # noqa: FBT003 - no Unix socket
            BACKLOG,
        )
        self._sfd = self._listener
        self._sso = socket.socket(fileno=self._listener)


def load_application(target: str = APPLICATION) -> Application:
    """Load what every process needs, once, before it forks.

    The forked processes share this memory as long as nobody writes into it; ``gc.freeze`` keeps the
    collector from doing so. No connection to the database may be taken along.
    """
    application: Application = load_target(target)
    with translation.override(settings.LANGUAGE_CODE):
        get_resolver()._populate()
        translation.gettext("")
    connections.close_all()
    gc.collect()
    gc.freeze()
    return application


def serve(listener: int, application: Application) -> None:
    """Serve a loaded application until INT or TERM."""
    with socket.socket(fileno=os.dup(listener)) as bound:
        host, port = bound.getsockname()[:2]
        # An accepted connection takes this over: without it the last piece of an answer waits some
        # 40 ms for the word that the one before it has come.
        bound.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    parent = os.getpid()

    def hand_over(_target: str) -> Application:
        end_with_parent(parent)
        return application

    multiprocessing.set_start_method("fork", force=True)
    server = InheritedSocketServer(
        listener,
        APPLICATION,
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
    server.serve(target_loader=hand_over)


def main(listener: int, target: str = APPLICATION) -> None:
    """Load and serve an application."""
    serve(listener, load_application(target))


if __name__ == "__main__":
    main(int(sys.argv[1]), *sys.argv[2:])
