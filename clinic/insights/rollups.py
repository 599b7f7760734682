"""What the two widest audiences may read, with suppression applied before anything is written.

Published at a calibration and not at an answer. A cell whose contributors changed by fewer than the
audience's minimum keeps what stood there: old and new together would tell of the few.
"""

from collections.abc import Iterable, Mapping
from itertools import groupby

import numpy as np
from django.conf import settings
from django.db import transaction

from clinic.insights.arithmetic.suppression import (
    BY_CALIBRATION,
    Audience,
    suppress,
    tells_apart,
)
from clinic.insights.models import Finding, Rollup

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


def minima() -> Mapping[Audience, int]:
    """The least number of people behind a finding, for each audience."""
    return {
        Audience.PROGRAMME: settings.KLINIK_MIN_GROUP_PROGRAMME,
        Audience.UNIT: settings.KLINIK_MIN_GROUP_UNIT,
        Audience.OTHERS: settings.KLINIK_MIN_GROUP_OTHERS,
        Audience.PUBLIC: settings.KLINIK_MIN_GROUP_PUBLIC,
    }


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
