"""The check of a workbook without an account: how often, for how long, for whose eyes (S25)."""

import re
import time
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.core.cache import cache
from django.core.files.base import File
from django.db import transaction
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext as _

from clinic.assessments.sheet_imports import PUBLIC_CHECK
from clinic.lib.arithmetic.uploads import WORKBOOK
from clinic.lib.errors import Refused
from clinic.lib.templatetags.ui import clock
from clinic.records import imports
from clinic.records.imports import Import

MINUTE, HOUR = 60, 3600
_LONG_NUMBER = re.compile(r"\d(?:[ ._-]?\d){6,}")
_MASK = "…"


class TooManyChecks(Refused):
    """One address has sent as many workbooks as it may for now; ``details["seconds"]`` to wait."""

    code = "too_many_checks"
    status = 429


def count_try(address: str, *, now: float | None = None) -> None:
    """Count one more workbook from an address; the cache keeps a digest of it, never the address.

    Args:
        address: of the sender, as the outermost trusted proxy saw it.
        now: seconds since the epoch.

    Raises:
        TooManyChecks: more than the settings allow within this minute or this hour.
    """
    moment = time.time() if now is None else now
    digest = salted_hmac("clinic.public_check", address).hexdigest()[:32]
    limits = (
        (MINUTE, settings.KLINIK_PUBLIC_CHECK_PER_MINUTE),
        (HOUR, settings.KLINIK_PUBLIC_CHECK_PER_HOUR),
    )
    waits = []
    for seconds, most in limits:
        window = int(moment // seconds)
        if _increment(f"public_check:{seconds}:{window}:{digest}", seconds) > most:
            waits.append((window + 1) * seconds - moment)
    if waits:
        seconds = max(1, int(max(waits) + 0.999))
        until = timezone.localtime() + timedelta(seconds=seconds)
        raise TooManyChecks(
            _("Many files have been sent from your network. Please try again at %(time)s.")
            % {"time": clock(until)},
            details={"seconds": seconds},
        )


def _increment(key: str, seconds: int) -> int:
    """Add one and return the count; the database cache is made exact by the write lock."""
    if not str(settings.CACHES["default"]["BACKEND"]).endswith("DatabaseCache"):
        cache.add(key, 0, timeout=seconds)
        return int(cache.incr(key))
    with transaction.atomic():
        count = int(cache.get(key, 0)) + 1
        cache.set(key, count, timeout=seconds)
    return count


def receive_check(upload: File[Any], *, framework: str) -> Import:
    """Take a workbook of nobody: no audit row, and all of it goes after 60 minutes.

    Seven digits or more in the file's name may be a NIP and are never stored (S25).

    Raises:
        Refused: a limit of uploads is passed; nothing is left.
    """
    upload.name = _LONG_NUMBER.sub(_MASK, str(upload.name or ""))
    return imports.receive(
        PUBLIC_CHECK,
        upload,
        options={"framework": framework},
        expires_at=timezone.now() + timedelta(minutes=settings.KLINIK_PUBLIC_CHECK_MINUTES),
        suffixes=frozenset({WORKBOOK}),
    )
