"""The broker of the embedded mode: kombu's folder of messages, safe between processes.

kombu 5.7 opens a message's file before it writes it, so that a worker can read an empty one and end
("Unrecoverable error: JSONDecodeError"), and takes a message by moving it to another file system,
where a move is a copy. Here a message appears whole and is taken by one rename in its folder; the
table of queues is read and written behind one lock.
"""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from queue import Empty
from time import monotonic
from typing import Any
from uuid import uuid4

from kombu.exceptions import ChannelError
from kombu.transport import filesystem
from kombu.utils.encoding import bytes_to_str, str_to_bytes
from kombu.utils.json import dumps, loads


class Channel(filesystem.Channel):
    """Puts and takes messages by renaming; names that begin with a dot belong to nobody yet."""

    def _put(  # type: ignore[override] # kombu's two bases name it differently
        self, queue: str, payload: Any, **_kwargs: Any
    ) -> None:
        folder = Path(self.data_folder_out)
        name = f"{round(monotonic() * 1000)}_{uuid4()}.{queue}.msg"
        draft = folder / f".{name}.part"
        try:
            draft.write_bytes(str_to_bytes(dumps(payload)))
            draft.rename(folder / name)
        except OSError as error:
            raise ChannelError(f"Cannot write a message to {folder}") from error

    def _get(self, queue: str, timeout: float | None = None) -> Any:
        folder = Path(self.data_folder_in)
        for name in sorted(path.name for path in folder.iterdir()):
            if name.partition(".")[2] != f"{queue}.msg":
                continue
            taken = folder / f".{name}.taken"
            try:
                (folder / name).rename(taken)
            except FileNotFoundError:  # another process was quicker
                continue
            content = taken.read_bytes()
            taken.unlink()
            return loads(bytes_to_str(content))
        raise Empty

    def get_table(self, exchange: str) -> Any:
        with self._lock_table():
            return super().get_table(exchange)

    def _queue_bind(self, *args: Any) -> None:
        with self._lock_table():
            super()._queue_bind(*args)

    @contextmanager
    def _lock_table(self) -> Iterator[None]:
        folder = Path(self.control_folder)
        try:
            folder.mkdir(exist_ok=True)
            lock = (folder / ".lock").open("w")
        except OSError as error:
            raise ChannelError(f"Cannot open {folder}") from error
        with lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


class Transport(filesystem.Transport):
    """What ``filesystem://`` means to web, workers and timer."""

    Channel = Channel
