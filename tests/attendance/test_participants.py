"""The organisers' list: narrowed, decided on in one act, undone for half a minute, changed."""

import pytest
import time_machine
from django.db import connection
from django.http import Http404
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from attendance import badges, registration
from attendance.models import Registration
from attendance.wording import SENTENCES
from clinic.lib.errors import Refused
from clinic.people import merging
from clinic.records.audit import AuditEntry
from quizzes import delivery
from quizzes.models.assignments import Phase
from tests.attendance import made
from tests.quizzes import made as quiz_made
from tests.quizzes.arithmetic import questions

SEATS = 300


def place_of(event, rest=""):
    return f"/panitia/{event.code}/peserta{rest}"


def names_shown(browser, event, **narrowed):
    page = browser.get(place_of(event), narrowed)
    assert page.status_code == 200
    return [entry.name for entry in page.context["listing"].entries]


class TestTheList:
    """What the page shows, to whom, in which order."""

    def test_it_is_narrowed_by_status_unit_presence_and_name(self, cast, browser, event, invite):
        invite(2, name="Peserta Klinik")
        row = made.joined(event, cast.participant)
        made.scanned(event, made.badge(row), by=cast.organiser.account)
        made.decided(event, "wait", [row], by=cast.organiser.account)

        assert names_shown(browser, event, status="confirmed") == [cast.participant.name]
        assert names_shown(browser, event, kehadiran="present") == [cast.participant.name]
        assert names_shown(browser, event, q="klinik 002") == ["Peserta Klinik 002"]
        assert len(names_shown(browser, event, unit="Puskesmas Kota Contoh")) == 2
        assert names_shown(browser, event, status="tidak-ada") == []

    def test_the_pre_quiz_is_done_or_not_and_never_a_score(self, cast, browser, event):
        for person in (cast.participant, cast.colleague):
            made.joined(event, person)
        assert not browser.get(place_of(event)).context["listing"].has_quiz
        question = quiz_made.published_question(cast, "soal-awal", questions.single())
        version = quiz_made.published_quiz(cast, "kuis-awal", versions=[question])
        given = quiz_made.assigned(version, event, phase=Phase.PRE)
        attempt = delivery.start(given, cast.participant.account)[0]
        assert names_shown(browser, event, kuis="selesai") == []

        delivery.submit(attempt.uuid)

        assert names_shown(browser, event, kuis="selesai") == [cast.participant.name]
        assert names_shown(browser, event, kuis="belum") == [cast.colleague.name]

    def test_who_was_merged_is_prepared_by_whatever_row_took_the_quiz(self, cast, browser, event):
        registration.invite(event, cast.walk_in, actor=None)
        merging.merge(cast.participant, cast.walk_in, actor=cast.admin.account, reason=made.WHY)
        question = quiz_made.published_question(cast, "soal-awal", questions.single())
        version = quiz_made.published_quiz(cast, "kuis-awal", versions=[question])
        given = quiz_made.assigned(version, event, phase=Phase.PRE)
        attempt = delivery.start(given, cast.participant.account)[0]
        delivery.submit(attempt.uuid)

        assert names_shown(browser, event, kuis="selesai") == [cast.walk_in.name]

    def test_u47_it_is_sorted_by_name_or_by_unit_and_nothing_else(self, cast, browser, event):
        for person in (cast.stranger, cast.participant, cast.colleague):
            made.joined(event, person)
        by_name = sorted([cast.stranger.name, cast.participant.name, cast.colleague.name])
        assert names_shown(browser, event) == by_name
        assert names_shown(browser, event, urut="nilai") == by_name
        assert names_shown(browser, event, urut="unit")[0] == cast.stranger.name

    def test_a_nip_is_masked_and_shown_whole_by_an_act_on_record(self, cast, confirmed, event):
        browser = confirmed(cast.organiser.account)
        row = made.joined(event, cast.participant)
        assert cast.participant.nip not in browser.get(place_of(event)).content.decode()
        change = place_of(event, f"/{row.uuid}/ubah")
        assert cast.participant.nip not in browser.get(change).content.decode()

        shown = browser.post(change, {"jenis": "nip"})

        assert cast.participant.nip in shown.content.decode()
        assert "no-store" in shown.headers["Cache-Control"]
        entry = AuditEntry.objects.get(verb="person.revealed")
        assert (entry.actor, entry.subject) == (
            cast.organiser.account.pk,
            cast.participant.pk,
        )

    def test_another_organiser_finds_nothing(self, cast, signed_in, event, invite):
        (row,) = invite(1)
        made.event_of(cast.regency_official, code="lain")
        other = signed_in(cast.regency_official.account)
        for path in (place_of(event), place_of(event, f"/{row.uuid}/ubah")):
            assert other.get(path).status_code == other.post(path).status_code == 404
        assert other.get(f"/panitia/{event.code}/undang").status_code == 404
        assert other.get(f"/panitia/lain/peserta/{row.uuid}/ubah").status_code == 404

    def test_queries_do_not_grow_with_rows(self, browser, event, invite):
        browser.get(place_of(event))
        costs = {}
        for size in (10, 200):
            invite(size, name=f"Orang {size}")
            for path in ("", "?status=invited&urut=unit"):
                with CaptureQueriesContext(connection) as seen:
                    assert browser.get(place_of(event, path)).status_code == 200
                costs[size, path] = len(seen)
        assert len(set(costs.values())) == 1, costs
        assert max(costs.values()) <= 20, costs

    def test_more_than_a_hundred_are_parted_into_pages(self, browser, event, invite):
        invite(120)
        first, second = (browser.get(place_of(event), {"page": n}) for n in (1, 2))
        assert len(first.context["page_obj"]) == 100
        assert len(second.context["page_obj"]) == 20


