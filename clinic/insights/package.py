"""Evidence packages: read a folder with every fault named, write one from plain rows."""

import hashlib
import json
import shutil
import tempfile
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd

from clinic.insights.arithmetic.observations import Evidence
from clinic.insights.package_checks import (
    checked,
    manifest_file,
    manifest_values,
    plain_text,
    text_columns,
    text_file,
    text_rows,
    typed_table,
)
from clinic.insights.package_faults import Reading
from clinic.insights.package_format import (
    FILES,
    FORMAT,
    GAP_THRESHOLD,
    MANIFEST,
    VERSION,
    WEAK_THRESHOLD,
    File,
)
from clinic.lib.errors import Refused

Rows = Mapping[str, Iterable[Mapping[str, Any]]]


class FolderTaken(Refused):
    """A package is never written over something else."""

    code = "folder_taken"


def read_package(folder: Path) -> Evidence:
    """Read and check a package folder.

    Raises:
        FaultyPackage: with one line for each kind of fault, all files looked at.
    """
    reading = Reading(folder=folder)
    manifest = manifest_file(reading, folder)
    for file in FILES:
        text = text_file(reading, file, folder)
        if text is not None:
            reading.tables[file.name] = text
    return checked(reading, manifest)


def evidence_from_rows(manifest: Mapping[str, Any], rows: Rows) -> Evidence:
    """Check plain rows by the same rules as a folder: one list of mappings for each file's name.

    Raises:
        FaultyPackage: its lines count as they would in the file.
    """
    return _checked_text(manifest, _text(rows))


def _text(rows: Rows) -> dict[str, pd.DataFrame]:
    return {file.name: text_rows(file, rows.get(file.name, ())) for file in FILES}


def _checked_text(manifest: Mapping[str, Any], text: dict[str, pd.DataFrame]) -> Evidence:
    reading = Reading(tables=text)
    return checked(reading, manifest_values(reading, manifest))


def evidence_of_part(manifest: Mapping[str, Any], rows: Rows) -> Evidence:
    """Type our own rows of a part of a region, where any file may be empty.

    Values are read as a package holds them, so that a refresh and a package agree to the digit.

    Args:
        manifest: ``as_of`` (a date), ``gap_threshold`` and ``weak_threshold``.
        rows: one list of mappings for each file's name.
    """
    tables = {file.name: table_of_part(file, rows.get(file.name, ())) for file in FILES}
    return Evidence(
        as_of=manifest["as_of"].toordinal(),
        gap_threshold=manifest["gap_threshold"],
        weak_threshold=manifest["weak_threshold"],
        **tables,
    )


def table_of_part(file: File, rows: Iterable[Mapping[str, Any]]) -> pd.DataFrame:
    """Type our own rows of one file, as ``evidence_of_part`` does."""
    listed = list(rows)
    return _typed_rows(file, listed) if listed else _no_rows(file.name).copy()


@cache
def _no_rows(name: str) -> pd.DataFrame:
    """The empty table of a file: most units have several."""
    return _typed_rows(next(file for file in FILES if file.name == name), [])


def _typed_rows(file: File, rows: list[Mapping[str, Any]]) -> pd.DataFrame:
    columns = zip(file.columns, text_columns(file, rows), strict=True)
    return typed_table(file, {column.name: column.kind.read(text) for column, text in columns})


def rows_digest(rows: Rows) -> str:
    """SHA-256 of plain rows, the same for every order of rows (the order of areas counts)."""
    total = hashlib.sha256()
    for file in FILES:
        text = text_rows(file, rows.get(file.name, ()))
        lines = text.to_csv(index=False, header=False, lineterminator="\n").splitlines()
        lines = lines if file.name == "areas" else sorted(lines)
        total.update("\n".join([file.filename, *lines, ""]).encode())
    return total.hexdigest()


def write_package(folder: Path, manifest: Mapping[str, Any], rows: Rows) -> dict[str, int]:
    """Write a package of the present version; gives the number of rows of each file.

    Rows are checked first, sorted by key (areas keep their order) and written beside the folder,
    which appears only when complete.

    Args:
        folder: absent or empty.
        manifest: ``as_of`` (a date) and ``source``; thresholds where they differ from the usual.
        rows: one list of mappings for each file's name, with the columns of the format.

    Raises:
        FaultyPackage: when the rows break a rule of the format.
        FolderTaken: when the folder exists and is not empty.
    """
    if folder.exists() and any(folder.iterdir()):
        raise FolderTaken(details={"folder": folder.name})
    text = _text(rows)
    described = {
        "format": FORMAT,
        "version": VERSION,
        "gap_threshold": GAP_THRESHOLD,
        "weak_threshold": WEAK_THRESHOLD,
        **manifest,
    }
    _checked_text(described, text)
    folder.parent.mkdir(parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        _write_manifest(draft / MANIFEST, described)
        for file in FILES:
            _write_rows(draft / file.filename, file, text[file.name])
        draft.chmod(0o755)
        draft.replace(folder)
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return {name: len(table) for name, table in text.items()}


def package_digest(folder: Path) -> str:
    """SHA-256 of a package, the same for every order of rows (the order of areas counts)."""
    total = hashlib.sha256()
    for filename in (MANIFEST, *(file.filename for file in FILES)):
        lines = (folder / filename).read_bytes().splitlines()
        if filename not in (MANIFEST, "areas.csv"):
            lines[1:] = sorted(lines[1:])
        total.update(filename.encode() + b"\0" + b"\n".join(lines) + b"\0")
    return total.hexdigest()


def _write_manifest(path: Path, described: Mapping[str, Any]) -> None:
    text = json.dumps(described, ensure_ascii=False, indent=2, sort_keys=True, default=plain_text)
    path.write_text(f"{text}\n", encoding="utf-8")


def _write_rows(path: Path, file: File, table: pd.DataFrame) -> None:
    if file.name != "areas":
        table = table.sort_values(list(file.key))
    table.to_csv(path, index=False, lineterminator="\n", encoding="utf-8")
