"""Soft limits end a block that takes too much and leave no trace (S15)."""

import resource
import signal
import time

import pytest

from clinic.lib.limits import FileTooHeavy, within

MEBIBYTE = 1024 * 1024


def test_too_much_memory_is_refused():
    with pytest.raises(FileTooHeavy) as refused, within(memory_bytes=50 * MEBIBYTE, seconds=10):
        bytearray(500 * MEBIBYTE)

    assert refused.value.details == {"limit": "memory"}


def test_too_much_time_is_refused_even_past_a_parser_that_catches_everything():
    def parse():
        while True:
            try:
                time.sleep(0.01)
            except Exception:  # noqa: BLE001, S112 - what a careless parser does
                continue

    with pytest.raises(FileTooHeavy) as refused, within(memory_bytes=50 * MEBIBYTE, seconds=0.2):
        parse()

    assert refused.value.details == {"limit": "time"}


def test_what_stays_within_passes_and_the_old_limits_come_back():
    before = resource.getrlimit(resource.RLIMIT_AS), signal.getsignal(signal.SIGALRM)

    with within(memory_bytes=50 * MEBIBYTE, seconds=5):
        assert len(bytearray(10 * MEBIBYTE)) == 10 * MEBIBYTE
        assert resource.getrlimit(resource.RLIMIT_AS) != before[0]

    assert (resource.getrlimit(resource.RLIMIT_AS), signal.getsignal(signal.SIGALRM)) == before
    assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)
