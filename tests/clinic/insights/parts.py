"""The part of a region's evidence that a refresh of one unit reads."""

from dataclasses import replace

import numpy as np

from clinic.insights.arithmetic.observations import Columns, Evidence, Observations


def only_unit(evidence: Evidence, seen: Observations, unit: int) -> Evidence:
    """The evidence of one unit's people, all units and the questions that they met."""
    people = seen.people[seen.person_unit == unit]
    attempts = _keep(evidence.attempts, "person", people)
    finished = attempts["attempt"][attempts["state"] == 0]
    responses = _keep(evidence.responses, "attempt", finished)
    met = np.unique(responses["item"])
    return replace(
        evidence,
        items={name: column[met] for name, column in evidence.items.items()},
        memberships=_keep(evidence.memberships, "person", people),
        attendance=_keep(evidence.attendance, "person", people),
        attempts=attempts,
        responses={**responses, "item": np.searchsorted(met, responses["item"])},
    )


def _keep(rows: Columns, name: str, wanted: np.ndarray) -> Columns:
    which = np.isin(rows[name], wanted)
    return {other: column[which] for other, column in rows.items()}


def events_by_group(evidence: Evidence, seen: Observations) -> dict[str, int]:
    """How many events were held for each group of a whole region."""
    known = dict(zip(seen.people.tolist(), seen.person_unit.tolist(), strict=True))
    held: dict[str, set] = {group: set() for group in seen.groups}
    rows = evidence.attendance
    for event, person in zip(rows["event"].tolist(), rows["person"].tolist(), strict=True):
        if person in known:
            held[seen.groups[seen.unit_group[known[person]]]].add(event)
    return {group: len(events) for group, events in held.items()}
