import io
import zipfile

import pytest
from openpyxl import Workbook

from clinic.lib.arithmetic.tables import cells_without_value, read_table


def book(cells, *, title="Data & daftar"):
    workbook = Workbook()
    workbook.active.title = title
    for place, value in cells.items():
        workbook.active[place] = value
    content = io.BytesIO()
    workbook.save(content)
    return content.getvalue()


def with_markup(old, new):
    content = io.BytesIO()
    source = zipfile.ZipFile(io.BytesIO(book({"A1": "NIP", "A2": "=B2"})))
    with zipfile.ZipFile(content, "w") as archive:
        for name in source.namelist():
            part = source.read(name)
            if name == "xl/worksheets/sheet1.xml":
                assert old in part
                part = part.replace(old, new)
            archive.writestr(name, part)
    return content.getvalue()


def test_errors_and_uncomputed_formulas_are_found_by_place():
    content = book({"A1": "NIP", "B3": "#N/A", "AA4": "=1+1", "C5": 7})

    assert cells_without_value(content, "Data & daftar") == {(2, 1): "#N/A", (3, 26): "=1+1"}


@pytest.mark.parametrize(
    ("new", "found"),
    [
        (b'<c r="A2"><f>B2</f><v>5</v></c>', {}),
        (b'<c r="A2" t="str"><f>B2</f><v></v></c>', {}),
        (b'<c r="A2"><f>B2</f></c>', {(1, 0): "=B2"}),
        (b'<c r="A2"><f>IF(B2&lt;1,2,3)</f><v/></c>', {(1, 0): "=IF(B2<1,2,3)"}),
        (b'<c r="A2" t="e"><f>B2</f><v>#REF!</v></c>', {(1, 0): "#REF!"}),
    ],
)
def test_a_formula_with_a_result_has_a_value(new, found):
    content = with_markup(b'<c r="A2"><f>B2</f><v /></c>', new)

    assert cells_without_value(content, "Data & daftar") == found


def test_another_sheet_does_not_count():
    assert cells_without_value(book({"A1": "#N/A"}), "Lain") == {}


def test_a_row_of_errors_alone_is_not_taken_for_a_blank_one():
    rows = read_table(book({"A1": "NIP", "A2": "#N/A"}), "x.xlsx").rows

    assert [row.cells for row in rows] == [("NIP",), ("#N/A",)]
