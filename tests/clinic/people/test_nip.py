from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinic.lib.errors import Refused
from clinic.people.arithmetic.nip import (
    Nip,
    clean_nip,
    group_nip,
    mask_nip,
    read_nip,
)

PNS = "196608011988031001"  # the example of the rule itself
PPPK = "200012312024211001"


def pns(birth, appointed, sex, serial):
    return f"{birth:%Y%m%d}{appointed:%Y%m}{sex}{serial:03d}"


def test_the_printed_example_of_a_pns_says_its_birth_date_and_sex():
    assert read_nip("19660801 198803 1 001") == Nip(
        digits=PNS, kind="pns", birth=date(1966, 8, 1), sex="L"
    )


def test_positions_13_and_14_from_21_on_tell_a_pppk():
    assert read_nip(PPPK) == Nip(digits=PPPK, kind="pppk", birth=date(2000, 12, 31), sex="L")


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        ("196613011988031001", "nip_birth_date"),
        ("196608011988131001", "nip_appointment_month"),
        ("196608011966031001", "nip_appointed_before_birth"),
        ("196608011988033001", "nip_sex"),
        ("196608011988031000", "nip_serial"),
        ("19660801198803100", "nip_length"),
        ("1966080119880310011", "nip_length"),
        ("19660801198803100I", "nip_holds_letters"),
        ("131234567", "nip_has_the_old_form"),
    ],
)
def test_a_wrong_form_is_a_warning_and_the_number_is_kept(raw, code):
    nip = read_nip(raw)

    assert nip.warnings == (code,)
    assert nip.digits == raw


def test_every_fault_of_a_number_is_named():
    codes = read_nip("196613011966133000").warnings

    assert codes == ("nip_birth_date", "nip_appointment_month", "nip_sex", "nip_serial")


@pytest.mark.parametrize("raw", ["", None, "  ", "-", "–", "'", "..."])
def test_an_empty_cell_is_no_nip_and_no_warning(raw):
    assert read_nip(raw) == Nip()


def test_words_in_place_of_a_number_are_dropped_with_a_warning():
    assert read_nip("tidak ada") == Nip(warnings=("nip_is_no_number",))


@pytest.mark.parametrize("raw", ["7322010108900001", "7322014108900001"])
def test_a_nik_is_never_kept(raw):
    nip = read_nip(raw)

    assert nip == Nip(warnings=("nip_is_a_nik",))


@pytest.mark.parametrize(
    "raw", [1.98001012005011e17, 198001012005011001, 0, "1,98001E+17", "1.98001012005011E17"]
)
def test_a_number_cell_is_refused_because_its_last_digits_are_gone(raw):
    with pytest.raises(Refused) as refusal:
        read_nip(raw)

    assert refusal.value.code == "nip_broken_by_spreadsheet"


def test_two_numbers_in_one_cell_are_refused():
    with pytest.raises(Refused) as refusal:
        read_nip(f"{PNS}; {PNS}")

    assert refusal.value.code == "nip_too_long"


@given(
    birth=st.dates(date(1900, 1, 1), date(2005, 12, 31)),
    years=st.integers(18, 40),
    month=st.integers(1, 12),
    sex=st.sampled_from("12"),
    serial=st.integers(1, 999),
)
def test_every_well_formed_pns_number_reads_without_a_warning(birth, years, month, sex, serial):
    raw = pns(birth, date(birth.year + years, month, 1), sex, serial)

    nip = read_nip(raw)

    assert (nip.digits, nip.kind, nip.birth, nip.warnings) == (raw, "pns", birth, ())
    assert nip.sex == {"1": "L", "2": "P"}[sex]


@given(st.text(alphabet="0123456789", min_size=18, max_size=18))
def test_grouping_loses_no_digit_and_cleaning_undoes_it(digits):
    grouped = group_nip(digits)

    assert [len(part) for part in grouped.split()] == [8, 6, 1, 3]
    assert clean_nip(grouped) == digits


@given(st.text(max_size=60))
def test_any_text_is_read_or_refused_by_code(text):
    try:
        nip = read_nip(text)
    except Refused:
        return
    assert len(nip.digits) <= 24
    assert read_nip(nip.digits).digits == nip.digits


def test_a_mask_shows_two_digits_in_front_and_four_behind():
    assert mask_nip("198001012005010012") == "19********0012"


@given(st.text(alphabet="0123456789", max_size=24))
def test_a_mask_never_shows_the_birth_date(digits):
    masked = mask_nip(digits)

    assert masked == "" if not digits else "********" in masked
    assert digits[:8] not in masked or len(digits) == 0


def test_another_text_than_18_characters_is_not_grouped():
    assert group_nip("131234567") == "131234567"
