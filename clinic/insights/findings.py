"""From evidence to findings: what units know, what their sheets say, and the word for both.

A calibration fits the constants of the knowledge model to all answers, each night and again when
the answers have grown by a twentieth; a refresh makes one unit's findings anew under them. What the
two widest audiences read is published by calibrations and not by answers, after suppression: a cell
whose contributors changed by fewer than the audience's minimum keeps what stood there, since old
and new together would tell of the few.
"""

import hashlib
import json
import math
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby
from typing import Any, SupportsFloat

import numpy as np
from django.conf import settings
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone
from numpy.typing import NDArray

from clinic.insights import evidence, frames
from clinic.insights.arithmetic import calibration as constants_form
from clinic.insights.arithmetic import mastery
from clinic.insights.arithmetic.belief import Estimates
from clinic.insights.arithmetic.calibration import Constants
from clinic.insights.arithmetic.diagnosis import CellBelief, Cuts, diagnose
from clinic.insights.arithmetic.mastery import fit
from clinic.insights.arithmetic.observations import (
    DAYS_COUNTED,
    KINDS,
    PHASES,
    STATES,
    STILL_THERE,
    Evidence,
    Integers,
    Observations,
    find,
    observe,
)
from clinic.insights.arithmetic.suppression import BY_CALIBRATION, tells_apart
from clinic.insights.arithmetic.tables import priority, suppress
from clinic.insights.arithmetic.weakness import Weakness, weakness
from clinic.insights.evidence import Gathered
from clinic.insights.frames import Frame
from clinic.insights.models import Calibration, Finding, Rollup
from clinic.insights.reading import minima
from clinic.people.models import Unit
from clinic.records import audit, jobs
from clinic.records.jobs import Job

REASONS_SCHEMA = 1


@dataclass(frozen=True)
class Contributions:
    """What stands behind each unit (rows) and area (columns).

    Attributes:
        in_room: answers given in the room.
        skipped: items of finished attempts that were left blank.
        full: answers that earned the full credit.
        only: the person who gave all answers, by primary key; 0 where nobody or several did.
    """

    in_room: Integers
    skipped: Integers
    full: Integers
    only: Integers


@dataclass(frozen=True)
class Knowing:
    """What units know, without a look at any sheet."""

    estimates: Estimates
    contributions: Contributions


def first_day(today: date) -> date:
    """The first day whose answers and events count today."""
    return today - timedelta(days=DAYS_COUNTED)


def to_evidence(gathered: Gathered, areas: Sequence[str]) -> Evidence:
    """Gathered rows as the columns of evidence; persons, events and attempts keep their keys."""
    items = gathered.items
    place = {row["key"]: number for number, row in enumerate(items)}
    return Evidence(
        as_of=gathered.as_of.toordinal(),
        areas=tuple(areas),
        units=tuple(row["unit_id"] for row in gathered.units),
        groups=tuple(row["group_id"] for row in gathered.units),
        items={
            "item": np.array([row["item_id"] for row in items], dtype=object),
            "area": _to_integers(areas.index(row["area"]) for row in items),
            "kind": _to_integers(KINDS.index(row["kind"]) for row in items),
            "chance": np.array([row["chance"] for row in items], dtype=np.float64),
            "in_pool": np.array([row["in_pool"] for row in items], dtype=bool),
        },
        memberships={
            "person": _to_integers(row["person"] for row in gathered.memberships),
            "unit": _place_units(gathered, gathered.memberships),
            "start": _to_integers(row["start"].toordinal() for row in gathered.memberships),
            "end": _to_integers(
                row["end"].toordinal() if row["end"] else STILL_THERE
                for row in gathered.memberships
            ),
        },
        attendance={
            "event": _to_integers(row["event"] for row in gathered.attendance),
            "person": _to_integers(row["person"] for row in gathered.attendance),
            "day": _to_integers(row["day"].toordinal() for row in gathered.attendance),
            "present": _to_integers(row["present"] for row in gathered.attendance),
        },
        attempts={
            "attempt": _to_integers(row["attempt"] for row in gathered.attempts),
            "person": _to_integers(row["person"] for row in gathered.attempts),
            "number": _to_integers(row["number"] for row in gathered.attempts),
            "submitted": _to_integers(
                row["submitted"].toordinal() if row["submitted"] else 0 for row in gathered.attempts
            ),
            "phase": _to_integers(PHASES.index(row["phase"]) for row in gathered.attempts),
            "state": _to_integers(STATES.index(row["state"]) for row in gathered.attempts),
            "in_room": _to_integers(row["in_room"] for row in gathered.attempts),
        },
        responses={
            "attempt": np.asarray(gathered.asked["attempt"], dtype=np.int64),
            "item": _to_integers(map(place.__getitem__, gathered.asked["question"])),
            "credit": np.asarray(gathered.asked["credit"], dtype=np.float64),
        },
    )


