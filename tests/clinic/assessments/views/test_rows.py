"""Rows typed one after the other, and what happens when two people type the same one."""

from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from clinic.assessments.frameworks import find_edition
from clinic.assessments.models import Sheet
from clinic.assessments.sheets import RowEntry, record_sheet, rows_of, sheet_url
from clinic.assessments.workbook.reading import read_workbook
from clinic.lib.templatetags.ui import decimals
from tests.clinic.assessments.made_workbooks import SAMPLE, ZI

pytestmark = pytest.mark.django_db
ROW, COUNTED = "A.I.1.i.a", "A.II.5.ii.a"
LINK = "https://bukti.example/baru"


@pytest.fixture(autouse=True)
def no_second_factor(settings):
    settings.KLINIK_SECOND_FACTOR = False


@pytest.fixture(scope="module")
def entries():
    return read_workbook(SAMPLE, ZI).entries


@pytest.fixture
def record(cast, regencies):
    home, _away = regencies

    def write(rows):
        edition = find_edition("zi-2021")
        return record_sheet(unit=home.health, edition=edition, period=2026, rows=rows).sheet

    return write


@pytest.fixture
def sheet(record, entries):
    return record(entries)


@pytest.fixture
def operator(cast, signed_in):
    return signed_in(cast.operator.account)


@pytest.fixture
def official(cast, signed_in):
    return signed_in(cast.unit_official.account)


def url(sheet, code=ROW, query=""):
    return f"{sheet_url(sheet)}butir/{code}/{query}"


def drawn(browser, sheet, code=ROW, **changes):
    """A row's form as it is drawn, with some fields changed."""
    return {**fields_of(browser.get(url(sheet, code))), **changes}


def fields_of(page):
    form = page.context["form"]
    return {name: form[name].value() or "" for name in form.fields}


def text(answer):
    return answer.content.decode()


def test_the_same_fields_again_say_that_nothing_changed(operator, sheet):
    for code in (ROW, COUNTED, "B.I.a"):
        operator.post(url(sheet, code), drawn(operator, sheet, code))
    assert Sheet.objects.get().rev == 1


@pytest.mark.parametrize(
    ("name", "theirs"),
    [
        ("answer0", "Tidak"),
        ("note", "Catatan pejabat"),
        ("proof", "SK baru"),
        ("link", LINK),
    ],
)
def test_u83_a_field_that_a_stale_form_did_not_touch_is_kept(
    operator, official, sheet, name, theirs
):
    others = {"answer0": "Tidak", "note": "Catatan saya", "proof": "SK saya"}
    mine = next(each for each in others if each != name)
    stale = drawn(operator, sheet, **{mine: others[mine]})
    official.post(url(sheet), drawn(official, sheet, **{name: theirs}))

    saved = operator.post(url(sheet), stale, follow=True)

    now = drawn(operator, sheet)
    assert (now[name], now[mine]) == (theirs, others[mine])
    assert "tetap seperti yang tersimpan. Diubah oleh Pejabat pukul" in text(saved)


def test_u83_a_link_is_not_lost_by_a_form_that_was_drawn_before_it(operator, official, record):
    sheet = record({ROW: RowEntry("Ya", "Ya")})
    stale = drawn(operator, sheet, answer0="Tidak")
    assert stale["link"] == ""
    official.post(url(sheet), drawn(official, sheet, link=LINK, proof="SK"))

    operator.post(url(sheet), stale)

    row = rows_of(sheet)[ROW]
    assert (row.value, row.proofs) == ("Tidak", (("SK", LINK),))


def test_u83_a_form_that_says_nothing_of_what_it_saw_loses_no_link(operator, sheet):
    before = rows_of(sheet)[ROW]
    assert before.proofs[0][1]
    fields = drawn(operator, sheet, link="", proof="", seen="")

    refused = operator.post(url(sheet), fields)

    assert refused.status_code == 409
    assert rows_of(sheet)[ROW] == before


def test_u83_further_proof_and_the_proof_of_counts_stay(operator, record, official):
    count = f"{COUNTED}.1"
    kept = (("Rekap", "https://bukti.example/rekap"),)
    further = (("Satu", "https://bukti.example/1"), ("Dua", "https://bukti.example/2"))
    sheet = record(
        {
            COUNTED: RowEntry(None, "", "", further),
            count: RowEntry(6, "6", "catatan angka", kept),
        }
    )
    page = operator.get(url(sheet, COUNTED))
    assert "https://bukti.example/2" in text(page)

    operator.post(url(sheet, COUNTED), {**fields_of(page), "answer0": "7", "link": LINK})

    rows = rows_of(sheet)
    assert (rows[count].text, rows[count].note, rows[count].proofs) == ("7", "catatan angka", kept)
    assert rows[COUNTED].proofs == (("Satu", LINK), further[1])


@pytest.mark.parametrize(("choice", "kept"), [("tersimpan", LINK), ("saya", "")])
def test_u83_where_two_have_changed_a_field_the_person_chooses(
    operator, official, sheet, choice, kept
):
    stale = drawn(operator, sheet, link="", proof="", answer0="Tidak")
    official.post(url(sheet), drawn(official, sheet, link=LINK))

    page = operator.post(url(sheet), stale)

    assert page.status_code == 409
    assert rows_of(sheet)[ROW].proofs[0][1] == LINK
    form = page.context["form"]
    assert [name for name in form.fields if name.startswith("pilih_")] == ["pilih_link"]
    assert "Diubah oleh Pejabat pukul" in form.errors["pilih_link"][0]
    assert "<title>\n            Perlu diperbaiki:" in text(page)
    assert "autofocus" in text(page)
    undecided = operator.post(url(sheet), fields_of(page))
    assert undecided.status_code == 409
    assert rows_of(sheet)[ROW].proofs[0][1] == LINK

    done = operator.post(url(sheet), {**fields_of(undecided), "pilih_link": choice})

    assert done.status_code == 302
    row = rows_of(sheet)[ROW]
    assert row.value == "Tidak"
    assert (row.proofs[0][1] if row.proofs else "") == kept


