"""Pages of the events: each works with plain forms."""

import io
import re
from datetime import timedelta
from uuid import uuid4

import pypdf
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from attendance import badges, events, registration, sheets
from attendance.models import Correction, Presence, Registration, Scan
from clinic.people.models import Unit
from clinic.records.audit import AuditEntry
from tests.attendance import made


@pytest.fixture(autouse=True)
def one_factor(settings):
    settings.KLINIK_SECOND_FACTOR = False


@pytest.fixture
def event(cast):
    return made.event_of(cast.organiser)


@pytest.fixture
def today(cast, event):
    """The sessions lie around now, so that what is done at the desk counts at once."""
    now = timezone.now()
    for session in event.sessions.all():
        moved = now + (session.starts_at - made.MORNING[0]) - timedelta(minutes=5)
        length = session.ends_at - session.starts_at
        session.starts_at, session.ends_at = moved, moved + length
        session.save()
    return event


def test_a_draft_is_nobodys_and_an_open_event_everybodys(cast, client, event):
    hidden = made.event_of(cast.organiser, code="rancangan", is_open=False)

    assert client.get(f"/kegiatan/{hidden.code}/").status_code == 404
    page = client.get("/kegiatan/").content.decode()
    assert event.title in page
    assert hidden.code not in page
    assert "Pagi" in client.get(f"/kegiatan/{event.code}/").content.decode()


def test_register_show_the_code_and_withdraw(cast, signed_in, event):
    browser = signed_in(cast.participant.account)
    place = f"/kegiatan/{event.code}/"
    assert browser.get(f"{place}daftar").status_code == 200

    for _again in range(2):
        answer = browser.post(f"{place}daftar", {"needs": "kursi roda"})
        assert answer.headers["Location"] == f"{place}saya"
    row = Registration.objects.get()
    page = browser.get(f"{place}saya")
    assert badges.shown_short_code(row.short_code) in page.content.decode()
    assert "no-store" in page.headers["Cache-Control"]
    assert badges.token_of(row) not in page.content.decode()
    picture = browser.get(f"{place}saya.png")
    assert picture.content.startswith(b"\x89PNG")

    assert browser.post(f"{place}saya").status_code == 302
    row.refresh_from_db()
    assert row.state == "cancelled"
    assert browser.get(f"{place}saya.png").status_code == 404


def test_a_full_event_says_so(cast, signed_in):
    event = made.event_of(cast.organiser, capacity=1)
    made.joined(event, cast.colleague)
    answer = signed_in(cast.participant.account).post(f"/kegiatan/{event.code}/daftar", {})
    assert answer.status_code == 409
    assert Registration.objects.count() == 1


def test_a_unit_proposes_its_own_people_and_the_organiser_approves(cast, signed_in, event):
    browser = signed_in(cast.operator.account)
    place = f"/kegiatan/{event.code}/usulan"
    page = browser.get(place).content.decode()
    assert cast.stranger.name in page
    assert cast.participant.name not in page.split("<main")[1]

    refused = browser.post(place, {"persons": [cast.participant.uuid]})
    browser.post(place, {"persons": [cast.stranger.uuid]})

    assert refused.status_code == 422
    row = Registration.objects.get()
    assert (row.person, row.state) == (cast.stranger, "nominated")
    organiser = signed_in(cast.organiser.account)
    organiser.post(f"/panitia/{event.code}/peserta", {"pendaftaran": row.uuid})
    row.refresh_from_db()
    assert row.state == "confirmed"


def test_list_code_and_hand_scanner_end_at_the_one_door(cast, signed_in, today):
    rows = [made.joined(today, person) for person in (cast.participant, cast.colleague)]
    third = registration.invite(today, cast.stranger, actor=None)
    browser = signed_in(cast.organiser.account)
    place = f"/panitia/{today.code}/absen"
    fields = {"kelompok": "d1", "arah": "in"}
    clicked = {**fields, "uid": str(uuid4()), "pendaftaran": rows[0].uuid}

    told = browser.post(place, clicked, follow=True).content.decode()
    browser.post(place, clicked)
    shown = badges.shown_short_code(rows[1].short_code).lower()
    browser.post(place, {**fields, "uid": str(uuid4()), "kode": shown})
    browser.post(place, {**fields, "uid": str(uuid4()), "kode": badges.token_of(third).lower()})

    assert cast.participant.name in told
    assert sorted(Scan.objects.values_list("kind", flat=True)) == ["badge", "manual", "manual"]
    present = Presence.objects.filter(state="present", session__title="Pagi")
    assert {one.registration_id for one in present} == {rows[0].pk, rows[1].pk, third.pk}


