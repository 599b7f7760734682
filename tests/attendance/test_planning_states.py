"""States of an event in the browser, and plans copied from earlier ones."""

from datetime import UTC, datetime

import pytest

from attendance import events
from attendance.models import Event
from clinic.lib.errors import Refused
from clinic.records.audit import AuditEntry
from quizzes.models import Assignment
from tests.attendance import made
from tests.attendance.plans import SESSION, step, what
from tests.quizzes import made as quiz_made


class TestStates:
    """The table of states, walked by buttons."""

    def test_every_step_of_a_life(self, cast, browser):
        event = made.event_of(cast.organiser, is_open=False)
        for act, state in {
            "buka": "open",
            "tutup": "closed",
            "mulai": "running",
            "akhiri": "ended",
            "tetapkan": "finalised",
        }.items():
            place = f"/panitia/{event.code}/keadaan/{act}"
            assert browser.get(place).status_code == 200
            assert made.fresh(event).state != state
            assert browser.post(place).status_code == 302
            assert made.fresh(event).state == state
        verbs = AuditEntry.objects.filter(verb__startswith="event.").values_list("verb", flat=True)
        assert {"event.open", "event.finalised"} <= set(verbs)

    def test_a_step_the_table_does_not_know_is_explained(self, cast, browser):
        event = made.event_of(cast.organiser)
        answer = browser.post(f"/panitia/{event.code}/keadaan/akhiri")
        assert answer.status_code == 409
        assert made.fresh(event).state == "open"
        shown = answer.content.decode()
        assert f"/panitia/{event.code}/keadaan/tutup" in shown
        assert browser.get(f"/panitia/{event.code}/keadaan/lompat").status_code == 404

    def test_cancelling_asks_why_and_names_the_people(self, cast, browser):
        event = made.event_of(cast.organiser)
        made.joined(event, cast.participant)
        place = f"/panitia/{event.code}/keadaan/batalkan"
        assert browser.get(place).context["people"] == 1
        assert browser.post(place, {"reason": "pendek"}).status_code == 422
        assert made.fresh(event).state == "open"
        browser.post(place, {"reason": "Ditunda karena banjir"})
        assert made.fresh(event).state == "cancelled"
        assert AuditEntry.objects.get(verb="event.cancelled").detail.reason.startswith("Ditunda")

    def test_ending_asks_first_and_names_who_is_not_recorded(self, cast, browser):
        event = made.event_of(cast.organiser)
        rows = [made.joined(event, one) for one in (cast.participant, cast.colleague)]
        made.scanned(event, made.badge(rows[0]))
        made.led(event, "closed", "running", by=cast.organiser)
        place = f"/panitia/{event.code}/keadaan/akhiri"

        board = browser.get(f"/panitia/{event.code}/").content.decode()
        assert f'href="{place}"' in board
        assert f'action="{place}"' not in board
        assert "1 orang belum tercatat. Akhiri kegiatan?" in browser.get(place).content.decode()
        assert made.fresh(event).state == "running"

    def test_what_was_done_is_said_in_a_sentence(self, cast, browser):
        event = made.event_of(cast.organiser, is_open=False)
        for act, sentence in {
            "buka": "Pendaftaran sudah dibuka.",
            "tutup": "Pendaftaran sudah ditutup.",
            "mulai": "Kegiatan sudah dimulai.",
            "akhiri": "Kegiatan sudah diakhiri.",
            "tetapkan": "Rencana dan hitungan sudah dikunci.",
        }.items():
            page = browser.post(f"/panitia/{event.code}/keadaan/{act}", follow=True)
            assert sentence in page.content.decode()

    def test_an_event_is_under_way_in_words_of_its_own(self, cast, browser):
        event = made.event_of(cast.organiser)
        made.led(event, "closed", "running", by=cast.organiser)
        for place in ("/panitia/", f"/panitia/{event.code}/", "/kegiatan/"):
            page = browser.get(place).content.decode().lower()
            assert "sedang berlangsung" in page
            assert "sedang dikerjakan" not in page

    def test_a_final_event_is_read_only(self, cast, browser):
        quiz = quiz_made.published_quiz(cast).quiz
        event = made.event_of(cast.organiser)
        made.led(event, "cancelled", by=cast.organiser)
        assert browser.get(step(event, "apa")).headers["Location"] == step(event, "periksa")
        page = browser.get(step(event, "periksa"))
        assert "<form" not in page.content.decode().split("<main")[1].split("</main")[0]
        assert browser.post(step(event, "waktu"), SESSION).status_code == 422
        assert browser.post(step(event, "apa"), what(cast)).status_code == 422
        given = {"awal-quiz": quiz.slug, "awal-setting": "own", "simpan": "awal"}
        assert browser.post(step(event, "kuis"), given).status_code == 422
        assert not Assignment.objects.exists()
        assert made.fresh(event).title == event.title

    def test_the_address_of_an_announced_event_stays(self, cast, browser):
        event = made.event_of(cast.organiser)
        browser.post(step(event, "apa"), what(cast, title="Klinik lain", code="alamat-lain"))
        fresh = made.fresh(event)
        assert (fresh.code, fresh.title) == (event.code, "Klinik lain")
        with pytest.raises(Refused) as refused:
            events.change_event(event, {"code": "lain"}, actor=cast.organiser.account)
        assert refused.value.code == "address_fixed"

    def test_saving_what_is_so_already_writes_nothing(self, cast, browser, draft):
        before = made.fresh(draft).rev
        browser.post(step(draft, "apa"), what(cast, title=draft.title, code=draft.code))
        assert made.fresh(draft).rev == before
        assert not AuditEntry.objects.filter(verb="event.change").exists()
        browser.post(step(draft, "siapa"), {"capacity": "12"})
        entry = AuditEntry.objects.get(verb="event.change")
        told = entry.detail.values
        assert (told["before"], told["after"]) == ({"capacity": None}, {"capacity": 12})


