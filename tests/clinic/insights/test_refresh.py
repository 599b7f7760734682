"""From acts to findings: by jobs, at their cells, and again after everything was emptied."""

import re
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.forms import model_to_dict
from django.utils import timezone

from clinic.assessments.models import Sheet
from clinic.insights import evidence
from clinic.insights.arithmetic.observations import DAYS_COUNTED
from clinic.insights.models import Calibration, Finding, Rollup
from clinic.records import jobs
from clinic.records.audit import AuditEntry
from clinic.records.jobs import Job
from quizzes.models import Attempt
from scripts.bench import growth
from tests.attendance import made as attendance_made
from tests.clinic.insights import made
from tests.clinic.insights.made import AREA, PERIOD
from tests.plans import plan_of
from tests.processes import wait_until
from tests.replaying import Recording

MANY = 300
FEW_STEPS = 1.0
"""Thousands of steps of SQLite; reading an attempt takes five at least, so that MANY are more."""


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


def cost_of_job(name, key="") -> growth.Cost:
    """What one run of a job sends, reads and writes."""

    def run():
        write = jobs.HANDLERS[name].call(Job(key=key))
        with transaction.atomic():
            write()
        return 0

    return growth.cost_of(growth.MeasuredAct(name=name, run=run), runs=1)


def cost_of_refresh(unit) -> tuple[int, int]:
    """Statements and rows that one refresh reads and writes."""
    cost = cost_of_job("insights.refresh_unit", str(unit.pk))
    return cost.statements, cost.rows


def add_attempts(like, number, *, person, ended=None) -> None:
    """Add finished attempts of a person, without questions."""
    kept = model_to_dict(like, exclude=["id", "uuid", "number", "person", "finished_at"])
    kept = {Attempt._meta.get_field(name).attname: value for name, value in kept.items()}
    Attempt.objects.bulk_create(
        Attempt(person=person, number=place, finished_at=ended or like.finished_at, **kept)
        for place in range(100, 100 + number)
    )


@pytest.mark.django_db
def test_what_a_refresh_reads_does_not_grow_with_past_years(world, cast):
    edition, quiz, home = world
    for back in (1, 2):
        made.sheet(home.district, edition, strength=0.3, period=PERIOD - back)
    made.answer(quiz, cast.participant, right=2)
    made.run_jobs()
    made.calibrate()
    before = cost_of_refresh(home.district)

    for back in (3, 4, 5):
        for unit in (home.district, home.health):
            made.sheet(unit, edition, strength=0.3, period=PERIOD - back)
    for _time in range(3):
        attempt = made.answer(quiz, cast.participant, right=2)
        long_ago = attempt.finished_at - timedelta(days=DAYS_COUNTED + 2)
        Attempt.objects.filter(pk=attempt.pk).update(finished_at=long_ago)
    made.run_jobs()
    made.calibrate()

    assert cost_of_refresh(home.district) == before
    assert finding_of(home.district, edition).answers == 12


@pytest.mark.django_db
def test_a_refresh_reads_no_attempt_of_another_unit(world, cast):
    _edition, quiz, home = world
    own = made.answer(quiz, cast.participant, right=2)
    made.run_jobs()
    made.calibrate()
    before = cost_of_job("insights.refresh_unit", str(home.district.pk))

    add_attempts(own, MANY, person=cast.stranger)

    after = cost_of_job("insights.refresh_unit", str(home.district.pk))
    assert (after.statements, after.rows) == (before.statements, before.rows)
    if connection.vendor == "sqlite":
        assert after.steps - before.steps < FEW_STEPS


def settle():
    """Make what is lacking, and publish it: a second calibration finds nothing new to publish."""
    made.run_jobs()
    for _night in range(2):
        made.calibrate()


