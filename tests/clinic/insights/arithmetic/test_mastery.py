"""The fit and the refresh of one unit, on a clinic and on worlds with groups."""

import json
from dataclasses import fields, replace

import numpy as np
import pytest

from clinic.insights.arithmetic.calibration import CalibrationUnreadable, from_json
from clinic.insights.arithmetic.mastery import fit, refresh_unit
from clinic.insights.arithmetic.observations import Answers, Evidence, Observations, observe
from clinic.insights.package import read_package
from tests.clinic.insights.model_worlds import MULTI
from tests.clinic.insights.parts import events_by_group, only_unit
from tests.clinic.insights.worlds import Size, world

GROUPED = Size(groups=6, units=36, people=240, events=2, per_quiz=8, turnout=0.6)
SHOWN = ("mean", "low", "high", "gap")


def evidence_of(size, tmp_path_factory) -> Evidence:
    folder = tmp_path_factory.mktemp("package") / "p"
    world(size, 5).write(folder)
    return read_package(folder).evidence


@pytest.fixture(scope="module", params=["clinic", GROUPED], ids=["clinic", "grouped"])
def evidence(request, tmp_path_factory) -> Evidence:
    return evidence_of(request.param, tmp_path_factory)


@pytest.fixture(scope="module")
def clinic(tmp_path_factory) -> Observations:
    return observe(evidence_of("clinic", tmp_path_factory))


def test_a_refresh_agrees_with_the_whole_fit(evidence):
    seen = observe(evidence)
    fitted = fit(seen, threshold=0.65)
    stored = from_json(json.loads(json.dumps(fitted.calibration.to_json())))
    held = events_by_group(evidence, seen)

    for unit in range(0, len(seen.units), 3):
        own = refresh_unit(stored, observe(only_unit(evidence, seen, unit), events_held=held))
        for name in SHOWN:
            np.testing.assert_allclose(
                getattr(own, name)[unit], getattr(fitted.estimates, name)[unit], atol=1e-4
            )


def test_a_calibration_survives_json_exactly(evidence):
    stored = fit(observe(evidence), threshold=0.65, as_of=7, package="abc").calibration.to_json()

    assert from_json(json.loads(json.dumps(stored))).to_json() == stored
    assert stored["schema"] == 2


def test_a_calibration_from_before_dispersion_weighs_partial_credit_as_it_did(clinic):
    stored = fit(clinic, threshold=0.65).calibration.to_json()
    older = {name: value for name, value in stored.items() if name != "dispersion"}

    read = from_json({**older, "schema": 1})

    assert min(stored["dispersion"]) < 0.6
    assert (read.parameters.dispersion == 1).all()


def test_a_calibration_of_another_schema_is_refused(clinic):
    stored = fit(clinic, threshold=0.65).calibration.to_json()

    with pytest.raises(CalibrationUnreadable) as refused:
        from_json({**stored, "schema": 99})

    assert refused.value.code == "calibration_unreadable"


def test_an_item_newer_than_the_calibration_enters_with_its_prior(evidence):
    seen = observe(evidence)
    calibration = fit(seen, threshold=0.65).calibration
    unit = int(seen.person_unit[seen.answers.person[0]])
    own = observe(only_unit(evidence, seen, unit))
    newest = own.items[own.answers.item[0]]
    older = {name: item for name, item in calibration.items.items() if name != newest}

    estimates = refresh_unit(replace(calibration, items=older), own)

    assert np.isfinite(estimates.mean[unit]).all()


@pytest.mark.parametrize("credit", [1.0, 0.0], ids=["right", "wrong"])
def test_better_answers_never_lower_and_worse_never_raise_a_unit(clinic, credit):
    before = fit(clinic, threshold=0.65).estimates.mean
    answers = clinic.answers
    for unit in np.flatnonzero(np.isfinite(before[:, 0]))[::5]:
        own = np.flatnonzero(clinic.person_unit[answers.person] == unit)
        for changed in (own[:1], own[: len(own) // 2], own):
            bent_credit = answers.credit.copy()
            bent_credit[changed] = credit
            bent = replace(clinic, answers=replace(answers, credit=bent_credit))
            after = fit(bent, threshold=0.65).estimates.mean
            direction = 1 if credit else -1
            assert (direction * (after[unit] - before[unit]) > -0.001).all()


def whole_credits(seen: Observations) -> Observations:
    return replace(seen, answers=replace(seen.answers, credit=np.round(seen.answers.credit)))


def test_without_partial_credit_every_answer_weighs_the_same(clinic):
    found = fit(whole_credits(clinic), threshold=0.65).calibration.parameters

    assert (found.dispersion == 1).all()


def test_a_few_partial_credits_are_trusted_little_more_than_whole_ones(clinic):
    credit = whole_credits(clinic).answers.credit.copy()
    credit[np.flatnonzero(clinic.item_kind[clinic.answers.item] == MULTI)[:3]] = 0.5

    found = fit(
        replace(clinic, answers=replace(clinic.answers, credit=credit)), threshold=0.65
    ).calibration.parameters

    assert 0.9 < found.dispersion[MULTI] < 1


def heard(clinic: Observations) -> np.ndarray:
    return np.unique(clinic.person_unit[clinic.answers.person])


def test_units_without_answers_have_no_numbers(clinic):
    first = heard(clinic)[0]
    others = clinic.person_unit[clinic.answers.person] != first
    kept = {f.name: getattr(clinic.answers, f.name)[others] for f in fields(Answers)}

    estimates = fit(replace(clinic, answers=Answers(**kept)), threshold=0.65).estimates

    assert np.isnan(estimates.mean[first]).all()
    assert np.isnan(estimates.gap[first]).all()
    assert np.isfinite(estimates.mean[heard(clinic)[1:]]).all()


def test_the_interval_holds_the_estimate_and_stays_a_share(clinic):
    estimates, units = fit(clinic, threshold=0.65).estimates, heard(clinic)
    low, mean, high = (getattr(estimates, name)[units] for name in ("low", "mean", "high"))

    assert ((low >= 0) & (low < mean) & (mean < high) & (high <= 1)).all()


def test_a_higher_bar_makes_gaps_likelier(clinic):
    low, high = (fit(clinic, threshold=bar).estimates.gap for bar in (0.55, 0.75))

    assert (low < high)[heard(clinic)].all()
