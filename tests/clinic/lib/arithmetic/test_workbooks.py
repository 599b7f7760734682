import io

from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import load_workbook

from clinic.lib.arithmetic.tables import read_table
from clinic.lib.arithmetic.uploads import inspect_archive
from clinic.lib.arithmetic.workbooks import ColumnChoice, ListSheet, write_workbook

SEEN = st.text(
    st.characters(min_codepoint=32, max_codepoint=0x2FFF, exclude_categories=["Cs", "Cc", "Cn"]),
    min_size=1,
    max_size=30,
).filter(lambda text: text == text.strip())
STARTS = st.sampled_from(["", "=", "+", "-", "@", "\uff1d", "'"])
TEXTS = st.builds(str.__add__, STARTS, SEEN).filter(lambda text: text == text.strip())


@settings(max_examples=60, deadline=None)
@given(st.lists(TEXTS, min_size=1, max_size=5))
def test_text_is_read_back_as_written_and_is_never_a_formula(texts):
    content = write_workbook([ListSheet("Isian", [["Kepala"], *[[text] for text in texts]])])

    inspect_archive(content)
    cells = load_workbook(io.BytesIO(content)).active["A"][1:]
    assert [(cell.data_type, cell.value) for cell in cells] == [("s", text) for text in texts]
    assert [row.cells[0] for row in read_table(content, "x.xlsx").rows[1:]] == texts


def test_numbers_stay_numbers_and_nothing_stays_empty():
    content = write_workbook([ListSheet("Isian", [["A", "B", "C"], [1, None, 2.5]])])

    sheet = load_workbook(io.BytesIO(content)).active
    assert [cell.value for cell in sheet[2]] == [1, None, 2.5]


def test_choices_point_at_the_values_of_the_other_sheet():
    sheets = [
        ListSheet("Isian", [["Unit"]], choices=[ColumnChoice(0, "Daftar unit", 1, 3)]),
        ListSheet("Daftar unit", [["", "Unit"], ["", "A"], ["", "B"], ["", "C"]]),
    ]

    page = load_workbook(io.BytesIO(write_workbook(sheets))).worksheets[0]

    (offered,) = page.data_validations.dataValidation
    assert offered.formula1 == "'Daftar unit'!$B$2:$B$4"
    assert str(offered.sqref) == "A2:A5000"
