"""Taking a quiz: start, save, hand in, end by time, give more time.

Everything that changes an attempt passes ``with_attempt``: it opens the transaction, locks the
attempt's row and first ends the attempt if its time is over (Q6). The server's clock alone decides.

Beginning an attempt: whether it may begin, and what it is pinned to.
"""

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from clinic.lib.arithmetic.dates import format_moment
from clinic.lib.errors import Refused
from clinic.lib.prepared import prepared
from clinic.people.access import condition_of_own, require, rows_of
from clinic.people.models import Account, Membership, Person
from clinic.records import audit, jobs
from quizzes.arithmetic.answers import parse_value
from quizzes.arithmetic.deadlines import (
    GRACE,
    Allowance,
    TimeRules,
    Timing,
    deadline,
    is_expired,
    timing,
)
from quizzes.arithmetic.grading import GRADING_RELEASE, credit
from quizzes.arithmetic.question_types import Content
from quizzes.arithmetic.saving import (
    ItemState,
    LoggedSave,
    SaveDecision,
    SaveEvent,
    SaveOutcome,
    decide,
    may_submit,
    state_from_log,
)
from quizzes.arithmetic.selection import attempt_seed, crosses, option_order
from quizzes.assignments import allowance_of, allowances_of
from quizzes.models import (
    Assignment,
    Attempt,
    AttemptEvent,
    AttemptItem,
    Credit,
    Extension,
    QuizVersion,
    Response,
    ResponseEvent,
)
from quizzes.models.assignments import Phase
from quizzes.models.questions import contents_of

OTHER: dict[str, str] = {Phase.PRE: Phase.POST, Phase.POST: Phase.PRE}


class CannotStart(Refused):
    """The quiz may not be begun now; the code says why, details give the moment or number."""

    code = "cannot_start"
    status = 403


@dataclass(frozen=True)
class Prospect:
    """What the start page and the start itself need to know; ``refusal`` None means "go".

    Attributes:
        next_number: of the attempt that a start would make.
        attempts: those of this person on this assignment, voided ones left out.
        allowed: attempts granted, extensions included.
        deadline_at: the end if it were begun now; None without a limit.
    """

    version: QuizVersion
    assignment: Assignment
    open_attempt: Attempt | None
    next_number: int
    attempts: list[Attempt]
    allowed: int
    closes_at: datetime | None
    deadline_at: datetime | None
    refusal: CannotStart | None

    @property
    def used(self) -> int:
        """How many tries are used."""
        return len(self.attempts)

    def may_retake(self, now: datetime) -> bool:
        """Whether a try is left and the closing still to come."""
        is_closed = self.closes_at is not None and self.closes_at <= now
        return self.used < self.allowed and not is_closed


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
    versions = {version.quiz_id: version for version in _read_versions(quizzes)}
    if quizzes - versions.keys():
        raise CannotStart(_("This quiz is not published."), code="not_published")
    granted = allowances_of([one.pk for one in assignments], person)
    attempts: dict[int, list[Attempt]] = {quiz: [] for quiz in quizzes}
    for attempt in _read_attempts(rows_of(person), quizzes):
        attempts[attempt.quiz_id].append(attempt)
    return [
        _make_prospect(
            one,
            versions[one.quiz_id],
            granted[one.pk],
            attempts[one.quiz_id],
            person=person,
            now=moment,
        )
        for one in assignments
    ]


@prepared
def _read_versions(quizzes: Collection[int]) -> QuerySet[QuizVersion]:
    return QuizVersion.objects.published().filter(quiz__in=quizzes).select_related("quiz")


@prepared
def _read_attempts(person_ids: Collection[int], quizzes: Collection[int]) -> QuerySet[Attempt]:
    return Attempt.objects.filter(person__in=person_ids, quiz__in=quizzes)


def _make_prospect(
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
        attempts=used,
        allowed=allowed,
        closes_at=closes_at,
        deadline_at=deadline(now, rules_of(version, assignment), granted),
        refusal=_check_window(assignment, closes_at, now)
        or _check_tries(version, used, allowed, now),
    )


def _check_window(
    assignment: Assignment, closes_at: datetime | None, now: datetime
) -> CannotStart | None:
    if assignment.opens_at and now < assignment.opens_at:
        return CannotStart(
            _("The quiz opens at %(at)s.") % {"at": _write_moment(assignment.opens_at)},
            code="not_open",
            details={"at": assignment.opens_at.isoformat()},
        )
    if closes_at and now >= closes_at:
        return CannotStart(
            _("The quiz closed at %(at)s.") % {"at": _write_moment(closes_at)},
            code="closed",
            details={"at": closes_at.isoformat()},
        )
    return None


