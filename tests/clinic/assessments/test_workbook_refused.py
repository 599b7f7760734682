"""Files that are not opened at all, each refused with a reason."""

import io
import zipfile

import openpyxl
import pytest

from clinic.assessments.workbook.grid import UnreadableWorkbook
from clinic.assessments.workbook.reading import read_workbook
from clinic.lib.arithmetic.uploads import UnsafeArchive
from tests.clinic.assessments.made_workbooks import (
    SAMPLE,
    ZI,
    saved,
)


def refusal(content):
    with pytest.raises((UnsafeArchive, UnreadableWorkbook)) as caught:
        read_workbook(content, ZI)
    assert caught.value.message % caught.value.details
    return caught.value.code


def rezipped(change):
    """Copy the real workbook part by part; ``change`` may alter, drop or add parts."""
    parts = {}
    with zipfile.ZipFile(SAMPLE) as archive:
        for name in archive.namelist():
            parts[name] = archive.read(name)
    change(parts)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def with_part(name, content):
    return rezipped(lambda parts: parts.update({name: content}))


def hidden_only():
    def change(parts):
        book = parts["xl/workbook.xml"]
        assert b'name="LKE ZI"' in book
        parts["xl/workbook.xml"] = book.replace(
            b'name="LKE ZI"', b'name="LKE ZI" state="veryHidden"'
        )

    return rezipped(change)


def many_rows():
    workbook = openpyxl.Workbook(write_only=True)
    sheet = workbook.create_sheet("LKE ZI")
    for number in range(50_000):
        sheet.append([number, "Unit kerja telah membentuk tim", "A"])
    return saved(workbook)


def other_sheet():
    workbook = openpyxl.Workbook()
    for row in range(1, 50):
        workbook.active.cell(row, 1, f"Belanja {row}")
        workbook.active.cell(row, 2, row)
    return saved(workbook)


def with_entities():
    def change(parts):
        name = next(name for name in parts if name.startswith("xl/worksheets/sheet"))
        entity = b'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>'
        parts[name] = parts[name].replace(b"?>", b"?>" + entity, 1)

    return rezipped(change)


REFUSED = {
    "0 bytes": (lambda: b"", "file_empty"),
    "a picture": (lambda: b"\x89PNG\r\n\x1a\n" + bytes(500), "file_not_xlsx"),
    "a csv renamed": (lambda: b"a;b;c\n1;2;3\n", "file_not_xlsx"),
    "a page renamed": (lambda: b"<html><table></table></html>", "file_not_xlsx"),
    "old or encrypted": (lambda: b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(99), "file_encrypted"),
    "too large": (lambda: b"PK\x03\x04" + bytes(6 * 1024 * 1024), "file_too_large"),
    "truncated": (lambda: SAMPLE.read_bytes()[:40_000], "file_damaged"),
    "a bit turned": (
        lambda: SAMPLE.read_bytes()[:9_000] + b"\xff" * 200 + SAMPLE.read_bytes()[9_200:],
        "file_damaged",
    ),
    "a bomb": (lambda: with_part("xl/media/a.xml", bytes(30_000_000)), "unpacks_too_large"),
    "many parts": (
        lambda: rezipped(lambda parts: parts.update({f"x/{n}.xml": b"x" for n in range(400)})),
        "too_many_parts",
    ),
    "no workbook": (lambda: rezipped(lambda parts: parts.pop("xl/workbook.xml")), "file_not_xlsx"),
    "climbing name": (lambda: with_part("../../etc/cron.d/x", b"x"), "unsafe_name"),
    "absolute name": (lambda: with_part("/etc/passwd", b"x"), "unsafe_name"),
    "drive name": (lambda: with_part("C:\\x.xml", b"x"), "unsafe_name"),
    "nested zip": (lambda: with_part("xl/media/a.bin", SAMPLE.read_bytes()), "holds_archive"),
    "nested by name": (lambda: with_part("xl/a.zip", b"x"), "holds_archive"),
    "macros": (lambda: with_part("xl/vbaProject.bin", b"x"), "holds_macros"),
    "external links": (
        lambda: with_part("xl/externalLinks/externalLink1.xml", b"<x/>"),
        "holds_external_links",
    ),
    "objects": (lambda: with_part("xl/embeddings/oleObject1.bin", b"x"), "holds_objects"),
    "entities": (with_entities, "holds_entities"),
    "hidden only": (hidden_only, "only_hidden_sheets"),
    "50,000 rows": (many_rows, "too_many_rows"),
    "another table": (other_sheet, "sheet_not_found"),
    "broken markup": (lambda: with_part("xl/workbook.xml", b"<workbook"), "workbook_unreadable"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_hostile_or_broken_file_is_refused_with_a_reason(name):
    make, code = REFUSED[name]
    assert refusal(make()) == code
