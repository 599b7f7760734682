"""Pages of the events: each works with plain forms."""

import io
import re
from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from PIL import Image

from attendance import badges, events, registration
from attendance.models import Correction, Presence, Registration, Scan
from attendance.views.events import PROPOSED_SHOWN
from clinic.lib.errors import Refused
from clinic.people.models import Unit
from tests.attendance import made
from tests.given import make_person


def test_a_draft_is_nobodys_and_an_open_event_everybodys(cast, client, event):
    hidden = made.event_of(cast.organiser, code="rancangan", is_open=False)

    assert client.get(f"/kegiatan/{hidden.code}/").status_code == 404
    page = client.get("/kegiatan/").content.decode()
    assert event.title in page
    assert hidden.code not in page
    assert "Pagi" in client.get(f"/kegiatan/{event.code}/").content.decode()


def test_register_show_the_code_and_withdraw(cast, signed_in, event, settings, today):
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
    settings.IS_DEMO = True
    with Image.open(io.BytesIO(browser.get(f"{place}saya.png").content)) as marked:
        with Image.open(io.BytesIO(picture.content)) as plain:
            assert (marked.width, marked.height) == (plain.width, plain.height + 64)
        below = marked.crop((0, marked.height - 64, marked.width, marked.height))
        assert below.convert("L").getextrema() == (0, 255), "words stand below the code"

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


def test_in_a_large_unit_who_is_proposed_is_found_by_name(cast, signed_in, event):
    here = cast.stranger.memberships.get().unit
    for number in range(PROPOSED_SHOWN):
        make_person(f"Anggota {number:02}", here)
    browser, place = signed_in(cast.operator.account), f"/kegiatan/{event.code}/usulan"

    first = browser.get(place)
    assert len(first.context["form"].fields["persons"].choices) == PROPOSED_SHOWN
    assert "Masih ada yang lain." in first.content.decode()
    assert cast.stranger.name not in first.content.decode()

    found = browser.get(place, {"q": cast.stranger.name.split()[-1].lower()}).content.decode()
    assert f'value="{cast.stranger.uuid}"' in found
    assert "Anggota" not in found.split("<main")[1]
    nobody = browser.get(place, {"q": "takada"}).content.decode()
    assert "Tidak ada lagi orang dengan nama ini" in nobody

    browser.post(f"{place}?q=lain", {"persons": [cast.stranger.uuid]})
    assert Registration.objects.get().person == cast.stranger


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


def test_u71_a_name_on_the_list_is_offered_as_that_person(cast, signed_in, today):
    row = registration.invite(today, cast.participant, actor=None)
    browser, place = signed_in(cast.organiser.account), f"/panitia/{today.code}/absen/tamu"
    unit = Unit.objects.get(slug="puskesmas-kota-contoh").slug
    typed = {"kelompok": "d1", "arah": "in", "uid": str(uuid4()), "unit": unit}
    typed["name"] = cast.participant.name

    asked = browser.post(place, typed)

    assert asked.status_code == 409
    assert f'value="{row.uuid}"' in asked.content.decode()
    assert Registration.objects.count() == 1
    fields = {"kelompok": "d1", "arah": "in", "uid": typed["uid"]}
    told = browser.post(place, {**fields, "pendaftaran": row.uuid}, follow=True)
    assert told.context["last_scan"]["person"] == cast.participant
    assert told.context["count"].there == told.context["count"].expected == 1


@pytest.mark.parametrize("text", ["pe", "PESERTA", "Dr. Péserta, S.Sos", "pesert"])
def test_a_name_is_found_whatever_titles_and_accents(cast, signed_in, event, text):
    made.joined(event, cast.participant)
    made.joined(event, cast.colleague)
    page = signed_in(cast.organiser.account).get(f"/panitia/{event.code}/absen", {"q": text})
    rows = page.context["ahead"]
    assert [row.line.registration.person for row in rows] == [cast.participant]


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
    made.led(event, "closed", "running", "ended", by=cast.organiser)
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


def test_a_cancelled_event_takes_nobody(cast, signed_in, event):
    made.led(event, "cancelled", by=cast.organiser)
    page = signed_in(cast.participant.account).get(f"/kegiatan/{event.code}/").content.decode()
    assert f"/kegiatan/{event.code}/daftar" not in page