class TestBulkActs:
    """U36: the page before the act names it and its number; choose-all covers the filter."""

    def ask(self, browser, event, data, narrowed=""):
        page = browser.post(place_of(event, narrowed), data)
        assert page.status_code == 200
        return page, {
            "kunci": page.context["key"],
            "baris": page.context["rows"],
            "putusan": page.context["act"],
            "reason": made.WHY,
        }

    def test_u36_choosing_all_covers_every_page_and_only_the_filter(
        self, cast, browser, event, invite
    ):
        rows = invite(130)
        other = registration.invite(event, cast.stranger, actor=None)
        narrowed = "?unit=Puskesmas+Kota+Contoh"

        page, fields = self.ask(browser, event, {"semua": "on", "putusan": "approve"}, narrowed)
        assert len(page.context["fitting"]) == 130
        assert "130" in page.content.decode()
        assert made.states(rows) == ["nominated"] * 130
        answer = browser.post(place_of(event, narrowed), fields)

        assert made.states(rows) == ["confirmed"] * 130
        assert made.states([other]) == ["nominated"]
        assert "unit=Puskesmas" in answer.headers["Location"]

    def test_u36_undo_in_the_notice_restores(self, cast, browser, event, invite):
        rows = invite(2)
        _page, fields = self.ask(
            browser, event, {"pilih": [row.uuid for row in rows], "putusan": "decline"}
        )
        told = browser.post(place_of(event), fields, follow=True)
        assert told.context["last_decision"]["may_undo"]
        assert made.states(rows) == ["declined"] * 2

        key = told.context["last_decision"]["decision"].uuid
        browser.post(place_of(event), {"batal": key})

        assert made.states(rows) == ["nominated"] * 2
        late = browser.get(place_of(event), {"hasil": key}).context["last_decision"]
        assert not late["may_undo"]

    def test_the_way_back_is_gone_after_half_a_minute(self, browser, event, invite):
        rows = invite(1)
        with time_machine.travel(timezone.now(), tick=False) as clock:
            told = browser.post(place_of(event), {"pendaftaran": rows[0].uuid}, follow=True)
            key = told.context["last_decision"]["decision"].uuid
            clock.shift(31)
            assert not browser.get(place_of(event), {"hasil": key}).context["last_decision"][
                "may_undo"
            ]
            refused = browser.post(place_of(event), {"batal": key}, follow=True)
        assert [one.level_tag for one in refused.context["messages"]] == ["warn"]
        assert made.states(rows) == ["confirmed"]

    def test_a_reason_that_is_missing_is_asked_for_again_with_the_same_people(
        self, browser, event, invite
    ):
        rows = invite(2)
        _page, fields = self.ask(browser, event, {"semua": "on", "putusan": "revoke"})

        refused = browser.post(place_of(event), {**fields, "reason": ""})

        assert refused.status_code == 422
        assert refused.context["rows"] == fields["baris"]
        assert str(refused.context["key"]) == str(fields["kunci"])
        assert made.states(rows) == ["nominated"] * 2

    def test_nobody_chosen_is_said_and_changes_nothing(self, browser, event, invite):
        rows = invite(1)
        answer = browser.post(place_of(event), {"putusan": "approve"}, follow=True)
        assert [one.level_tag for one in answer.context["messages"]] == ["warn"]
        assert made.states(rows) == ["nominated"]

    @pytest.mark.parametrize(
        "data",
        [
            {"pilih": "kacau", "putusan": "approve"},
            {"semua": "on", "putusan": "hapus"},
            {"pendaftaran": "kacau"},
            {"batal": "kacau"},
            {"kunci": "kacau", "putusan": "approve"},
            {"kunci": "", "putusan": "kacau", "baris": "kacau"},
        ],
    )
    def test_a_broken_form_is_not_found(self, browser, event, invite, data):
        invite(1)
        assert browser.post(place_of(event), data).status_code == 404