def _check_tries(
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
            _("You can try again at %(at)s.") % {"at": _write_moment(again_at)},
            code="cool_down",
            details={"at": again_at.isoformat()},
        )
    return None


def _write_moment(at: datetime) -> str:
    language = "en" if get_language() == "en" else "id"
    return format_moment(at, timezone.get_current_timezone_name(), language)


def pin(found: Prospect, account: Account, *, now: datetime) -> Attempt:
    """Write the attempt with its items and blank answers, as everything stands now (Q3, Q4).

    The caller has opened the transaction.

    Raises:
        IntegrityError: somebody began the same attempt at the same moment.
    """
    attempt = _create_attempt(found, account, now=now)
    slots = found.version.slots.filter(form=attempt.form).order_by("position")
    read = list(
        slots.values_list("pk", "points", "question_version", "question_version__content_hash")
    )
    contents = contents_of({version: digest for _slot, _points, version, digest in read})
    seed = bytes.fromhex(attempt.seed)
    items = AttemptItem.objects.bulk_create(
        AttemptItem(
            attempt=attempt,
            slot_id=slot,
            index=index,
            points=points,
            question_version_id=version,
            option_order=list(option_order(contents[version], seed, index)),
        )
        for index, (slot, points, version, _digest) in enumerate(read, 1)
    )
    Response.objects.bulk_create(Response(item=item) for item in items)
    return attempt


def _create_attempt(found: Prospect, account: Account, *, now: datetime) -> Attempt:
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
        context=_describe_context(found.assignment),
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


def _describe_context(assignment: Assignment) -> dict[str, str | int]:
    if assignment.event is None:
        return {}
    return {"schema": 1, "kind": "event", "key": str(assignment.event.uuid), "label": ""}


SWEEP_LIMIT = 500
START_TRIES = 3
TIMEOUT = "timeout"
# All that a save and a hand-in ask of the row: the rest is read when something asks for it.
READ_WITH_THE_LOCK = ("uuid", "person", "state", "deadline_at", "locale", "finished_at")


@dataclass(frozen=True)
class SavedAnswers:
    """What became of each save, with the attempt as it stands then."""

    attempt: Attempt
    decisions: tuple[SaveDecision, ...]

    @property
    def decision(self) -> SaveDecision:
        """What became of the only save."""
        (decision,) = self.decisions
        return decision

    @property
    def is_finished(self) -> bool:
        """Whether the attempt is over now."""
        return not self.attempt.is_open


@dataclass(frozen=True, kw_only=True)
class StoredAnswer:
    """What stands on the server for one item; ``item`` and the like are keys of rows."""

    item: int
    version: int
    content: Content
    response: int
    rev: int
    value: Any


@prepared
def _lock(uuid: UUID, person_ids: Collection[int]) -> QuerySet[Attempt]:
    own = condition_of_own("take-attempt", Attempt, person_ids, date.min)
    return _query_locked().filter(own, uuid=uuid)


def _query_locked() -> QuerySet[Attempt]:
    return Attempt.objects.select_for_update().order_by().only(*READ_WITH_THE_LOCK)


@contextmanager
def with_attempt(
    uuid: UUID, *, taker: Person | None = None, now: datetime | None = None
) -> Iterator[Attempt]:
    """Open the one door to an attempt: locked, and ended first if its time is over.

    Args:
        uuid: of the attempt.
        taker: whose attempt it must be; None for the system itself.
        now: moment of the act, server time.

    Raises:
        Refused: there is no such attempt of theirs.
    """
    with transaction.atomic():
        found = _lock(uuid, rows_of(taker)) if taker else _query_locked().filter(uuid=uuid)
        attempt = next(iter(found), None)
        if attempt is None:
            raise Refused(_("Not found."), code="not_found", status=404)
        moment = now or timezone.now()
        if attempt.is_open and is_expired(attempt.deadline_at, moment):
            _finish(attempt, Attempt.State.EXPIRED, reason=TIMEOUT, now=moment)
        yield attempt


