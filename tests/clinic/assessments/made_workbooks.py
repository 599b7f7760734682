"""Assessment workbooks made for a test: like the ministry's, or broken in one way."""

import io
import pickle
import zipfile
from collections.abc import Callable
from fractions import Fraction
from functools import cache
from pathlib import Path

import openpyxl
from openpyxl.worksheet.worksheet import Worksheet

import clinic.assessments
from clinic.assessments.arithmetic.editions import EditionNode, FrameworkFile
from clinic.assessments.arithmetic.frameworks import parse_framework
from clinic.assessments.arithmetic.scoring import score_sheet
from clinic.assessments.workbook.reading import read_workbook

SAMPLE = Path(__file__).parent / "samples" / "lke-zi-2021-puskesmas.xlsx"
FRAMEWORK_FILES = Path(clinic.assessments.__file__).parent / "framework_files"


def shipped(framework_id: str) -> FrameworkFile:
    """Read one of the framework files that come with the product."""
    return parse_framework((FRAMEWORK_FILES / f"{framework_id}.toml").read_text(encoding="utf-8"))


ZI = shipped("zi-2021")
TRUE_TOTAL = Fraction(20099, 210)  # of the real workbook
HEADINGS = (
    "Penilaian",
    "Bobot",
    "Penjelasan",
    "Pilihan Jawaban",
    "Jawaban",
    "Nilai",
    "%",
    "Catatan",
)


def changed_sample(change: Callable[[Worksheet], None], *, values: bool = False) -> bytes:
    """Open the real workbook, change its visible sheet and give back the bytes.

    openpyxl keeps either the formulas or, with ``values``, what Excel computed from them.
    """
    workbook = pickle.loads(_opened(values))  # noqa: S301 - written by this process
    change(workbook["LKE ZI"])
    return saved(workbook)


@cache
def _opened(values: bool) -> bytes:
    """The real workbook as openpyxl has read it: a copy costs less than reading it again."""
    return pickle.dumps(openpyxl.load_workbook(SAMPLE, data_only=values))


def with_answers(values: dict[str, object]) -> bytes:
    """Give back the real workbook with other values in the named cells."""

    def change(sheet: Worksheet) -> None:
        for cell, value in values.items():
            sheet[cell].value = value

    return changed_sample(change)


def copy_of_sample(number: object) -> bytes:
    """Give back the real workbook under another fingerprint, formulas and their values kept."""
    buffer = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(SAMPLE.read_bytes())) as source,
        zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as target,
    ):
        for entry in source.infolist():
            target.writestr(entry, source.read(entry))
        target.comment = str(number).encode()
    return buffer.getvalue()


def total_of(content: bytes) -> Fraction:
    """Read a workbook and give what its answers add up to."""
    return score_sheet(ZI, read_workbook(content, ZI).answers).total.score


def saved(workbook: openpyxl.Workbook) -> bytes:
    buffer = io.BytesIO()
    workbook.save(buffer)
    return buffer.getvalue()


def full_answers() -> dict[str, object]:
    """Answer every row of ZI in full: best letter, highest survey value, counts that give 1."""
    answers: dict[str, object] = {}
    for node in ZI.nodes:
        scale = ZI.scale_of(node)
        if scale is not None and scale.kind != "ratio":
            best = {"letters": scale.letters[:1], "value": (4,), "count": (4,)}[scale.kind]
            answers[node.code] = best[0]
    answers["A.II.3.iii.a.2"] = 0
    answers["A.II.5.ii.a.2"] = 0
    for code in ("A.II.5.iii.a.a", "A.II.5.iii.b.a"):
        answers[f"{code}.1"] = answers[f"{code}.5"] = 12
    return answers


def made_sheet(
    answers: dict[str, object],
    *,
    title: str = "LKE ZI",
    rows_above: int = 0,
    columns_before: int = 0,
    order: Callable[[list[EditionNode]], list[EditionNode]] = list,
) -> openpyxl.Workbook:
    """Write a plain assessment sheet of ZI 2021 with these answers."""
    workbook = openpyxl.Workbook()
    sheet = workbook.active
    sheet.title = title
    row = rows_above + 1
    for place, heading in enumerate(HEADINGS):
        sheet.cell(row, columns_before + place + 1, heading)
    for node in order(list(ZI.nodes)):
        row += 1
        scale = ZI.scale_of(node)
        values = (
            node.name if node.kind != "input" else f"- {node.name}",
            float(node.weight) if node.weight is not None else None,
            None,
            scale.label if scale else None,
            answers.get(node.code),
            None,
            None,
            None,
        )
        for place, value in enumerate(values):
            sheet.cell(row, columns_before + place + 1, value)
    return workbook


def row_of(sheet: Worksheet, text: str) -> int:
    """Find the row whose wording starts with a text."""
    for row in sheet.iter_rows():
        for cell in row:
            if isinstance(cell.value, str) and cell.value.startswith(text):
                return cell.row
    raise LookupError(text)
