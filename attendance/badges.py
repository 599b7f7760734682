"""Tokens of badges: nothing personal in them, and nothing stored to print them again (S23).

A token is the first 128 bits of HMAC-SHA256 over registration and token version, under the key of
its event, in base32. Reissuing a badge raises the version, and the old token is no longer equal.
"""

import base64
import hashlib
import hmac
import io
import re
from uuid import UUID

import segno
from django.db import transaction
from django.utils.translation import gettext as _
from PIL import Image, ImageDraw, ImageFont

from attendance.models import Badge, Event, Registration
from clinic.lib.arithmetic.qr import QUIET_ZONE, draw_path
from clinic.lib.errors import Refused
from clinic.people.access import require
from clinic.people.models import Account
from clinic.records import audit

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
    """Give the canonical text of a scanned token; case and surrounding blanks do not matter."""
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


SHORT_CODE_LENGTH = 8
QR_LEVEL = "h"
LINE_HEIGHT = 64  # pixels below the code, four of its squares
# Read aloud and typed: without I, L, O and U, which are misheard or misread.
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def token_of(registration: Registration) -> str:
    """Return the text of the person's QR, from the event's key."""
    return _make_token(registration.event, registration.uuid, registration.token_version)


def _make_token(event: Event, registration: UUID, version: int) -> str:
    return badge_token(bytes(event.badge_key), registration, version)


def short_code_of(event: Event, registration: UUID) -> str:
    """Return eight characters that stand for a registration where no QR can be read."""
    token = _make_token(event, registration, 0).removeprefix(PREFIX)
    digest = hashlib.sha256(f"short:{token}".encode()).digest()
    return "".join(ALPHABET[byte % len(ALPHABET)] for byte in digest[:SHORT_CODE_LENGTH])


def fold_short_code(text: str) -> str:
    """Return a typed short code as it is stored: no blanks or dashes, look-alikes mended."""
    folded = "".join(text.upper().replace("-", " ").split())
    return folded.translate(str.maketrans("ILO", "110"))


def shown_short_code(code: str) -> str:
    """Write a short code in two groups of four."""
    return f"{code[:4]}-{code[4:]}"


def read_typed(event: Event, text: str) -> tuple[Registration | None, str]:
    """Read what was typed or scanned at the event's desk: a short code, or a token.

    Returns:
        The registration of this event that the short code names; else a token to be looked up. The
        short code of another event becomes that badge's token, so that the desk says of a code the
        same whether it is typed or scanned (C8).
    """
    code = fold_short_code(text[:40])
    if len(code) != SHORT_CODE_LENGTH:
        return None, text
    rows = Registration.objects.filter(short_code=code).select_related("event")
    by_event = {row.event_id: row for row in rows}
    if event.pk in by_event:
        return by_event[event.pk], ""
    elsewhere = next(iter(by_event.values()), None)
    return None, token_of(elsewhere) if elsewhere else text


def issue(registration: Registration) -> Badge:
    """Keep the digest of the registration's present token."""
    return Badge.objects.create(
        registration=registration,
        version=registration.token_version,
        token_digest=token_digest(token_of(registration)),
    )


def reissue(registration: Registration, *, actor: Account) -> Registration:
    """Give the person a new badge; the old token is superseded from this moment."""
    require(actor, "change-event", registration.event)
    with transaction.atomic():
        locked = Registration.objects.select_for_update(of=("self",)).get(pk=registration.pk)
        if not locked.is_active:
            text = _("This registration is not in force, so that it has no code.")
            raise Refused(text, code="not_in_force", status=409)
        locked.token_version += 1
        locked.save(update_fields=["token_version", "changed_at"])
        issue(locked)
        audit.record("badge.reissue", actor=actor, thing=locked, subject=locked.person_id)
    return locked


def qr_path(text: str) -> tuple[str, int]:
    """Draw a QR at level H, which is read from a scratched screen, as path data and side."""
    return draw_path(text, error=QR_LEVEL)


def qr_png(text: str, *, line: str = "") -> bytes:
    """Draw the same QR as a picture to save, for places without signal.

    Args:
        text: what the code says.
        line: words below the code, inside the picture; none where empty.
    """
    drawn = io.BytesIO()
    code = segno.make_qr(text, error=QR_LEVEL)
    code.save(drawn, kind="png", scale=16, border=QUIET_ZONE)
    return _write_line_below(drawn, line) if line else drawn.getvalue()


def _write_line_below(drawn: io.BytesIO, line: str) -> bytes:
    with Image.open(drawn) as code:
        picture = Image.new("L", (code.width, code.height + LINE_HEIGHT), "white")
        picture.paste(code)
    point = (picture.width / 2, picture.height - LINE_HEIGHT)
    font = ImageFont.load_default(LINE_HEIGHT * 0.6)
    ImageDraw.Draw(picture).text(point, line, fill="black", font=font, anchor="ma")
    written = io.BytesIO()
    picture.save(written, "PNG")
    return written.getvalue()