class TestDesk:
    """The page at the door: what is to be done stands first."""

    def names(self, rows):
        return [row.line.registration.person for row in rows]

    def test_who_is_still_to_come_stands_above_who_is_recorded(self, cast, signed_in, today):
        rows = [made.joined(today, person) for person in (cast.participant, cast.colleague)]
        made.scanned(today, made.badge(rows[0]), now=timezone.now())
        page = signed_in(cast.organiser.account).get(f"/panitia/{today.code}/absen")

        assert self.names(page.context["ahead"]) == [cast.colleague]
        assert self.names(page.context["done"]) == [cast.participant]
        assert page.content.decode().count('name="pendaftaran"') == 1
        out = signed_in(cast.organiser.account).get(f"/panitia/{today.code}/absen", {"arah": "out"})
        assert self.names(out.context["ahead"]) == [cast.participant, cast.colleague]

    def test_units_come_in_official_order(self, cast, signed_in, today, regencies):
        home = regencies[0]
        for unit in sorted({home.clinic, home.district}, key=lambda one: one.path, reverse=True):
            for person in made.people(unit, 2, name=f"Orang {unit.pk}"):
                registration.invite(today, person, actor=None)
        browser = signed_in(cast.organiser.account)
        door = browser.get(f"/panitia/{today.code}/absen").context["ahead"]
        paths = [row.line.registration.unit.path for row in door]
        assert paths == sorted(paths)
        units = browser.get(f"/panitia/{today.code}/").context["board"].units
        order = list(dict.fromkeys(row.line.registration.unit_name for row in door))
        assert [one.name for one in units] == order

    def test_an_entry_to_be_checked_marks_its_row_and_is_not_asked_for_again(
        self, cast, signed_in, event
    ):
        row = made.joined(event, cast.participant)
        made.scanned(event, made.picked(row), now=timezone.now())
        page = signed_in(cast.organiser.account).get(f"/panitia/{event.code}/absen")
        (mark,) = page.context["ahead"]
        assert mark.recorded_at is not None
        assert not mark.may_record
        assert 'name="pendaftaran"' not in page.content.decode()

    @pytest.mark.parametrize("kind", ["token", "short"])
    def test_a_code_of_another_event_is_told_from_an_unknown_one(
        self, cast, signed_in, today, kind
    ):
        other = made.joined(made.event_of(cast.organiser, code="lain"), cast.colleague)
        browser = signed_in(cast.organiser.account)
        place = f"/panitia/{today.code}/absen"
        fields = {"kelompok": "d1", "arah": "in"}
        code = badges.token_of(other) if kind == "token" else other.short_code

        told = browser.post(place, {**fields, "uid": uuid4(), "kode": code}, follow=True)
        assert told.context["last_scan"]["scan"].verdict == "wrong_event"
        assert told.context["last_scan"]["person"] is None
        assert cast.colleague.name not in told.content.decode()
        assert other.event.title + "</" not in made.markup(told).split('id="hasil"')[1][:900]
        unknown = browser.post(place, {**fields, "uid": uuid4(), "kode": "2222-2222"}, follow=True)
        assert unknown.context["last_scan"]["scan"].verdict == "unknown_token"

    def test_one_group_is_not_asked_for_and_several_are_named_by_their_sessions(
        self, cast, signed_in, today
    ):
        browser, place = signed_in(cast.organiser.account), f"/panitia/{today.code}/absen"
        assert len(browser.get(place).context["tab_rows"]) == 1
        afternoon = today.sessions.get(title="Siang")
        afternoon.scan_group = "d2"
        afternoon.save()
        (_label, tabs), _directions = browser.get(place).context["tab_rows"]
        assert [tab["label"].split(": ")[1] for tab in tabs] == ["Pagi", "Siang"]
        assert [tab["current"] for tab in tabs] == [True, False]

    def test_a_guest_undone_is_off_the_list(self, cast, signed_in, today):
        browser = signed_in(cast.organiser.account)
        uid = str(uuid4())
        fields = {"kelompok": "d1", "arah": "in", "uid": uid, "name": "Tamu Keliru"}
        unit = Unit.objects.get(slug="puskesmas-kota-contoh").slug
        browser.post(f"/panitia/{today.code}/absen/tamu", {**fields, "unit": unit})
        place = f"/panitia/{today.code}/absen"
        told = browser.post(place, {"kelompok": "d1", "batal": uid}, follow=True)
        assert told.context["last_scan"]["is_gone"]
        assert not told.context["ahead"]
        assert not told.context["done"]


def test_the_current_page_of_an_event_is_marked(cast, signed_in, event):
    browser = signed_in(cast.organiser.account)
    for page in ("", "absen", "peserta", "peserta?status=nominated"):
        shown = browser.get(f"/panitia/{event.code}/{page}").content.decode()
        nav = shown.split('class="tabs one-line')[1].split("</nav>")[0]
        assert nav.count("aria-current") == 1
        marked = nav.split(' aria-current="page"')[0].rsplit('href="', 1)[1].rstrip('"')
        assert marked.startswith(f"/panitia/{event.code}/{page}")


def test_the_lists_stand_above_the_table_and_absent_is_said_only_afterwards(cast, signed_in, event):
    made.joined(event, cast.participant)
    browser = signed_in(cast.organiser.account)
    shown = browser.get(f"/panitia/{event.code}/")
    assert shown.context["board"].is_past
    text = shown.content.decode()
    assert text.index("daftar-hadir.pdf") < text.index("<table")


