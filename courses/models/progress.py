"""What a person has begun and finished: acts of the reader, never a timer (ux 5.5)."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from clinic.people.models import Person
from courses.models.pages import ModulePage, SectionPage


class SectionProgress(models.Model):
    """A person's way through one section; finished under the edition that was read then."""

    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="section_progress")
    section = models.ForeignKey(SectionPage, on_delete=models.CASCADE, related_name="progress")
    begun_at = models.DateTimeField(auto_now_add=True)
    acted_at = models.DateTimeField(auto_now=True)
    finished_at = models.DateTimeField(null=True)
    finished_edition = models.PositiveIntegerField(null=True)

    class Meta:
        verbose_name = _("progress in a section")
        verbose_name_plural = _("progress in sections")
        constraints = [
            models.UniqueConstraint(
                name="one_progress_per_person_and_section", fields=["person", "section"]
            ),
            models.CheckConstraint(
                name="a_finished_section_names_its_edition",
                condition=Q(finished_at__isnull=True, finished_edition__isnull=True)
                | Q(finished_at__isnull=False, finished_edition__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.person_id}:{self.section_id}"


class ModuleCompletion(models.Model):
    """That a person finished every required section of a module, and of which edition.

    A row of its own, so that a later edition with one section more takes nothing away.
    """

    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="finished_modules")
    module = models.ForeignKey(ModulePage, on_delete=models.CASCADE, related_name="completions")
    edition = models.PositiveIntegerField()
    finished_at = models.DateTimeField()

    class Meta:
        verbose_name = _("finished module")
        verbose_name_plural = _("finished modules")
        constraints = [
            models.UniqueConstraint(
                name="one_completion_per_person_and_module", fields=["person", "module"]
            ),
        ]

    def __str__(self) -> str:
        return f"{self.person_id}:{self.module_id}"
