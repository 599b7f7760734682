"""An archive back into an empty installation, on either engine: whole, or not at all (U123).

Every part of the archive is checked before anything is written. The tables are filled in one
transaction, through the guarded door of the append-only ones; files are put beside them after it.
"""

import gzip
import hashlib
import json
import tarfile
import zlib
from collections import Counter
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path, PurePosixPath
from typing import Any

from django.core.management.color import no_style
from django.db import connection, models
from django.db.migrations.recorder import MigrationRecorder
from django.db.models import Value
from django.utils.translation import gettext as _

from clinic.lib.errors import Refused
from clinic.lib.publication import renew_publication
from clinic.records import backups, seals
from clinic.records.backups import CHUNK, FORMAT, MANIFEST, table_member
from clinic.records.seals import canonical

BATCH = 500
ID = "id"


@dataclass(frozen=True)
class Archive:
    """An archive that was found whole.

    Attributes:
        path: of the file.
        manifest: what it says of itself.
    """

    path: Path
    manifest: dict[str, Any]

    @property
    def counts(self) -> dict[str, int]:
        """Return how many tables, rows and files it holds."""
        tables = self.manifest["tables"]
        rows = sum(table["rows"] for table in tables.values())
        return {"tables": len(tables), "rows": rows, "files": len(self.manifest["files"])}


def open_archive(path: Path) -> Archive:
    """Check every part of an archive.

    Raises:
        Refused: it cannot be read, a part is missing, too much or changed; names the part.
    """
    try:
        with tarfile.open(path, "r:") as tar:
            members = tar.getmembers()
            manifest = _read_manifest(tar)
            _check_members(members, manifest)
            for label, table in manifest["tables"].items():
                name = table_member(label)
                with gzip.open(_member(tar, name), "rb") as stream:
                    _check_digest(name, backups.sha256_of(stream), table["sha256"])
            for name, file in manifest["files"].items():
                read = partial(_member(tar, name).read, CHUNK)
                _check_digest(name, backups.sha256_of(iter(read, b"")), file["sha256"])
    except (
        tarfile.TarError,
        zlib.error,
        OSError,
        EOFError,
        LookupError,
        TypeError,
        ValueError,
    ) as error:
        raise _damaged(f"{path.name}: {error}") from error
    return Archive(path, manifest)


def _read_manifest(tar: tarfile.TarFile) -> dict[str, Any]:
    manifest: dict[str, Any] = json.loads(_member(tar, MANIFEST).read())
    said = manifest.pop("digest")
    _check_digest(MANIFEST, hashlib.sha256(canonical(manifest)).hexdigest(), said)
    if manifest["format"] != FORMAT:
        raise Refused(
            _("This archive is of format %(format)s; this release reads format %(ours)s.")
            % {"format": manifest["format"], "ours": FORMAT},
            code="archive_format",
        )
    return manifest


def _check_members(members: list[tarfile.TarInfo], manifest: dict[str, Any]) -> None:
    """Refuse a part that is missing, doubled or not named, and a name that leaves its folder."""
    wanted = {MANIFEST, *map(table_member, manifest["tables"]), *manifest["files"]}
    found = Counter(member.name for member in members)
    odd = (wanted ^ set(found)) | {name for name, times in found.items() if times > 1}
    odd |= {member.name for member in members if not member.isfile()}
    for name in manifest["files"]:
        path = PurePosixPath(name)
        if path.is_absolute() or ".." in path.parts or path.parts[0] not in backups.file_roots():
            odd.add(name)
    if odd:
        raise _damaged(min(odd))


def _member(tar: tarfile.TarFile, name: str) -> Any:
    stream = tar.extractfile(name)
    if stream is None:
        raise _damaged(name)
    return stream


def _check_digest(name: str, found: str, wanted: str) -> None:
    if found != wanted:
        raise _damaged(name)


def _damaged(part: str) -> Refused:
    return Refused(
        _("The archive is damaged; nothing was written. Part: %(part)s") % {"part": part},
        code="archive_damaged",
        details={"part": part},
    )


def restore(archive: Archive) -> None:
    """Fill the tables and the folders of files from a checked archive.

    Raises:
        Refused: the database holds people, is of another release, or a folder holds files.
    """
    _refuse_filled()
    _refuse_other_release(archive.manifest["migrations"])
    stored = {model._meta.label_lower: model for model in backups.stored_models()}
    if missing := sorted(set(archive.manifest["tables"]) ^ set(stored)):
        raise _other_release(missing[0])
    with tarfile.open(archive.path, "r:") as tar, seals.purging("restore"):
        _fill(tar, stored)
        connection.check_constraints()
        _set_sequences(list(stored.values()), archive.manifest["sequences"])
        _put_files(tar, archive.manifest["files"])
    renew_publication()