def _to_integers(values: Iterable[int]) -> Integers:
    return np.fromiter(values, dtype=np.int64)


def _place_units(gathered: Gathered, rows: Iterable[Mapping[str, Any]]) -> Integers:
    place = {row["key"]: number for number, row in enumerate(gathered.units)}
    return _to_integers(place[row["unit"]] for row in rows)


def know(evidence: Evidence, seen: Observations, constants: Constants) -> Knowing:
    """Estimate units under stored constants.

    Args:
        evidence: of some units or of all.
        seen: what the model reads of it.
        constants: those of the newest calibration.
    """
    return Knowing(mastery.refresh_unit(constants, seen), _count_contributions(evidence, seen))


def _count_contributions(evidence: Evidence, seen: Observations) -> Contributions:
    size = len(seen.units), len(seen.areas)
    asked, attempts = evidence.responses, evidence.attempts
    by_key = np.argsort(attempts["attempt"])
    attempt = by_key[np.searchsorted(attempts["attempt"][by_key], asked["attempt"])]
    by_person = np.argsort(seen.people)
    place = find(seen.people[by_person], attempts["person"][attempt])
    known = place >= 0
    person, credit = by_person[place[known]], asked["credit"][known]
    in_room = attempts["in_room"][attempt][known] == 1
    cell = seen.person_unit[person] * size[1] + seen.item_area[asked["item"][known]]

    def count(which: NDArray[np.bool_]) -> Integers:
        return np.bincount(cell[which], minlength=size[0] * size[1]).reshape(size)

    answered = credit >= 0
    pairs = np.unique(cell[answered] * len(seen.people) + person[answered])
    cells, first, people = np.unique(
        pairs // max(len(seen.people), 1), return_index=True, return_counts=True
    )
    alone = pairs[first[people == 1]] % max(len(seen.people), 1)
    only = np.zeros(size[0] * size[1], dtype=np.int64)
    only[cells[people == 1]] = seen.people[alone]
    return Contributions(
        in_room=count(answered & in_room),
        skipped=count(~answered),
        full=count(credit == 1),
        only=only.reshape(size),
    )


def make_findings(
    gathered: Gathered, known: Knowing, wanted: Collection[int], chosen: Collection[Frame]
) -> list[Finding]:
    """Make the findings of the wanted units in the chosen frames; nothing is written.

    Args:
        gathered: rows that hold at least the people of these units.
        known: what ``know`` said of them.
        wanted: primary keys of units; one that no longer exists has no findings.
        chosen: editions and years.
    """
    made = []
    rows = frames.read_frames(chosen, [row["key"] for row in gathered.units])
    worths = {frame.edition.pk: frames.worth_of_areas(frame.edition) for frame in chosen}
    for frame in chosen:
        sheets = _believe_sheets(rows[frame.edition.pk, frame.period], gathered, known)
        worth = worths[frame.edition.pk]
        for unit, row in enumerate(gathered.units):
            for column, area in enumerate(known.estimates.areas):
                if row["key"] in wanted and area in worth:
                    finding = Finding(
                        unit_id=row["key"], area_id=area, edition=frame.edition, period=frame.period
                    )
                    _fill(finding, (unit, column), known=known, sheets=sheets, worth=worth[area])
                    made.append(finding)
    return made


def _believe_sheets(
    rows: Sequence[Mapping[str, Any]], gathered: Gathered, known: Knowing
) -> Weakness:
    """What the sheets of a frame say of the estimated units, read beside all units' sheets."""
    areas = known.estimates.areas
    points = {
        name: np.array([row[name] for row in rows], dtype=np.float64) for name in frames.POINTS
    }
    return weakness(
        {
            **points,
            "unit": _place_units(gathered, rows),
            "area": _to_integers(areas.index(row["area"]) for row in rows),
            "self_scored": _to_integers(row["self_scored"] for row in rows),
        },
        units=known.estimates.units,
        areas=areas,
        threshold=settings.KLINIK_WEAK_THRESHOLD,
    )


