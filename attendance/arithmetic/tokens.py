"""The token on a printed badge: nothing personal in it, and nothing stored to print it again.

A token is the first 128 bits of HMAC-SHA256 over registration and token version, under the key of
its event, in base32. Reissuing a badge raises the version, and the old token is no longer equal.
"""

import base64
import hashlib
import hmac
import re
from uuid import UUID

from clinic.lib.errors import Refused

PREFIX = "KRB1."

_BYTES = 16
_PADDING = "=" * 6
_FORM = re.compile(r"KRB1\.[A-Z2-7]{26}")


class TokenUnreadable(Refused):
    """Text that is no badge token, such as the QR of something else."""

    code = "unknown_token"


def badge_token(event_key: bytes, registration: UUID, version: int) -> str:
    """Make the text of a badge's QR: ``KRB1.`` and 26 base32 characters."""
    message = f"{registration}|{version}".encode()
    mac = hmac.digest(event_key, message, "sha256")[:_BYTES]
    return PREFIX + base64.b32encode(mac).decode().rstrip("=")


def read_token(raw: str) -> str:
    """Give the canonical text of a scanned token; case and surrounding blanks do not matter.

    Raises:
        TokenUnreadable: for any other text, one with stray bits in its last character included.
    """
    text = raw.strip().upper()
    if not raw.isascii() or not _FORM.fullmatch(text):
        raise TokenUnreadable
    body = text.removeprefix(PREFIX)
    canonical = base64.b32encode(base64.b32decode(body + _PADDING)).decode().rstrip("=")
    if canonical != body:
        raise TokenUnreadable
    return text


def token_digest(token: str) -> str:
    """Give what servers and phones keep instead of the token: its SHA-256 in hex."""
    return hashlib.sha256(token.encode()).hexdigest()
