"""What the quiz page's script calls: the same services as the forms, JSON in and out.

Mounted by ``clinic.api`` at ``/api/quizzes/v1/``. The caller is signed in by cookie and sends the
CSRF header. No reply holds a key: items come from ``showing`` alone.
"""

from dataclasses import asdict
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from django.http import HttpResponse
from django.middleware.csrf import get_token
from django.shortcuts import get_object_or_404
from django.utils import timezone
from ninja import Field, Router, Schema
from ninja.responses import Response
from pydantic import ConfigDict

from clinic.lib import problems
from clinic.lib.errors import Refused
from clinic.people.access import SignedInRequest, visible
from quizzes import delivery, showing
from quizzes.arithmetic.saving import SaveDecision, SaveEvent, SaveOutcome
from quizzes.models import Assignment, Attempt
from quizzes.wording import number_read, sentence_of

SCHEMA = 1
LARGEST_BODY = 16 * 1024
MOST_EVENTS = 50

router = Router(tags=["quizzes"])


def _describe_responses(sentences: dict[int, str]) -> dict[str, Any]:
    """Describe an operation's answers by their status, for the reference."""
    return {"responses": {status: {"description": text} for status, text in sentences.items()}}


_TAKEN = "Outcome, revision, state, deadline and the server's time."
_CONFLICT = "Another window saved first; the body holds the server's copy."


class Body(Schema):
    """A body of a known schema; an unknown field is refused (S20)."""

    model_config = ConfigDict(extra="forbid", strict=True)
    schema_number: int = Field(SCHEMA, alias="schema", ge=1, le=SCHEMA)


class Start(Body):
    """Which assignment to begin; phase and window come from it (D5)."""

    assignment: str = Field(max_length=36)


class Save(Body):
    """One answer; ``seq`` counts the client's own saves, ``base_rev`` is what it last saw."""

    client_id: str = Field(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9-]+$")
    seq: int = Field(ge=1, le=2**31 - 1)
    base_rev: int = Field(ge=0, le=2**31 - 1)
    value: Any = None
    clear: bool = False

    def event(self) -> SaveEvent:
        """Return it as the rule reads it."""
        return SaveEvent(
            client_id=self.client_id,
            seq=self.seq,
            base_rev=self.base_rev,
            value=self.value,
            clear=self.clear,
        )


class IndexedSave(Save):
    """An answer with the number of its item."""

    index: int = Field(ge=1, le=999)


class Replay(Body):
    """What waited on the device, in its order."""

    events: list[IndexedSave] = Field(max_length=MOST_EVENTS)


class FlagBody(Body):
    """Whether the question is marked to be looked at again."""

    flagged: bool


class HandInBody(Body):
    """The hand-in with last saves; ``timeout`` is obeyed only if time is over here too."""

    reason: Literal["person", "timeout"] = "person"
    pending: list[IndexedSave] = Field(default_factory=list, max_length=MOST_EVENTS)


def _refuse_large(request: SignedInRequest) -> None:
    if len(request.body) > LARGEST_BODY:
        raise Refused(code="too_large", status=413)


def _describe_clock(attempt: Attempt, now: datetime) -> dict[str, Any]:
    return {
        "server_now": now,
        "deadline_at": attempt.deadline_at,
        "state": attempt.state,
    }


def _describe_outcome(decision: SaveDecision) -> dict[str, Any]:
    """Describe a decision; of a conflict the server's copy comes with it."""
    told = {
        "outcome": decision.outcome.value,
        "rev": decision.rev,
        "code": decision.code,
        "detail": sentence_of(decision),
        "reading": number_read(decision.number),
    }
    return {**told, "value": decision.value} if decision.outcome is SaveOutcome.CONFLICT else told


def _describe_item(item: showing.ShownItem) -> dict[str, Any]:
    told = asdict(item)
    number = told.pop("number")
    return {**told, "reading": number_read(number)}


def _answer_save(
    request: SignedInRequest, saved: delivery.SavedAnswers, now: datetime
) -> HttpResponse:
    decision = saved.decision
    body = {**_describe_outcome(decision), **_describe_clock(saved.attempt, now)}
    if decision.status == 200:  # noqa: PLR2004 taken
        return Response(body)
    title = str(problems.BY_STATUS.get(decision.status, problems.CONFLICT).title)
    problem = {"title": title, "status": decision.status, **body}
    answer = Response(problem, status=decision.status)
    answer["Content-Type"] = "application/problem+json"
    return answer


