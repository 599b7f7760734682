"""From gathered rows to findings: what units know, what their sheets say, and the word for both."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
from django.conf import settings

from clinic.insights import frames
from clinic.insights.arithmetic.belief import Estimates
from clinic.insights.arithmetic.calibration import Calibration as Constants
from clinic.insights.arithmetic.diagnosis import Cell, Diagnosis, diagnose
from clinic.insights.arithmetic.mastery import refresh_unit
from clinic.insights.arithmetic.observations import Observations, observe
from clinic.insights.arithmetic.priority import priority
from clinic.insights.arithmetic.weakness import Weakness, weakness
from clinic.insights.frames import Frame
from clinic.insights.gathered import Gathered
from clinic.insights.models import Finding
from clinic.insights.package import evidence_of_part, table_of_part
from clinic.insights.package_format import ASSESSMENT

REASONS_SCHEMA = 1


@dataclass(frozen=True)
class Contribution:
    """Who and what stands behind one unit and area.

    Attributes:
        people: package ids of those with counted answers.
        in_room: answers given in the room.
        skipped: items of finished attempts that were left blank.
        full: answers that earned the full credit.
    """

    people: frozenset[str] = frozenset()
    in_room: int = 0
    skipped: int = 0
    full: int = 0


@dataclass(frozen=True)
class Knowing:
    """What units know, without a look at any sheet.

    Attributes:
        estimates: of every unit gathered.
        contributions: by unit's package id and area.
    """

    estimates: Estimates
    contributions: Mapping[tuple[str, str], Contribution]


def observed(gathered: Gathered, areas: Iterable[Mapping[str, Any]]) -> Observations:
    """What the knowledge model reads of gathered rows."""
    rows = {**gathered.rows, "areas": list(areas)}
    part = evidence_of_part(manifest(gathered.as_of), rows)
    return observe(part, events_held=gathered.events_held)


def manifest(as_of: date) -> dict[str, Any]:
    """The thresholds of this installation, as a package's manifest holds them."""
    return {
        "as_of": as_of,
        "gap_threshold": settings.KLINIK_GAP_THRESHOLD,
        "weak_threshold": settings.KLINIK_WEAK_THRESHOLD,
    }


def knowing(gathered: Gathered, constants: Constants) -> Knowing:
    """Estimate the gathered units under stored constants."""
    seen = observed(gathered, [_area(slug) for slug in constants.areas])
    return Knowing(refresh_unit(constants, seen), _contributions(gathered, seen))


def _area(slug: str) -> dict[str, Any]:
    return {"area": slug, "name": slug, "max_points": 0}


def _contributions(gathered: Gathered, seen: Observations) -> dict[tuple[str, str], Contribution]:
    home = {
        person: seen.units[unit]
        for person, unit in zip(seen.people, seen.person_unit.tolist(), strict=True)
    }
    area = {row["item_id"]: row["area"] for row in gathered.rows["items"]}
    found: dict[tuple[str, str], list[Any]] = {}
    for asked in gathered.asked:
        if asked.person not in home:
            continue
        cell = found.setdefault((home[asked.person], area[asked.item]), [set(), 0, 0, 0])
        if asked.is_answered:
            cell[0].add(asked.person)
            cell[1] += asked.in_room
            cell[3] += asked.is_full
        else:
            cell[2] += 1
    return {
        key: Contribution(frozenset(people), in_room, skipped, full)
        for key, (people, in_room, skipped, full) in found.items()
    }


def findings(gathered: Gathered, known: Knowing, wanted: Iterable[int]) -> list[Finding]:
    """Make the findings of the wanted units in every frame; nothing is written.

    Args:
        gathered: rows that hold at least the people of these units.
        known: what ``knowing`` said of them.
        wanted: primary keys of units; one that no longer exists has no findings.
    """
    present = [pk for pk in wanted if pk in gathered.units]
    made: list[Finding] = []
    for frame in frames.frames(gathered.as_of):
        sheets = doing(frame, gathered.units, known.estimates)
        worth = frames.worth_of_areas(frame.edition)
        cells = _Cells(frame, gathered, known, sheets)
        made += [
            cells.finding(pk, area, worth[area])
            for pk in present
            for area in known.estimates.areas
            if area in worth
        ]
    return made


def doing(frame: Frame, units: Mapping[int, str], estimates: Estimates) -> Weakness:
    """What the sheets of a frame say of the estimated units, read beside all units' sheets."""
    return weakness(
        table_of_part(ASSESSMENT, frames.assessment_rows(frame, units)),
        units=estimates.units,
        areas=estimates.areas,
        threshold=settings.KLINIK_WEAK_THRESHOLD,
    )


@dataclass(frozen=True)
class _Cells:
    """One frame, ready to be read cell by cell."""

    frame: Frame
    gathered: Gathered
    known: Knowing
    sheets: Weakness

    def finding(self, unit: int, area: str, worth: frames.Worth) -> Finding:
        name = self.gathered.units[unit]
        estimates = self.known.estimates
        place = (estimates.units.index(name), estimates.areas.index(area))
        behind = self.known.contributions.get((name, area), Contribution())
        said = diagnose(_cell(estimates, self.sheets, place))
        return Finding(
            unit_id=unit,
            area_id=area,
            edition=self.frame.edition,
            period=self.frame.period,
            people=int(estimates.people[place[0]]),
            answering=int(estimates.answering[place]),
            answers=int(estimates.answers[place]),
            in_room=behind.in_room,
            skipped=behind.skipped,
            full=behind.full,
            only_contributor_id=self._only(behind),
            priority=_priority(worth, self.sheets.share[place], estimates.gap[place]),
            **_numbers(estimates, self.sheets, place),
            **_said(said),
        )

    def _only(self, behind: Contribution) -> int | None:
        if len(behind.people) != 1:
            return None
        return self.gathered.persons[next(iter(behind.people))]


def _cell(estimates: Estimates, sheets: Weakness, place: tuple[int, int]) -> Cell:
    return Cell(
        gap=float(estimates.gap[place]),
        weak=float(sheets.weak[place]),
        answers=int(estimates.answers[place]),
        coverage=float(sheets.coverage[place]),
        centre=float(estimates.centre[place]),
        spread=float(estimates.spread[place]),
        bar=float(np.ravel(estimates.bar)[place[1]]),
    )


def _numbers(
    estimates: Estimates, sheets: Weakness, place: tuple[int, int]
) -> dict[str, float | None]:
    values = {
        "estimate": estimates.mean,
        "low": estimates.low,
        "high": estimates.high,
        "p_gap": estimates.gap,
        "p_weak": sheets.weak,
        "share": sheets.share,
        "coverage": sheets.coverage,
    }
    return {name: _or_none(float(table[place])) for name, table in values.items()}


def _said(said: Diagnosis) -> dict[str, Any]:
    reasons = [
        {
            "cause": reason.cause.value,
            "more_answers": reason.more_answers,
            "coverage": None if reason.coverage is None else _or_none(reason.coverage),
        }
        for reason in said.reasons
    ]
    return {
        "word": said.word.value,
        "certainty": said.certainty,
        "reasons": {"schema": REASONS_SCHEMA, "reasons": reasons},
    }


def _priority(worth: frames.Worth, share: float, gap: float) -> float | None:
    points = priority(
        max_points=np.array(worth.maximum),
        link_share=np.array(worth.linked),
        share=np.array(share),
        gap=np.array(gap),
    )
    return _or_none(float(points))


def _or_none(value: float) -> float | None:
    return None if math.isnan(value) else value