def start(
    assignment: Assignment, account: Account, *, now: datetime | None = None
) -> tuple[Attempt, bool]:
    """Begin the quiz, or return the attempt under way; the second value says "new".

    Phase, form, window and setting come from the assignment and nothing else (D5). Of two starts
    at one moment the second meets a unique key and then finds the first one's attempt (Q2).

    Raises:
        CannotStart: not open, closed, all tries used, cooling down.
        PermissionDenied, Http404: the assignment is not for this person.
    """
    require(account, "open-quiz", assignment)
    moment = now or timezone.now()
    for _one in range(START_TRIES):
        found = _find_prospect(assignment, account, now=moment)
        if found.open_attempt is not None:
            return found.open_attempt, False
        if found.refusal is not None:
            raise found.refusal
        try:
            return _begin(found, account, now=moment), True
        except IntegrityError:
            continue
    raise CannotStart(_("The quiz could not be started. Please try again."), code="busy")


def _find_prospect(assignment: Assignment, account: Account, *, now: datetime) -> Prospect:
    found = prospect(assignment, account.person, now=now)
    if found.open_attempt and is_expired(found.open_attempt.deadline_at, now):
        expire(found.open_attempt.uuid, now=now)
        found = prospect(assignment, account.person, now=now)
    return found


def _begin(found: Prospect, account: Account, *, now: datetime) -> Attempt:
    with transaction.atomic():
        attempt = pin(found, account, now=now)
        note(attempt, AttemptEvent.Kind.START, now=now, actor=account)
    return attempt


def save_response(
    uuid: UUID,
    index: int,
    event: SaveEvent,
    *,
    taker: Person | None = None,
    now: datetime | None = None,
) -> SavedAnswers:
    """Save one answer, as ``save_responses`` saves many."""
    return save_responses(uuid, [(index, event)], taker=taker, now=now)


def save_responses(
    uuid: UUID,
    events: Sequence[tuple[int, SaveEvent]],
    *,
    taker: Person | None = None,
    now: datetime | None = None,
) -> SavedAnswers:
    """Save answers in their order, all or none, and say what became of each.

    Every outcome but "refused" is in the log (Q8). A save that arrives twice at the same moment
    meets the log's unique key; all are then decided anew, with the log read.
    """
    moment = now or timezone.now()
    try:
        with with_attempt(uuid, taker=taker, now=moment) as attempt:
            return SavedAnswers(attempt, _save_all(attempt, events, now=moment))
    except IntegrityError:
        with with_attempt(uuid, taker=taker, now=moment) as attempt:
            return SavedAnswers(attempt, _save_all(attempt, events, now=moment, reads_log=True))


def flag(uuid: UUID, index: int, *, taker: Person, flagged: bool) -> None:
    """Mark an item to come back to, or take the mark away; once the attempt is over, nothing."""
    with with_attempt(uuid, taker=taker) as attempt:
        if attempt.is_open:
            attempt.items.filter(index=index).update(flagged=flagged)


def _save_all(
    attempt: Attempt,
    events: Sequence[tuple[int, SaveEvent]],
    *,
    now: datetime,
    reads_log: bool = False,
) -> tuple[SaveDecision, ...]:
    """Decide each save in its order, then store all at once.

    The log is read only for items of which a save does not know the newest revision, or that come
    more than once.
    """
    answers = _read_answers(attempt, {index for index, _event in events})
    if any(index not in answers for index, _event in events):
        raise Refused(_("Not found."), code="not_found", status=404)
    times = Counter(index for index, _event in events)
    unsure = {
        answers[index].item
        for index, event in events
        if reads_log
        or not attempt.is_open
        or times[index] > 1
        or event.base_rev != answers[index].rev
    }
    log: dict[int, list[LoggedSave]] = {item: [] for item in unsure}
    if unsure:
        for row in ResponseEvent.objects.filter(item__in=unsure).order_by("pk"):
            log[row.item_id].append(_read_logged(row))
    when = timing(attempt.deadline_at, now)
    decisions, rows = [], []
    applied: dict[int, Response] = {}
    for index, event in events:
        answer = answers[index]
        if answer.item in unsure:
            state = state_from_log(
                log[answer.item], event, in_progress=attempt.is_open, timing=when
            )
        else:
            state = ItemState(in_progress=True, timing=when, rev=answer.rev, value=answer.value)
        decision = decide(state, event, content=answer.content)
        decisions.append(decision)
        if decision.is_stored:
            is_applied = decision.outcome is SaveOutcome.APPLIED
            row = ResponseEvent(
                item_id=answer.item,
                client_id=event.client_id,
                seq=event.seq,
                base_rev=event.base_rev,
                rev=decision.rev if is_applied else None,
                value=decision.sent,
                outcome=decision.outcome.value,
                in_grace=when is Timing.IN_GRACE,
                received_at=now,
            )
            rows.append(row)
            if answer.item in unsure:
                log[answer.item].append(_read_logged(row))
            if is_applied:
                applied[answer.item] = Response(
                    pk=answer.response,
                    item_id=answer.item,
                    rev=decision.rev,
                    value=decision.value,
                    updated_at=now,
                )
    ResponseEvent.objects.bulk_create(rows)
    # Each row stands already: of all the ways to write several at once this is the shortest. A
    # blank is NULL in it, not JSON null.
    Response.objects.bulk_create(
        applied.values(),
        update_conflicts=True,
        unique_fields=["id"],
        update_fields=["rev", "value", "updated_at"],
    )
    return tuple(decisions)


