"""Estimates of whole packages: format, determinism, and packages with little in them."""

import math
import re

import numpy as np
import pandas as pd
import pytest

from clinic.insights.estimating import COLUMNS, estimate_package, write_estimates
from clinic.insights.package import write_package
from tests.clinic.insights.small import AREAS, MANIFEST, column, estimates, rows
from tests.clinic.insights.worlds import world

WORDS = {"sound", "knowledge-gap", "practice-gap", "hidden-risk", "unknown"}


def written(folder, out) -> bytes:
    write_estimates(out, estimate_package(folder).rows)
    return out.read_bytes()


def test_the_file_has_the_columns_order_and_form_of_the_contract(tmp_path):
    world("clinic", 1).write(tmp_path / "p")
    text = written(tmp_path / "p", tmp_path / "out.csv").decode()
    header, *lines = text.split("\n")[:-1]

    assert header == ",".join(COLUMNS)
    assert text.endswith("\n")
    assert "\r" not in text
    table = pd.read_csv(tmp_path / "out.csv", dtype=str, keep_default_na=False)
    assert list(table["unit_id"]) == sorted(table["unit_id"])
    assert len(lines) == 41 * 8
    for name in ("estimate", "lo90", "hi90", "p_gap", "p_weak", "share", "coverage", "priority"):
        assert table[name].map(lambda v: bool(re.fullmatch(r"(\d+\.\d{6})?", v))).all(), name
    assert set(table["diagnosis"]) <= WORDS


def test_areas_come_in_their_display_order(tmp_path):
    given = rows()
    given["areas"].reverse()
    given["assessment"].reverse()

    assert list(estimates(tmp_path / "p", given)["area"])[:2] == list(reversed(AREAS))


def test_the_same_package_gives_the_same_bytes(tmp_path):
    world("clinic", 1).write(tmp_path / "p")

    assert written(tmp_path / "p", tmp_path / "a.csv") == written(
        tmp_path / "p", tmp_path / "b.csv"
    )


def test_the_order_of_rows_changes_nothing(tmp_path):
    made = world("year", 1)
    made.write(tmp_path / "p")
    for name, table in made.tables.items():
        if name != "areas":
            made.tables[name] = table.sample(frac=1, random_state=3)
    made.write(tmp_path / "q")

    assert written(tmp_path / "p", tmp_path / "a.csv") == written(
        tmp_path / "q", tmp_path / "b.csv"
    )


def test_other_labels_change_only_the_order(tmp_path):
    made = world("clinic", 1)
    made.write(tmp_path / "p")
    before = estimate_package(tmp_path / "p").rows
    for table in made.tables.values():
        for name in ("unit_id", "person_id", "item_id", "attempt_id", "group_id"):
            if name in table:
                table[name] = table[name].map(lambda label: f"{str(label)[::-1]}-z")
    made.write(tmp_path / "q")
    after = estimate_package(tmp_path / "q").rows
    after["unit_id"] = after["unit_id"].str[:-2].str[::-1]
    after = after.sort_values("unit_id", kind="stable").reset_index(drop=True)

    pd.testing.assert_frame_equal(after, before, atol=1e-6, rtol=0)


def test_open_void_and_late_attempts_change_nothing(tmp_path):
    made = world("clinic", 1)
    made.write(tmp_path / "p")
    attempts, responses = made.tables["attempts"], made.tables["responses"]
    stray = attempts["attempt_id"].str.startswith("x-")
    assert stray.any()
    made.tables["attempts"] = attempts[~stray]
    made.tables["responses"] = responses[~responses["attempt_id"].str.startswith("x-")]
    made.write(tmp_path / "q")

    assert written(tmp_path / "p", tmp_path / "a.csv") == written(
        tmp_path / "q", tmp_path / "b.csv"
    )


def test_what_was_left_out_is_told(tmp_path):
    given = rows()
    given["attempts"][0].update({"state": "open", "submitted": None})
    given["memberships"] = given["memberships"][:-1]
    for item in given["items"]:
        item["in_pool"] = int(item["area"] == "sdm")
    write_package(tmp_path / "p", MANIFEST, given)
    estimated = estimate_package(tmp_path / "p")

    assert estimated.warnings == (
        "people without a unit on the day of the package: 1",
        "open attempts, skipped: 1",
        "area without pool items, its mastery is unknown: pengawasan",
    )
    assert estimated.counts["people"] == 17


