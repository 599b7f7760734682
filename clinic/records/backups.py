"""One archive of all data and files, taken while people write, that fits either database engine.

``klinik-<utc>.tar`` holds every table as JSON lines from one snapshot of the database, then the
files, copied after it, so that each row's file is there, and last ``manifest.json``: the release,
its migrations, rows and SHA-256 of each table, size and SHA-256 of each file, heads of the logs.

Left out: sessions (everybody signs in again), indexes (made anew), and anonymous checks of
worksheets with their files and jobs, which nothing may keep (S25).
"""

import base64
import gzip
import hashlib
import io
import json
import os
import tarfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from uuid import UUID

from django.apps import apps
from django.conf import settings
from django.db import connection, models, transaction
from django.db.migrations.recorder import MigrationRecorder
from django.db.models.fields.files import FieldFile
from django.utils import timezone

from clinic.records import seals
from clinic.records.imports import Import
from clinic.records.jobs import Job
from clinic.records.seals import canonical

FORMAT = 1
MANIFEST = "manifest.json"
PREFIX, SUFFIX, UNFINISHED = "klinik-", ".tar", ".part"
STAMP = "%Y%m%dT%H%M%SZ"
LEFT_OUT_APPS = frozenset({"sessions", "usersessions", "wagtailsearch"})
LEFT_OUT_MODELS = frozenset({
    "wagtailadmin.admin", "wagtailadmin.editingsession", "wagtailcore.referenceindex",
})  # fmt: skip
CHUNK = 1024 * 1024
Row = dict[str, Any]


def folder() -> Path:
    """Return where archives and the register of erasures lie."""
    return Path(settings.DATA_DIR) / "backups"


def newest_archive() -> datetime | None:
    """Return when the newest archive was begun; None where there is none."""
    stamps = []
    for path in folder().glob(f"{PREFIX}*{SUFFIX}"):
        try:
            stamp = datetime.strptime(path.name, f"{PREFIX}{STAMP}{SUFFIX}").replace(tzinfo=UTC)
        except ValueError:
            continue
        stamps.append(stamp)
    return max(stamps, default=None)


def is_overdue(now: datetime) -> bool:
    """Say whether the newest archive is older than ``KLINIK_BACKUP_HOURS``, or there is none."""
    if not settings.KLINIK_BACKUP_HOURS:
        return False
    newest = newest_archive()
    return newest is None or now - newest > timedelta(hours=settings.KLINIK_BACKUP_HOURS)


def stored_models() -> list[type[models.Model]]:
    """Return the model of every table that an archive holds, in order of their names."""
    found = [
        model
        for model in apps.get_models(include_auto_created=True)
        if model._meta.managed
        and not model._meta.proxy
        and model._meta.app_label not in LEFT_OUT_APPS
        and model._meta.label_lower not in LEFT_OUT_MODELS
    ]
    return sorted(found, key=lambda model: model._meta.label_lower)


def index_tables() -> list[str]:
    """Return the tables that are made anew from the others."""
    return ["wagtailcore_referenceindex", "wagtailsearch_indexentry"]


def table_member(label: str) -> str:
    """Return the name of a table inside the archive."""
    return f"data/{label}.jsonl.gz"


def file_roots() -> dict[str, Path]:
    """Return the folders of files by their name inside the archive."""
    return {"private": Path(settings.PRIVATE_ROOT), "media": Path(settings.MEDIA_ROOT)}


def write_archive(target: Path | None = None, *, now: datetime | None = None) -> Path:
    """Write one archive; return its path. A run that is cut off leaves none.

    Args:
        target: folder of the archive; by default that under ``KLINIK_VAR``.
        now: moment that names the archive.
    """
    moment = now or timezone.now()
    place = target or folder()
    place.mkdir(parents=True, exist_ok=True, mode=0o700)
    path = place / f"{PREFIX}{moment.astimezone(UTC).strftime(STAMP)}{SUFFIX}"
    unfinished = path.with_suffix(UNFINISHED)
    opener = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        with os.fdopen(opener, "wb") as stream, tarfile.open(fileobj=stream, mode="w") as tar:
            _write_members(tar, place, moment)
            stream.flush()
            os.fsync(stream.fileno())
        unfinished.rename(path)
    finally:
        unfinished.unlink(missing_ok=True)
    return path


def remove_old(keep: int, target: Path | None = None) -> list[Path]:
    """Delete all but the newest archives; return those that went."""
    paths = sorted((target or folder()).glob(f"{PREFIX}*{SUFFIX}"))
    old = paths[:-keep] if keep else []
    for path in old:
        path.unlink()
    return old