def test_undo_at_the_desk_and_a_correction_with_its_reason(cast, confirmed, today):
    row = made.joined(today, cast.participant)
    browser = confirmed(cast.organiser.account)
    place = f"/panitia/{today.code}/"
    uid = str(uuid4())
    fields = {"kelompok": "d1", "arah": "in"}
    browser.post(f"{place}absen", {**fields, "uid": uid, "pendaftaran": row.uuid})
    browser.post(f"{place}absen", {**fields, "batal": uid})
    assert not Presence.objects.filter(state="present").exists()

    log = f"{place}peserta/{row.uuid}"
    short = browser.post(log, {"jenis": "unvoid", "uid": uid, "reason": "pendek"})
    browser.post(log, {"jenis": "unvoid", "uid": uid, "reason": "Salah tekan di meja depan"})

    assert short.status_code == 422
    assert Presence.objects.get(session__title="Pagi").state == "present"
    assert Correction.objects.count() == 2
    assert "Salah tekan" in browser.get(log).content.decode()


def test_somebody_who_is_not_on_the_list_is_added_and_recorded(cast, signed_in, today):
    browser = signed_in(cast.organiser.account)
    fields = {"kelompok": "d1", "arah": "in", "uid": str(uuid4()), "name": "Tamu"}
    place = f"/panitia/{today.code}/absen/tamu"
    browser.post(place, {**fields, "unit": "tidak-ada"})
    assert not Registration.objects.exists()

    browser.post(place, {**fields, "unit": Unit.objects.get(slug="puskesmas-kota-contoh").slug})

    row = Registration.objects.get()
    assert (row.state, row.scans.get().kind) == ("walk_in", "walk_in")


@pytest.mark.parametrize("text", ["pe", "PESERTA", "Dr. Péserta, S.Sos", "pesert"])
def test_a_name_is_found_whatever_titles_and_accents(cast, signed_in, event, text):
    made.joined(event, cast.participant)
    made.joined(event, cast.colleague)
    page = signed_in(cast.organiser.account).get(f"/panitia/{event.code}/absen", {"q": text})
    rows = page.context["lines"]
    assert [line.registration.person for line, _uid in rows] == [cast.participant]


def test_panitia_pages_are_for_this_events_organiser(cast, signed_in, event):
    for person in (cast.participant, cast.regency_official, cast.admin):
        browser = signed_in(person.account)
        for page in ("", "peserta", "absen", "daftar-hadir.pdf"):
            assert browser.get(f"/panitia/{event.code}/{page}").status_code == 404


def test_an_event_that_is_over_leads_to_its_attendance_and_not_to_the_door(
    cast, signed_in, event, today
):
    browser = signed_in(cast.organiser.account)
    board = f"/panitia/{event.code}/"

    def main_button():
        page = browser.get(board).content.decode()
        return re.findall(r'<a class="button ?" href="([^"]+)"', page)

    assert main_button() == [f"{board}absen"]
    for session in today.sessions.all():
        session.starts_at -= timedelta(days=1)
        session.ends_at -= timedelta(days=1)
        session.save()
    assert main_button() == [f"{board}peserta"]
    for act in (events.close_registration, events.begin, events.end):
        act(event, actor=cast.organiser.account)
    assert main_button() == [f"{board}peserta"]


