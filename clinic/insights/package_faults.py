"""Faults of an evidence package: what is wrong, in which file, line and column, how often."""

import csv
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd

from clinic.insights.package_format import VERSION, File
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
    """Text tables as found, and the faults met so far; a table's index is the record number.

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
            line = self._line(file.filename, int(records.min()))
            self.faults.append(Fault(file.filename, line, column, message, len(records)))

    def blame_file(self, filename: str, column: str, message: str, *, line: int = 1) -> None:
        """Note a fault of a file as a whole."""
        self.faults.append(Fault(filename, line, column, message))

    def _line(self, filename: str, record: int) -> int:
        """The line on which a record starts; fields may hold line breaks."""
        if self.folder is None:
            return record + 2
        with (self.folder / filename).open(encoding="utf-8-sig", newline="") as stream:
            reader = csv.reader(stream)
            for _ in range(record + 1):
                next(reader, None)
            return reader.line_num + 1