def _fill(
    finding: Finding,
    place: tuple[int, int],
    *,
    known: Knowing,
    sheets: Weakness,
    worth: frames.AreaWorth,
) -> None:
    """Put what is believed of the unit and area at this place into the finding."""
    estimates, behind = known.estimates, known.contributions
    tables = {
        "estimate": estimates.mean,
        "low": estimates.low,
        "high": estimates.high,
        "p_gap": estimates.gap,
        "p_weak": sheets.weak,
        "share": sheets.share,
        "coverage": sheets.coverage,
    }
    for name, table in tables.items():
        setattr(finding, name, _drop_nan(table[place]))
    points = priority(
        max_points=np.array(worth.maximum),
        link_share=np.array(worth.linked),
        share=np.array(sheets.share[place]),
        gap=np.array(estimates.gap[place]),
    )
    finding.priority = _drop_nan(points)
    finding.people = int(estimates.people[place[0]])
    finding.answering = int(estimates.answering[place])
    finding.answers = int(estimates.answers[place])
    finding.in_room = int(behind.in_room[place])
    finding.skipped = int(behind.skipped[place])
    finding.full = int(behind.full[place])
    finding.only_contributor_id = int(behind.only[place]) or None
    diagnosis = diagnose(
        CellBelief(
            gap=float(estimates.gap[place]),
            weak=float(sheets.weak[place]),
            answers=finding.answers,
            coverage=float(sheets.coverage[place]),
            estimate=float(estimates.mean[place]),
            share=float(sheets.share[place]),
            printed=float(sheets.printed[place]),
            centre=float(estimates.centre[place]),
            spread=float(estimates.spread[place]),
            bar=float(np.ravel(estimates.bar)[place[1]]),
        ),
        cuts=Cuts(gap_line=settings.KLINIK_GAP_THRESHOLD, weak_line=settings.KLINIK_WEAK_THRESHOLD),
    )
    finding.word = diagnosis.word.value
    finding.certainty = diagnosis.certainty
    reasons = [
        {
            "cause": reason.cause.value,
            "more_answers": reason.more_answers,
            "coverage": None if reason.coverage is None else _drop_nan(reason.coverage),
        }
        for reason in diagnosis.reasons
    ]
    finding.reasons = {"schema": REASONS_SCHEMA, "reasons": reasons}


def _drop_nan(value: SupportsFloat) -> float | None:
    number = float(value)
    return None if math.isnan(number) else number


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

ADDRESS = ("unit", "area", "edition", "period")
KEYS = frozenset({"unit_id", "area_id", "edition_id", "period"})

Address = tuple[int, str, int, int]


@transaction.atomic
def publish(findings: Iterable[Finding], units: Collection[int]) -> None:
    """Set what the wide audiences read by what they may read of these findings.

    Only what changed is written; what is published of other frames stays.

    Args:
        findings: all of their frames.
        units: those that exist; nothing is published of others.
    """
    listed = list(findings)
    Rollup.objects.filter(unit__in=_find_others(units)).delete()
    for audience in sorted(BY_CALIBRATION):
        minimum = minima()[audience]
        of_frames = Q(pk__in=())
        for edition, period in {_frame(finding) for finding in listed}:
            of_frames |= Q(audience=audience, edition=edition, period=period)
        rows = Rollup.objects.filter(of_frames).order_by()
        before = {_address(row): row for row in rows}
        changed = []
        for finding in _keep_shown(listed, minimum):
            row = before.pop(_address(finding), None)
            if row is None or _may_replace(row, finding, minimum):
                content = {name: getattr(finding, name) for name in COPIED}
                if row is None or any(getattr(row, name) != content[name] for name in COPIED):
                    changed.append(Rollup(audience=audience, **content))
        Rollup.objects.filter(pk__in=[row.pk for row in before.values()]).delete()
        Rollup.objects.bulk_create(
            changed,
            update_conflicts=True,
            unique_fields=["audience", *ADDRESS],
            update_fields=[*(name for name in COPIED if name not in KEYS), "made_at"],
        )


def _find_others(units: Collection[int]) -> QuerySet[Unit]:
    """All other units: their rows are found by an index, those of these units are not read."""
    return Unit.objects.order_by().exclude(pk__in=units)


def _keep_shown(findings: list[Finding], minimum: int) -> list[Finding]:
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


def _may_replace(row: Rollup, finding: Finding, minimum: int) -> bool:
    """Whether old and new together tell nothing of a group below the minimum."""
    unit = str(finding.unit_id)
    return not tells_apart({unit: row.answering}, {unit: finding.answering}, minimum=minimum)


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
    offered = frames.find_offered(today)
    if not offered:
        return None
    began = timezone.now()
    gathered = evidence.gather(today, since=first_day(today))
    areas = [area["area"] for area in frames.area_rows(offered[0].edition)]
    columns = to_evidence(gathered, areas)
    seen = observe(columns)
    fitted = fit(
        seen,
        threshold=settings.KLINIK_GAP_THRESHOLD,
        as_of=today.toordinal(),
        package=seen.digest,
    )
    row = Calibration(
        constants=fitted.calibration.to_json(),
        digest=seen.digest,
        answers=sum(credit >= 0 for credit in gathered.asked["credit"]),
        made_at=began,
    )
    units = tuple(row["key"] for row in gathered.units)
    known = know(columns, seen, fitted.calibration)
    findings = make_findings(gathered, known, units, offered)
    return Calibrated(row, findings, units)