@pytest.mark.django_db
def test_a_calibration_does_no_work_for_years_that_cannot_change(world, cast):
    edition, quiz, home = world
    own = made.answer(quiz, cast.participant, right=2)
    for back in (1, 2):
        made.sheet(home.district, edition, strength=0.3, period=PERIOD - back)
    settle()
    before = cost_of_job("insights.calibrate")

    for back in (3, 4, 5):
        for unit in (home.district, home.health):
            made.sheet(unit, edition, strength=0.3, period=PERIOD - back)
    settle()
    long_ago = own.finished_at - timedelta(days=DAYS_COUNTED + 2)
    add_attempts(own, MANY, person=cast.stranger, ended=long_ago)

    after = cost_of_job("insights.calibrate")
    kept = 2  # calibrations more, up to thirty
    assert (after.statements, after.rows) == (before.statements, before.rows + kept)
    if connection.vendor == "sqlite":
        assert after.steps - before.steps < FEW_STEPS


@pytest.mark.django_db
@pytest.mark.parametrize("model", [Sheet, Finding, Rollup])
def test_one_edition_and_year_is_found_by_an_index_without_the_others(model, world):
    rows = model.objects.order_by().filter(edition=world[0], period=PERIOD)
    if model is Rollup:
        rows = rows.filter(audience="public")

    assert re.search(r"edition_id\W+\S+ and \W*period", plan_of(rows).lower())


@pytest.mark.django_db
def test_an_earlier_year_keeps_its_finding_until_its_sheet_changes(world, cast):
    edition, quiz, home = world
    earlier, here = PERIOD - 2, {"unit": home.district, "area": AREA, "edition": edition}
    for period in (earlier, PERIOD - 1):
        made.sheet(home.district, edition, strength=0.2, period=period)
    made.run_jobs()
    first = Finding.objects.get(**here, period=earlier)
    assert first.answers == 0

    made.answer(quiz, cast.participant, right=2)
    made.run_jobs()
    made.calibrate()
    kept = Finding.objects.get(**here, period=earlier)
    assert (kept.refreshed_at, kept.answers) == (first.refreshed_at, 0)
    assert Finding.objects.get(**here, period=PERIOD - 1).answers == 12

    made.sheet(home.district, edition, strength=0.9, period=earlier)
    made.run_jobs()
    renewed = Finding.objects.get(**here, period=earlier)
    assert renewed.p_weak < kept.p_weak
    assert renewed.answers == 12


@pytest.mark.django_db
def test_the_log_holds_the_constants_of_a_calibration_once(world, cast):
    made.run_jobs()
    made.calibrate()
    made.answer(world[1], cast.participant, right=2)
    made.calibrate()

    entries = AuditEntry.objects.filter(verb="insights.calibrate").order_by("pk")
    values = [entry.detail.values for entry in entries]
    assert ["constants" in each for each in values] == [True, False, True]
    assert [each["constants_digest"] == values[0]["constants_digest"] for each in values] == [
        True,
        True,
        False,
    ]
    logged = {each["constants_digest"]: each["constants"] for each in values if "constants" in each}
    for entry, each in zip(entries, values, strict=True):
        stored = Calibration.objects.get(uuid=entry.thing_id).constants
        assert {**logged[each["constants_digest"]], "as_of": each["as_of"]} == stored


@pytest.mark.django_db
def test_while_an_event_is_under_way_answers_ask_for_no_calibration(world, cast):
    made.run_jobs()
    door = attendance_made.at_the_door(cast)
    now, later = timezone.now(), timezone.now() + timedelta(hours=3)
    door.event.sessions.update(starts_at=now - timedelta(hours=1), ends_at=later)
    made.answer(world[1], cast.participant, right=2)
    made.run_jobs()

    assert jobs.Job.objects.get(name="insights.calibrate", state="queued").due_at == later


@pytest.mark.django_db
def test_a_calibration_writes_only_what_changed_for_the_wide_audiences(world, cast):
    made.answered_by(world, cast, 5)
    first = {row.pk: row.made_at for row in Rollup.objects.all()}
    assert first

    made.calibrate()
    assert {row.pk: row.made_at for row in Rollup.objects.all()} == first


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
