"""Messages in a folder, between processes that write and read at one time."""

import json
from concurrent.futures import ThreadPoolExecutor
from queue import Empty

import pytest
from kombu import Connection

from clinic.records import queue_folder


@pytest.fixture
def connect(tmp_path):
    """Return a function that opens the folder as another process would."""
    for name in ("messages", "control"):
        (tmp_path / name).mkdir()
    options = {
        "data_folder_in": str(tmp_path / "messages"),
        "data_folder_out": str(tmp_path / "messages"),
        "control_folder": str(tmp_path / "control"),
    }

    def channel():
        return Connection("filesystem://", transport_options=options).channel()

    return channel


def test_the_house_uses_it_for_every_folder(connect):
    assert isinstance(connect(), queue_folder.Channel)


def test_a_message_that_is_being_written_is_not_read(connect, monkeypatch):
    writer, reader = connect(), connect()
    seen = []

    def slowly(payload):
        with pytest.raises(Empty):
            reader._get("klinik")
        seen.append(payload)
        return json.dumps(payload)

    monkeypatch.setattr(queue_folder, "dumps", slowly)
    writer._put("klinik", {"job": 1})

    assert seen == [{"job": 1}]
    assert reader._get("klinik") == {"job": 1}
    with pytest.raises(Empty):
        writer._get("klinik")


def test_each_of_many_messages_is_taken_once(connect, tmp_path):
    wanted = 200

    def write(first):
        channel = connect()
        for number in range(first, wanted, 2):
            channel._put("klinik", number)

    def read(_reader):
        channel, found = connect(), []
        while not (tmp_path / "done").exists():
            try:
                found.append(channel._get("klinik"))
            except Empty:
                continue
        return found

    with ThreadPoolExecutor(4) as pool:
        readers = [pool.submit(read, number) for number in (1, 2)]
        list(pool.map(write, (0, 1)))
        rest = read_until_empty(connect())
        (tmp_path / "done").touch()
        found = [number for one in readers for number in one.result()] + rest

    assert sorted(found) == list(range(wanted))


def read_until_empty(channel):
    found = []
    while True:
        try:
            found.append(channel._get("klinik"))
        except Empty:
            return found


def test_many_bind_at_once_and_the_table_stays_whole(connect):
    def bind(number):
        channel = connect()
        channel._queue_bind("klinik", "klinik", "", f"queue-{number}")
        return channel.get_table("klinik")

    with ThreadPoolExecutor(8) as pool:
        tables = list(pool.map(bind, range(40)))

    assert max(len(table) for table in tables) == 40