def test_a_board_costs_the_same_whatever_the_number_of_people(cast, signed_in, event, regencies):
    browser = signed_in(cast.organiser.account)
    browser.get(f"/panitia/{event.code}/")
    costs = []
    for size in (3, 30):
        for person in made.people(regencies[0].clinic, size, name=f"Orang {size}"):
            registration.invite(event, person, actor=None)
        for page in ("", "peserta", "absen"):
            with CaptureQueriesContext(
                connection,
            ) as seen:
                assert browser.get(f"/panitia/{event.code}/{page}").status_code == 200
            costs.append(len(seen))
    assert costs[:3] == costs[3:]
    assert max(costs) <= 20, costs


class TestDaftarHadir:
    """The list as PDF, read back."""

    @pytest.fixture
    def full(self, cast, today, regencies):
        for person in made.people(regencies[0].clinic, 40, name="Nama Yang Cukup Panjang Sekali"):
            registration.invite(today, person, actor=None)
        row = made.joined(today, cast.participant)
        made.scanned(today, made.badge(row), now=timezone.now())
        return today

    def read(self, answer):
        assert answer.headers["Content-Type"] == "application/pdf"
        return pypdf.PdfReader(io.BytesIO(answer.content))

    def test_to_sign(self, cast, signed_in, full):
        browser = signed_in(cast.organiser.account)
        found = self.read(browser.get(f"/panitia/{full.code}/daftar-hadir.pdf"))
        pages = [page.extract_text() for page in found.pages]

        assert len(pages) > 2
        with translation.override("id"):
            for number, text in enumerate(pages, start=1):
                foot = _("Page {page} of {pages}")
                assert foot.format(page=number, pages=len(pages)) in text
            rows = [text for text in pages if "Nama Yang" in text]
            assert all(_("Signature") in text for text in rows)
        whole = " ".join(" ".join(pages).split())
        assert "Nama Yang Cukup Panjang Sekali 040" in whole
        assert cast.participant.nip not in whole
        assert found.pages[0].mediabox.width == pytest.approx(210 / 25.4 * 72, abs=1)

    def test_zigzag_of_the_signatures(self, cast, full):
        wish = sheets.SheetWish(sessions=list(full.sessions.all()))
        drawn = sheets.attendance_list(full, wish, by=cast.organiser.account, now=timezone.now())
        places = {}

        def note(text, matrix, _text_matrix, _font, _size):
            if text.strip()[:2] in {"1.", "2.", "3.", "4."}:
                places[text.strip()[:2]] = round(matrix[4])

        pypdf.PdfReader(io.BytesIO(drawn)).pages[0].extract_text(visitor_text=note)
        assert places["1."] == places["3."] < places["2."] == places["4."]

    def test_recorded_on_f4_with_whole_nips_is_audited(self, cast, confirmed, full):
        browser = confirmed(cast.organiser.account)
        place = f"/panitia/{full.code}/daftar-hadir.pdf"
        found = self.read(browser.post(place, {"edisi": "tercatat", "kertas": "f4"}))

        text = "".join("".join(page.extract_text() for page in found.pages).split())
        assert cast.participant.nip in text
        assert found.pages[0].mediabox.width == pytest.approx(330 / 25.4 * 72, abs=1)
        assert AuditEntry.objects.filter(verb="sheet.with_nip").count() == 1

    def test_same_rows_same_bytes_in_the_faces_we_ship(self, cast, full, settings):
        settings.IS_DEMO = True
        wish = sheets.SheetWish(sessions=list(full.sessions.all()), is_recorded=True)
        now = timezone.now()
        first, second = (
            sheets.attendance_list(full, wish, by=cast.organiser.account, now=now)
            for _again in range(2)
        )
        assert first == second
        page = pypdf.PdfReader(io.BytesIO(first)).pages[0]
        fonts = {font.get_object()["/BaseFont"] for font in page["/Resources"]["/Font"].values()}
        assert all("LibertinusSerif" in font for font in fonts)
        assert "CONTOH" in page.extract_text()


def test_a_cancelled_event_takes_nobody(cast, signed_in, event):
    events.cancel(event, actor=cast.organiser.account, reason="Ditunda bupati")
    page = signed_in(cast.participant.account).get(f"/kegiatan/{event.code}/").content.decode()
    assert f"/kegiatan/{event.code}/daftar" not in page
