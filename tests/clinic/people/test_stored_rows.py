import json
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinic.lib.errors import Refused
from clinic.people.arithmetic.lists import ListProblem
from clinic.people.arithmetic.person_rows import PersonRow
from clinic.people.arithmetic.unit_rows import UnitRow
from clinic.people.importing import load_rows, store_rows
from tests.clinic.people.lists import SAMPLES

DAY = date(2026, 6, 1)
TEXT = st.text(max_size=12)
DAYS = st.none() | st.dates()
PERSONS = st.builds(PersonRow, st.integers(1), TEXT, TEXT, TEXT, TEXT, start=DAYS)
UNITS = st.builds(
    UnitRow,
    st.integers(1),
    *[TEXT] * 4,
    order=st.none() | st.integers(0, 9),
    valid_from=DAYS,
    valid_to=DAYS,
    succeeded_by=st.lists(TEXT, max_size=3).map(tuple),
    former_names=st.lists(TEXT, max_size=3).map(tuple),
)
PROBLEM = ListProblem("not_a_day", 3, "start", {"typed": "kemarin"})


@given(st.lists(PERSONS, max_size=4), st.lists(UNITS, max_size=4))
def test_stored_rows_come_back_as_they_were(persons, units):
    for kind, rows in ((PersonRow, persons), (UnitRow, units)):
        stored = json.loads(json.dumps(store_rows(rows, [PROBLEM], DAY)))

        assert load_rows(kind, stored) == (rows, [PROBLEM], DAY)


def test_rows_stored_under_schema_1_stay_readable_for_ever():
    golden = json.loads((SAMPLES / "stored_rows_1.json").read_text())

    persons, problems, day = load_rows(PersonRow, golden["persons"])
    units, _, _ = load_rows(UnitRow, golden["units"])

    assert persons == [
        PersonRow(2, "Budi Santoso", "Dinas Kesehatan", "196608011988031001", "Kasubag",
                  "pengawas", "Penata (III/c)", "L", "budi@contoh.test", "081234567890",
                  date(2020, 1, 1)),
        PersonRow(3, "Wati", "setda"),
    ]  # fmt: skip
    assert (problems, day) == (
        [ListProblem("column_ignored", 1, "", {"header": "X"}, "warning")],
        DAY,
    )
    assert units == [
        UnitRow(2, "lama", "Dinas Lama", "dinas", "kab", 0, "", "catatan", "DL", "",
                date(2010, 1, 1), date(2020, 12, 31), ("dinas-a", "dinas-b"), ("Kantor Lama",))
    ]  # fmt: skip


@pytest.mark.parametrize("stored", [{}, {"schema": 2, "rows": []}, {"schema": 1}])
def test_an_unknown_schema_is_refused(stored):
    with pytest.raises(Refused) as refusal:
        load_rows(PersonRow, stored)
    assert refusal.value.code == "stored_rows_unknown"