def differences(archive: Archive) -> list[str]:
    """Name what the database or the folders hold otherwise than the archive says."""
    found = []
    for model in backups.stored_models():
        label = model._meta.label_lower
        wanted = archive.manifest["tables"][label]["rows"]
        if (rows := model._base_manager.count()) != wanted:
            found.append(f"{label}: {rows} rows, {wanted} in the archive")
    roots = backups.file_roots()
    for name, file in archive.manifest["files"].items():
        root, _slash, inside = name.partition("/")
        path = roots[root] / inside
        if not path.is_file() or path.stat().st_size != file["size"]:
            found.append(name)
    heads = {name: list(head) for name, head in seals.heads().items()}
    found += [name for name, head in archive.manifest["heads"].items() if heads.get(name) != head]
    return found


def _refuse_filled() -> None:
    """Refuse a live installation: one restores into an empty database and empty folders."""
    with connection.cursor() as cursor:
        tables = connection.introspection.table_names(cursor)
        if "people_person" in tables:
            cursor.execute("SELECT COUNT(*) FROM people_person")
            if cursor.fetchone()[0]:
                raise Refused(
                    _("This database holds people. An archive is restored into an empty one."),
                    code="not_empty",
                )
    for root in backups.file_roots().values():
        if any(path.is_file() for path in root.rglob("*")):
            raise Refused(
                _("The folder %(folder)s holds files. An archive is restored into an empty one.")
                % {"folder": root},
                code="not_empty",
            )


def _refuse_other_release(wanted: list[str]) -> None:
    applied = {".".join(key) for key in MigrationRecorder(connection).applied_migrations()}
    if different := sorted(applied ^ set(wanted)):
        raise _other_release(different[0])


def _other_release(what: str) -> Refused:
    return Refused(
        _(
            "This archive was made by another release (%(what)s). Restore it with that release on "
            "a migrated database, then bring in this one."
        )
        % {"what": what},
        code="other_release",
        details={"what": what},
    )


def _fill(tar: tarfile.TarFile, stored: dict[str, type[models.Model]]) -> None:
    with connection.cursor() as cursor:
        for table in [*backups.index_tables(), *(each._meta.db_table for each in stored.values())]:
            cursor.execute(f'DELETE FROM "{table}"')  # noqa: S608 - a model's table
    for label, model in stored.items():
        with gzip.open(_member(tar, table_member(label)), "rt", encoding="utf-8") as stream:
            rows = (decode(model, json.loads(line)) for line in stream)
            while batch := list(islice(rows, BATCH)):
                # As the row was: no field fills itself in, and a child table gets its own columns.
                model._base_manager.all()._insert(  # type: ignore[attr-defined]
                    batch, fields=model._meta.local_concrete_fields, using=connection.alias,
                    raw=True,
                )  # fmt: skip


def decode(model: type[models.Model], values: backups.Row) -> models.Model:
    """Return a row of the model's own table, not saved."""
    read = {
        column.attname: _decode(column, values[column.attname])
        for column in model._meta.local_concrete_fields
    }
    return model(**read)


def _decode(column: models.Field[Any, Any], value: Any) -> Any:
    if isinstance(column, models.JSONField):
        # None is the word null of JSON where the column takes no NULL.
        return Value(None, column) if value is None and not column.null else value
    if isinstance(column, models.FileField):
        return value
    return column.to_python(value)


def _set_sequences(stored: list[type[models.Model]], last_ids: dict[str, int]) -> None:
    """Let ids go on where they were: one that was given out once never comes again."""
    with connection.cursor() as cursor:
        for statement in connection.ops.sequence_reset_sql(no_style(), stored):
            cursor.execute(statement)
        for model in stored:
            table = model._meta.db_table
            last = last_ids.get(table)
            if not last:
                continue
            if connection.vendor == "postgresql":
                cursor.execute(
                    "SELECT setval(pg_get_serial_sequence(%s, %s), %s)", [f'"{table}"', ID, last]
                )
            else:
                cursor.execute("DELETE FROM sqlite_sequence WHERE name = %s", [table])
                cursor.execute("INSERT INTO sqlite_sequence VALUES (%s, %s)", [table, last])


def _put_files(tar: tarfile.TarFile, files: dict[str, Any]) -> None:
    """Write every file; where one cannot be written, none is left."""
    roots, written = backups.file_roots(), []
    try:
        for name in files:
            root, _slash, inside = name.partition("/")
            path = roots[root] / inside
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            written.append(path)
            path.write_bytes(_member(tar, name).read())
            path.chmod(0o600)
    except OSError:
        for path in written:
            path.unlink(missing_ok=True)
        raise
