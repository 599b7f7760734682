"""How far a person is: what they began, marked as finished, and what changed since.

A section is finished when its reader said so and has answered every check in it once, rightly or
not. A module is finished when all its required sections are; a later edition takes nothing away.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from clinic.lib.errors import Refused
from clinic.lib.prepared import prepared
from clinic.people.access import rows_of
from clinic.people.models import Person
from courses.models import ModuleCompletion, ModuleEdition, SectionProgress
from quizzes import practice
from quizzes.arithmetic.public_items import ItemReview
from quizzes.models import CheckAnswer


class ChecksUnanswered(Refused):
    """A section is marked as finished before each of its checks was answered once."""

    code = "checks_unanswered"
    status = 409


STATE_WORDS: dict[str, Promise] = {
    "todo": gettext_lazy("Not started"),
    "doing": gettext_lazy("In progress"),
    "done": gettext_lazy("Finished"),
}


@dataclass(frozen=True)
class SectionStates:
    """A person in the sections of one module, by the ids of their pages."""

    begun: frozenset[int] = frozenset()
    finished: frozenset[int] = frozenset()

    def state_of(self, section: Mapping[str, Any]) -> str:
        """The section's state: ``todo``, ``doing`` or ``done``."""
        if section["page"] in self.finished:
            return "done"
        return "doing" if section["page"] in self.begun else "todo"

    def next_section(self, edition: ModuleEdition) -> dict[str, Any] | None:
        """The first section that is not finished; None when all are."""
        return next((one for one in edition.sections if one["page"] not in self.finished), None)


@dataclass(frozen=True)
class ModuleProgress(SectionStates):
    """A person in one module: the sections, whether all is finished, and what changed since."""

    completion: ModuleCompletion | None = None
    changed: tuple[dict[str, Any], ...] = ()

    @property
    def state(self) -> str:
        """The module's state: ``todo``, ``doing`` or ``done``."""
        if self.completion:
            return "done"
        return "doing" if self.begun else "todo"

    @property
    def word(self) -> Promise:
        """The state in words."""
        return STATE_WORDS[self.state]


@prepared
def _read_sections(
    person_ids: Collection[int], sections: Collection[int]
) -> QuerySet[SectionProgress, Any]:
    rows = SectionProgress.objects.filter(person__in=person_ids, section__in=sections)
    return rows.values_list("section", "finished_at")


@prepared
def _read_completions(
    person_ids: Collection[int], modules: Collection[int]
) -> QuerySet[ModuleCompletion]:
    return ModuleCompletion.objects.filter(person__in=person_ids, module__in=modules)


def section_states(person: Person, editions: Iterable[ModuleEdition]) -> dict[int, SectionStates]:
    """Return how far the person is in the sections of these modules, by the module's id."""
    pages = {edition.module_id: [one["page"] for one in edition.sections] for edition in editions}
    listed = [page for of_module in pages.values() for page in of_module]
    is_finished: dict[int, bool] = {}
    for page, finished_at in _read_sections(rows_of(person), listed):
        is_finished[page] = is_finished.get(page, False) or finished_at is not None
    return {
        module: SectionStates(
            begun=frozenset(page for page in of_module if page in is_finished),
            finished=frozenset(page for page in of_module if is_finished.get(page)),
        )
        for module, of_module in pages.items()
    }


def progress_of(person: Person, editions: Iterable[ModuleEdition]) -> dict[int, ModuleProgress]:
    """Return how far the person is in each of these modules, by the module's id."""
    listed = list(editions)
    modules = [edition.module_id for edition in listed]
    completions = {row.module_id: row for row in _read_completions(rows_of(person), modules)}
    states = section_states(person, listed)
    return {
        edition.module_id: ModuleProgress(
            begun=states[edition.module_id].begun,
            finished=states[edition.module_id].finished,
            completion=completions.get(edition.module_id),
            changed=tuple(_list_changed(edition, completions.get(edition.module_id))),
        )
        for edition in listed
    }


def begin(person: Person, section: dict[str, Any]) -> None:
    """Note that the person started reading the section; a second start changes nothing."""
    SectionProgress.objects.get_or_create(person=person, section_id=section["page"])


@transaction.atomic
def answer_check(person: Person, section: dict[str, Any], *, slug: str, raw: Any) -> ItemReview:
    """Answer a check of the section and note that the person is reading it.

    Raises:
        Refused: whatever ``quizzes.practice.check`` refuses; nothing is then noted.
    """
    review = practice.check(slug, raw, person=person)
    begin(person, section)
    return review


@transaction.atomic
def finish(person: Person, edition: ModuleEdition, section: dict[str, Any]) -> SectionProgress:
    """Mark the section as finished; marking it twice keeps the first."""
    Person.objects.select_for_update().get(pk=person.pk)
    # A check that was retired asks nobody.
    waiting = unanswered(person, practice.check_questions(section["checks"]))
    if waiting:
        raise ChecksUnanswered(
            _("Answer the check questions of this section first. Right or wrong does not matter."),
            details={"unanswered": len(waiting)},
        )
    row, _made = SectionProgress.objects.get_or_create(person=person, section_id=section["page"])
    if not row.finished_at:
        row.finished_at, row.finished_edition = timezone.now(), edition.number
        row.save()
    _note_completion(person, edition)
    return row


@transaction.atomic
def undo(person: Person, edition: ModuleEdition, section: dict[str, Any]) -> None:
    """Take the mark back, and with it the module's where the section is required."""
    Person.objects.select_for_update().get(pk=person.pk)
    rows = SectionProgress.objects.filter(
        person__in=rows_of(person), section=section["page"], finished_at__isnull=False
    )
    for row in rows:
        row.finished_at = row.finished_edition = None
        row.save()
    if section["is_required"]:
        completions = ModuleCompletion.objects.filter(person__in=rows_of(person))
        completions.filter(module=edition.module_id).delete()


def unanswered(person: Person, checks: Iterable[str]) -> set[str]:
    """Return which of these published checks wait for an answer."""
    asked = set(checks)
    if not asked:
        return set()
    rows = CheckAnswer.objects.filter(person__in=rows_of(person), question__slug__in=asked)
    return asked - set(rows.values_list("question__slug", flat=True))


def _note_completion(person: Person, edition: ModuleEdition) -> None:
    required = {one["page"] for one in edition.sections if one["is_required"]}
    done = SectionProgress.objects.filter(
        person__in=rows_of(person), section__in=required, finished_at__isnull=False
    )
    if required - set(done.values_list("section", flat=True)):
        return
    ModuleCompletion.objects.get_or_create(
        person=person,
        module_id=edition.module_id,
        defaults={"edition": edition.number, "finished_at": timezone.now()},
    )


def _list_changed(
    edition: ModuleEdition, completion: ModuleCompletion | None
) -> list[dict[str, Any]]:
    """Return the sections to look at again: only a big new edition asks for that."""
    if completion is None or completion.edition == edition.number:
        return []
    between = ModuleEdition.objects.filter(
        module=edition.module_id, number__gt=completion.edition, number__lte=edition.number
    )
    if not between.filter(is_major=True).exists():
        return []
    read = ModuleEdition.objects.filter(module=edition.module_id, number=completion.edition)
    known = {
        one["page"]: one["digest"]
        for head in read.values_list("head", flat=True)
        for one in head["sections"]
    }
    return [one for one in edition.sections if known.get(one["page"]) != one["digest"]]