@router.post(
    "/quizzes/{slug}/attempts",
    openapi_extra=_describe_responses(
        {
            200: "The attempt under way.",
            201: "A new attempt.",
            403: "It cannot be begun now; the code says why.",
        }
    ),
)
def start(request: SignedInRequest, slug: str, body: Start) -> HttpResponse:
    """Begin the quiz (201), or return the attempt under way (200)."""
    allowed = visible(request.user, "open-quiz", Assignment.objects.filter(quiz__slug=slug))
    assignment = get_object_or_404(allowed, uuid=_parse_uuid(body.assignment))
    attempt, is_new = delivery.start(assignment, request.user)
    reply = {"attempt": attempt.uuid, **_describe_clock(attempt, timezone.now())}
    return Response(reply, status=201 if is_new else 200)


def _parse_uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError as error:
        raise Refused(code="invalid_body", status=422) from error


@router.get(
    "/attempts/{attempt}",
    openapi_extra=_describe_responses({200: "State, deadline, and the items while it is open."}),
)
def read(request: SignedInRequest, attempt: UUID) -> HttpResponse:
    """Return the whole attempt without keys, for going on at another device."""
    with delivery.with_attempt(attempt, taker=request.user.person) as found:
        pass
    items = [_describe_item(item) for item in showing.shown_items(found)] if found.is_open else []
    return Response({**_describe_clock(found, timezone.now()), "items": items})


@router.get(
    "/attempts/{attempt}/clock",
    openapi_extra=_describe_responses({200: "State, deadline, the server's time, a CSRF token."}),
)
def clock(request: SignedInRequest, attempt: UUID) -> HttpResponse:
    """Return server time, deadline and state, and a fresh CSRF token."""
    with delivery.with_attempt(attempt, taker=request.user.person) as found:
        pass
    return Response({**_describe_clock(found, timezone.now()), "csrf": get_token(request)})


@router.put(
    "/attempts/{attempt}/items/{index}",
    openapi_extra=_describe_responses(
        {200: _TAKEN, 409: _CONFLICT, 410: "Too late.", 422: "The value cannot be read."}
    ),
)
def save(request: SignedInRequest, attempt: UUID, index: int, body: Save) -> HttpResponse:
    """Save one answer: 200 taken, 409 with the server's copy, 410 too late, 422 unreadable."""
    _refuse_large(request)
    now = timezone.now()
    saved = delivery.save_response(attempt, index, body.event(), taker=request.user.person, now=now)
    return _answer_save(request, saved, now)


@router.post(
    "/attempts/{attempt}/replay",
    openapi_extra=_describe_responses(
        {200: "One outcome for each event, in its order; the time as in a save."}
    ),
)
def replay(request: SignedInRequest, attempt: UUID, body: Replay) -> HttpResponse:
    """Save several answers in one transaction, one result each, in their order.

    Once the answer is here, each of them is stored or its result says why not.
    """
    _refuse_large(request)
    now = timezone.now()
    events = [(one.index, one.event()) for one in body.events]
    saved = delivery.save_responses(attempt, events, taker=request.user.person, now=now)
    results = [_describe_outcome(one) for one in saved.decisions]
    return Response({"results": results, **_describe_clock(saved.attempt, now)})


@router.put(
    "/attempts/{attempt}/items/{index}/flag",
    openapi_extra=_describe_responses(
        {200: "Marked, or no longer; nothing once the attempt is over."}
    ),
)
def flag(request: SignedInRequest, attempt: UUID, index: int, body: FlagBody) -> HttpResponse:
    """Mark a question to come back to, or take the mark away."""
    delivery.flag(attempt, index, taker=request.user.person, flagged=body.flagged)
    return Response({"flagged": body.flagged})


@router.post(
    "/attempts/{attempt}/submit",
    openapi_extra=_describe_responses(
        {200: "Handed in.", 409: "One of the last saves stops it; the attempt stays open."}
    ),
)
def submit(request: SignedInRequest, attempt: UUID, body: HandInBody) -> HttpResponse:
    """Hand in with last saves in one transaction; a conflict among them stops it (409)."""
    _refuse_large(request)
    pending = [(one.index, one.event()) for one in body.pending]
    done = delivery.submit(attempt, taker=request.user.person, pending=pending, reason=body.reason)
    reply = {
        **_describe_clock(done.attempt, timezone.now()),
        "finished": done.is_finished,
        "results": [_describe_outcome(one) for one in done.decisions],
    }
    is_stopped = not done.is_finished and body.reason == "person"
    return Response(reply, status=409 if is_stopped else 200)
