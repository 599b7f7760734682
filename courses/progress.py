"""How far a person is: what they began, marked as finished, and what changed since (ux 5.5).

A section is finished when its reader said so and has answered every check in it once, rightly or
not. A module is finished when all its required sections are; a later edition takes nothing away.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from clinic.lib.errors import Refused
from clinic.people.models import Person
from courses.models import ModuleCompletion, ModuleEdition, SectionProgress
from quizzes import practice
from quizzes.arithmetic.public_items import ItemReview


class ChecksUnanswered(Refused):
    """A section is marked as finished before each of its checks was answered once."""

    code = "checks_unanswered"
    status = 409


@dataclass(frozen=True)
class Standing:
    """A person in one module: sections by the id of their page, and whether all is finished."""

    begun: frozenset[int] = frozenset()
    finished: frozenset[int] = frozenset()
    completion: ModuleCompletion | None = None
    changed: tuple[dict[str, Any], ...] = field(default=())

    @property
    def state(self) -> str:
        """The module's state: ``todo``, ``doing`` or ``done``."""
        if self.completion:
            return "done"
        return "doing" if self.begun else "todo"

    def state_of(self, section: dict[str, Any]) -> str:
        """The section's state: ``todo``, ``doing`` or ``done``."""
        if section["page"] in self.finished:
            return "done"
        return "doing" if section["page"] in self.begun else "todo"

    def next_section(self, edition: ModuleEdition) -> dict[str, Any] | None:
        """The first section that is not finished; None when all are."""
        return next((one for one in edition.sections if one["page"] not in self.finished), None)


def standings_of(person: Person, editions: Iterable[ModuleEdition]) -> dict[int, Standing]:
    """Return how far the person is in each of these modules, by the module's id."""
    listed = list(editions)
    rows = _rows_of(person)
    module_of = {one["page"]: edition.module_id for edition in listed for one in edition.sections}
    begun: dict[int, set[int]] = {}
    finished: dict[int, set[int]] = {}
    for row in SectionProgress.objects.filter(person__in=rows, section__in=module_of):
        module = module_of[row.section_id]
        begun.setdefault(module, set()).add(row.section_id)
        if row.finished_at:
            finished.setdefault(module, set()).add(row.section_id)
    completions = {
        row.module_id: row
        for row in ModuleCompletion.objects.filter(
            person__in=rows, module__in=[edition.module_id for edition in listed]
        )
    }
    return {
        edition.module_id: Standing(
            begun=frozenset(begun.get(edition.module_id, ())),
            finished=frozenset(finished.get(edition.module_id, ())),
            completion=completions.get(edition.module_id),
            changed=tuple(_changed(edition, completions.get(edition.module_id))),
        )
        for edition in listed
    }


def standing_of(person: Person, edition: ModuleEdition) -> Standing:
    """Return how far the person is in one module."""
    return standings_of(person, [edition])[edition.module_id]


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
    """Mark the section as finished; marking it twice keeps the first.

    Raises:
        ChecksUnanswered: naming how many checks still wait for an answer.
    """
    Person.objects.select_for_update().get(pk=person.pk)
    waiting = unanswered(person, section)
    if waiting:
        raise ChecksUnanswered(
            _("Answer the check questions of this section first. Right or wrong does not matter."),
            details={"unanswered": len(waiting)},
        )
    row, _made = SectionProgress.objects.get_or_create(person=person, section_id=section["page"])
    if not row.finished_at:
        row.finished_at, row.finished_edition = timezone.now(), edition.number
        row.save()
    _complete(person, edition)
    return row


@transaction.atomic
def undo(person: Person, edition: ModuleEdition, section: dict[str, Any]) -> None:
    """Take the mark back, and with it the module's where the section is required."""
    Person.objects.select_for_update().get(pk=person.pk)
    rows = SectionProgress.objects.filter(
        person__in=_rows_of(person), section=section["page"], finished_at__isnull=False
    )
    for row in rows:
        row.finished_at = row.finished_edition = None
        row.save()
    if section["is_required"]:
        completions = ModuleCompletion.objects.filter(person__in=_rows_of(person))
        completions.filter(module=edition.module_id).delete()


def unanswered(person: Person, section: dict[str, Any]) -> set[str]:
    """Return the section's checks without an answer; a check that was retired asks nobody."""
    known = practice.check_questions(section["checks"]).keys()
    return set(known) - _answered(person, known)


def _answered(person: Person, slugs: Iterable[str]) -> set[str]:
    listed = list(slugs)
    return {slug for row in _rows_of(person) for slug in practice.answered(row, listed)}


def _rows_of(person: Person) -> list[Person]:
    return list(Person.objects.rows_of(person))


def _complete(person: Person, edition: ModuleEdition) -> None:
    required = {one["page"] for one in edition.sections if one["is_required"]}
    done = SectionProgress.objects.filter(
        person__in=_rows_of(person), section__in=required, finished_at__isnull=False
    )
    if required - set(done.values_list("section", flat=True)):
        return
    ModuleCompletion.objects.get_or_create(
        person=person,
        module_id=edition.module_id,
        defaults={"edition": edition.number, "finished_at": timezone.now()},
    )


def _changed(edition: ModuleEdition, completion: ModuleCompletion | None) -> list[dict[str, Any]]:
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
