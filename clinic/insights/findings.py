"""The findings of one unit, made anew under the stored constants.

From gathered rows to findings: what units know, what their sheets say, and the word for both.

What the two widest audiences may read, with suppression applied before anything is written.

Published at a calibration and not at an answer. A cell whose contributors changed by fewer than the
audience's minimum keeps what stood there: old and new together would tell of the few.

The constants of the knowledge model: made from all answers, kept, and kept once more in audit.

Made nightly, and again when the answers have grown by a twentieth (judged); never by a page.
"""

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby
from typing import Any

import numpy as np
from django.conf import settings
from django.db import transaction
from django.utils import timezone

from clinic.insights import evidence, frames
from clinic.insights.arithmetic import calibration as constants_form
from clinic.insights.arithmetic import mastery
from clinic.insights.arithmetic.belief import Estimates
from clinic.insights.arithmetic.calibration import Calibration as Constants
from clinic.insights.arithmetic.diagnosis import Cell, Diagnosis, diagnose, priority
from clinic.insights.arithmetic.mastery import fit
from clinic.insights.arithmetic.observations import Observations, observe
from clinic.insights.arithmetic.suppression import BY_CALIBRATION, Audience, suppress, tells_apart
from clinic.insights.arithmetic.weakness import Weakness, weakness
from clinic.insights.evidence import Gathered
from clinic.insights.frames import Frame
from clinic.insights.models import Calibration, Finding, Rollup
from clinic.insights.package import evidence_of_part, rows_digest, table_of_part
from clinic.insights.package_format import ASSESSMENT
from clinic.insights.reading import minima
from clinic.records import audit, jobs
from clinic.records.jobs import Job

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
    return Knowing(mastery.refresh_unit(constants, seen), _contributions(gathered, seen))


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


COPIED = (
    "unit_id",
    "area_id",
    "edition_id",
    "period",
    "word",
    "certainty",
    "estimate",
    "low",
    "high",
    "people",
    "answering",
    "answers",
    "reasons",
)

Address = tuple[int, str, int, int]


@transaction.atomic
def publish(findings: Iterable[Finding]) -> None:
    """Replace what the wide audiences read by what they may read of these findings."""
    listed = list(findings)
    for audience in sorted(BY_CALIBRATION):
        minimum = minima()[audience]
        before = {_address(row): row for row in Rollup.objects.filter(audience=audience)}
        rows = [
            _row(finding, audience, before.get(_address(finding)), minimum)
            for finding in _shown(listed, minimum)
        ]
        Rollup.objects.filter(audience=audience).delete()
        Rollup.objects.bulk_create(rows)


def _shown(findings: list[Finding], minimum: int) -> list[Finding]:
    """Keep the cells that enough people stand behind, frame by frame; no total is published."""
    kept: list[Finding] = []
    by_frame = sorted(findings, key=_frame)
    for _key, group in groupby(by_frame, key=_frame):
        cells = list(group)
        people = np.array([[cell.answering] for cell in cells], dtype=np.int64)
        hidden = suppress(people, minimum=minimum, row_totals=False, column_totals=False).cells
        kept += [cell for cell, away in zip(cells, hidden[:, 0], strict=True) if not away]
    return kept


def _frame(finding: Finding) -> tuple[int, int]:
    return finding.edition_id, finding.period


def _address(row: Finding | Rollup) -> Address:
    return row.unit_id, row.area_id, row.edition_id, row.period


def _row(finding: Finding, audience: Audience, before: Rollup | None, minimum: int) -> Rollup:
    unit = str(finding.unit_id)
    if before is not None and tells_apart(
        {unit: before.answering}, {unit: finding.answering}, minimum=minimum
    ):
        before.pk = None
        return before
    return Rollup(audience=audience, **{name: getattr(finding, name) for name in COPIED})


CALIBRATE_JOB = "insights.calibrate"
REFRESH_JOB = "insights.refresh_unit"
GROWTH = 0.05
PAUSE = timedelta(minutes=5)
"""Least time between two calibrations that growth asks for (judged)."""
KEPT = 30
"""Older calibrations stand in the audit log alone."""


