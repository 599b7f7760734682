"""Brokers that are really away: a server that has hung, a folder that is not there."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from clinic import environment

PATIENCE = 20  # seconds after which a silent server ends what a client would wait for


class SilentServer:
    """Takes connections and never says a word; counts who left and who had to be sent away."""

    def __init__(self, listener: socket.socket) -> None:
        self.listener = listener
        self.left: list[bool] = []

    def serve(self) -> None:
        while True:
            try:
                guest, _address = self.listener.accept()
            except OSError:
                return
            with guest:
                self.left.append(self._leaves(guest))

    def _leaves(self, guest: socket.socket) -> bool:
        guest.settimeout(PATIENCE)
        try:
            while guest.recv(4096):
                pass
        except TimeoutError:
            return False
        return True


@contextmanager
def silent_server() -> Iterator[tuple[SilentServer, int]]:
    """A server that has hung; at the end it has seen everybody go."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = SilentServer(listener)
        thread = threading.Thread(target=server.serve)
        thread.start()
        try:
            yield server, listener.getsockname()[1]
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            thread.join()


def missing_folder(tmp_path) -> dict[str, object]:
    """Options of a broker of files whose folder lies where there is none."""
    (tmp_path / "file").write_text("")
    away = str(tmp_path / "file" / "messages")
    return {**environment.BROKER_FOLDER_OPTIONS, "data_folder_in": away, "data_folder_out": away}
