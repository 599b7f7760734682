"""What may be kept of an uploaded file, judged in the request before any parser (security.md 6)."""

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import PurePath

from clinic.lib.arithmetic.archives import MEBIBYTE, ArchiveLimits, inspect_archive
from clinic.lib.arithmetic.messages import gettext_noop
from clinic.lib.errors import Refused

WORKBOOK = ".xlsx"
TEXTS = frozenset({".csv", ".txt", ".tsv", ".toml", ".json", ".xml", ".gift"})
TOO_LARGE = 413
WRONG_KIND = 415

REASONS = {
    "file_kind": gettext_noop("Files of this kind are not read here. Allowed: %(allowed)s."),
    "file_too_large": gettext_noop("The file is larger than %(limit)s MB."),
    "file_empty": gettext_noop("The file is empty."),
    "file_not_text": gettext_noop("The file is not a text file."),
}


@dataclass(frozen=True, kw_only=True)
class UploadLimits:
    """Sizes in bytes."""

    workbook: int = 5 * MEBIBYTE
    unpacked: int = 60 * MEBIBYTE
    text: int = 2 * MEBIBYTE


def _refuse(code: str, status: int = 422, **details: object) -> Refused:
    return Refused(REASONS[code], code=code, details=details, status=status)


def suffix_of(name: str) -> str:
    """Return the suffix in lower case."""
    return PurePath(name).suffix.lower()


def check_size(name: str, size: int, *, suffixes: Collection[str], limits: UploadLimits) -> None:
    """Refuse by name and size alone, before a byte is read.

    Raises:
        Refused: ``file_kind``, ``file_empty`` or ``file_too_large``.
    """
    suffix = suffix_of(name)
    if suffix not in suffixes:
        raise _refuse("file_kind", WRONG_KIND, allowed=", ".join(sorted(suffixes)))
    if size == 0:
        raise _refuse("file_empty")
    largest = limits.workbook if suffix == WORKBOOK else limits.text
    if size > largest:
        raise _refuse("file_too_large", TOO_LARGE, limit=largest // MEBIBYTE)


def check_content(name: str, content: bytes, *, limits: UploadLimits) -> None:
    """Refuse by first bytes and, for a workbook, by the directory and parts of the zip.

    Raises:
        Refused: ``file_not_text``, or a code of ``archives.inspect_archive``.
    """
    if suffix_of(name) == WORKBOOK:
        inspect_archive(content, ArchiveLimits(packed=limits.workbook, unpacked=limits.unpacked))
    elif b"\x00" in content:
        raise _refuse("file_not_text", WRONG_KIND)
