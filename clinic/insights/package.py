"""Evidence packages: read a folder with every fault named, write one from plain rows.

Text becomes checked, typed tables; every fault is noted by file, line and column, none raised. Each
check drops the rows it blames, so that one mistake is named once and later checks can run.
"""

import csv
import io
import json
import shutil
import tempfile
import warnings
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from clinic.insights.arithmetic.observations import (
    KINDS,
    PHASES,
    STATES,
    Columns,
    Evidence,
    Floats,
)
from clinic.insights.package_format import (
    ASSESSMENT,
    DAY,
    FILES,
    FORMAT,
    GAP_THRESHOLD,
    MANIFEST,
    NO_MORE_THAN,
    READABLE,
    ROUNDING,
    VERSION,
    WEAK_THRESHOLD,
    File,
)
from clinic.lib.errors import Refused


@dataclass(frozen=True)
class Fault:
    """One kind of fault: where it is first met, and how often."""

    file: str
    line: int
    column: str
    message: str
    cases: int = 1

    def __str__(self) -> str:
        cases = f" ({self.cases} cases)" if self.cases > 1 else ""
        return f"{self.file}:{self.line}: {self.column}: {self.message}{cases}"


class FaultyPackage(Refused):
    """A package that cannot be read; ``faults`` names each kind of fault."""

    code = "faulty_package"

    def __init__(self, faults: list[Fault]) -> None:
        lines = [str(fault) for fault in faults]
        super().__init__("\n".join(lines), details={"faults": lines})
        self.faults = faults


@dataclass
class Reading:
    """Text tables as read, and the faults met so far; a table's index is the record number.

    Attributes:
        folder: where the files lie; None for rows that never were files.
        version: of the package being read.
    """

    folder: Path | None = None
    version: int = VERSION
    tables: dict[str, pd.DataFrame] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)

    def blame(self, file: File, column: str, records: np.ndarray, message: str) -> None:
        """Note a fault of some records of a file, if there are any."""
        if len(records):
            line = self._find_line(file.filename, int(records.min()))
            self.faults.append(Fault(file.filename, line, column, message, len(records)))

    def blame_file(self, filename: str, column: str, message: str, *, line: int = 1) -> None:
        """Note a fault of a file as a whole."""
        self.faults.append(Fault(filename, line, column, message))

    def _find_line(self, filename: str, record: int) -> int:
        """The line on which a record starts; fields may hold line breaks."""
        if self.folder is None:
            return record + 2
        with (self.folder / filename).open(encoding="utf-8-sig", newline="") as stream:
            reader = csv.reader(stream)
            for _ in range(record + 1):
                next(reader, None)
            return reader.line_num + 1


@dataclass(frozen=True)
class Manifest:
    """The package's own description; ``as_of`` is a day's ordinal."""

    as_of: int
    gap_threshold: float
    weak_threshold: float
    source: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Package:
    """A package as it was read: evidence, sheets, and what the file of areas says of their points.

    Attributes:
        sheets: rows of ``assessment.csv``, unit and area as positions in the evidence.
        persons: package ids; positions are the persons of the evidence.
        max_points, link_share: of each area.
    """

    evidence: Evidence
    sheets: Columns
    persons: tuple[str, ...]
    max_points: Floats
    link_share: Floats
    gap_threshold: float
    weak_threshold: float


def manifest_file(reading: Reading, folder: Path) -> Manifest:
    """Read and check ``manifest.json``."""
    try:
        values = json.loads((folder / MANIFEST).read_text(encoding="utf-8-sig"))
    except OSError:
        reading.blame_file(MANIFEST, "file", "is missing")
        return Manifest(0, GAP_THRESHOLD, WEAK_THRESHOLD)
    except ValueError:
        values = None
    if not isinstance(values, dict):
        reading.blame_file(MANIFEST, "file", "is not a JSON object")
        return Manifest(0, GAP_THRESHOLD, WEAK_THRESHOLD)
    return manifest_values(reading, values)


def manifest_values(reading: Reading, values: Mapping[str, Any]) -> Manifest:
    """Check the manifest's values and take its version."""
    if values.get("format") != FORMAT:
        reading.blame_file(MANIFEST, "format", f"is not {FORMAT}")
    version = values.get("version")
    if isinstance(version, int) and not isinstance(version, bool) and version in READABLE:
        reading.version = version
    else:
        known = " and ".join(str(number) for number in sorted(READABLE))
        message = f"{version!r} cannot be read; this release reads {known}"
        reading.blame_file(MANIFEST, "version", message)
    day = DAY.read(pd.Series([str(values.get("as_of", ""))], dtype=str))[0]
    if not np.isfinite(day):
        reading.blame_file(MANIFEST, "as_of", DAY.fault)
    source = values.get("source")
    return Manifest(
        as_of=int(np.nan_to_num(day)),
        gap_threshold=_read_threshold(reading, values, "gap_threshold", GAP_THRESHOLD),
        weak_threshold=_read_threshold(reading, values, "weak_threshold", WEAK_THRESHOLD),
        source=source if isinstance(source, Mapping) else {},
    )


