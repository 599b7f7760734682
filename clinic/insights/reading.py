"""What one reader may see of findings: by role, and from how many people.

The programme's own staff and the unit's official read findings; organisers count as staff for the
units that have participants in their events, until an event is archived; officials of other units
read what was published for them. Below the reader's minimum there is no word and no number, and the
state is "hidden", never "unknown". Who is the only contributor of a hidden cell sees what the
programme's staff see.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db.models import Q, QuerySet

from clinic.assessments.models import FrameworkEdition
from clinic.insights import evidence
from clinic.insights.arithmetic.diagnosis import Cause, Certainty, Reason, Word, certainty_word
from clinic.insights.arithmetic.suppression import Audience, State, raw_minimum, state
from clinic.insights.models import Finding, Rollup
from clinic.people.access import grants_of, holds, rows_of, visible
from clinic.people.models import Account, Grant, Unit
from clinic.records import audit

DOTS = {Certainty.HIGH: 3, Certainty.MEDIUM: 2, Certainty.LOW: 1}
MOST_DOTS_OF_FEW = DOTS[Certainty.MEDIUM]
"""The highest certainty shown where one or two people answered (decision 0012)."""

Place = tuple[int, str]


@dataclass(frozen=True)
class Shown:
    """One cell as its reader may see it; a hidden cell holds nothing but its state and minimum.

    Attributes:
        minimum: people from whom on this reader sees a finding.
        dots: 3 high, 2 medium, 1 low certainty; 0 for an unknown word. Limited data never show
            more than medium, whatever is stored.
        full: answers with the full credit; None where the reader may not see raw figures, or not
            enough people stand behind them.
        is_own: shown because all answers are the reader's own.
        until: when the finding was made.
    """

    state: State
    minimum: int
    word: str = ""
    dots: int = 0
    estimate: float | None = None
    low: float | None = None
    high: float | None = None
    share: float | None = None
    coverage: float | None = None
    people: int = 0
    answering: int = 0
    answers: int = 0
    in_room: int = 0
    skipped: int = 0
    full: int | None = None
    reasons: tuple[Reason, ...] = ()
    is_own: bool = False
    until: datetime | None = None

    @property
    def is_hidden(self) -> bool:
        """Whether the cell is hidden from this reader."""
        return self.state is State.HIDDEN

    @property
    def is_limited(self) -> bool:
        """Whether the finding rests on very few people and must say so."""
        return self.state is State.LIMITED

    @property
    def tag(self) -> str:
        """The name under which the diagnosis tag draws it."""
        return "hidden" if self.is_hidden else self.word


def minima() -> Mapping[Audience, int]:
    """The least number of people behind a finding, for each audience."""
    return {
        Audience.PROGRAMME: settings.KLINIK_MIN_GROUP_PROGRAMME,
        Audience.UNIT: settings.KLINIK_MIN_GROUP_UNIT,
        Audience.OTHERS: settings.KLINIK_MIN_GROUP_OTHERS,
        Audience.PUBLIC: settings.KLINIK_MIN_GROUP_PUBLIC,
    }


def units_read(actor: Account) -> QuerySet[Unit]:
    """The units of which the actor may read some finding."""
    own = visible(actor, "read-finding", Unit.objects.all())
    others = visible(actor, "read-finding-of-others", Unit.objects.all())
    return Unit.objects.filter(Q(pk__in=own.values("pk")) | Q(pk__in=others.values("pk")))


def audience_of(actor: Account, unit: Unit) -> Audience | None:
    """As whom the actor reads the unit; None for who reads no finding."""
    return audiences_of(actor, [unit])[unit.pk]


def audiences_of(actor: Account, units: Iterable[Unit]) -> dict[int, Audience | None]:
    """As whom the actor reads each of these units, by its key."""
    grants = grants_of(actor.person)
    organised = _list_units_organised(grants)
    return {
        unit.pk: Audience.PROGRAMME if unit.pk in organised else _find_audience(grants, unit)
        for unit in units
    }


def reads_rows(actor: Account, unit: Unit) -> bool:
    """Whether single rows of the unit's sheet are for the actor; an organiser reads no sheet."""
    return _find_audience(grants_of(actor.person), unit) in {Audience.PROGRAMME, Audience.UNIT}


def _list_units_organised(grants: Iterable[Grant]) -> frozenset[int]:
    """Keys of the units with participants in the granted events."""
    events = [
        grant.event_id
        for grant in grants
        if grant.role == Grant.Role.ORGANISER and grant.event_id is not None
    ]
    return frozenset(evidence.units_at(events)) if events else frozenset()