class TestOneRegistration:
    """Replaced, withdrawn, decided: each with its reason."""

    def change(self, browser, event, row, data, **address):
        query = "".join(f"?{name}={value}" for name, value in address.items())
        return browser.post(place_of(event, f"/{row.uuid}/ubah{query}"), data)

    def test_a_substitute_takes_place_and_state_but_no_presence(self, cast, browser, event):
        row = made.joined(event, cast.participant)
        made.scanned(event, made.badge(row), by=cast.organiser.account)
        data = {"jenis": "ganti", "orang": cast.stranger.uuid, "reason": made.WHY}

        answer = self.change(browser, event, row, data, q="orang")

        assert answer.status_code == 302
        row.refresh_from_db()
        new = Registration.objects.get(replaces=row)
        assert (row.state, row.reason) == ("replaced", made.WHY)
        assert (new.person, new.state) == (cast.stranger, "confirmed")
        assert not new.presences.exists()
        assert row.presences.exists()
        assert made.fresh(event).seats_taken == 1
        assert made.takers(event) == {cast.stranger}
        late = made.scanned(event, made.badge(row), by=cast.organiser.account)
        assert late[0].verdict == "revoked"
        assert made.seats_are_right()

    def test_replacing_twice_keeps_one_and_nobody_is_registered_twice(self, cast, event):
        row, by = made.joined(event, cast.participant), cast.organiser.account
        first = registration.replace(row, cast.stranger, actor=by, reason=made.WHY)
        again = registration.replace(row, cast.stranger, actor=by, reason=made.WHY)
        assert first == again

        for person, code in (
            (cast.stranger, "already_registered"),
            (cast.author, "reason_missing"),
        ):
            reason = "" if person == cast.author else made.WHY
            with pytest.raises(Refused) as refused:
                registration.replace(
                    made.joined(event, cast.colleague), person, actor=by, reason=reason
                )
            assert (refused.value.code, bool(refused.value.message)) == (code, True)
        with pytest.raises(Refused) as gone:
            registration.replace(row, cast.author, actor=by, reason=made.WHY)
        assert gone.value.code == "not_replaceable"
        assert made.fresh(event).seats_taken == 2

    def test_nobody_of_another_regency_comes_instead(self, cast, event):
        row = made.joined(event, cast.participant)
        with pytest.raises(Http404):
            registration.replace(
                row, cast.other_regency_official, actor=cast.organiser.account, reason=made.WHY
            )

    def test_withdrawn_at_the_persons_wish_and_revoked_with_a_reason(self, cast, browser, event):
        rows = [made.joined(event, person) for person in (cast.participant, cast.colleague)]
        short = self.change(browser, event, rows[0], {"jenis": "tarik", "reason": ""})
        assert short.status_code == 422

        self.change(browser, event, rows[0], {"jenis": "tarik", "reason": made.WHY})
        self.change(browser, event, rows[1], {"jenis": "revoke", "reason": made.WHY})

        assert made.states(rows) == ["cancelled", "revoked"]
        assert set(event.registrations.values_list("reason", flat=True)) == {made.WHY}
        assert made.fresh(event).seats_taken == 0

    def test_a_units_proposal_is_approved_in_the_list(self, cast, signed_in, browser, event):
        official = signed_in(cast.operator.account)
        official.post(f"/kegiatan/{event.code}/usulan", {"persons": [cast.stranger.uuid]})
        page = browser.get(place_of(event), {"status": "nominated", "semua": "1"})
        assert page.context["has_all_chosen"]
        (entry,) = page.context["listing"].entries
        assert entry.registration.source == "unit"

        browser.post(place_of(event), {"pendaftaran": entry.registration.uuid})

        assert made.states([entry.registration]) == ["confirmed"]
        made.joined(event, cast.participant)
        known = official.get(f"/kegiatan/{event.code}/usulan").context["known"]
        assert [(row.person, row.state) for row in known] == [(cast.stranger, "confirmed")]


