"""The organiser's list of everybody registered: narrowed, sorted by name or unit alone."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from attendance import boards
from attendance.boards import Line
from attendance.models import Event, Registration
from attendance.models.scans import STATE_LABELS
from clinic.people.arithmetic.nip import mask_nip
from clinic.people.models import Account
from quizzes import overview
from quizzes.models.assignments import Phase

DONE, OPEN = "selesai", "belum"
BY_UNIT = "unit"


@dataclass(frozen=True)
class Entry:
    """One line of the list; ``is_prepared`` is None where the event has no pre-quiz."""

    line: Line
    is_prepared: bool | None

    @property
    def registration(self) -> Registration:
        """The registration it is about."""
        return self.line.registration

    @property
    def masked_nip(self) -> str:
        """The NIP without the digits that nobody needs here."""
        return mask_nip(self.registration.person.nip)

    @property
    def name(self) -> str:
        """The person's name."""
        return self.registration.person.name


@dataclass(frozen=True, kw_only=True)
class Narrowing:
    """What the list is narrowed to; an empty word narrows nothing."""

    name: str = ""
    state: str = ""
    unit: str = ""
    presence: str = ""
    quiz: str = ""
    order: str = ""


@dataclass(frozen=True)
class Listing:
    """The lines that are left, and what the whole list can be narrowed by."""

    entries: list[Entry]
    total: int
    units: list[str]
    has_quiz: bool


def listing(event: Event, wanted: Narrowing, *, actor: Account, now: datetime) -> Listing:
    """Return the event's registrations of every state, as wanted (a fixed number of queries)."""
    lines = boards.lines_of(event, list(event.sessions.all()), now, every_state=True)
    finished = overview.finished_by(event.uuid, Phase.PRE, actor=actor)
    found = boards.found_by_name(lines, wanted.name) if wanted.name.strip() else lines
    entries = [
        Entry(line, None if finished is None else line.registration.person_id in finished)
        for line in found
    ]
    kept = [one for one in entries if all(check(one) for check in _checks(wanted))]
    return Listing(
        entries=sorted(kept, key=_by_unit if wanted.order == BY_UNIT else _by_name),
        total=len(lines),
        units=sorted({one.registration.unit_name for one in lines if one.registration.unit_name}),
        has_quiz=finished is not None,
    )


def _checks(wanted: Narrowing) -> list[Callable[[Entry], bool]]:
    checks: list[Callable[[Entry], bool]] = []
    if wanted.state:
        checks.append(lambda one: one.registration.standing == wanted.state)
    if wanted.unit:
        checks.append(lambda one: one.registration.unit_name == wanted.unit)
    if wanted.presence:
        checks.append(lambda one: one.line.state == wanted.presence)
    if wanted.quiz:
        checks.append(lambda one: one.is_prepared is (wanted.quiz == DONE))
    return checks


def _by_name(entry: Entry) -> tuple[str, str, int]:
    return entry.name.casefold(), entry.registration.unit_name, entry.registration.pk


def _by_unit(entry: Entry) -> tuple[str, str, int]:
    return entry.registration.unit_name, entry.name.casefold(), entry.registration.pk


def presence_choices() -> list[tuple[str, str]]:
    """Return the words of attendance to narrow by."""
    return [(str(state), str(label)) for state, label in STATE_LABELS.items()]
