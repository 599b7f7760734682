"""Badge tokens: repeatable, unguessable, and dead once reissued."""

import hashlib
import hmac
from base64 import b32encode
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attendance.badges import TokenUnreadable, badge_token, read_token, token_digest

KEY = b"key of one event"
REGISTRATION = UUID("5f2b7f0e-6f5e-4a0e-9d3c-0b6a4a1f1c11")


def test_a_token_is_the_first_128_bits_of_its_mac():
    mac = hmac.new(KEY, f"{REGISTRATION}|3".encode(), hashlib.sha256).digest()

    token = badge_token(KEY, REGISTRATION, 3)

    assert token == "KRB1." + b32encode(mac[:16]).decode().rstrip("=")
    assert len(token) == len("KRB1.") + 26


@given(st.uuids(), st.integers(1, 50))
def test_a_token_of_one_version_is_never_that_of_the_next(registration, version):
    assert badge_token(KEY, registration, version) != badge_token(KEY, registration, version + 1)


@given(st.uuids())
def test_events_and_persons_do_not_share_tokens(registration):
    own = badge_token(KEY, registration, 1)

    assert own == badge_token(KEY, registration, 1)
    assert own != badge_token(b"key of another event", registration, 1)
    assert own != badge_token(KEY, UUID(int=registration.int ^ 1), 1)


@given(st.uuids())
def test_a_printed_token_is_read_whatever_its_case(registration):
    token = badge_token(KEY, registration, 1)

    assert read_token(f" {token.lower()}\n") == token


GOOD = badge_token(KEY, REGISTRATION, 1)
LAST = GOOD[-1]


@pytest.mark.parametrize(
    "raw",
    [
        "",
        "KRB1.",
        "https://wa.me/62811",
        GOOD.replace("KRB1", "KRB2"),
        GOOD[:-1],
        GOOD + "A",
        GOOD[:-1] + "1",
        GOOD[:-1] + chr(ord(LAST) + 1),
        GOOD[:8] + "\N{LATIN SMALL LETTER DOTLESS I}" + GOOD[9:],
    ],
)
def test_anything_else_is_an_unknown_token(raw):
    with pytest.raises(TokenUnreadable) as refusal:
        read_token(raw)

    assert refusal.value.code == "unknown_token"


def test_what_is_kept_does_not_show_the_token():
    digest = token_digest(GOOD)

    assert digest == hashlib.sha256(GOOD.encode()).hexdigest()
    assert GOOD[5:] not in digest.upper()