def test_no_sheet_leaves_the_estimate_and_makes_the_diagnosis_unknown(tmp_path):
    with_sheet = estimates(tmp_path / "p", rows())
    without = estimates(tmp_path / "q", {**rows(), "assessment": []})

    pd.testing.assert_series_equal(with_sheet["estimate"], without["estimate"])
    assert set(without["diagnosis"]) == {"unknown"}
    assert without["p_weak"].isna().all()
    assert without["priority"].isna().all()


def test_a_unit_without_answers_is_unknown_and_has_no_numbers(tmp_path):
    given = rows()
    given["responses"] = [r for r in given["responses"] if not r["attempt_id"].startswith("a-p0")]
    table = estimates(tmp_path / "p", given)
    silent = table[table["unit_id"] == "u0"]

    assert silent[["estimate", "lo90", "hi90", "p_gap", "priority"]].isna().all(axis=None)
    assert set(silent["diagnosis"]) == {"unknown"}
    assert silent["p_weak"].notna().all()


def test_a_unit_with_answers_in_other_areas_has_borrowed_numbers_and_is_unknown(tmp_path):
    given = rows()
    given["responses"] = [
        r
        for r in given["responses"]
        if not (r["attempt_id"].startswith("a-p0") and r["item_id"].startswith("sdm"))
    ]
    table = estimates(tmp_path / "p", given).set_index(["unit_id", "area"])

    assert math.isfinite(table.loc[("u0", "sdm"), "estimate"])
    assert table.loc[("u0", "sdm"), "diagnosis"] == "unknown"
    assert table.loc[("u0", "sdm"), "n_answers"] == 0


def all_credits(credit: float) -> dict:
    given = rows()
    for response in given["responses"]:
        response["credit"] = credit
    return given


def bare_area() -> dict:
    given = rows()
    for item in given["items"]:
        item["in_pool"] = int(item["area"] == "sdm")
    return given


def one_area() -> dict:
    given = rows()
    for name in ("areas", "items", "assessment"):
        given[name] = [row for row in given[name] if row["area"] == "sdm"]
    given["responses"] = [r for r in given["responses"] if r["item_id"].startswith("sdm")]
    return given


def nobody_at_home() -> dict:
    given = rows()
    for membership in given["memberships"]:
        membership["end"] = membership["start"]
    return given


def certain_guess() -> dict:
    given = rows()
    for item in given["items"]:
        item["chance"] = 0.99
    return given


THIN = {
    "no answers": lambda: {**rows(), "responses": []},
    "no sheets": lambda: {**rows(), "assessment": []},
    "no attendance": lambda: {**rows(), "attendance": []},
    "one unit": lambda: rows(units=1),
    "one person a unit": lambda: rows(people_per_unit=1),
    "one area": one_area,
    "an area without pool": bare_area,
    "all right": lambda: all_credits(1.0),
    "all wrong": lambda: all_credits(0.0),
    "all half right": lambda: all_credits(0.5),
    "nobody at home": nobody_at_home,
    "guessing always succeeds": certain_guess,
}


@pytest.mark.parametrize("name", THIN)
def test_a_thin_package_is_answered(tmp_path, name):
    given = THIN[name]()
    table = estimates(tmp_path / "p", given)
    known = table[table["estimate"].notna()]

    assert len(table) == len(given["units"]) * len(given["areas"])
    assert set(table["diagnosis"]) <= WORDS
    assert (table["estimate"].isna() == table["p_gap"].isna()).all()
    assert (column(known, "lo90") <= column(known, "estimate")).all()
    assert (column(known, "estimate") <= column(known, "hi90")).all()
    assert ((column(known, "p_gap") >= 0) & (column(known, "p_gap") <= 1)).all()


def test_all_right_lies_above_all_wrong(tmp_path):
    right = estimates(tmp_path / "p", all_credits(1.0))
    wrong = estimates(tmp_path / "q", all_credits(0.0))

    assert (column(right, "estimate") > column(wrong, "estimate") + 0.3).all()
    assert (column(right, "p_gap") < column(wrong, "p_gap")).all()


def test_priority_is_half_of_the_points_lost_times_the_gap(tmp_path):
    table = estimates(tmp_path / "p", rows())
    expected = 10.0 * (1 - column(table, "share")) * column(table, "p_gap") / 2

    np.testing.assert_allclose(column(table, "priority"), expected)


def test_a_failed_write_leaves_the_old_file_and_no_draft(tmp_path):
    out = tmp_path / "out.csv"
    out.write_text("old")
    table = estimates(tmp_path / "p", rows()).astype({"diagnosis": object})
    table.loc[0, "diagnosis"] = "\ud800"

    with pytest.raises(UnicodeEncodeError):
        write_estimates(out, table)

    assert out.read_text() == "old"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out.csv", "p"]
