"""What may be kept of an uploaded file, judged in the request before any parser touches it.

Of an xlsx the zip directory is judged first; only what it allows is unpacked, piece by piece, to
prove that the sizes it states are true and that no part declares entities.
"""

import io
import zipfile
import zlib
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import PurePath

from clinic.lib.arithmetic.messages import gettext_noop
from clinic.lib.errors import Refused

MEBIBYTE = 1024 * 1024
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ZIP = b"PK\x03\x04"
_ENCRYPTED_FLAG = 0x1
_UNIX_LINK = 0o120000
_UNIX_TYPE = 0o170000


class UnsafeArchive(Refused):
    """An uploaded file that is not opened, with the reason as a sentence to translate.

    ``details`` hold the values of the sentence's named placeholders.
    """

    code = "file_unsafe"
    status = 422


@dataclass(frozen=True)
class ArchiveLimits:
    """Sizes in bytes. The ratio of unpacked to packed is per entry."""

    packed: int = 5 * MEBIBYTE
    unpacked: int = 60 * MEBIBYTE
    ratio: int = 100
    entries: int = 300
    small: int = 64 * 1024


_DAMAGE = (
    zipfile.BadZipFile,
    zipfile.LargeZipFile,
    zlib.error,
    EOFError,
    ValueError,
    OSError,
    NotImplementedError,
    RuntimeError,
)

ARCHIVE_REASONS = {
    "file_empty": gettext_noop("The file is empty."),
    "file_too_large": gettext_noop("The file is larger than %(limit)s MB."),
    "file_encrypted": gettext_noop(
        "The file is protected with a password or is in the old Excel format. "
        "Save it as .xlsx without a password."
    ),
    "file_not_xlsx": gettext_noop("The file is not an Excel workbook (.xlsx)."),
    "file_damaged": gettext_noop("The file is damaged or incomplete. Save it again in Excel."),
    "too_many_parts": gettext_noop("The file holds more than %(limit)s parts."),
    "unpacks_too_large": gettext_noop("The file becomes too large when it is unpacked."),
    "unsafe_name": gettext_noop("The file holds a part with an unsafe name: %(name)s."),
    "holds_link": gettext_noop("The file holds a link to another place: %(name)s."),
    "holds_archive": gettext_noop("The file holds another archive: %(name)s."),
    "holds_macros": gettext_noop("The file holds macros. Save it as .xlsx without macros."),
    "holds_external_links": gettext_noop(
        "The file takes values from other workbooks. Break the links in Excel and save it again."
    ),
    "holds_entities": gettext_noop("The file declares XML entities, which no workbook needs."),
    "holds_objects": gettext_noop("The file holds embedded objects: %(name)s."),
}


def _refuse_archive(code: str, **details: object) -> UnsafeArchive:
    return UnsafeArchive(ARCHIVE_REASONS[code], code=code, details=details)


