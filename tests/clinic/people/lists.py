"""Lists as people send them, made in memory: csv and xlsx from rows."""

import csv
import io
from pathlib import Path

from openpyxl import Workbook

from clinic.lib.arithmetic.tables import Table, read_table
from clinic.people.wording import explain

SAMPLES = Path(__file__).parent / "samples"
UNIT_HEADER = ["slug", "name", "kind", "parent", "order"]
PERSON_HEADER = ["NIP", "Nama", "Unit kerja", "Jabatan", "L/P", "HP", "E-mail", "Sejak"]


def sample(name: str) -> Table:
    return read_table((SAMPLES / name).read_bytes(), name)


def as_csv(rows: list[list[str]], *, delimiter: str = ",", encoding: str = "utf-8") -> bytes:
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter).writerows(rows)
    return text.getvalue().encode(encoding)


def as_xlsx(rows: list[list[object]]) -> bytes:
    workbook = Workbook()
    for row in rows:
        workbook.active.append(row)
    content = io.BytesIO()
    workbook.save(content)
    return content.getvalue()


def table(rows: list[list[str]]) -> Table:
    return read_table(as_csv(rows), "list.csv")


def codes(plan) -> list[tuple[int, str, str]]:
    """Return what a plan tells; each code must have its sentences."""
    assert all(all(explain(problem)) for problem in plan.problems)
    return [(problem.row, problem.column, problem.code) for problem in plan.problems]
