"""A person's quizzes: what is to do, under way and done."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from django.db.models import Count, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from clinic.lib.prepared import prepared
from clinic.lib.remembering import until_publication
from clinic.people.access import condition_of_own, rows_of, visible
from clinic.people.models import Account, Membership, Person
from quizzes import delivery
from quizzes.delivery import Prospect, form_of, prospects
from quizzes.models import Assignment, Attempt, Quiz, Slot
from quizzes.models.assignments import TAKER_STATES
from quizzes.models.questions import VersionState

RECENT = timedelta(days=365)


@dataclass(frozen=True)
class QuizEntry:
    """One assignment of a person with what the start page says of it.

    Attributes:
        questions: how many questions the person would get.
        minutes_left: real minutes if it were begun now; None without a limit.
        review_at: when answers can be seen, if that is known.
    """

    assignment: Assignment
    prospect: Prospect
    questions: int
    minutes_left: int | None
    review_at: datetime | None

    @property
    def attempts(self) -> list[Attempt]:
        return self.prospect.attempts

    @property
    def open_attempt(self) -> Attempt | None:
        return next((one for one in self.attempts if one.is_open), None)

    @property
    def may_start(self) -> bool:
        return self.open_attempt is None and self.prospect.refusal is None

    @property
    def start_label(self) -> str:
        """What the button says that begins or goes on; empty where neither can be."""
        if self.open_attempt:
            return _("Go on with the quiz")
        return _("Start the quiz") if self.may_start else ""

    @property
    def finished(self) -> list[Attempt]:
        return [one for one in self.attempts if not one.is_open]


def entries_of(
    account: Account, *, quiz: Quiz | None = None, since: datetime | None = None
) -> list[QuizEntry]:
    """Return the person's assignments of published quizzes, earliest opening first.

    Args:
        account: of the person.
        quiz: this quiz alone.
        since: leave out what had closed by then.
    """
    person_ids, day = rows_of(account.person), timezone.localdate()
    rows = _read_assignments(person_ids, day, quiz.pk if quiz else None, since)
    found = prospects(rows, account.person)
    lengths = _count_questions(frozenset(one.version.pk for one in found))
    return [
        _make_entry(one, questions=lengths[one.version.pk, _choose_form(one, account)])
        for one in found
    ]


@prepared
def _read_assignments(
    person_ids: Collection[int], day: date, quiz: int | None, since: datetime | None
) -> QuerySet[Assignment]:
    rows = Assignment.objects.select_related("quiz")
    rows = rows.filter(condition_of_own("open-quiz", Assignment, person_ids, day))
    rows = rows.filter(quiz__versions__state=VersionState.PUBLISHED)
    if quiz is not None:
        rows = rows.filter(quiz=quiz)
    if since is not None:
        rows = rows.exclude(closes_at__lt=since)
    return rows.order_by("opens_at", "id")


def a_year_ago() -> datetime:
    """Return since when closed quizzes stand in a person's list without being asked for."""
    return timezone.now() - RECENT


def has_entries_before(account: Account, moment: datetime) -> bool:
    """Whether quizzes of the person had closed by then."""
    rows = visible(account, "open-quiz", Assignment.objects.filter(closes_at__lt=moment))
    return rows.filter(quiz__versions__state=VersionState.PUBLISHED).exists()


def find_own(account: Account, uuid: UUID, *, verb: str) -> Attempt | None:
    """Return the person's own attempt, ended if its time is over; None if there is none."""
    person = account.person
    attempt = next(iter(_read_own(uuid, rows_of(person), verb=verb)), None)
    if attempt is None:
        return None
    if attempt.person_id == person.pk:
        attempt.person = person
    is_over = attempt.is_open and delivery.is_overdue(attempt, timezone.now())
    return delivery.expire(uuid) if is_over else attempt


@prepared
def _read_own(uuid: UUID, person_ids: Collection[int], *, verb: str) -> QuerySet[Attempt]:
    own = condition_of_own(verb, Attempt, person_ids, date.min)
    related = Attempt.objects.select_related("quiz_version", "assignment")
    return related.filter(own, uuid=uuid).order_by()


def takers_of(assignment: Assignment) -> QuerySet[Person]:
    """Return the persons whom the assignment reaches today, by name."""
    people = Person.objects.order_by("name", "pk")
    if assignment.unit is not None:
        posts = Membership.objects.on(timezone.localdate())
        posts = posts.filter(unit__path__startswith=assignment.unit.path)
        return people.filter(pk__in=posts.values("person"))
    if assignment.event is not None:
        seats = assignment.event.registrations.filter(state__in=TAKER_STATES)
        return people.filter(pk__in=seats.values("person"))
    return people.filter(assignments=assignment)


def outcomes_of(entries: Iterable[QuizEntry]) -> list[str]:
    """Return the slugs of the outcomes that the quizzes ask about, the one asked most first."""
    return _read_outcomes(tuple(one.prospect.version.pk for one in entries))


@until_publication
def _read_outcomes(versions: tuple[int, ...]) -> list[str]:
    slots = Slot.objects.filter(quiz_version__in=versions)
    asked = slots.values_list("question_version__outcome__slug", flat=True)
    return [slug for slug, _count in Counter(asked.order_by("pk")).most_common()]


@until_publication
def _count_questions(versions: frozenset[int]) -> Mapping[tuple[int, str], int]:
    """Count the questions of each form of the versions, which never change."""
    forms = Slot.objects.filter(quiz_version__in=versions).order_by().values("quiz_version", "form")
    counted = forms.annotate(number=Count("pk"))
    return Counter({(one["quiz_version"], one["form"]): one["number"] for one in counted})


def _choose_form(found: Prospect, account: Account) -> str:
    return form_of(found.version, found.assignment.phase, account.person)


def _make_entry(found: Prospect, *, questions: int) -> QuizEntry:
    ends = [found.closes_at, found.version.release_at]
    return QuizEntry(
        assignment=found.assignment,
        prospect=found,
        questions=questions,
        minutes_left=_count_minutes(found.deadline_at),
        review_at=max((end for end in ends if end), default=None),
    )


def _count_minutes(deadline_at: datetime | None) -> int | None:
    if deadline_at is None:
        return None
    return max(0, round((deadline_at - timezone.now()) / timedelta(minutes=1)))


def finished_by(event: int, phase: str, *, actor: Account) -> frozenset[int] | None:
    """Return who has finished every quiz of the event in this phase; None where there is none.

    Only that it is done, never how well. The keys are those of every row of each human (D12);
    ``event`` is the event's.
    """
    wanted = set(
        Assignment.objects.in_force().filter(event=event, phase=phase).values_list("pk", flat=True)
    )
    if not wanted:
        return None
    rows = visible(actor, "read-score", Attempt.objects.filter(assignment__in=wanted).finished())
    merged = Person.objects.exclude(merged_into=None).values_list("pk", "merged_into")
    kept = {row: into for row, into in merged if into is not None}
    done: dict[int, set[int]] = {}
    for person, assignment in rows.values_list("person", "assignment"):
        done.setdefault(_find_kept(person, kept), set()).add(assignment)
    finished = {person for person, held in done.items() if held == wanted}
    return frozenset(finished | {row for row in kept if _find_kept(row, kept) in finished})


def _find_kept(person: int, kept: dict[int, int]) -> int:
    while person in kept:
        person = kept[person]
    return person