def test_a_new_code_is_made_on_the_persons_page_and_the_old_one_refused(cast, browser, today):
    row = made.joined(today, cast.participant)
    old, now = badges.token_of(row), timezone.now()
    place = place_of(today, f"/{row.uuid}/ubah")
    with translation.override("id"):
        button = _("Make a new code")
    assert button in browser.get(place).content.decode()

    told = browser.post(place, {"jenis": "kartu"}, follow=True)

    with translation.override("id"):
        assert _("There is a new code. The old one is refused when attendance is recorded.") in (
            told.content.decode()
        )
    assert AuditEntry.objects.filter(verb="badge.reissue", subject=cast.participant.pk).count() == 1
    row.refresh_from_db()
    lost = made.scanned(today, made.badge(old), by=cast.organiser.account, now=now)[0]
    assert (lost.verdict, lost.level) == ("superseded_token", "stop")
    shown = browser.get(f"/panitia/{today.code}/absen", {"hasil": lost.uid}).content.decode()
    with translation.override("id"):
        assert str(SENTENCES["superseded_token"]) in shown
    assert made.scanned(today, made.badge(row), now=now)[0].verdict == "accepted"

    made.decided(today, "revoke", [row], by=cast.organiser.account)
    assert button not in browser.get(place).content.decode()
    refused = browser.post(place, {"jenis": "kartu"})
    assert (refused.status_code, refused.context["refusal"].code) == (409, "not_in_force")


def test_more_time_or_tries_are_given_from_the_persons_page(cast, browser, today):
    row = made.joined(today, cast.participant)
    place = place_of(today, f"/{row.uuid}/ubah")
    assert browser.get(place).context["quizzes"] == []
    given = quiz_made.assigned(quiz_made.published_quiz(cast), today, phase=Phase.PRE)
    page = browser.get(place)
    address = reverse("quiz_extension", args=[given.uuid, cast.participant.uuid])
    assert f'href="{address}"' in page.content.decode()
    assert browser.get(address).status_code == 200

    registration.withdraw(row, actor=cast.organiser.account)
    assert browser.get(place).context["quizzes"] == []
