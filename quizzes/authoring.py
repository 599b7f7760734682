"""Drafting, reviewing and publishing questions and quizzes; versions never change once out (Q1)."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from fractions import Fraction
from typing import Any

from django.db import transaction
from django.db.models import Max
from django.utils import timezone
from django.utils.translation import gettext as _

from clinic.assessments.models import Outcome
from clinic.lib.errors import Refused
from clinic.people.access import can, remembering_grants, require
from clinic.people.models import Account
from clinic.records import audit, shipped
from clinic.records.shipped import Settled, Tally
from quizzes.arithmetic.publish_checks import ProblemLevel, problems
from quizzes.arithmetic.question_types import Content, content_digest, from_json, to_json
from quizzes.arithmetic.selection import common_missing
from quizzes.formats.bank import BankQuestion, BankQuiz, read_questions, read_quizzes
from quizzes.models import Question, QuestionVersion, Quiz, QuizVersion, Slot, VersionState
from quizzes.models.assignments import Phase


@dataclass(frozen=True, kw_only=True)
class QuestionDraft:
    """What an author writes of a question."""

    content: Content
    outcome: Outcome
    sources: list[dict[str, Any]]
    difficulty: int = 2
    change_kind: str = QuestionVersion.ChangeKind.CONTENT


@dataclass(frozen=True, kw_only=True)
class QuizDraft:
    """What an author writes of a quiz: rules, and for each form its questions in order."""

    title: str
    forms: Mapping[str, list[QuestionVersion]]
    form_phases: Mapping[str, str] = field(default_factory=dict)
    title_en: str = ""
    minutes: int | None = None
    pass_mark: Fraction = Fraction(7, 10)
    max_attempts: int = 1
    cool_down_minutes: int = 0
    release_at: datetime | None = None


@dataclass(frozen=True)
class BankCount:
    """What loading the bank has written."""

    questions: int
    quizzes: int


def draft_question(
    slug: str, draft: QuestionDraft, *, actor: Account, use: str = Question.Use.QUIZ
) -> QuestionVersion:
    """Write the next version of a question as a draft; a new slug begins a question.

    Raises:
        Refused: the actor is no author.
        PermissionDenied, Http404: the question is somebody else's.
    """
    _require_role(actor, "write-question", QuestionVersion)
    with transaction.atomic():
        question, _made = Question.objects.get_or_create(
            slug=slug,
            defaults={"type": draft.content.type_name, "use": use, "owner": actor.person},
        )
        version = QuestionVersion.objects.create(
            question=question,
            number=_get_next_number(question.versions),
            content=to_json(draft.content),
            content_hash=content_digest(draft.content),
            change_kind=draft.change_kind,
            sources=draft.sources,
            outcome=draft.outcome,
            difficulty=draft.difficulty,
            created_by=actor,
        )
        require(actor, "write-question", version)
        audit.record("question.draft", actor=actor, thing=version)
    return version


def draft_quiz(slug: str, draft: QuizDraft, *, actor: Account) -> QuizVersion:
    """Write the next version of a quiz as a draft; a new slug begins a quiz."""
    _require_role(actor, "write-quiz", QuizVersion)
    with transaction.atomic():
        quiz, _made = Quiz.objects.get_or_create(slug=slug)
        version = QuizVersion.objects.create(
            quiz=quiz,
            number=_get_next_number(quiz.versions),
            title=draft.title,
            title_en=draft.title_en,
            minutes=draft.minutes,
            pass_mark=str(draft.pass_mark),
            max_attempts=draft.max_attempts,
            cool_down_minutes=draft.cool_down_minutes,
            release_at=draft.release_at,
            form_phases=dict(draft.form_phases),
            created_by=actor,
        )
        Slot.objects.bulk_create(
            Slot(quiz_version=version, form=form, position=position, question_version=question)
            for form, versions in draft.forms.items()
            for position, question in enumerate(versions, 1)
        )
        audit.record("quiz.draft", actor=actor, thing=version)
    return version


def _require_role(actor: Account, verb: str, model: type) -> None:
    if not can(actor, verb, model):
        raise Refused(_("Your role does not allow this."), code="not_allowed", status=403)


def _get_next_number(versions: Any) -> int:
    return (versions.aggregate(last=Max("number"))["last"] or 0) + 1


def send_to_review(version: QuestionVersion | QuizVersion, *, actor: Account) -> None:
    """Hand a draft to the reviewers.

    Raises:
        Refused: it is no draft, or something in it must be repaired first.
    """
    kind = "question" if isinstance(version, QuestionVersion) else "quiz"
    require(actor, f"write-{kind}", version)
    _refuse_problems(version, expected=VersionState.DRAFT, otherwise="not_a_draft")
    with transaction.atomic():
        version.state = VersionState.IN_REVIEW
        version.save(update_fields=["state"])
        audit.record(f"{kind}.send", actor=actor, thing=version)


def publish(version: QuestionVersion | QuizVersion, *, actor: Account) -> None:
    """Let takers meet a version that is in review; the one before it retires.

    Raises:
        Refused: the actor wrote it, it is not in review, or something must be repaired.
    """
    siblings: Any
    if isinstance(version, QuestionVersion):
        kind, verb = "question", "publish"
        siblings = QuestionVersion.objects.filter(question=version.question_id)
    else:
        kind, verb = "quiz", "publish-quiz"
        siblings = QuizVersion.objects.filter(quiz=version.quiz_id)
    require(actor, verb, version)
    if version.created_by_id == actor.pk:
        raise Refused(
            _("Approval must come from another person."), code="second_person", status=403
        )
    _refuse_problems(version, expected=VersionState.IN_REVIEW, otherwise="not_in_review")
    now = timezone.now()
    with transaction.atomic():
        earlier = siblings.filter(state=VersionState.PUBLISHED)
        earlier.update(state=VersionState.RETIRED, retired_at=now)
        version.state = VersionState.PUBLISHED
        version.published_at = now
        version.reviewed_by = actor
        if isinstance(version, QuizVersion):
            version.content_hash = quiz_digest(version)
        version.save()
        audit.record(f"{kind}.publish", actor=actor, thing=version)


def _refuse_problems(
    version: QuestionVersion | QuizVersion, *, expected: str, otherwise: str
) -> None:
    """Refuse a version in another state than expected, or one that must be repaired first."""
    if version.state != expected:
        codes = [otherwise]
    elif isinstance(version, QuizVersion):
        codes = _find_quiz_problems(version)
    else:
        blocks = [each for each in problems(version.parsed) if each.level is ProblemLevel.BLOCK]
        codes = [each.code for each in blocks] + ([] if version.sources else ["source_missing"])
    if codes:
        raise Refused(
            _("This version cannot be passed on yet: %(problems)s.")
            % {"problems": ", ".join(codes)},
            code="not_publishable",
            details={"problems": codes},
        )


def _find_quiz_problems(version: QuizVersion) -> list[str]:
    """List what stops a quiz: no questions, unpublished ones, ones whose key a module shows."""
    slots = list(version.slots.select_related("question_version__question"))
    codes = [] if slots else ["no_questions"]
    if any(slot.question_version.state != VersionState.PUBLISHED for slot in slots):
        codes.append("question_not_published")
    if any(slot.question_version.question.use != Question.Use.QUIZ for slot in slots):
        codes.append("practice_question")
    return codes + _find_form_problems(version, slots)


def _find_form_problems(version: QuizVersion, slots: list[Slot]) -> list[str]:
    """A named form without questions; before and after with too little in common to compare."""
    forms: dict[str, set[int]] = {form: set() for form in version.form_phases.values()}
    for slot in slots:
        forms.setdefault(slot.form, set()).add(slot.question_version.question_id)
    if not all(forms.values()):
        return ["form_missing"]
    named = version.form_phases
    if {Phase.PRE, Phase.POST} <= named.keys() and common_missing(
        forms[named[Phase.PRE]], forms[named[Phase.POST]]
    ):
        return ["forms_differ_too_much"]
    return []


def quiz_digest(version: QuizVersion) -> str:
    """Give the SHA-256 of a quiz's rules and slots; ``verify`` recomputes it (Q1)."""
    slots = version.slots.order_by("form", "position").values_list(
        "form", "position", "points", "question_version__content_hash"
    )
    rules = {
        "title": version.title,
        "minutes": version.minutes,
        "pass_mark": version.pass_mark,
        "max_attempts": version.max_attempts,
        "form_phases": version.form_phases,
        "slots": [list(slot) for slot in slots],
    }
    text = json.dumps(rules, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def load_bank(
    files: Iterable[str],
    blueprint: str = "",
    *,
    author: Account,
    reviewer: Account | None = None,
    tally: Tally | None = None,
) -> BankCount:
    """Load question files and their blueprint through drafting and review.

    With a reviewer they are published; without, questions wait for a review, and quizzes are drafts
    until their questions are out. Loading the same text again writes nothing; changed text gives
    new versions, but where the newest version is one that was written here.

    Raises:
        Refused: naming the question; nothing is then written.
        Outcome.DoesNotExist: a question names an outcome that is not loaded.
    """
    tally = Tally() if tally is None else tally
    newest = _newest_questions()
    known = {slug: from_json(version.content) for slug, version in newest.items()}
    loader = _BankLoader(author, reviewer, tally)
    with transaction.atomic(), remembering_grants():
        written = [
            loader.load_question(row, newest.get(row.slug))
            for text in files
            for row in read_questions(text, known=known)
        ]
        versions = _newest_questions()
        quizzes = [
            loader.load_quiz(row, versions)
            for row in (read_quizzes(blueprint) if blueprint else ())
        ]
    return BankCount(sum(written), sum(quizzes))


def _newest_questions() -> dict[str, QuestionVersion]:
    """Return the newest version of each question, whatever its state, by the question's slug."""
    rows = QuestionVersion.objects.select_related("question", "outcome").order_by("number")
    return {version.question.slug: version for version in rows}


class _BankLoader:
    """Writes what the bank's files hold, as one author."""

    def __init__(self, author: Account, reviewer: Account | None, tally: Tally) -> None:
        self.author, self.reviewer, self.tally = author, reviewer, tally
        self.questions = shipped.last_written(Question._meta.label_lower)
        self.quizzes = shipped.last_written(Quiz._meta.label_lower)
        self.outcomes = {outcome.slug: outcome for outcome in Outcome.objects.all()}

    def load_question(self, row: BankQuestion, newest: QuestionVersion | None) -> bool:
        """Draft the next version where the file says something new; return whether it did."""
        digest = _digest_of(content_digest(row.content), row.sources, row.outcome, row.difficulty)
        settled = shipped.settle(
            shipped=digest,
            current=_digest_of(
                newest.content_hash, newest.sources, newest.outcome.slug, newest.difficulty
            )
            if newest
            else None,
            written=self.questions.get(str(newest.question.uuid)) if newest else None,
        )
        self.tally.count("questions", row.slug, settled)
        if settled in {Settled.UNCHANGED, Settled.KEPT}:
            return False
        if row.outcome not in self.outcomes:
            raise Outcome.DoesNotExist(row.outcome)
        draft = QuestionDraft(
            content=row.content,
            outcome=self.outcomes[row.outcome],
            sources=row.sources,
            difficulty=row.difficulty,
        )
        version = draft_question(row.slug, draft, actor=self.author, use=row.use)
        shipped.remember(version.question, digest, actor=self.author)
        send_to_review(version, actor=self.author)
        if self.reviewer is not None:
            publish(version, actor=self.reviewer)
        return True

    def load_quiz(self, row: BankQuiz, questions: Mapping[str, QuestionVersion]) -> bool:
        """Draft the next version where rules or questions are new; return whether it did."""
        draft = QuizDraft(
            title=row.title,
            title_en=row.title_en,
            minutes=row.minutes,
            pass_mark=row.pass_mark,
            forms={form.form: [questions[slug] for slug in form.questions] for form in row.forms},
            form_phases={form.phase: form.form for form in row.forms},
        )
        newest = QuizVersion.objects.filter(quiz__slug=row.slug).order_by("-number").first()
        with transaction.atomic():
            version = draft_quiz(row.slug, draft, actor=self.author)
            digest = quiz_digest(version)
            settled = shipped.settle(
                shipped=digest,
                current=quiz_digest(newest) if newest else None,
                written=self.quizzes.get(str(newest.quiz.uuid)) if newest else None,
            )
            self.tally.count("quizzes", row.slug, settled)
            if settled in {Settled.UNCHANGED, Settled.KEPT}:
                transaction.set_rollback(True)
                return False
            shipped.remember(version.quiz, digest, actor=self.author)
            if self.reviewer is not None:
                send_to_review(version, actor=self.author)
                publish(version, actor=self.reviewer)
        return True


def _digest_of(
    content_hash: str, sources: list[dict[str, Any]], outcome: str, difficulty: int
) -> str:
    return shipped.digest_of([content_hash, sources, outcome, difficulty])
