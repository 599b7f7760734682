"""Beginning an attempt: whether it may begin, and what it is pinned to."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import uuid4

from django.conf import settings
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from clinic.lib.arithmetic.dates import format_moment
from clinic.lib.errors import Refused
from clinic.people.access import rows_of
from clinic.people.models import Account, Membership, Person
from quizzes.arithmetic.deadlines import Allowance, TimeRules, deadline
from quizzes.arithmetic.selection import attempt_seed, crosses, option_order
from quizzes.assignments import allowances_of
from quizzes.models import (
    Assignment,
    Attempt,
    AttemptItem,
    QuizVersion,
    Response,
    Slot,
)
from quizzes.models.assignments import Phase

OTHER = {Phase.PRE: Phase.POST, Phase.POST: Phase.PRE}


class CannotStart(Refused):
    """The quiz may not be begun now; the code says why, details give the moment or number."""

    code = "cannot_start"
    status = 403


@dataclass(frozen=True)
class Prospect:
    """What the start page and the start itself need to know; ``refusal`` None means "go".

    Attributes:
        next_number: of the attempt that a start would make.
        used: attempts of this person on this assignment.
        allowed: attempts granted, extensions included.
        deadline_at: the end if it were begun now; None without a limit.
    """

    version: QuizVersion
    assignment: Assignment
    open_attempt: Attempt | None
    next_number: int
    used: int
    allowed: int
    closes_at: datetime | None
    deadline_at: datetime | None
    refusal: CannotStart | None


def rules_of(version: QuizVersion, assignment: Assignment) -> TimeRules:
    """Return the time rules of a quiz under an assignment."""
    limit = timedelta(minutes=version.minutes) if version.minutes else None
    return TimeRules(limit=limit, closes_at=assignment.closes_at)


def prospect(assignment: Assignment, person: Person, *, now: datetime | None = None) -> Prospect:
    """Work out whether and until when the person could take the quiz from now on.

    Raises:
        CannotStart: the quiz has no published version.
    """
    return prospects([assignment], person, now=now)[0]


def prospects(
    assignments: Collection[Assignment], person: Person, *, now: datetime | None = None
) -> list[Prospect]:
    """Do as ``prospect`` for each; versions, extensions and attempts are read once for all.

    Raises:
        CannotStart: one of the quizzes has no published version.
    """
    moment = now or timezone.now()
    quizzes = {one.quiz_id for one in assignments}
    published = QuizVersion.objects.published().filter(quiz__in=quizzes).select_related("quiz")
    versions = {version.quiz_id: version for version in published}
    if quizzes - versions.keys():
        raise CannotStart(_("This quiz is not published."), code="not_published")
    granted = allowances_of([one.pk for one in assignments], person)
    attempts: dict[int, list[Attempt]] = {quiz: [] for quiz in quizzes}
    for attempt in Attempt.objects.filter(person__in=rows_of(person), quiz__in=quizzes):
        attempts[attempt.quiz_id].append(attempt)
    return [
        _prospect(
            one,
            versions[one.quiz_id],
            granted[one.pk],
            attempts[one.quiz_id],
            person=person,
            now=moment,
        )
        for one in assignments
    ]


def _prospect(
    assignment: Assignment,
    version: QuizVersion,
    granted: Allowance,
    attempts: list[Attempt],
    *,
    person: Person,
    now: datetime,
) -> Prospect:
    used = [
        one
        for one in attempts
        if one.assignment_id == assignment.pk and one.state != Attempt.State.VOIDED
    ]
    closings = [at for at in (assignment.closes_at, granted.closes_at) if at]
    closes_at = max(closings) if assignment.closes_at else None
    allowed = version.max_attempts + granted.extra_attempts
    return Prospect(
        version=version,
        assignment=assignment,
        open_attempt=next((one for one in attempts if one.is_open), None),
        next_number=max((one.number for one in attempts if one.person_id == person.pk), default=0)
        + 1,
        used=len(used),
        allowed=allowed,
        closes_at=closes_at,
        deadline_at=deadline(now, rules_of(version, assignment), granted),
        refusal=_window_refusal(assignment, closes_at, now)
        or _tries_refusal(version, used, allowed, now),
    )


def _window_refusal(
    assignment: Assignment, closes_at: datetime | None, now: datetime
) -> CannotStart | None:
    if assignment.opens_at and now < assignment.opens_at:
        return CannotStart(
            _("The quiz opens at %(at)s.") % {"at": _moment(assignment.opens_at)},
            code="not_open",
            details={"at": assignment.opens_at.isoformat()},
        )
    if closes_at and now >= closes_at:
        return CannotStart(
            _("The quiz closed at %(at)s.") % {"at": _moment(closes_at)},
            code="closed",
            details={"at": closes_at.isoformat()},
        )
    return None


def _tries_refusal(
    version: QuizVersion, used: list[Attempt], allowed: int, now: datetime
) -> CannotStart | None:
    if len(used) >= allowed:
        return CannotStart(
            _("All tries are used (%(used)s of %(allowed)s).")
            % {"used": len(used), "allowed": allowed},
            code="attempts_used",
            details={"used": len(used), "allowed": allowed},
        )
    ends = [one.finished_at for one in used if one.finished_at]
    again_at = max(ends) + timedelta(minutes=version.cool_down_minutes) if ends else now
    if now < again_at:
        return CannotStart(
            _("You can try again at %(at)s.") % {"at": _moment(again_at)},
            code="cool_down",
            details={"at": again_at.isoformat()},
        )
    return None


def _moment(at: datetime) -> str:
    language = "en" if get_language() == "en" else "id"
    return format_moment(at, timezone.get_current_timezone_name(), language)


def pin(found: Prospect, account: Account, *, now: datetime) -> Attempt:
    """Write the attempt with its items and blank answers, as everything stands now (Q3, Q4).

    The caller has opened the transaction.

    Raises:
        IntegrityError: somebody began the same attempt at the same moment.
    """
    attempt = _attempt(found, account, now=now)
    slots = found.version.slots.filter(form=attempt.form).select_related("question_version")
    seed = bytes.fromhex(attempt.seed)
    items = AttemptItem.objects.bulk_create(
        _item(attempt, slot, index=index, seed=seed) for index, slot in enumerate(slots, 1)
    )
    Response.objects.bulk_create(Response(item=item) for item in items)
    return attempt


def _attempt(found: Prospect, account: Account, *, now: datetime) -> Attempt:
    person = account.person
    posts = Membership.objects.on(timezone.localdate(now)).filter(person=person)
    post = posts.select_related("unit").first()
    uuid = uuid4()
    return Attempt.objects.create(
        uuid=uuid,
        person=person,
        quiz=found.assignment.quiz,
        quiz_version=found.version,
        assignment=found.assignment,
        number=found.next_number,
        phase=found.assignment.phase,
        setting=found.assignment.setting,
        form=form_of(found.version, found.assignment.phase, person),
        context=_context(found.assignment),
        unit=post.unit if post else None,
        unit_name=post.unit.name if post else "",
        position_kind=post.position_kind if post else "",
        locale=get_language() or settings.LANGUAGE_CODE,
        started_at=now,
        deadline_at=found.deadline_at,
        seed=attempt_seed(settings.SECRET_KEY.encode(), str(uuid)).hex(),
    )


def form_of(version: QuizVersion, phase: str, person: Person) -> str:
    """Return the form of a phase; a phase that the quiz does not name gets the first form.

    Half of the persons take the forms of before and after in reverse.
    """
    forms = version.form_phases
    if phase in OTHER and forms.keys() >= OTHER.keys():
        is_reversed = crosses(person=str(person.uuid), quiz=str(version.quiz.uuid))
        return forms[OTHER[phase] if is_reversed else phase]
    return forms.get(phase) or min(forms.values(), default="A")


def _context(assignment: Assignment) -> dict[str, str | int]:
    if assignment.event is None:
        return {}
    return {"schema": 1, "kind": "event", "key": str(assignment.event), "label": ""}


def _item(attempt: Attempt, slot: Slot, *, index: int, seed: bytes) -> AttemptItem:
    return AttemptItem(
        attempt=attempt,
        slot=slot,
        index=index,
        points=slot.points,
        question_version=slot.question_version,
        option_order=list(option_order(slot.question_version.parsed, seed, index)),
    )