def test_the_events_organisers_find_their_pages_from_the_public_one(cast, signed_in, event):
    link = f'href="/panitia/{event.code}/"'
    place = f"/kegiatan/{event.code}/"
    assert link in signed_in(cast.organiser.account).get(place).content.decode()
    for person in (cast.participant, cast.regency_official):
        assert link not in signed_in(person.account).get(place).content.decode()


def test_an_own_seat_says_whether_something_is_to_be_done(cast, signed_in, today):
    registration.invite(today, cast.participant, actor=None)
    made.joined(today, cast.colleague)
    place = f"/kegiatan/{today.code}/saya"
    with translation.override("id"):
        invited = _("You are invited, and a seat is kept for you. Confirm that you come.")
        own = _("You have registered. You need not confirm anything; come on the day.")
    assert invited in signed_in(cast.participant.account).get(place).content.decode()
    assert own in signed_in(cast.colleague.account).get(place).content.decode()


def test_the_persons_page_says_what_an_act_changed(cast, confirmed, today):
    row = made.joined(today, cast.participant)
    uid = made.picked(row)
    made.scanned(today, uid, now=timezone.now())
    log = f"/panitia/{today.code}/peserta/{row.uuid}"
    browser = confirmed(cast.organiser.account)
    fields = {"uid": uid["uid"], "reason": "Salah tekan di meja depan"}

    useless = browser.post(log, {**fields, "jenis": "accept"})
    assert useless.status_code == 409
    assert useless.context["refusal"].code == "no_effect"
    assert 'value="accept"' not in useless.content.decode()
    told = browser.post(log, {**fields, "jenis": "void"}, follow=True)
    with translation.override("id"):
        assert _("The entry no longer counts.") in told.content.decode()
    assert 'value="unvoid"' in told.content.decode()
    assert 'value="void"' not in told.content.decode()
    bad = browser.post(log, {**fields, "jenis": "retime", "jam": "kemarin"})
    assert bad.context["refusal"].code == "time_missing"


def test_an_undone_entry_is_told_in_grey(cast, signed_in, today):
    row = made.joined(today, cast.participant)
    browser, place = signed_in(cast.organiser.account), f"/panitia/{today.code}/absen"
    fields = {"kelompok": "d1", "arah": "in"}
    uid = str(uuid4())
    told = browser.post(place, {**fields, "uid": uid, "pendaftaran": row.uuid}, follow=True)
    assert told.context["last_scan"]["kind"] == "ok"
    assert f"/panitia/{today.code}/peserta/{row.uuid}" in told.content.decode()

    undone = browser.post(place, {**fields, "batal": uid}, follow=True)

    assert undone.context["last_scan"]["kind"] == "undone"
    card = undone.content.decode().split('id="hasil"')[1][:600]
    with translation.override("id"):
        assert _("Attendance undone: %(name)s") % {"name": cast.participant.name} in card
        assert str(_("Present")) not in card


def test_the_board_names_nothing_that_cannot_come(cast, signed_in, event):
    made.led(event, "closed", "running", "ended", "finalised", by=cast.organiser)
    page = signed_in(cast.organiser.account).get(f"/panitia/{event.code}/")
    assert "ertifikat" not in page.content.decode().split("<main")[1]
    assert {line.state for line in page.context["status"]} <= {"done", "todo"}


class TestSecondOrganiser:
    """Who runs an event lets a colleague run it too."""

    def add(self, browser, event, person):
        return browser.post(f"/panitia/{event.code}/atur/siapa", {"panitia": person.uuid})

    def test_a_colleague_found_by_name_runs_it_too(self, cast, confirmed, event):
        browser = confirmed(cast.organiser.account)
        found = browser.get(f"/panitia/{event.code}/atur/siapa", {"q": cast.colleague.name})
        assert f'value="{cast.colleague.uuid}"' in found.content.decode()

        self.add(browser, event, cast.colleague)
        self.add(browser, event, cast.colleague)

        assert cast.colleague.grants.filter(event=event).count() == 1
        grant = cast.colleague.grants.get(event=event)
        assert (grant.role, grant.granted_by) == ("panitia", cast.organiser.account)

    def test_who_cannot_log_in_or_is_of_another_regency_does_not(self, cast, confirmed, event):
        browser = confirmed(cast.organiser.account)
        with pytest.raises(Refused) as refused:
            events.add_organiser(event, cast.walk_in, actor=cast.organiser.account)
        assert refused.value.code == "account_missing"
        assert self.add(browser, event, cast.other_regency_official).status_code == 404
        assert not cast.other_regency_official.grants.filter(event=event).exists()

    def test_it_asks_for_the_password_and_is_no_way_into_other_events(self, cast, signed_in, event):
        asked = self.add(signed_in(cast.organiser.account), event, cast.colleague)
        assert asked.headers["Location"].startswith("/akun/masuk/ulang/")
        stranger = signed_in(cast.participant.account)
        assert self.add(stranger, event, cast.colleague).status_code in (403, 404)
        assert not cast.colleague.grants.filter(event=event).exists()