def inspect_archive(content: bytes, limits: ArchiveLimits = ArchiveLimits()) -> None:
    """Refuse an upload that no spreadsheet parser should see.

    Raises:
        UnsafeArchive: with the reason as code, sentence and values.
    """
    if not content:
        raise _refuse_archive("file_empty")
    if len(content) > limits.packed:
        raise _refuse_archive("file_too_large", limit=limits.packed // MEBIBYTE)
    if content.startswith(_OLE):
        raise _refuse_archive("file_encrypted")
    if not content.startswith(_ZIP):
        raise _refuse_archive("file_not_xlsx")
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            _inspect_entries(archive, limits)
            _inspect_parts(archive)
    except _DAMAGE as fault:
        raise _refuse_archive("file_damaged") from fault


def _inspect_entries(archive: zipfile.ZipFile, limits: ArchiveLimits) -> None:
    entries = archive.infolist()
    if len(entries) > limits.entries:
        raise _refuse_archive("too_many_parts", limit=limits.entries)
    names = [entry.filename for entry in entries]
    if len(set(names)) != len(names):
        raise _refuse_archive("file_damaged")
    if sum(entry.file_size for entry in entries) > limits.unpacked:
        raise _refuse_archive("unpacks_too_large")
    for entry in entries:
        _inspect_size(entry, limits)
        _inspect_name(entry)
        _inspect_kind(entry)


def _inspect_size(entry: zipfile.ZipInfo, limits: ArchiveLimits) -> None:
    if entry.flag_bits & _ENCRYPTED_FLAG:
        raise _refuse_archive("file_encrypted")
    packed = max(entry.compress_size, 1)
    if entry.file_size > limits.small and entry.file_size / packed > limits.ratio:
        raise _refuse_archive("unpacks_too_large")


def _inspect_name(entry: zipfile.ZipInfo) -> None:
    raw = entry.orig_filename
    name = raw.replace("\\", "/")
    steps = name.split("/")
    if name.startswith("/") or ".." in steps or ":" in steps[0] or "\x00" in raw:
        raise _refuse_archive("unsafe_name", name=raw[:80])
    if (entry.external_attr >> 16) & _UNIX_TYPE == _UNIX_LINK:
        raise _refuse_archive("holds_link", name=raw[:80])


def _inspect_kind(entry: zipfile.ZipInfo) -> None:
    name = entry.filename.casefold()
    if name.endswith(".bin") and "vba" in name:
        raise _refuse_archive("holds_macros")
    if "/externallinks/" in f"/{name}":
        raise _refuse_archive("holds_external_links")
    if "/embeddings/" in f"/{name}" or "/activex/" in f"/{name}" or name.endswith((".ole", ".exe")):
        raise _refuse_archive("holds_objects", name=entry.filename[:80])
    if name.endswith((".zip", ".7z", ".rar", ".gz", ".xlsx", ".xlsm", ".docx")):
        raise _refuse_archive("holds_archive", name=entry.filename[:80])


def _inspect_parts(archive: zipfile.ZipFile) -> None:
    names = set(archive.namelist())
    if "EncryptedPackage" in names:
        raise _refuse_archive("file_encrypted")
    if not {"[Content_Types].xml", "xl/workbook.xml"} <= names:
        raise _refuse_archive("file_not_xlsx")
    for entry in archive.infolist():
        _inspect_content(entry.filename, archive.read(entry))


def _inspect_content(name: str, content: bytes) -> None:
    if content.startswith(_ZIP):
        raise _refuse_archive("holds_archive", name=name[:80])
    if content.startswith(_OLE):
        raise _refuse_archive("holds_objects", name=name[:80])
    if name == "[Content_Types].xml" and b"macroEnabled" in content:
        raise _refuse_archive("holds_macros")
    is_markup = name.casefold().endswith((".xml", ".rels", ".vml"))
    if is_markup and (b"<!DOCTYPE" in content or b"<!ENTITY" in content):
        raise _refuse_archive("holds_entities")


WORKBOOK = ".xlsx"
BUNDLE = ".zip"
TEXTS = frozenset({".csv", ".txt", ".tsv", ".toml", ".json", ".xml", ".gift"})
SPREADSHEETS = frozenset({".csv", ".tsv", ".txt", ".xls", ".xlsm", ".xlsb", ".ods"})
TOO_LARGE = 413
WRONG_KIND = 415

REASONS = {
    "file_kind": gettext_noop("Files of this kind are not read here. Allowed: %(allowed)s."),
    "file_kind_table": gettext_noop(
        "Files of this kind are not read here. Open the file in Excel and save it as .xlsx."
    ),
    "file_too_large": gettext_noop("The file is larger than %(limit)s MB."),
    "file_empty": gettext_noop("The file is empty."),
    "file_not_text": gettext_noop("The file is not a text file."),
}


@dataclass(frozen=True, kw_only=True)
class UploadLimits:
    """Sizes in bytes."""

    workbook: int = 5 * MEBIBYTE
    unpacked: int = 60 * MEBIBYTE
    bundle: int = 25 * MEBIBYTE
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
        refused = _refuse("file_kind", WRONG_KIND, allowed=", ".join(sorted(suffixes)))
        if suffix in SPREADSHEETS and suffixes == {WORKBOOK}:
            refused.message = REASONS["file_kind_table"]
        raise refused
    if size == 0:
        raise _refuse("file_empty")
    largest = {WORKBOOK: limits.workbook, BUNDLE: limits.bundle}.get(suffix, limits.text)
    if size > largest:
        raise _refuse("file_too_large", TOO_LARGE, limit=largest // MEBIBYTE)


def check_content(name: str, content: bytes, *, limits: UploadLimits) -> None:
    """Refuse by first bytes and, for a workbook, by the directory and parts of the zip.

    Raises:
        Refused: ``file_not_text``, or a code of ``inspect_archive`` or ``list_members``.
    """
    if suffix_of(name) == WORKBOOK:
        inspect_archive(content, ArchiveLimits(packed=limits.workbook, unpacked=limits.unpacked))
    elif suffix_of(name) == BUNDLE:
        list_members(content, limits=limits)
    elif b"\x00" in content:
        raise _refuse("file_not_text", WRONG_KIND)


MOST_MEMBERS = 50
MOST_ENTRIES = 400
_LITTER = ("__macosx/", "thumbs.db", "desktop.ini")
_NESTED = (".zip", ".7z", ".rar", ".gz", ".tar", ".bz2", ".xz")

BUNDLE_REASONS = {
    "file_not_zip": gettext_noop("The file is not a zip archive."),
    "too_many_workbooks": gettext_noop(
        "The zip holds more than %(limit)s workbooks. Divide them into several."
    ),
    "no_workbook": gettext_noop("The zip holds no Excel workbook (.xlsx)."),
    "member_kind": gettext_noop("Only Excel workbooks (.xlsx) are read."),
    "member_nested": gettext_noop("Another archive lies in the zip. Unpack it first."),
    "member_locked": gettext_noop("The file is locked with a password. Send it without one."),
}


@dataclass(frozen=True)
class BundleMember:
    """One file in a zip of workbooks.

    Attributes:
        path: its name in the zip, as a text to show and never as a place to write to.
        refused: why it is not read; None where it may be.
    """

    path: str
    refused: Refused | None = None

    @property
    def name(self) -> str:
        return PurePath(self.path.replace("\\", "/")).name


def list_members(content: bytes, *, limits: UploadLimits) -> list[BundleMember]:
    """Judge each file of a zip by its directory alone; nothing is unpacked.

    Folders and what systems leave behind (``__MACOSX``, ``Thumbs.db``, lock files) are left out.

    Raises:
        UnsafeArchive: the zip as a whole is not opened.
    """
    return [_judge_member(entry, limits) for entry in _list_files(content, limits)]


def read_member(content: bytes, path: str, *, limits: UploadLimits) -> bytes:
    """Unpack one file that ``list_members`` let through, and no more of it than is allowed.

    Raises:
        UnsafeArchive: it is damaged, or longer than its directory says.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive, archive.open(path) as stream:
            unpacked = stream.read(limits.workbook + 1)
    except (*_DAMAGE, KeyError) as fault:
        raise _refuse_archive("file_damaged") from fault
    if len(unpacked) > limits.workbook:
        raise _refuse_archive("file_too_large", limit=limits.workbook // MEBIBYTE)
    return unpacked


def _list_files(content: bytes, limits: UploadLimits) -> list[zipfile.ZipInfo]:
    if not content.startswith(_ZIP):
        raise UnsafeArchive(BUNDLE_REASONS["file_not_zip"], code="file_not_zip")
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            entries = archive.infolist()
    except _DAMAGE as fault:
        raise _refuse_archive("file_damaged") from fault
    if len(entries) > MOST_ENTRIES:
        raise _refuse_archive("too_many_parts", limit=MOST_ENTRIES)
    files = [entry for entry in entries if not _is_litter(entry)]
    names = [entry.filename for entry in entries]
    # Parts that lie upon each other add up to more than the file is long.
    if len(set(names)) != len(names) or sum(e.compress_size for e in entries) > len(content):
        raise _refuse_archive("file_damaged")
    if sum(entry.file_size for entry in entries) > MOST_MEMBERS * limits.workbook:
        raise _refuse_archive("unpacks_too_large")
    workbooks = [entry for entry in files if suffix_of(entry.filename) == WORKBOOK]
    if not workbooks:
        raise UnsafeArchive(BUNDLE_REASONS["no_workbook"], code="no_workbook")
    if len(workbooks) > MOST_MEMBERS:
        raise UnsafeArchive(
            BUNDLE_REASONS["too_many_workbooks"],
            code="too_many_workbooks",
            details={"limit": MOST_MEMBERS},
        )
    return files


def _is_litter(entry: zipfile.ZipInfo) -> bool:
    path = entry.filename.replace("\\", "/").casefold()
    last = path.rsplit("/", 1)[-1]
    return (
        entry.is_dir()
        or path.startswith(_LITTER)
        or last.startswith((".", "~$"))
        or (last in _LITTER)
    )


def _judge_member(entry: zipfile.ZipInfo, limits: UploadLimits) -> BundleMember:
    try:
        _inspect_name(entry)
        if entry.flag_bits & _ENCRYPTED_FLAG:
            raise UnsafeArchive(BUNDLE_REASONS["member_locked"], code="member_locked")
        _inspect_size(entry, ArchiveLimits())
        suffix = suffix_of(entry.filename)
        if suffix in _NESTED:
            raise UnsafeArchive(BUNDLE_REASONS["member_nested"], code="member_nested")
        if suffix != WORKBOOK:
            raise UnsafeArchive(BUNDLE_REASONS["member_kind"], code="member_kind")
        if entry.file_size > limits.workbook:
            raise _refuse_archive("file_too_large", limit=limits.workbook // MEBIBYTE)
    except Refused as refused:
        return BundleMember(entry.filename, refused)
    return BundleMember(entry.filename)
