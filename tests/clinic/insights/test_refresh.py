"""From acts to findings: by jobs, at their cells, and again after everything was emptied."""

from datetime import timedelta

import pytest
from django.db import transaction
from django.utils import timezone

from clinic.insights import evidence
from clinic.insights.models import Calibration, Finding, Rollup
from clinic.records import jobs
from clinic.records.audit import AuditEntry
from tests.attendance import made as attendance_made
from tests.clinic.insights import made
from tests.clinic.insights.made import AREA, PERIOD
from tests.processes import wait_until
from tests.replaying import Recording


def finding_of(unit, edition, area=AREA) -> Finding | None:
    return Finding.objects.filter(unit=unit, area=area, edition=edition, period=PERIOD).first()


def attendance_on(day):
    return evidence.gather(day, since=day - timedelta(days=365)).attendance


@pytest.fixture
def world(cast, regencies):
    """Two offices with sheets; the district's people answer badly, the health office's well."""
    home = regencies[0]
    return WORLD.play(cast, home, ground=(cast.author.pk, home.root.pk))


def _world(cast, home):
    edition = made.zi()
    made.sheet(home.district, edition, strength=0.2)
    made.sheet(home.health, edition, strength=0.9)
    return edition, made.quiz(cast, number=12), home


WORLD = Recording(_world)


@pytest.mark.django_db
def test_answers_and_sheets_become_findings(world, cast):
    edition, quiz, home = world
    for person in (cast.participant, cast.colleague, cast.other_unit_official):
        made.answer(quiz, person, right=2, blank=1)
    made.answer(quiz, cast.stranger, right=12, setting="room")
    made.run_jobs()

    weak, strong = finding_of(home.district, edition), finding_of(home.health, edition)

    assert weak.word == "knowledge-gap"
    assert (weak.people, weak.answering, weak.answers) == (3, 3, 33)
    assert (weak.skipped, weak.in_room, weak.only_contributor) == (3, 0, None)
    assert weak.p_gap > 0.8
    assert strong.only_contributor == cast.stranger
    assert (strong.answering, strong.in_room) == (1, 12)
    assert strong.estimate > weak.estimate
    assert strong.p_weak < 0.3
    silent = finding_of(home.clinic, edition)
    assert (silent.word, silent.answers) == ("unknown", 0)
    assert [each["cause"] for each in silent.reasons["reasons"]] == ["no_answers", "no_sheet"]


@pytest.mark.django_db
def test_practice_answers_are_no_evidence(world, cast):
    edition, quiz, home = world
    made.answer(quiz, cast.participant, right=0, phase="practice")
    made.run_jobs()
    assert finding_of(home.district, edition).answers == 0


@pytest.mark.django_db
def test_answers_follow_a_person_who_moved(world, cast):
    edition, quiz, home = world
    attempt = made.answer(quiz, cast.participant, right=2)
    cast.participant.memberships.update(unit=home.clinic)
    made.run_jobs()
    assert attempt.unit == home.district
    assert finding_of(home.clinic, edition).answers == 12
    assert finding_of(home.district, edition).answers == 0


@pytest.mark.django_db
def test_a_scan_refreshes_the_finding_of_who_came(world, cast):
    edition, quiz, home = world
    made.answer(quiz, cast.participant, right=6)
    made.run_jobs()
    before = finding_of(home.district, edition)
    door = attendance_made.at_the_door(cast)
    attendance_made.scanned(door.event, attendance_made.badge(door.row), by=door.steward)
    made.run_jobs()

    after = finding_of(home.district, edition)
    assert after.refreshed_at > before.refreshed_at
    assert after.estimate != before.estimate
    rows = attendance_on(timezone.localdate())
    assert [(row["day"].isoformat(), row["present"]) for row in rows] == [("2026-05-25", True)]


@pytest.mark.django_db
def test_nobody_is_absent_before_the_last_day_of_an_event_is_over(cast):
    door = attendance_made.at_the_door(cast)
    attendance_made.joined(door.event, cast.colleague)
    day = door.event.sessions.last().ends_at.date()
    assert attendance_on(day) == []

    attendance_made.scanned(door.event, attendance_made.badge(door.row), by=door.steward)
    assert [row["present"] for row in attendance_on(day)] == [True]
    rows = attendance_on(day + timedelta(days=1))
    assert sorted(row["present"] for row in rows) == [False, True]


@pytest.mark.django_db
def test_two_rows_of_one_human_are_one_person(world, cast):
    edition, quiz, home = world
    made.answer(quiz, cast.participant, right=2)
    made.answer(quiz, cast.colleague, right=2)
    cast.colleague.merged_into = cast.participant
    cast.colleague.save()
    made.run_jobs()
    finding = finding_of(home.district, edition)
    assert (finding.answering, finding.answers) == (1, 24)
    assert finding.only_contributor == cast.participant


@pytest.mark.django_db
def test_d09_emptied_tables_come_back_with_the_same_addresses_and_words(world, cast):
    edition, quiz, home = world
    for person in (cast.participant, cast.colleague):
        made.answer(quiz, person, right=2)
    made.answer(quiz, cast.stranger, right=12)
    made.run_jobs()
    with transaction.atomic():
        jobs.enter("insights.calibrate", "", "refresh")
    made.run_jobs()

    def told():
        rows = Finding.objects.select_related("unit", "edition")
        return {tuple(row.address.values()): (row.word, row.answers) for row in rows}

    before, kept = told(), AuditEntry.objects.filter(verb="insights.calibrate").count()
    numbers = finding_of(home.district, edition).estimate
    for table in (Rollup, Finding, Calibration):
        table.objects.all().delete()
    with transaction.atomic():
        jobs.enter("insights.refresh_unit", str(home.district.pk), "refresh")
    made.run_jobs()

    assert told() == before
    assert len(before) == 10 * 6  # units of both regencies, areas that ZI scores
    assert finding_of(home.district, edition).estimate == pytest.approx(numbers, abs=1e-9)
    entries = AuditEntry.objects.filter(verb="insights.calibrate").order_by("pk")
    assert entries.count() == kept + 1
    assert entries.last().detail.values["constants"]["schema"] == 2


@pytest.mark.django_db
def test_answers_that_grew_by_a_twentieth_ask_for_a_calibration(world, cast):
    made.run_jobs()
    first = Calibration.objects.get()
    made.answer(world[1], cast.participant, right=2)
    made.run_jobs()
    waiting = jobs.Job.objects.get(name="insights.calibrate", state="queued")
    assert (waiting.due_at - first.made_at).total_seconds() >= 300
    assert finding_of(world[2].district, world[0]).answers == 12


@pytest.mark.django_db(transaction=True)
def test_d06_the_worker_refreshes_a_finding_within_seconds(worker, world, cast):
    edition, quiz, home = world
    wait_until(lambda: finding_of(home.district, edition), 20, what="a first finding")

    made.answer(quiz, cast.participant, right=2)
    made.answer(quiz, cast.colleague, right=3)
    wait_until(lambda: finding_of(home.district, edition).answers == 24, 10, what="2 of 2 credits")

    before = finding_of(home.district, edition).p_weak
    made.sheet(home.district, edition, strength=0.9)
    wait_until(lambda: finding_of(home.district, edition).p_weak < before, 10, what="the new sheet")