def test_a_choice_is_asked_again_where_the_stored_text_has_changed_again(operator, official, sheet):
    stale = drawn(operator, sheet, note="Saya")
    official.post(url(sheet), drawn(official, sheet, note="Pejabat 1"))
    page = operator.post(url(sheet), stale)
    official.post(url(sheet), drawn(official, sheet, note="Pejabat 2"))

    again = operator.post(url(sheet), {**fields_of(page), "pilih_note": "saya"})

    assert again.status_code == 409
    assert "Pejabat 2" in text(again)
    assert rows_of(sheet)[ROW].note == "Pejabat 2"


def test_two_windows_of_one_person_are_said_to_be_that(operator, sheet):
    stale = drawn(operator, sheet, note="Satu")
    operator.post(url(sheet), drawn(operator, sheet, note="Dua"))

    page = operator.post(url(sheet), stale)

    (said,) = page.context["form"].errors["pilih_note"]
    assert said.startswith("Anda mengubahnya di jendela lain pukul ")


def test_on_another_day_the_day_is_said_too(operator, official, sheet):
    stale = drawn(operator, sheet, note="Satu")
    with time_machine.travel(timezone.now() - timedelta(days=3), tick=False):
        official.post(url(sheet), drawn(official, sheet, note="Dua"))

    (said,) = operator.post(url(sheet), stale).context["form"].errors["pilih_note"]

    assert said.startswith("Diubah oleh Pejabat pada ")


def test_each_field_names_who_changed_that_field(operator, official, cast, signed_in, sheet):
    stale = drawn(operator, sheet, note="Saya", proof="Bukti saya")
    official.post(url(sheet), drawn(official, sheet, note="Pejabat"))
    operator.post(url(sheet), drawn(operator, sheet, proof="Bukti lain"))

    errors = operator.post(url(sheet), stale).context["form"].errors

    assert "Diubah oleh Pejabat" in errors["pilih_note"][0]
    assert "Anda mengubahnya" in errors["pilih_proof"][0]


def test_what_nobody_of_ours_changed_is_said_without_a_name(operator, record, sheet, entries):
    stale = drawn(operator, sheet, note="Satu")
    record({**entries, ROW: RowEntry("Ya", "Ya", "Dari berkas")})

    (said,) = operator.post(url(sheet), stale).context["form"].errors["pilih_note"]

    assert said.startswith("Isian ini berubah setelah Anda membuka")


def test_options_say_the_points_that_they_earn(operator, record):
    code = "A.I.5.i.b"
    sheet = record({code: RowEntry("B", "B")})

    field = operator.get(url(sheet, code)).context["form"]["answer0"].field

    points = [label.split(":")[0] for _letter, label in field.choices[:-1]]
    assert points[0].startswith("A +0,")
    assert points[-1].endswith("+0")
    gained = sheet.scores.get(node__code=code).score
    assert points[1] == f"B +{decimals(gained)}"


def test_save_and_next_goes_through_the_blank_rows_and_says_when_none_is_left(
    operator, record, entries
):
    blank = [ROW, "A.I.5.i.b"]
    sheet = record({code: row for code, row in entries.items() if code not in blank})
    first = {**drawn(operator, sheet), "answer0": "Ya", "lanjut": "1"}

    to_second = operator.post(url(sheet, query="?saring=kosong"), first)

    assert to_second.headers["Location"] == url(sheet, blank[1], "?saring=kosong")
    second = {**drawn(operator, sheet, blank[1]), "answer0": "A", "lanjut": "1"}
    done = operator.post(url(sheet, blank[1], "?saring=kosong"), second)
    assert done.headers["Location"] == (
        f"{sheet_url(sheet)}?saring=kosong&butir={blank[1]}#{blank[1]}"
    )
    page = text(operator.get(done.headers["Location"]))
    assert "Tidak ada butir kosong lainnya." in page
    assert f'id="{blank[1]}"' in page


def test_back_in_the_list_the_filter_is_kept_and_the_row_stands_open(operator, sheet):
    query = "?saring=belum-diraih"
    back = operator.post(url(sheet, query=query), drawn(operator, sheet, note="x"))

    page = operator.get(back.headers["Location"])

    groups = [group for part in page.context["page"].parts for group in part.groups]
    (opened,) = [group for group in groups if ROW in [row.code for row in group.rows]]
    assert opened.is_open
    assert [tab["current"] for tab in page.context["tabs"]] == [False, False, False, True]
    assert url(sheet, "A.II.5.ii.a", query) in text(page)


def test_neighbours_stay_within_the_filter(operator, sheet):
    page = text(operator.get(url(sheet, COUNTED, "?saring=belum-diraih")))

    assert 'rel="prev"' in page
    assert 'rel="next"' in page
    first = text(operator.get(url(sheet)))
    assert 'rel="prev"' not in first
    assert 'rel="next"' in first


def test_a_row_that_is_none_is_404(operator, sheet):
    for code in ("A.I", f"{COUNTED}.1", "X.1"):
        assert operator.get(url(sheet, code)).status_code == 404


def test_the_row_page_asks_the_database_few_times(operator, sheet, django_assert_max_num_queries):
    operator.get(url(sheet))
    with django_assert_max_num_queries(16):
        operator.get(url(sheet))
