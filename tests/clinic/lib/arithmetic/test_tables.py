import csv
import datetime
import io

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinic.lib.arithmetic.tables import TableLimits, read_table
from clinic.lib.arithmetic.uploads import UnsafeArchive


def xlsx_of(rows, *, hidden_first=False):
    workbook = openpyxl.Workbook()
    sheet = workbook.active
    if hidden_first:
        sheet.sheet_state = "hidden"
        sheet["A1"] = "hidden"
        sheet = workbook.create_sheet("Data")
        workbook.active = 1
    for row in rows:
        sheet.append(row)
    buffer = io.BytesIO()
    workbook.save(buffer)
    return buffer.getvalue()


def cells(table):
    return [row.cells for row in table.rows]


def refusal(content, filename, limits=None):
    with pytest.raises(UnsafeArchive) as caught:
        read_table(content, filename, limits or TableLimits())
    assert caught.value.message % caught.value.details
    return caught.value.code


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_the_delimiter_is_found(delimiter):
    lines = [delimiter.join(["nama", "nip"]), delimiter.join(['"A, B; C"', "1"])]
    table = read_table("\n".join(lines).encode(), "a.csv")
    assert table.delimiter == delimiter
    assert cells(table) == [("nama", "nip"), ("A, B; C", "1")]


def test_a_byte_order_mark_is_no_part_of_the_first_heading():
    table = read_table("nama,unit\nSitti Ramlah,Dinas".encode("utf-8-sig"), "a.CSV")
    assert cells(table)[0] == ("nama", "unit")
    assert not table.encoding_was_guessed


def test_another_encoding_is_read_and_told():
    table = read_table("nama,unit\nJosé,Dinas".encode("cp1252"), "a.csv")
    assert cells(table)[1] == ("José", "Dinas")
    assert table.encoding_was_guessed


def test_blank_rows_are_left_out_and_rows_keep_their_number():
    table = read_table(b"a,b\n\n , \n1,2\n", "a.csv")
    assert [(row.number, row.cells) for row in table.rows] == [(1, ("a", "b")), (4, ("1", "2"))]


def test_xlsx_cells_become_text_as_a_person_would_type_it():
    day = datetime.date(2022, 5, 25)
    rows = [["nip", "n", "d"], ["198503152010012003", 7, day], [None] * 3, [1.5, True, None]]
    table = read_table(xlsx_of(rows), "a.xlsx")
    assert [(row.number, row.cells) for row in table.rows] == [
        (1, ("nip", "n", "d")),
        (2, ("198503152010012003", "7", "2022-05-25")),
        (4, ("1.5", "TRUE")),
    ]


def test_hidden_sheets_are_not_read():
    assert cells(read_table(xlsx_of([["a"]], hidden_first=True), "a.xlsx")) == [("a",)]


def test_a_csv_renamed_to_xlsx_is_refused():
    assert refusal(b"a,b\n1,2\n", "a.xlsx") == "file_not_xlsx"


def test_an_xlsx_renamed_to_csv_is_refused():
    assert refusal(xlsx_of([["a"]]), "a.csv") == "table_unreadable"


@pytest.mark.parametrize("name", ["a.xls", "a.ods", "a.xlsm", "a", "a.csv.exe"])
def test_other_kinds_are_refused(name):
    assert refusal(b"a,b", name) == "table_kind_unknown"


def test_limits_are_kept():
    assert refusal(b" \n\n", "a.csv") == "file_empty"
    assert refusal(b"a\n" * 4, "a.csv", TableLimits(rows=3)) == "too_many_rows"
    assert refusal(b"a,b,c\n", "a.csv", TableLimits(columns=2)) == "too_many_columns"
    assert refusal(b"a" * 20, "a.csv", TableLimits(cell=10)) == "cell_too_long"
    assert refusal(b"a" * 20, "a.csv", TableLimits(csv_bytes=10)) == "file_too_large"
    assert refusal(xlsx_of([["a"]] * 5), "a.xlsx", TableLimits(rows=3)) == "too_many_rows"


def test_a_far_cell_is_refused_before_its_rectangle_is_laid_out():
    workbook = openpyxl.Workbook()
    workbook.active["A1"] = "a"
    workbook.active["XFD1048576"] = "z"
    buffer = io.BytesIO()
    workbook.save(buffer)
    assert refusal(buffer.getvalue(), "a.xlsx") == "too_many_rows"


@given(
    st.lists(
        st.lists(st.text(alphabet="abc ,;\"'\n=0", min_size=1), min_size=2, max_size=4), min_size=1
    )
)
def test_csv_round_trip_keeps_every_cell_or_refuses(rows):
    width = len(rows[0])
    rows = [["kolom"] * width, *[(row * width)[:width] for row in rows]]
    buffer = io.StringIO()
    csv.writer(buffer, delimiter=",", quoting=csv.QUOTE_ALL).writerows(rows)
    table = read_table(buffer.getvalue().encode(), "a.csv")
    if table.delimiter == ",":
        expected = []
        for row in rows:
            stripped = [cell.strip() for cell in row]
            while stripped and not stripped[-1]:
                stripped.pop()
            if stripped:
                expected.append(tuple(stripped))
        assert cells(table) == expected
