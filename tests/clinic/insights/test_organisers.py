"""Organisers read findings of their participants' units; steps name events."""

from datetime import date, timedelta

import pytest
from django.utils import timezone

from attendance import events, registration
from clinic.insights import profile
from clinic.insights.evidence import OpenEvent
from clinic.lib.templatetags.ui import day
from clinic.people import granting
from clinic.people.models import Grant
from clinic.records.audit import AuditEntry
from tests.attendance import made as event_made
from tests.clinic.insights.made import AREA, address, answered_by, profile_of, seen_by
from tests.quizzes import made as quizzes_made

pytestmark = pytest.mark.django_db


def event_of(cast, **more):
    """An open event of the organiser, who organises nothing else."""
    return event_made.event_of(cast.organiser, code="klinik-uji", **more)


def test_organisers_read_the_units_of_their_participants_and_no_other(
    world, cast, signed_in, settings
):
    settings.KLINIK_SECOND_FACTOR = False
    answered_by(world, cast, 1)
    event = event_of(cast)
    page = address(world[2].district)
    browser = signed_in(cast.organiser.account)
    assert browser.get(page).status_code == 404

    event_made.joined(event, cast.participant)
    told = browser.get(page)
    text = told.content.decode()
    assert (told.status_code, told.context["shown"].answering) == (200, 1)
    assert "Data terbatas" in text
    assert "A.I.5.i.a" not in text
    assert browser.get(address(world[2].health)).status_code == 404
    look = AuditEntry.objects.get(verb="finding.look")
    assert (look.actor, look.role) == (cast.organiser.account.pk, "panitia")


def test_an_organiser_of_another_event_reads_nothing(world, cast, signed_in, settings):
    settings.KLINIK_SECOND_FACTOR = False
    answered_by(world, cast, 1)
    event_made.joined(event_of(cast), cast.participant)
    other = cast.stranger
    event_made.event_of(other, code="klinik-lain")
    assert seen_by(world, other) is None
    assert signed_in(other.account).get(address(world[2].district)).status_code == 404


def test_an_invitation_alone_opens_nothing(world, cast):
    answered_by(world, cast, 1)
    event = event_of(cast)
    seat = registration.invite(event, cast.participant, actor=cast.organiser.account)
    event_made.decided(event, "approve", [seat], by=cast.organiser.account)
    assert seen_by(world, cast.organiser) is None


def test_after_an_event_is_archived_its_organiser_reads_no_more(world, cast):
    answered_by(world, cast, 1)
    event = event_of(cast)
    seat = event_made.joined(event, cast.participant)
    assert seen_by(world, cast.organiser).answering == 1
    for step in ("closed", "running", "ended", "finalised"):
        event = events.step(event, step, actor=cast.organiser.account)
        assert seen_by(world, cast.organiser) is not None, step
    event = events.step(event, "archived", actor=cast.organiser.account)
    assert seen_by(world, cast.organiser) is None
    assert seat.is_active


def test_who_withdrew_is_no_participant(world, cast):
    answered_by(world, cast, 1)
    seat = event_made.joined(event_of(cast), cast.participant)
    registration.withdraw(seat, actor=cast.participant.account)
    assert seen_by(world, cast.organiser) is None


def test_an_organiser_who_is_an_operator_sees_signs_of_no_other_unit_on_the_map(
    world, cast, signed_in, settings
):
    settings.KLINIK_SECOND_FACTOR = False
    answered_by(world, cast, 1)
    event_of(cast)
    home = world[2]
    scope = granting.Scope(unit=home.district)
    granting.grant(cast.organiser, Grant.Role.OPERATOR, actor=None, scope=scope)
    page = signed_in(cast.organiser.account).get("/pemetaan/")
    cells = [cell for row in page.context["map"].rows[:-1] for cell in row["cells"]]
    assert {cell.get("letter", "") for cell in cells} == {""}
    assert not AuditEntry.objects.filter(verb="finding.look").exists()


def test_a_step_names_the_next_open_event_that_asks_about_the_area(world, cast):
    edition, quiz, home = world
    answered_by(world, cast, 3)
    general = coming_event(cast, "klinik-umum", days=10)
    fitting = coming_event(cast, "klinik-pengawasan", days=20)
    actor = cast.regency_official.account

    def event_named():
        found = profile_of(actor, home.district, edition)
        return profile.step(found.steps[0])

    assert event_named().event_url == ""
    for event in (general, fitting):
        events.step(event, "open", actor=cast.organiser.account)
    assert event_named().event_url == "/kegiatan/klinik-umum/"
    quizzes_made.assigned(quiz, fitting)
    named = event_named()
    assert named.event_url == "/kegiatan/klinik-pengawasan/"
    with timezone.override(fitting.zone):
        assert f"Klinik Uji, {day(fitting.sessions.first().starts_at)}" in named.day


def coming_event(cast, code, *, days):
    """A draft of the organiser, so many days ahead."""
    event = event_made.event_of(cast.organiser, code=code, is_open=False)
    start = timezone.now() + timedelta(days=days)
    for number, session in enumerate(event.sessions.all()):
        session.starts_at = start + timedelta(hours=4 * number)
        session.ends_at = session.starts_at + timedelta(hours=3)
        events.change_session(session, actor=cast.organiser.account)
    return event


def test_an_event_on_other_areas_alone_never_fits():
    other = OpenEvent("lain", "Lain", date(2026, 12, 1), frozenset({"sdm"}))
    untold = OpenEvent("umum", "Umum", date(2026, 12, 2), frozenset())
    covering = OpenEvent("tepat", "Tepat", date(2026, 12, 3), frozenset({AREA}))
    assert profile.fitting([other], AREA, is_named=True) is None
    assert profile.fitting([other, untold, covering], AREA, is_named=True) == covering
    assert profile.fitting([other, untold], AREA, is_named=True) == untold
    assert profile.fitting([other, untold], AREA, is_named=False) is None