def _write_members(tar: tarfile.TarFile, place: Path, moment: datetime) -> None:
    manifest: dict[str, Any] = {"format": FORMAT, "made_at": moment.isoformat()}
    with TemporaryDirectory(dir=place, prefix=".klinik-") as scratch:
        with one_snapshot():
            manifest |= _describe_database()
            tables = {
                model._meta.label_lower: _write_table(model, Path(scratch))
                for model in stored_models()
            }
            dropped = set(_anonymous_imports().values_list("file", flat=True))
        for label in tables:
            tar.add(Path(scratch) / f"{label}.jsonl.gz", table_member(label))
    files: dict[str, dict[str, Any]] = {}
    for name, root in file_roots().items():
        for path in sorted(root.rglob("*")):
            inside = path.relative_to(root).as_posix()
            if path.is_file() and not path.is_symlink() and inside not in dropped:
                files |= _write_file(tar, path, f"{name}/{inside}")
    manifest |= {"tables": tables, "files": files}
    manifest["digest"] = hashlib.sha256(canonical(manifest)).hexdigest()
    _add(tar, MANIFEST, json.dumps(manifest, ensure_ascii=False, indent=1).encode())


@contextmanager
def one_snapshot() -> Iterator[None]:
    """Let every read inside see one state of the database, while others write."""
    if connection.vendor == "postgresql":
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            yield
        return
    # A transaction of Django's would take the write lock at once; this one only reads.
    connection.ensure_connection()
    connection.connection.execute("BEGIN DEFERRED")
    try:
        yield
    finally:
        connection.connection.execute("ROLLBACK")


def _describe_database() -> dict[str, Any]:
    applied = MigrationRecorder(connection).applied_migrations()
    return {
        "engine": connection.vendor,
        "migrations": sorted(".".join(key) for key in applied),
        "heads": {name: list(head) for name, head in sorted(seals.heads().items())},
        "sequences": read_sequences(),
    }


def read_sequences() -> dict[str, int]:
    """Return the last id that each table gave out: one that was deleted never comes again."""
    with connection.cursor() as cursor:
        if connection.vendor != "postgresql":
            cursor.execute("SELECT name, seq FROM sqlite_sequence")
            return dict(cursor.fetchall())
        cursor.execute(
            "SELECT t.relname, s.last_value FROM pg_sequences s "
            "JOIN pg_class c ON c.relname = s.sequencename AND c.relkind = 'S' "
            "JOIN pg_depend d ON d.objid = c.oid AND d.deptype IN ('a', 'i') "
            "JOIN pg_class t ON t.oid = d.refobjid WHERE s.last_value IS NOT NULL"
        )
        return dict(cursor.fetchall())


def _write_table(model: type[models.Model], scratch: Path) -> dict[str, Any]:
    label, count, digest = model._meta.label_lower, 0, hashlib.sha256()
    with gzip.open(scratch / f"{label}.jsonl.gz", "wb", compresslevel=6) as stream:
        for row in _rows_of(model).iterator(chunk_size=500):
            data = canonical(encode(row)) + b"\n"
            stream.write(data)
            digest.update(data)
            count += 1
    return {"rows": count, "sha256": digest.hexdigest()}


def _rows_of(model: type[models.Model]) -> models.QuerySet[Any]:
    rows = model._base_manager.order_by("pk")
    if model is Import:
        return rows.exclude(pk__in=_anonymous_imports().values("pk"))
    if model is Job:
        keys = [str(uuid) for uuid in _anonymous_imports().values_list("uuid", flat=True)]
        return rows.exclude(key__in=keys)
    return rows


def _anonymous_imports() -> models.QuerySet[Import]:
    return Import.objects.filter(actor__isnull=True)


def encode(row: models.Model) -> Row:
    """Return the columns of a row's own table as JSON values that mean the same on each engine."""
    return {
        column.attname: _encode(column, column.value_from_object(row))
        for column in row._meta.local_concrete_fields
    }


def _encode(column: models.Field[Any, Any], value: Any) -> Any:
    match value:
        case _ if isinstance(column, models.JSONField):
            return value
        case None | bool() | int() | float() | str():
            return value
        case datetime():
            return value.astimezone(UTC).isoformat(timespec="microseconds")
        case date() | time():
            return value.isoformat()
        case Decimal() | UUID():
            return str(value)
        case bytes() | memoryview():
            return base64.b64encode(bytes(value)).decode()
        case FieldFile():
            return value.name or ""
        case _:
            # Of a field that knows its own text, such as a stream of blocks.
            return column.get_prep_value(value)


def _write_file(tar: tarfile.TarFile, path: Path, name: str) -> dict[str, dict[str, Any]]:
    """Copy a file; one that has gone meanwhile belonged to a row that went as well."""
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return {}
    _add(tar, name, content)
    return {name: {"size": len(content), "sha256": hashlib.sha256(content).hexdigest()}}


def _add(tar: tarfile.TarFile, name: str, content: bytes) -> None:
    member = tarfile.TarInfo(name)
    member.size, member.mode = len(content), 0o600
    tar.addfile(member, io.BytesIO(content))


def sha256_of(stream: Iterable[bytes]) -> str:
    """Return the SHA-256 of what comes piece by piece."""
    digest = hashlib.sha256()
    for piece in stream:
        digest.update(piece)
    return digest.hexdigest()
