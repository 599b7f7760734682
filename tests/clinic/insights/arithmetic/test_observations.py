"""Who belongs where, which answers count, and what each answer already reflects."""

from datetime import date, timedelta

import pytest

from clinic.insights.arithmetic.observations import DAYS_COUNTED, Observations, observe
from tests.clinic.insights.small import MANIFEST, read, rows

OLDEST = MANIFEST["as_of"] - timedelta(days=DAYS_COUNTED)


def seen(given: dict) -> Observations:
    return observe(read(given).evidence)


def place_of(observed: Observations, person: str) -> int:
    """Where a person of the small package stands; its people are numbered in order of their ids."""
    ids = sorted(row["person_id"] for row in rows()["persons"])
    return observed.people.tolist().index(ids.index(person))


def home(given: dict, person: str) -> str:
    observed = seen(given)
    return observed.units[observed.person_unit[place_of(observed, person)]]


def answers_of(observed: Observations, person: str) -> list[tuple[str, int, int]]:
    answers, who = observed.answers, place_of(observed, person)
    return [
        (observed.items[i], int(s), int(later))
        for p, i, s, later in zip(
            answers.person, answers.item, answers.seen, answers.later, strict=True
        )
        if p == who
    ]


@pytest.mark.parametrize(
    ("start", "end", "unit"),
    [
        (date(2025, 1, 1), None, "u3"),
        (date(2025, 1, 1), date(2026, 6, 30), "u3"),
        (date(2025, 1, 1), date(2026, 6, 29), "u0"),
        (date(2026, 6, 30), None, "u3"),
        (date(2026, 7, 1), None, "u0"),
        (date(2024, 1, 1), None, "u3"),
        (date(2023, 1, 1), None, "u0"),
    ],
    ids=["moved", "last day", "left", "first day", "not yet", "same start", "older"],
)
def test_a_person_belongs_to_the_membership_of_the_day(start, end, unit):
    given = rows()
    given["memberships"].append({"person_id": "p00", "unit_id": "u3", "start": start, "end": end})

    assert home(given, "p00") == unit


def test_answers_follow_the_person():
    given = rows()
    given["memberships"].append(
        {"person_id": "p00", "unit_id": "u3", "start": date(2025, 1, 1), "end": None}
    )

    assert len(answers_of(seen(given), "p00")) == 8


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"state": "open", "submitted": None}, "attempts_open"),
        ({"state": "void"}, "attempts_void"),
        ({"submitted": date(2026, 7, 1)}, "attempts_late"),
        ({"submitted": OLDEST - timedelta(days=1)}, "attempts_old"),
        ({"phase": "practice"}, "attempts_not_evidence"),
        ({"phase": "live"}, "attempts_not_evidence"),
    ],
    ids=["open", "void", "late", "old", "practice", "live"],
)
def test_attempts_that_are_no_evidence_are_skipped_and_counted(change, reason):
    given = rows()
    given["attempts"][0].update(change)
    observed = seen(given)

    assert answers_of(observed, "p00") == []
    assert observed.skipped[reason] == 1


def test_what_is_five_years_old_still_counts():
    given = rows()
    given["attempts"][0]["submitted"] = OLDEST

    assert len(answers_of(seen(given), "p00")) == 8


def test_an_event_of_more_than_five_years_ago_is_neither_held_nor_attended():
    given = rows()
    for row in given["attendance"]:
        row["date"] = OLDEST
    observed = seen(given)
    assert set(observed.attended) == {0.0, 1.0}

    for row in given["attendance"]:
        row["date"] = OLDEST - timedelta(days=1)
    assert set(seen(given).attended) == {0.0}


def with_second_attempt(submitted: date, phase: str, number: int = 1) -> dict:
    given = rows()
    given["attempts"].append(
        {
            "attempt_id": "second",
            "person_id": "p01",
            "quiz_id": "q2",
            "number": number,
            "submitted": submitted,
            "phase": phase,
            "state": "finished",
        }
    )
    given["responses"] = [r for r in given["responses"] if r["item_id"] == "sdm-0"]
    given["responses"].append({"attempt_id": "second", "item_id": "sdm-0", "credit": 1.0})
    return given


def test_the_second_answer_to_an_item_has_seen_it():
    observed = seen(with_second_attempt(date(2026, 6, 1), "single"))

    assert [seen_before for _, seen_before, _ in answers_of(observed, "p01")] == [0, 1]


def test_of_one_day_the_quiz_before_the_event_comes_first():
    """The pre answer is the better one here, so an order by credit would call it the second."""
    given = with_second_attempt(date(2026, 5, 5), "post")
    by_attempt = {r["attempt_id"]: r for r in given["responses"]}
    by_attempt["a-p01"]["credit"], by_attempt["second"]["credit"] = 1.0, 0.0

    observed = seen(given)
    who = observed.answers.person == place_of(observed, "p01")

    assert list(observed.answers.credit[who]) == [1.0, 0.0]
    assert list(observed.answers.seen[who]) == [0, 1]


@pytest.mark.parametrize(
    ("submitted", "phase", "later"),
    [
        (date(2026, 5, 4), "single", 1),
        (date(2026, 5, 5), "pre", 1),
        (date(2026, 5, 5), "post", 0),
        (date(2026, 5, 5), "single", 0),
        (date(2026, 5, 6), "pre", 0),
    ],
)
def test_an_answer_does_not_reflect_later_events(submitted, phase, later):
    given = rows()
    given["attempts"][1].update({"submitted": submitted, "phase": phase})

    assert {events for _, _, events in answers_of(seen(given), "p01")} == {later}


def test_at_most_three_later_events_count_and_none_after_the_day():
    given = rows()
    for number, month in enumerate((5, 6, 6, 6, 7)):
        given["attendance"].append(
            {
                "event_id": f"x{number}",
                "person_id": "p01",
                "date": date(2026, month, 10 + number),
                "present": 1,
            }
        )

    assert {events for _, _, events in answers_of(seen(given), "p01")} == {3}


def test_the_share_attended_counts_the_groups_own_events():
    given = rows()
    given["units"][0]["group_id"] = "99.02"
    given["attendance"].append(
        {"event_id": "other", "person_id": "p00", "date": date(2026, 5, 20), "present": 1}
    )
    observed = seen(given)

    assert [observed.attended[place_of(observed, who)] for who in ("p00", "p11", "p10")] == [
        0.5,
        1.0,
        0.0,
    ]


def test_the_digest_sees_content_neither_order_nor_names():
    given = rows()
    before = seen(given).digest
    turned = {name: list(reversed(some)) for name, some in given.items() if name != "areas"}
    turned["areas"] = given["areas"]
    assert seen(turned).digest == before

    others = {row["person_id"]: f"x{n}" for n, row in enumerate(reversed(given["persons"]))}
    for name in ("persons", "memberships", "attendance", "attempts"):
        for row in given[name]:
            row["person_id"] = others[row["person_id"]]
    assert seen(given).digest == before

    given["responses"][0]["credit"] = 1 - given["responses"][0]["credit"]
    assert seen(given).digest != before