@prepared
def _read_stored(
    attempt: int, indexes: Collection[int] | None = None
) -> QuerySet[AttemptItem, Any]:
    rows = AttemptItem.objects.filter(attempt=attempt).order_by("index")
    if indexes is not None:
        rows = rows.filter(index__in=indexes)
    return rows.values_list(
        "index",
        "pk",
        "question_version",
        "question_version__content_hash",
        "response__pk",
        "response__rev",
        "response__value",
    )


def _read_answers(
    attempt: Attempt, indexes: Collection[int] | None = None
) -> dict[int, StoredAnswer]:
    """Read what stands for the items of these indexes, or for all, by index."""
    read = _read_stored(attempt.pk) if indexes is None else _read_stored(attempt.pk, indexes)
    contents = contents_of({row[2]: row[3] for row in read})
    return {
        index: StoredAnswer(
            item=item,
            version=version,
            content=contents[version],
            response=response,
            rev=rev,
            value=value,
        )
        for index, item, version, _digest, response, rev, value in read
    }


def _read_logged(row: ResponseEvent) -> LoggedSave:
    return LoggedSave(
        client_id=row.client_id,
        seq=row.seq,
        base_rev=row.base_rev,
        rev=row.rev,
        value=row.value,
        outcome=SaveOutcome(row.outcome),
    )


def submit(
    uuid: UUID,
    *,
    taker: Person | None = None,
    pending: Sequence[tuple[int, SaveEvent]] = (),
    reason: str = "person",
    now: datetime | None = None,
) -> SavedAnswers:
    """Hand in, with last saves in the same transaction; repeating gives the same result.

    A conflict or an unreadable answer among the last saves stops the hand-in, unless time is over.
    A time-out that the client saw too early leaves the attempt under way.
    """
    moment = now or timezone.now()
    with with_attempt(uuid, taker=taker, now=moment) as attempt:
        decisions = _save_all(attempt, pending, now=moment, reads_log=True) if pending else ()
        is_over = attempt.deadline_at is not None and moment >= attempt.deadline_at
        comes_too_early = reason == TIMEOUT and not is_over
        if attempt.is_open and not comes_too_early and may_submit(decisions, timed_out=is_over):
            _finish(attempt, Attempt.State.SUBMITTED, reason=reason, now=moment)
        return SavedAnswers(attempt, decisions)


def is_overdue(attempt: Attempt, now: datetime) -> bool:
    """Whether the attempt is still called open although its time and grace are over."""
    return attempt.is_open and is_expired(attempt.deadline_at, now)


def expire(uuid: UUID, *, now: datetime | None = None) -> Attempt:
    """End the attempt if its time is over; what was saved is scored."""
    with with_attempt(uuid, now=now) as attempt:
        return attempt


def expire_due(*, now: datetime | None = None) -> int:
    """End every attempt whose grace is over, each behind its own door; return how many."""
    moment = now or timezone.now()
    due = Attempt.objects.in_progress().filter(deadline_at__lt=moment - GRACE)
    uuids = list(due.order_by("deadline_at").values_list("uuid", flat=True)[:SWEEP_LIMIT])
    for uuid in uuids:
        expire(uuid, now=moment)
    return len(uuids)


def _finish(attempt: Attempt, state: str, *, reason: str, now: datetime) -> None:
    """Close and credit; the end by time is the deadline itself, not when somebody noticed.

    The answers count for the units in which the person works today.
    """
    is_expiry = state == Attempt.State.EXPIRED
    attempt.state = state
    attempt.finished_at = attempt.deadline_at if is_expiry else now
    attempt.finish_reason = reason
    attempt.save(update_fields=["state", "finished_at", "finish_reason"])
    _credit_items(attempt, now=now)
    kind = AttemptEvent.Kind.EXPIRE if is_expiry else AttemptEvent.Kind.SUBMIT
    note(attempt, kind, now=now)
    units = Person.objects.units_of([attempt.person_id], timezone.localdate())
    jobs.enter_each("insights.refresh_unit", units)