def _read_threshold(reading: Reading, values: Mapping[str, Any], name: str, usual: float) -> float:
    value = values.get(name, usual)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
        reading.blame_file(MANIFEST, name, "is not a number from 0 to 1")
        return usual
    return float(value)


def text_file(reading: Reading, file: File, folder: Path) -> pd.DataFrame | None:
    """The text of one CSV file with the format's columns; None when it cannot be read at all."""
    path = folder / file.filename
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", pd.errors.ParserWarning)
            table = pd.read_csv(
                path,
                dtype=str,
                keep_default_na=False,
                encoding="utf-8-sig",
                index_col=False,
                skip_blank_lines=False,
            )
    except FileNotFoundError:
        reading.blame_file(file.filename, "file", "is missing")
    except pd.errors.EmptyDataError:
        reading.blame_file(file.filename, "file", "is empty")
    except (OSError, UnicodeError):
        reading.blame_file(file.filename, "file", "is not readable as UTF-8 text")
    except (pd.errors.ParserError, pd.errors.ParserWarning):
        line = _find_overlong_line(path)
        reading.blame_file(file.filename, "row", "has more fields than the header", line=line)
    else:
        table = table.fillna("")
        return _select_columns(reading, file, table[(table != "").any(axis=1)])
    return None


def _find_overlong_line(path: Path) -> int:
    """The first line with more fields than the header, or the last one of the file."""
    text = io.StringIO(path.read_text(encoding="utf-8-sig"), newline="")
    reader = csv.reader(text)
    width, start = len(next(reader, [])), 2
    for row in reader:
        if len(row) > width:
            return start
        start = reader.line_num + 1
    return reader.line_num


def text_rows(file: File, rows: Iterable[Mapping[str, Any]]) -> pd.DataFrame:
    """Plain rows as the text that the file would hold; absent values are empty."""
    listed = list(rows)
    return pd.DataFrame(
        {
            column.name: pd.Series(
                [plain_text(row.get(column.name, column.default)) for row in listed], dtype=str
            )
            for column in file.columns
        }
    )


def plain_text(value: Any) -> str:
    """One value as the package writes it."""
    if value is None:
        return ""
    if isinstance(value, bool | np.bool_):
        return str(int(value))
    if isinstance(value, date):
        return value.strftime("%Y-%m-%d")
    if isinstance(value, float | np.floating):
        return f"{value:.6f}".rstrip("0").rstrip(".")
    return str(value)


def _select_columns(reading: Reading, file: File, table: pd.DataFrame) -> pd.DataFrame | None:
    """The format's columns alone, defaults filled in; None when one is missing."""
    lacking = file.draft_lacks if reading.version < max(READABLE) else {}
    missing = []
    for column in file.columns:
        if column.name in table.columns:
            continue
        default = lacking.get(column.name, column.default)
        if default is None:
            missing.append(column.name)
            reading.blame_file(file.filename, column.name, "column is missing")
        else:
            table = table.assign(**{column.name: default})
    return None if missing else table[[column.name for column in file.columns]]


def checked(reading: Reading, manifest: Manifest) -> Package:
    """Check all tables and type them.

    Raises:
        FaultyPackage: when any fault was noted, here or before.
    """
    typed = {
        file.name: _type(reading, file, reading.tables[file.name])
        for file in FILES
        if file.name in reading.tables
    }
    for file in FILES:
        if file.name in typed:
            _check_references(reading, file)
            _check_keys(reading, file, typed[file.name])
    if "attempts" in typed:
        _check_finished_days(reading, typed["attempts"])
    if "assessment" in typed:
        _check_points(reading, typed["assessment"])
    if reading.faults:
        raise FaultyPackage(reading.faults)
    return _number(manifest, typed)