class TestCopies:
    """The plan of an earlier event, without its people."""

    def test_plan_and_quizzes_move_by_whole_days_and_nobody_comes_along(self, cast, browser):
        event = made.event_of(cast.organiser, capacity=9)
        quiz_made.assigned(quiz_made.published_quiz(cast), event, phase="pre")
        made.joined(event, cast.participant)
        answer = browser.post(
            "/panitia/baru/salin", {"source": event.code, "first_day": "2030-03-04"}
        )

        copy = Event.objects.exclude(pk=event.pk).get()
        assert answer.headers["Location"] == step(copy, "apa")
        assert (copy.title, copy.place, copy.state, copy.capacity, copy.seats_taken) == (
            event.title,
            event.place,
            "draft",
            9,
            0,
        )
        shift = datetime(2030, 3, 4, tzinfo=UTC) - made.DAY
        pairs = zip(event.sessions.all(), copy.sessions.all(), strict=True)
        assert all(new.starts_at - old.starts_at == shift for old, new in pairs)
        old, new = Assignment.objects.order_by("pk")
        assert (new.event, new.phase, new.opens_at - old.opens_at) == (copy, "pre", shift)
        assert not copy.registrations.exists()
        assert not copy.scans.exists()
        assert copy.badge_key != event.badge_key
        assert copy.letter_number == ""

    def test_only_own_events_and_only_those_with_sessions(self, cast, browser, draft):
        foreign = made.event_of(cast.author, code="punya-lain")
        typed = {"first_day": "2030-03-04"}
        hidden = browser.post("/panitia/baru/salin", {**typed, "source": foreign.code})
        empty = browser.post("/panitia/baru/salin", {**typed, "source": draft.code})
        assert (hidden.status_code, empty.status_code) == (422, 422)
        assert foreign.title not in str(hidden.context["form"]["source"])
        assert Event.objects.count() == 2
