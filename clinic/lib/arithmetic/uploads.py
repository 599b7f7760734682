"""What can be seen of an uploaded file before any parser opens it (security.md 6).

Size, first bytes and, for a workbook, the directory of the zip. Raises ``Refused`` codes without
a sentence; the service that receives the file supplies it.
"""

import zipfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import BinaryIO

from clinic.lib.errors import Refused

MEGABYTE = 1024 * 1024
ENCRYPTED_FLAG = 0x1
SYMLINK_MODE = 0o120000
FILE_TYPE_MASK = 0o170000
OLE_SIGNATURE = bytes.fromhex("d0cf11e0a1b11ae1")
ZIP_SIGNATURE = b"PK\x03\x04"
NESTED_ARCHIVES = {".zip", ".rar", ".7z", ".gz", ".xlsx", ".xlsm", ".docx", ".pptx"}
TEXT_SUFFIXES = {".csv", ".txt", ".toml", ".json", ".xml", ".gift"}
FORBIDDEN_PARTS = {
    "xl/vbaproject.bin": "macro",
    "xl/externallinks/": "external_link",
    "xl/embeddings/": "embedded_object",
    "xl/activex/": "embedded_object",
}


@dataclass(frozen=True, kw_only=True)
class UploadLimits:
    """Sizes in bytes, counts as such; each is a setting."""

    workbook_bytes: int = 5 * MEGABYTE
    unpacked_bytes: int = 60 * MEGABYTE
    ratio: int = 100
    entries: int = 300
    sheets: int = 40
    text_bytes: int = 2 * MEGABYTE


def check_upload(name: str, size: int, stream: BinaryIO, *, limits: UploadLimits) -> None:
    """Refuse what size, name, first bytes or zip directory already show to be unfit.

    Args:
        name: the name that the sender gave; only its suffix counts.
        size: length in bytes.
        stream: the file, open for reading; rewound before and after.
        limits: what is allowed.

    Raises:
        Refused: ``file_empty``, ``file_kind``, ``file_too_big``, ``file_not_a_workbook`` or one
            of the codes of the zip directory.
    """
    suffix = PurePosixPath(name).suffix.lower()
    if suffix != ".xlsx" and suffix not in TEXT_SUFFIXES:
        raise Refused(code="file_kind", details={"suffix": suffix[:10]}, status=415)
    if size == 0:
        raise Refused(code="file_empty")
    largest = limits.workbook_bytes if suffix == ".xlsx" else limits.text_bytes
    if size > largest:
        raise Refused(code="file_too_big", details={"megabytes": largest // MEGABYTE}, status=413)
    stream.seek(0)
    if suffix == ".xlsx":
        _check_workbook(stream, limits=limits)
    elif b"\x00" in stream.read(largest):
        raise Refused(code="file_kind", details={"suffix": suffix}, status=415)
    stream.seek(0)


def _check_workbook(stream: BinaryIO, *, limits: UploadLimits) -> None:
    start = stream.read(len(OLE_SIGNATURE))
    if start == OLE_SIGNATURE:
        raise Refused(code="file_encrypted_or_old", status=415)
    if not start.startswith(ZIP_SIGNATURE):
        raise Refused(code="file_not_a_workbook", status=415)
    try:
        with zipfile.ZipFile(stream) as archive:
            entries = archive.infolist()
    except (zipfile.BadZipFile, NotImplementedError, ValueError, OSError):
        raise Refused(code="file_damaged") from None
    _check_directory(entries, limits=limits)


def _check_directory(entries: list[zipfile.ZipInfo], *, limits: UploadLimits) -> None:
    names = {entry.filename.lower() for entry in entries}
    if "[content_types].xml" not in names or not any(n.startswith("xl/") for n in names):
        raise Refused(code="file_not_a_workbook", status=415)
    if len(entries) > limits.entries or len(names) != len(entries):
        raise Refused(code="file_too_many_parts", details={"limit": limits.entries})
    if sum(entry.file_size for entry in entries) > limits.unpacked_bytes:
        raise Refused(
            code="file_unpacks_too_big",
            details={"megabytes": limits.unpacked_bytes // MEGABYTE},
            status=413,
        )
    if _count_sheets(names) > limits.sheets:
        raise Refused(code="file_too_many_sheets", details={"limit": limits.sheets})
    for entry in entries:
        _check_entry(entry, limits=limits)


def _count_sheets(names: Iterable[str]) -> int:
    return sum(name.startswith("xl/worksheets/") and name.endswith(".xml") for name in names)


def _check_entry(entry: zipfile.ZipInfo, *, limits: UploadLimits) -> None:
    name = entry.filename
    if entry.flag_bits & ENCRYPTED_FLAG:
        raise Refused(code="file_encrypted_or_old", status=415)
    if _is_outside(name) or (entry.external_attr >> 16) & FILE_TYPE_MASK == SYMLINK_MODE:
        raise Refused(code="file_unsafe_part")
    if PurePosixPath(name).suffix.lower() in NESTED_ARCHIVES:
        raise Refused(code="file_nested_archive")
    for part, what in FORBIDDEN_PARTS.items():
        if name.lower().startswith(part):
            raise Refused(code="file_active_content", details={"what": what}, status=415)
    if entry.file_size > limits.ratio * max(entry.compress_size, 1):
        raise Refused(code="file_packed_too_tight", details={"limit": limits.ratio}, status=413)


def _is_outside(name: str) -> bool:
    """Return whether a part names a place outside the archive."""
    path = name.replace("\\", "/")
    return path.startswith("/") or ":" in path or ".." in path.split("/") or "\x00" in path
