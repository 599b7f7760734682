"""An organiser plans an event in the browser: draft, steps, states, copies and the list."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from allauth.usersessions.models import UserSession
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from attendance import events, registration
from attendance.models import Event, Registration, Session
from clinic.lib.errors import Refused
from clinic.people.models import Grant
from quizzes.models import Assignment
from tests.attendance import made
from tests.attendance.plans import SESSION, step, what
from tests.given import PASSWORD
from tests.quizzes import made as quiz_made

WITA = ZoneInfo("Asia/Makassar")


class TestTheWayThroughTheSteps:
    """From an empty list to an open registration, each step saved on its own."""

    def test_five_steps_lead_to_an_open_registration(self, cast, browser):
        quiz = quiz_made.published_quiz(cast).quiz

        place = browser.post("/panitia/baru/", what(cast, about="Untuk semua")).headers["Location"]
        event = Event.objects.get()
        assert place == step(event, "waktu")
        assert (event.code, event.state, event.zone) == ("klinik-baru", "draft", "Asia/Makassar")
        browser.post(place, SESSION)
        browser.post(place, {"simpan": "tempat", "place": "Aula"})
        onward = browser.post(step(event, "siapa"), {"capacity": "30"})
        assert onward.headers["Location"] == step(event, "kuis")
        self.give_both(browser, event, quiz)
        assert browser.get(step(event, "periksa")).context["gaps"] == []
        browser.post(f"/panitia/{event.code}/keadaan/buka")

        event.refresh_from_db()
        session = event.sessions.get()
        assert (event.state, event.place, event.capacity) == ("open", "Aula", 30)
        assert session.starts_at == datetime(2030, 5, 20, 8, 30, tzinfo=WITA)
        assert (session.scan_group, session.is_required) == ("d1", True)
        assert Grant.objects.filter(event=event).get().person == cast.organiser

    def test_the_letter_number_is_typed_and_stands_on_board_and_plan(self, cast, browser, draft):
        board = f"/panitia/{draft.code}/"
        assert f'href="{step(draft, "apa")}">Surat<' in made.markup(browser.get(board))

        typed = what(cast, title=draft.title, letter_number="005/12/ORG/2026")
        assert browser.post(step(draft, "apa"), typed).status_code == 302

        draft.refresh_from_db()
        assert draft.letter_number == "005/12/ORG/2026"
        page = made.markup(browser.get(board))
        assert "005/12/ORG/2026" in page
        assert f'href="{step(draft, "apa")}">Surat<' not in page
        assert f'href="{step(draft, "kuis")}">' in page
        assert "005/12/ORG/2026" in browser.get(step(draft, "periksa")).content.decode()
        assert 'value="005/12/ORG/2026"' in browser.get(step(draft, "apa")).content.decode()

    def test_place_and_session_are_saved_by_either_button(self, browser, draft):
        place = step(draft, "waktu")
        browser.post(place, {**SESSION, "place": "Aula"})
        browser.post(place, {**SESSION, "place": "Aula Timur", "title": "", "simpan": "tempat"})
        later = {"title": "Siang", "starts": "13:00", "ends": "15:00", "simpan": "tempat"}
        browser.post(place, {**SESSION, **later, "place": "Aula Barat"})

        draft.refresh_from_db()
        assert draft.place == "Aula Barat"
        assert [one.title for one in draft.sessions.all()] == ["Pagi", "Siang"]

    def test_a_wrong_session_keeps_the_place_that_was_typed(self, browser, draft):
        page = browser.post(step(draft, "waktu"), {**SESSION, "place": "Aula", "ends": "07:00"})

        assert page.status_code == 422
        assert 'value="Aula"' in page.content.decode()
        assert 'value="Pagi"' in page.content.decode()

    def test_a_session_sent_without_the_place_keeps_it(self, browser, draft):
        browser.post(step(draft, "waktu"), {"simpan": "tempat", "place": "Aula"})
        browser.post(step(draft, "waktu"), SESSION)

        draft.refresh_from_db()
        assert (draft.place, draft.sessions.count()) == ("Aula", 1)

    def test_an_address_with_blanks_is_refused_in_plain_words(self, cast, browser):
        page = browser.post("/panitia/baru/", what(cast, code="klinik pengawasan!"))

        assert page.status_code == 422
        text = page.content.decode()
        assert "Gunakan huruf, angka, dan tanda hubung saja, tanpa spasi." in text
        assert "slug" not in page.context["form"].errors.as_text()

    def give_both(self, browser, event, quiz):
        """Give the quiz before and after, in the windows that the page suggests."""
        for word, _label, form in browser.get(step(event, "kuis")).context["phases"]:
            typed = {f"{word}-quiz": quiz.slug, f"{word}-setting": "own", "simpan": word}
            for name in ("opens", "closes"):
                moment = form[name].value().astimezone(WITA)
                typed[f"{word}-{name}"] = moment.strftime("%Y-%m-%dT%H:%M")
            assert browser.post(step(event, "kuis"), typed).status_code == 302

    def test_quizzes_open_and_close_with_the_sessions(self, cast, browser, draft):
        quiz = quiz_made.published_quiz(cast).quiz
        assert browser.get(step(draft, "kuis")).context["phases"][0][2].initial == {}
        browser.post(step(draft, "waktu"), SESSION)
        self.give_both(browser, draft, quiz)

        session = draft.sessions.get()
        pre, post = Assignment.objects.filter(event=draft).order_by("opens_at")
        assert (pre.phase, post.phase) == ("pre", "post")
        assert pre.opens_at <= timezone.now()
        assert pre.closes_at == session.starts_at + timedelta(minutes=15)
        assert (post.opens_at - session.ends_at, post.closes_at - session.ends_at) == (
            timedelta(0),
            timedelta(days=7),
        )

    def test_who_makes_an_event_stays_signed_in(self, cast):
        browser = Client()
        browser.post("/akun/masuk/", {"login": "panitia@uji.test", "password": PASSWORD})
        assert UserSession.objects.filter(user=cast.organiser.account).exists()

        made_at = browser.post("/panitia/baru/", what(cast)).headers["Location"]

        assert browser.get(made_at).status_code == 200

    def test_every_step_is_there_again_after_the_browser_was_closed(
        self, cast, signed_in, draft, browser
    ):
        browser.post(step(draft, "apa"), what(cast, title="Judul lain", code="alamat-lain"))
        draft.refresh_from_db()
        browser.post(step(draft, "waktu"), SESSION)
        later = signed_in(cast.organiser.account)

        assert later.get(step(draft, "apa")).context["form"]["title"].value() == "Judul lain"
        assert "Pagi" in later.get(step(draft, "waktu")).content.decode()
        assert draft.code == "alamat-lain"
        assert "Judul lain" in later.get("/panitia/").content.decode()

    def test_a_second_event_of_the_same_title_gets_another_address(self, cast, browser):
        for _again in range(2):
            browser.post("/panitia/baru/", what(cast))
        browser.post("/panitia/baru/", what(cast, title="Baru"))

        found = set(Event.objects.values_list("code", flat=True))
        assert found == {"klinik-baru", "klinik-baru-2", "baru-2"}


class TestRefusals:
    """Each wrong entry names its field and the remedy; nothing is written."""

    def test_a_code_that_is_taken(self, cast, browser, draft):
        answer = browser.post("/panitia/baru/", what(cast, code=draft.code))
        reserved = browser.post("/panitia/baru/", what(cast, code="baru"))
        assert (answer.status_code, reserved.status_code) == (422, 422)
        assert "code" in answer.context["form"].errors
        assert Event.objects.count() == 1

    def test_a_unit_of_another_regency(self, cast, browser, regencies):
        answer = browser.post("/panitia/baru/", what(cast, unit=regencies[1].section.slug))
        assert (answer.status_code, Event.objects.count()) == (422, 0)
        wanted = Event(code="x", title="X", unit=regencies[1].section)
        with pytest.raises(Refused) as refused:
            events.draft_event(wanted, actor=cast.organiser.account)
        assert refused.value.code == "unit_outside"

    @pytest.mark.parametrize(
        ("fields", "at"),
        [
            ({"ends": "08:00"}, "ends"),
            ({"ends": "08:30"}, "ends"),
            ({"day": ""}, "day"),
            ({"title": ""}, "title"),
            ({"starts": "11:00", "ends": "13:00"}, "group"),
        ],
    )
    def test_a_session_that_cannot_be(self, browser, draft, fields, at):
        browser.post(step(draft, "waktu"), SESSION)
        answer = browser.post(step(draft, "waktu"), {**SESSION, **fields})
        assert answer.status_code == 422
        assert list(answer.context["form"].errors) == [at]
        assert draft.sessions.count() == 1

    def test_sessions_at_the_same_time_have_scans_of_their_own(self, browser, draft):
        browser.post(step(draft, "waktu"), SESSION)
        parallel = {**SESSION, "title": "Kelas B", "group": "sendiri"}
        assert browser.post(step(draft, "waktu"), parallel).status_code == 302
        browser.post(step(draft, "waktu"), {**SESSION, "day": "2030-05-21"})
        groups = draft.sessions.values_list("scan_group", flat=True)
        assert list(groups) == ["d1", "s1", "d2"]

    def test_a_session_of_a_past_day_is_saved_with_a_word_about_it(self, browser, draft):
        typed = {**SESSION, "day": "2020-05-20"}
        page = browser.post(step(draft, "waktu"), typed, follow=True)
        assert draft.sessions.count() == 1
        assert [message.level_tag for message in page.context["messages"]] == ["warn", "ok"]

    def test_fewer_seats_than_people(self, cast, browser):
        event = made.event_of(cast.organiser, capacity=5)
        for person in (cast.participant, cast.colleague):
            made.joined(event, person)
        answer = browser.post(step(event, "siapa"), {"capacity": "1"})
        assert (answer.status_code, list(answer.context["form"].errors)) == (422, ["capacity"])
        browser.post(step(event, "siapa"), {"capacity": "2"})
        assert made.fresh(event).capacity == 2

    def test_a_quiz_with_a_reversed_window_or_given_twice(self, cast, browser, draft):
        quiz = quiz_made.published_quiz(cast).quiz
        typed = {"simpan": "awal", "awal-quiz": quiz.slug, "awal-setting": "room"}
        window = {"awal-opens": "2030-05-20T10:00", "awal-closes": "2030-05-20T09:00"}
        wrong = browser.post(step(draft, "kuis"), {**typed, **window})
        assert (wrong.status_code, list(wrong.context["form"].errors)) == (422, ["closes"])
        assert browser.post(step(draft, "kuis"), typed).status_code == 302
        twice = browser.post(step(draft, "kuis"), typed)
        assert (twice.status_code, list(twice.context["form"].errors)) == (422, ["quiz"])
        given = Assignment.objects.get()
        assert (given.event, given.setting) == (draft, "room")
        browser.post(step(draft, "kuis"), {"tarik": str(given.uuid)})
        assert not Assignment.objects.in_force().exists()

    def test_nothing_opens_without_a_session(self, cast, browser, draft):
        answer = browser.post(f"/panitia/{draft.code}/keadaan/buka")
        assert answer.status_code == 409
        assert made.fresh(draft).state == "draft"
        with pytest.raises(Refused) as refused:
            events.step(draft, "open", actor=cast.organiser.account)
        assert refused.value.code == "sessions_missing"


class TestSessionsLater:
    """Sessions are moved, cancelled and, in a draft alone, removed."""

    def place(self, event, session):
        return f"{step(event, 'waktu')}/{session.uuid}"

    def test_a_draft_loses_a_session_an_announced_event_cancels_it(self, cast, browser):
        event = made.event_of(cast.organiser, is_open=False)
        first, second = event.sessions.all()
        browser.post(self.place(event, first), {"simpan": "hapus"})
        events.step(event, "open", actor=cast.organiser.account)
        refused = browser.post(self.place(event, second), {"simpan": "hapus"})
        browser.post(self.place(event, second), {"simpan": "batalkan"})

        assert refused.status_code == 409
        assert list(event.sessions.values_list("pk", "is_cancelled")) == [(second.pk, True)]
        assert browser.get(self.place(event, second)).status_code == 404

    def test_a_moved_session_raises_the_rev_and_shows_at_once(self, cast, browser, signed_in):
        event = made.event_of(cast.organiser)
        row, before = event.sessions.first(), made.fresh(event).rev
        page = browser.get(self.place(event, row))
        assert page.context["form"]["starts"].value().isoformat() == "09:00:00"

        browser.post(self.place(event, row), {**SESSION, "day": "2030-06-03"})

        assert made.fresh(event).rev > before
        row.refresh_from_db()
        assert row.starts_at == datetime(2030, 6, 3, 8, 30, tzinfo=WITA)
        assert "3 Juni 2030" in browser.get(f"/kegiatan/{event.code}/").content.decode()

    def test_whoever_was_recorded_stays_recorded(self, cast, browser):
        door = made.at_the_door(cast)
        made.scanned(door.event, made.badge(door.row), by=door.steward)
        row = door.event.sessions.first()
        other = browser.post(self.place(door.event, row), {**SESSION, "group": "sendiri"})
        assert (other.status_code, list(other.context["form"].errors)) == (422, ["group"])
        with pytest.raises(Refused) as refused:
            events.remove_session(row, actor=door.steward)
        assert refused.value.code == "session_in_use"
        assert door.event.scans.count() == 1


class TestTheList:
    """Each event with the one thing that is late or missing."""

    def test_nothing_yet(self, browser):
        page = browser.get("/panitia/").content.decode()
        assert "/panitia/baru/" in page

    def test_each_on_its_shelf_with_what_presses(self, cast, browser, draft):
        past = made.event_of(cast.organiser, code="lampau")
        coming = made.event_of(cast.organiser, code="mendatang")
        made.moved(coming, to=timezone.now() + timedelta(days=9))
        registration.register(coming, cast.stranger, actor=cast.operator.account)
        done = made.event_of(cast.organiser, code="selesai")
        made.led(done, "cancelled", by=cast.organiser)

        found = browser.get("/panitia/").context["events"]

        def named(lines):
            return [(entry.event.code, entry.is_late) for entry in lines]

        assert named(found.running) == [(past.code, True)]
        assert named(found.coming) == [(coming.code, False)]
        assert found.coming[0].pressing.startswith("1 ")
        assert named(found.drafts) == [(draft.code, False)]
        assert named(found.past) == [(done.code, False)]


class TestWhoMay:
    """Only the organisers of an event; everybody else meets no page."""

    def pages(self, event):
        session = event.sessions.first()
        return [
            *(step(event, name) for name in ("apa", "waktu", "siapa", "kuis", "periksa")),
            f"{step(event, 'waktu')}/{session.uuid}",
            f"/panitia/{event.code}/keadaan/tutup",
        ]

    def test_another_organiser_and_everybody_else_get_404(self, cast, signed_in):
        event = made.event_of(cast.organiser)
        made.event_of(cast.author, code="punya-lain")
        for person in (cast.author, cast.participant, cast.regency_official, cast.admin):
            browser = signed_in(person.account)
            for page in self.pages(event):
                assert browser.get(page).status_code == 404, page
                assert browser.post(page, SESSION).status_code == 404, page
        assert made.fresh(event).state == "open"
        assert Session.objects.filter(event=event).count() == 2

    def test_a_participant_makes_none(self, cast, signed_in):
        browser = signed_in(cast.participant.account)
        for page in ("/panitia/baru/", "/panitia/baru/salin"):
            assert browser.get(page).status_code == 403
            assert browser.post(page, what(cast)).status_code == 403
        assert not Event.objects.exists()

    def test_a_session_of_another_event_is_not_found_here(self, cast, browser):
        event, other = made.event_of(cast.organiser), made.event_of(cast.organiser, code="lain")
        place = f"{step(event, 'waktu')}/{other.sessions.first().uuid}"
        assert browser.post(place, {"simpan": "batalkan"}).status_code == 404


def test_pages_cost_the_same_whatever_the_number_of_rows(cast, browser, regencies):
    quiz = quiz_made.published_quiz(cast)
    event = made.event_of(cast.organiser)
    quiz_made.assigned(quiz, event, phase="pre")
    names = ("apa", "waktu", "siapa", "kuis", "periksa")
    pages = ["/panitia/", "/panitia/baru/", *(step(event, name) for name in names)]
    pages.append(f"/panitia/{event.code}/keadaan/batalkan")
    browser.get("/panitia/")

    def costs():
        found = []
        for page in pages:
            with CaptureQueriesContext(connection) as seen:
                assert browser.get(page).status_code == 200
            found.append(len(seen))
        return dict(zip(pages, found, strict=True))

    few = costs()
    for number in range(6):
        more = made.event_of(cast.organiser, code=f"lebih-{number}")
        quiz_made.assigned(quiz, more, phase="pre")
        start = made.DAY + timedelta(days=number + 1)
        draft = Session(
            title=f"Sesi {number}",
            starts_at=start,
            ends_at=start + timedelta(hours=1),
            scan_group=f"d{number + 2}",
        )
        events.add_session(event, draft, actor=cast.organiser.account)
    quiz_made.assigned(quiz, event, phase="post")
    for person in made.people(regencies[0].clinic, 12):
        registration.invite(event, person, actor=None)
    assert Registration.objects.count() == 12

    many = costs()
    assert many == few
    assert max(many.values()) <= 22, many