@dataclass(frozen=True)
class Calibrated:
    """A new calibration, not yet written, and what it says of every unit."""

    row: Calibration
    findings: list[Finding]
    units: tuple[int, ...]


def newest() -> Calibration | None:
    """The calibration that refreshes use; None before the first."""
    return Calibration.objects.first()


def constants_of(row: Calibration) -> Constants:
    """The constants of a stored calibration.

    Raises:
        CalibrationUnreadable: written by a release that this one does not know.
    """
    return constants_form.from_json(row.constants)


def calibrate() -> Calibrated | None:
    """Fit the model to all answers of today; None while no framework is loaded."""
    today = timezone.localdate()
    known_frames = frames.frames(today)
    if not known_frames:
        return None
    gathered = evidence.gather(today)
    areas = frames.area_rows(known_frames[0].edition)
    seen = observed(gathered, areas)
    digest = rows_digest({**gathered.rows, "areas": areas})
    threshold = manifest(today)["gap_threshold"]
    fitted = fit(seen, threshold=threshold, as_of=today.toordinal(), package=digest)
    row = Calibration(
        constants=fitted.calibration.to_json(), digest=digest, answers=evidence.count_answers()
    )
    known = knowing(gathered, fitted.calibration)
    units = tuple(gathered.units)
    return Calibrated(row, findings(gathered, known, units), units)


def store(calibrated: Calibrated) -> None:
    """Write the calibration, publish to the wide audiences, enter every unit's refresh."""
    with transaction.atomic():
        calibrated.row.save()
        audit.record(
            "insights.calibrate",
            thing=calibrated.row,
            values={"constants": calibrated.row.constants, "digest": calibrated.row.digest},
        )
        Finding.objects.exclude(unit__in=calibrated.units).delete()
        publish(calibrated.findings)
        for unit in calibrated.units:
            jobs.enter(REFRESH_JOB, str(unit), "refresh")
        _forget_old()


def _forget_old() -> None:
    """Drop calibrations that no finding rests on and that are no longer among the newest."""
    newest_keys = list(Calibration.objects.values_list("pk", flat=True)[:KEPT])
    Calibration.objects.exclude(pk__in=newest_keys).filter(findings__isnull=True).delete()


def enter_if_due(row: Calibration | None) -> None:
    """Enter a calibration when there is none, or when answers have grown by a twentieth."""
    if row is None:
        jobs.enter(CALIBRATE_JOB, "", "refresh")
        return
    has_grown = evidence.count_answers() > row.answers * (1 + GROWTH)
    waiting = Job.objects.filter(name=CALIBRATE_JOB, key="", state=Job.State.QUEUED)
    if has_grown and not waiting.exists():
        jobs.enter(CALIBRATE_JOB, "", "refresh", due_at=max(timezone.now(), row.made_at + PAUSE))


ADDRESS = ("unit", "area", "edition", "period")
CONTENT = [
    field.attname
    for field in Finding._meta.concrete_fields
    if not field.primary_key and field.name not in ADDRESS
]


def refresh_unit(unit: int) -> Callable[[], None]:
    """Compute the unit's findings from what is recorded now; return the write.

    Before the first calibration the write only enters one: it enters every unit's refresh in turn.
    """
    row = newest()
    made: list[Finding] = []
    if row is not None:
        gathered = evidence.gather(timezone.localdate(), within=[unit])
        known = knowing(gathered, constants_of(row))
        made = findings(gathered, known, [unit])
        for finding in made:
            finding.calibration = row

    def write() -> None:
        if row is not None:
            _write(unit, made)
        enter_if_due(row)

    return write


@transaction.atomic
def _write(unit: int, made: list[Finding]) -> None:
    """Put the findings at their addresses; cells that are no longer made go."""
    Finding.objects.bulk_create(
        made, update_conflicts=True, unique_fields=list(ADDRESS), update_fields=CONTENT
    )
    kept = {(each.area_id, each.edition_id, each.period) for each in made}
    stored = Finding.objects.filter(unit=unit).values_list("pk", "area", "edition", "period")
    Finding.objects.filter(pk__in=[pk for pk, *cell in stored if tuple(cell) not in kept]).delete()