def _credit_items(attempt: Attempt, *, now: datetime) -> None:
    rows = []
    for answer in _read_answers(attempt).values():
        earned = credit(answer.content, parse_value(answer.content, answer.value))
        rows.append(
            Credit(
                item_id=answer.item,
                credit_num=earned.numerator,
                credit_den=earned.denominator,
                graded_against_id=answer.version,
                grading_release=GRADING_RELEASE,
                at=now,
            )
        )
    Credit.objects.bulk_create(rows)


def note(
    attempt: Attempt, kind: str, *, now: datetime, actor: Any = None, reason: str = ""
) -> None:
    """Write an attempt event and its audit row."""
    AttemptEvent.objects.create(
        attempt=attempt, kind=kind, actor=getattr(actor, "pk", None), reason=reason, at=now
    )
    audit.record(
        f"attempt.{kind}", actor=actor, thing=attempt, subject=attempt.person_id, reason=reason
    )


def extend(
    assignment: Assignment,
    person: Person,
    *,
    actor: Account,
    reason: str,
    extra_minutes: int = 0,
    closes_at: datetime | None = None,
    extra_attempts: int = 0,
) -> Extension:
    """Give a person more time, a later closing or further tries on an assignment.

    Of several extensions the most generous applies, kind by kind; the deadline of an attempt under
    way only ever moves later (Q15).

    Raises:
        PermissionDenied, Http404: the actor may not extend this assignment.
    """
    require(actor, "extend-quiz", assignment)
    if person.pk in rows_of(actor.person):
        raise Refused(_("Ask another organiser: nobody extends a quiz for themselves."), code="own")
    reached = Assignment.objects.in_force().of_person(person, timezone.localdate())
    if not reached.filter(pk=assignment.pk).exists():
        raise Refused(_("This quiz is not assigned to this person."), code="not_assigned")
    if not (extra_minutes or closes_at or extra_attempts):
        raise Refused(
            _("Give more minutes, a later closing or further tries."), code="nothing_granted"
        )
    if closes_at and (assignment.closes_at is None or closes_at <= assignment.closes_at):
        raise Refused(
            _("The closing must be later than the one for everybody."), code="closing_not_later"
        )
    with transaction.atomic():
        extension = Extension.objects.create(
            assignment=assignment,
            person=person,
            extra_minutes=extra_minutes,
            closes_at=closes_at,
            extra_attempts=extra_attempts,
            reason=reason,
            granted_by=actor,
        )
        audit.record(
            "quiz.extend",
            actor=actor,
            thing=assignment,
            subject=person,
            reason=reason,
            values={
                "minutes": extra_minutes,
                "closes_at": closes_at.isoformat() if closes_at else None,
                "tries": extra_attempts,
            },
        )
        under_way = Attempt.objects.in_progress().filter(
            person__in=rows_of(person), assignment=assignment
        )
        for uuid in under_way.values_list("uuid", flat=True):
            with with_attempt(uuid) as attempt:
                _move_deadline(attempt, actor=actor, reason=reason)
    return extension


def _move_deadline(attempt: Attempt, *, actor: Account, reason: str) -> None:
    if not attempt.is_open or attempt.deadline_at is None:
        return
    moved = deadline(
        attempt.started_at,
        rules_of(attempt.quiz_version, attempt.assignment),
        allowance_of(attempt.assignment, attempt.person),
    )
    if moved is None or moved > attempt.deadline_at:
        attempt.deadline_at = moved
        attempt.save(update_fields=["deadline_at"])
        note(attempt, AttemptEvent.Kind.EXTEND, now=timezone.now(), actor=actor, reason=reason)


def end_extension(extension: Extension, *, actor: Account) -> None:
    """Take an extension back for what is still to come.

    A deadline that it moved stays, and so do attempts that it made possible: somebody may be at
    work (Q15).
    """
    require(actor, "extend-quiz", extension.assignment)
    with transaction.atomic():
        ended = Extension.objects.filter(pk=extension.pk, revoked_at__isnull=True)
        if ended.update(revoked_at=timezone.now()):
            audit.record(
                "quiz.extension_end",
                actor=actor,
                thing=extension.assignment,
                subject=extension.person_id,
            )
