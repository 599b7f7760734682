"""The exported package says what the findings say, and names nobody."""

import csv
import json
import math

import pytest
from django.core.management import call_command
from django.db import transaction

from clinic.insights.arithmetic.mastery import fit, refresh_unit
from clinic.insights.arithmetic.observations import observe
from clinic.insights.arithmetic.weakness import weakness
from clinic.insights.estimating import estimate_package, estimate_rows
from clinic.insights.models import Calibration, Finding
from clinic.insights.package import read_package
from clinic.records import jobs
from tests.attendance import made as attendance_made
from tests.clinic.insights import made
from tests.clinic.insights.parts import events_by_group, only_unit
from tests.replaying import Recording

pytestmark = pytest.mark.django_db

SAME = {
    "estimate": "estimate",
    "lo90": "low",
    "hi90": "high",
    "p_gap": "p_gap",
    "p_weak": "p_weak",
    "n_people": "people",
    "n_answering": "answering",
    "n_answers": "answers",
    "share": "share",
    "coverage": "coverage",
    "priority": "priority",
}
"""Columns of an estimate and the fields of a finding that say the same."""


@pytest.fixture
def world(cast, regencies):
    """Answers in three offices, good and bad sheets, codes of both regencies."""
    ground = (cast.author.pk, regencies[0].root.pk, made.this_hour())
    return WORLD.play(cast, regencies, ground=ground)


def _world(cast, regencies):
    edition, home = made.zi(), regencies[0]
    for root, code in zip(regencies, ("74.99", "74.98"), strict=True):
        type(root.root).objects.filter(pk=root.root.pk).update(national_code=code)
    made.sheet(home.district, edition, strength=0.2)
    made.sheet(home.health, edition, strength=0.9)
    quiz = made.quiz(cast)
    for person, right in ((cast.participant, 1), (cast.colleague, 2), (cast.stranger, 6)):
        made.answer(quiz, person, right=right, blank=0 if right == 6 else 1)
    made.answer(quiz, cast.operator, right=0, phase="practice")
    return home


WORLD = Recording(_world)


def exported(folder, *options):
    call_command("export_evidence", str(folder), *options)
    return folder


def test_a_package_estimates_what_the_findings_say(world, tmp_path):
    with transaction.atomic():
        jobs.enter("insights.calibrate", "", "refresh")
    made.run_jobs()
    rows = estimate_package(exported(tmp_path / "paket")).rows.set_index(["unit_id", "area"])

    findings = list(Finding.objects.select_related("unit"))
    assert len(findings) == 60
    for finding in findings:
        code = "74.99" if finding.unit.slug.endswith("contoh") else "74.98"
        row = rows.loc[f"{code}.{finding.unit.slug}", finding.area_id]
        assert row["diagnosis"] == finding.word
        assert row["n_answers"] == finding.answers
        for ours, theirs in (("estimate", "estimate"), ("p_gap", "p_gap"), ("p_weak", "p_weak")):
            value = getattr(finding, ours)
            if value is None:
                assert row[theirs] != row[theirs]
            else:
                assert row[theirs] == pytest.approx(value, abs=0.002)


def test_package_and_refresh_give_the_same_findings_to_the_last_digit(world, cast, tmp_path):
    door = attendance_made.at_the_door(cast)
    attendance_made.joined(door.event, cast.colleague)
    attendance_made.scanned(door.event, attendance_made.badge(door.row), by=door.steward)
    cast.operator.merged_into = cast.colleague
    cast.operator.save()
    made.calibrate()
    package = read_package(exported(tmp_path / "paket"))

    seen = observe(package.evidence)
    constants = fit(
        seen,
        threshold=package.gap_threshold,
        as_of=package.evidence.as_of,
        package=seen.digest,
    ).calibration
    assert constants.to_json() == Calibration.objects.first().constants
    assert len(set(seen.attended.tolist())) > 1
    held = events_by_group(package.evidence, seen)
    for unit, name in enumerate(seen.units):
        part = observe(only_unit(package.evidence, seen, unit), events_held=held)
        estimates = refresh_unit(constants, part)
        sheets = weakness(
            package.sheets, units=seen.units, areas=seen.areas, threshold=package.weak_threshold
        )
        rows = estimate_rows(package, estimates, sheets).set_index(["unit_id", "area"])
        stored = Finding.objects.filter(unit__slug=name.rpartition(".")[2])
        assert len(stored) == 6
        for finding in stored:
            row = rows.loc[name, finding.area_id]
            assert finding.word == row["diagnosis"]
            for theirs, ours in SAME.items():
                value = getattr(finding, ours)
                assert (theirs, value) == (theirs, row[theirs]) or (
                    value is None and math.isnan(row[theirs])
                )


def test_a_package_names_no_person_and_no_key_of_ours(world, cast, tmp_path):
    folder = exported(tmp_path / "paket")
    text = "".join(path.read_text() for path in folder.iterdir())
    for person in cast.by_role().values():
        for word in (person.name, person.nip, str(person.uuid), person.email):
            assert not word or word not in text
    manifest = json.loads((folder / "manifest.json").read_text())
    assert manifest["source"]["code"] == "74.99, 74.98"
    assert manifest["source"]["release"]
    with (folder / "attempts.csv").open() as stream:
        attempts = list(csv.DictReader(stream))
    assert {row["phase"] for row in attempts} == {"single"}
    assert all(row["attempt_id"].startswith("74.99.a.") for row in attempts)


def test_without_a_national_code_nothing_is_exported(world, regencies, tmp_path, capsys):
    type(regencies[1].root).objects.filter(pk=regencies[1].root.pk).update(national_code="")
    with pytest.raises(SystemExit) as end:
        exported(tmp_path / "paket", "--json")
    assert end.value.code == 1
    assert json.loads(capsys.readouterr().out)["problems"][0]["code"] == "national_code_missing"
    assert not (tmp_path / "paket").exists()


def test_a_year_without_sheets_is_refused(world, tmp_path, capsys):
    with pytest.raises(SystemExit):
        exported(tmp_path / "paket", "--period", "2019", "--json")
    assert json.loads(capsys.readouterr().out)["problems"][0]["code"] == "no_sheet"