def _find_audience(grants: Iterable[Grant], unit: Unit) -> Audience | None:
    audience = None
    for grant in grants:
        if grant.unit is None:
            continue
        is_same_regency = unit.path.startswith(grant.unit.path[: Unit.steplen])
        if grant.role == Grant.Role.REGENCY_OFFICIAL and is_same_regency:
            return Audience.PROGRAMME
        if grant.role == Grant.Role.UNIT_OFFICIAL and unit.path.startswith(grant.unit.path):
            audience = Audience.UNIT
        elif grant.role == Grant.Role.UNIT_OFFICIAL and is_same_regency:
            audience = audience or Audience.OTHERS
    return audience


def cells(
    actor: Account,
    units: Iterable[Unit],
    *,
    edition: FrameworkEdition,
    period: int,
    area: str | None = None,
) -> Mapping[Place, Shown]:
    """What the actor may see of these units in one edition and year, by unit key and area slug.

    Units of which the actor reads no finding are left out; so are areas the edition does not score.
    With ``area`` only its cells are read.
    """
    audiences, fewest = audiences_of(actor, units), minima()
    close = {
        pk: fewest[who]
        for pk, who in audiences.items()
        if who is Audience.PROGRAMME or who is Audience.UNIT
    }
    wide = [pk for pk, who in audiences.items() if who is Audience.OTHERS]
    own_rows = rows_of(actor.person)
    wanted = Q(area=area) if area else Q()
    rows = Finding.objects.of_page(edition, period).filter(wanted, unit__in=list(close))
    seen = {(row.unit_id, row.area_id): _show(row, close[row.unit_id], own_rows) for row in rows}
    return seen | _read_published(edition, period, wanted & Q(unit__in=wide)) if wide else seen


def cell(
    actor: Account, unit: Unit, area: str, *, edition: FrameworkEdition, period: int
) -> Shown | None:
    """What the actor may see of one cell; None for who reads no finding of the unit.

    A cell that was not made yet is unknown.
    """
    audience = audience_of(actor, unit)
    if audience is None:
        return None
    seen = cells(actor, [unit], edition=edition, period=period, area=area)
    return seen.get((unit.pk, area)) or Shown(
        State.UNKNOWN, minima()[audience], word=Word.UNKNOWN.value
    )


def reads_findings(actor: Account) -> bool:
    """Whether any finding is for this actor to read."""
    return holds(actor, "read-finding")


def log_look(
    actor: Account, audiences: Iterable[Audience | None], *, thing: Any, page: str
) -> None:
    """Note a page of findings that the programme's staff opened."""
    if Audience.PROGRAMME in set(audiences):
        roles = {grant.role for grant in grants_of(actor.person)}
        is_staff = Grant.Role.REGENCY_OFFICIAL in roles
        role = Grant.Role.REGENCY_OFFICIAL if is_staff else Grant.Role.ORGANISER
        audit.record(
            "finding.look",
            actor=actor,
            role=role.value,
            thing=thing,
            values={"page": page},
        )


def _show(finding: Finding, minimum: int, own_rows: frozenset[int]) -> Shown:
    alone = finding.only_contributor_id in own_rows
    shown_as = state(finding.answering, minimum=minimum, alone=alone)
    if shown_as is State.HIDDEN:
        return Shown(shown_as, minimum)
    return Shown(
        shown_as,
        minimum,
        share=finding.share,
        coverage=finding.coverage,
        in_room=finding.in_room,
        skipped=finding.skipped,
        full=finding.full if finding.answering >= raw_minimum(minimum) else None,
        is_own=alone and finding.answering < minimum,
        until=finding.refreshed_at,
        **_show_content(finding, shown_as),
    )


def _read_published(edition: FrameworkEdition, period: int, wanted: Q) -> dict[Place, Shown]:
    """What officials of other units read; a finding without a published row is hidden."""
    minimum = minima()[Audience.OTHERS]
    known = Finding.objects.of_page(edition, period).filter(wanted)
    seen = {place: Shown(State.HIDDEN, minimum) for place in known.values_list("unit", "area")}
    rows = Rollup.objects.filter(wanted, audience=Audience.OTHERS, edition=edition, period=period)
    for row in rows:
        shown_as = state(row.answering, minimum=minimum)
        if shown_as is not State.HIDDEN:
            content = _show_content(row, shown_as)
            seen[row.unit_id, row.area_id] = Shown(shown_as, minimum, until=row.made_at, **content)
    return seen


def _show_content(row: Finding | Rollup, shown_as: State) -> dict[str, Any]:
    listed = row.reasons.get("reasons", [])
    dots = 0 if row.certainty is None else DOTS[certainty_word(row.certainty)]
    return {
        "word": row.word,
        "dots": min(dots, MOST_DOTS_OF_FEW) if shown_as is State.LIMITED else dots,
        "estimate": row.estimate,
        "low": row.low,
        "high": row.high,
        "people": row.people,
        "answering": row.answering,
        "answers": row.answers,
        "reasons": tuple(
            Reason(**{**reason, "cause": Cause(reason["cause"])}) for reason in listed
        ),
    }