def _number(manifest: Manifest, tables: Mapping[str, pd.DataFrame]) -> Package:
    """Put numbers in place of ids: positions in the sorted ids of units, items and all others."""
    units = tables["units"].sort_values("unit_id")
    items = tables["items"].sort_values("item_id")
    areas = tables["areas"]
    ids = {
        "unit_id": pd.Index(units["unit_id"]),
        "item_id": pd.Index(items["item_id"]),
        "area": pd.Index(areas["area"]),
        "person_id": pd.Index(np.sort(tables["persons"]["person_id"].to_numpy(object))),
        "attempt_id": pd.Index(np.sort(tables["attempts"]["attempt_id"].to_numpy(object))),
        "event_id": pd.Index(tables["attendance"]["event_id"].unique()),
        "phase": pd.Index(PHASES),
        "state": pd.Index(STATES),
    }
    kind = pd.Index(KINDS).get_indexer(pd.Index(items["kind"]))

    def columns(name: str) -> dict[str, np.ndarray]:
        return {
            column.removesuffix("_id"): (
                ids[column].get_indexer(pd.Index(tables[name][column])).astype(np.int64)
                if column in ids
                else tables[name][column].to_numpy()
            )
            for column in map(str, tables[name].columns)
        }

    attendance = columns("attendance")
    return Package(
        evidence=Evidence(
            as_of=manifest.as_of,
            areas=tuple(areas["area"]),
            units=tuple(units["unit_id"]),
            groups=tuple(units["group_id"]),
            items={
                "item": items["item_id"].to_numpy(object),
                "area": ids["area"].get_indexer(pd.Index(items["area"])).astype(np.int64),
                "kind": np.where(kind >= 0, kind, len(KINDS)).astype(np.int64),
                "chance": items["chance"].to_numpy(np.float64),
                "in_pool": items["in_pool"].to_numpy() == 1,
            },
            memberships=columns("memberships"),
            attendance={**attendance, "day": attendance["date"]},
            attempts=columns("attempts"),
            responses=columns("responses"),
        ),
        sheets=columns("assessment"),
        persons=tuple(ids["person_id"]),
        max_points=areas["max_points"].to_numpy(np.float64),
        link_share=areas["link_share"].to_numpy(np.float64),
        gap_threshold=manifest.gap_threshold,
        weak_threshold=manifest.weak_threshold,
    )


def _type(reading: Reading, file: File, text: pd.DataFrame) -> pd.DataFrame:
    """Values instead of text; rows with a fault are blamed and left out."""
    if not len(text) and not file.may_be_empty:
        reading.blame_file(file.filename, "file", "has no rows")
    values, sound = {}, np.ones(len(text), dtype=bool)
    for column in file.columns:
        read = column.kind.read(text[column.name])
        good = np.asarray(column.kind.good(read), dtype=bool)
        reading.blame(file, column.name, text.index.to_numpy()[~good], column.kind.fault)
        values[column.name] = read
        sound &= good
    kept = {name: read[sound] for name, read in values.items()}
    whole = {c.name: kept[c.name].astype(np.int64) for c in file.columns if c.kind.whole}
    return pd.DataFrame({**kept, **whole}, index=text.index[sound])


def _check_references(reading: Reading, file: File) -> None:
    text = reading.tables[file.name]
    for column in file.columns:
        if column.refers_to is None or column.refers_to[0] not in reading.tables:
            continue
        other, key = column.refers_to
        named, known = text[column.name], pd.Index(reading.tables[other][key].unique())
        strange = (known.get_indexer(named) < 0) & (named != "").to_numpy()
        message = f"names an id that {other}.csv does not have"
        reading.blame(file, column.name, named.index.to_numpy()[strange], message)


def _check_keys(reading: Reading, file: File, table: pd.DataFrame) -> None:
    again = table.duplicated(list(file.key)).to_numpy()
    message = "repeats a key of an earlier row"
    reading.blame(file, "+".join(file.key), table.index.to_numpy()[again], message)


def _check_finished_days(reading: Reading, attempts: pd.DataFrame) -> None:
    file = next(file for file in FILES if file.name == "attempts")
    blank = (attempts["state"] == "finished") & (attempts["submitted"] == 0)
    records = attempts.index.to_numpy()[blank.to_numpy()]
    reading.blame(file, "submitted", records, "is empty in a finished attempt")


def _check_points(reading: Reading, assessment: pd.DataFrame) -> None:
    for smaller, larger in NO_MORE_THAN:
        above = (assessment[smaller] > assessment[larger] + ROUNDING).to_numpy()
        records = assessment.index.to_numpy()[above]
        reading.blame(ASSESSMENT, smaller, records, f"is more than {larger}")


Rows = Mapping[str, Iterable[Mapping[str, Any]]]


class FolderTaken(Refused):
    """A package is never written over something else."""

    code = "folder_taken"


def read_package(folder: Path) -> Package:
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
    text = {file.name: text_rows(file, rows.get(file.name, ())) for file in FILES}
    described = {
        "format": FORMAT,
        "version": VERSION,
        "gap_threshold": GAP_THRESHOLD,
        "weak_threshold": WEAK_THRESHOLD,
        **manifest,
    }
    reading = Reading(tables=text)
    checked(reading, manifest_values(reading, described))
    folder.parent.mkdir(parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        manifest_text = json.dumps(
            described, ensure_ascii=False, indent=2, sort_keys=True, default=plain_text
        )
        (draft / MANIFEST).write_text(f"{manifest_text}\n", encoding="utf-8")
        for file in FILES:
            table = text[file.name]
            if file.name != "areas":
                table = table.sort_values(list(file.key))
            path = draft / file.filename
            table.to_csv(path, index=False, lineterminator="\n", encoding="utf-8")
        draft.chmod(0o755)
        draft.replace(folder)
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return {name: len(table) for name, table in text.items()}