def store(calibrated: Calibrated) -> None:
    """Write the calibration, publish to the wide audiences, enter every unit's refresh."""
    row, before = calibrated.row, newest()
    with transaction.atomic():
        row.save()
        audit.record("insights.calibrate", thing=row, values=_describe(row, before))
        Finding.objects.filter(unit__in=_find_others(calibrated.units)).delete()
        publish(
            [*calibrated.findings, *_find_changed_earlier(calibrated.findings, before)],
            calibrated.units,
        )
        jobs.enter_each(REFRESH_JOB, calibrated.units)
        _forget_old()


def _describe(row: Calibration, before: Calibration | None) -> dict[str, Any]:
    """What the audit log says of a calibration; constants that stand there already by digest alone.

    With the entry that holds the constants of the digest, the day and the append-only answers any
    finding of this calibration can be computed again.
    """
    digest = _digest_constants(row.constants)
    values = {
        "as_of": row.constants["as_of"],
        "digest": row.digest,
        "constants_digest": digest,
    }
    if before is None or _digest_constants(before.constants) != digest:
        values["constants"] = row.constants
    return values


def _digest_constants(constants: Mapping[str, Any]) -> str:
    """SHA-256 of constants, whatever the day on which they were made."""
    content = {name: value for name, value in constants.items() if name != "as_of"}
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def _find_changed_earlier(
    findings: Iterable[Finding], before: Calibration | None
) -> QuerySet[Finding] | list[Finding]:
    """All findings of frames other than these in which one changed since the calibration before."""
    if before is None:
        return []
    changed = Finding.objects.filter(refreshed_at__gt=before.made_at).order_by()
    pairs = set(changed.values_list("edition", "period"))  # DISTINCT would read every year
    of_frames = Q(pk__in=())
    for edition, period in pairs - {_frame(finding) for finding in findings}:
        of_frames |= Q(edition=edition, period=period)
    return Finding.objects.filter(of_frames).order_by()


def _forget_old() -> None:
    """Drop calibrations that no finding rests on and that are no longer among the newest."""
    newest_keys = list(Calibration.objects.values_list("pk", flat=True)[:KEPT])
    Calibration.objects.exclude(pk__in=newest_keys).filter(findings__isnull=True).delete()


def enter_if_due(row: Calibration | None) -> None:
    """Enter a calibration when there is none, or when answers have grown by a twentieth.

    While people sit in an event, their answers wait for its end: the room looks at its own results.
    """
    if row is None:
        jobs.enter(CALIBRATE_JOB, "", "refresh")
        return
    if evidence.count_answers(since=row.made_at) <= row.answers * GROWTH:
        return
    if not Job.objects.filter(name=CALIBRATE_JOB, key="", state=Job.State.QUEUED).exists():
        now = timezone.now()
        due_at = max(evidence.last_day_of_events(now) or now, row.made_at + PAUSE)
        jobs.enter(CALIBRATE_JOB, "", "refresh", due_at=due_at)


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
        today = timezone.localdate()
        gathered = evidence.gather(today, since=first_day(today), within=[unit])
        offered = frames.find_offered(today)
        chosen = [*offered, *frames.find_outdated(unit, offered)]
        constants = constants_of(row)
        columns = to_evidence(gathered, constants.areas)
        seen = observe(columns, events_held=gathered.events_held)
        made = make_findings(gathered, know(columns, seen, constants), [unit], chosen)
        for finding in made:
            finding.calibration = row

    def write() -> None:
        if row is not None:
            _write(unit, made)
        enter_if_due(row)

    return write


@transaction.atomic
def _write(unit: int, made: list[Finding]) -> None:
    """Put the findings at their addresses; cells of their frames that are no longer made go."""
    Finding.objects.bulk_create(
        made, update_conflicts=True, unique_fields=list(ADDRESS), update_fields=CONTENT
    )
    gone = Finding.objects.filter(unit=unit)
    if made:
        of_frames = Q(pk__in=())
        for edition, period in {_frame(finding) for finding in made}:
            of_frames |= Q(edition=edition, period=period)
        gone = gone.filter(of_frames, refreshed_at__lt=min(each.refreshed_at for each in made))
    gone.delete()
