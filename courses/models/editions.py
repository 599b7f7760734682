"""One publishing act of a module is one row, frozen as readers see it (D10)."""

from typing import Any
from uuid import uuid4

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from courses.models.pages import ModulePage


class ModuleEdition(models.Model):
    """A module as it was published: head and all sections, in one row.

    ``head`` (with its ``schema`` number) holds what the module says of itself and for every section
    its page, address, title, lead, minutes, checks and digest; ``bodies`` holds the raw stream of
    every section by the id of its page. A reader's page is drawn from one such row, so no reader
    ever sees half of an edit. ``digest`` is the SHA-256 of both.
    """

    uuid = models.UUIDField(default=uuid4, unique=True, editable=False)
    module = models.ForeignKey(ModulePage, on_delete=models.CASCADE, related_name="editions")
    number = models.PositiveIntegerField()
    is_current = models.BooleanField(default=True)
    is_major = models.BooleanField(default=False)
    note = models.CharField(_("what changed, for readers"), max_length=240, blank=True)
    head = models.JSONField()
    bodies = models.JSONField()
    digest = models.CharField(max_length=64)
    published_at = models.DateTimeField()
    published_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )

    class Meta:
        verbose_name = _("edition of a module")
        verbose_name_plural = _("editions of modules")
        ordering = ["module", "-number"]
        constraints = [
            models.UniqueConstraint(
                name="one_edition_per_module_and_number", fields=["module", "number"]
            ),
            models.UniqueConstraint(
                name="one_current_edition_per_module",
                fields=["module"],
                condition=models.Q(is_current=True),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.module_id} v{self.number}"

    @property
    def sections(self) -> list[dict[str, Any]]:
        """What the edition says of each section, in reading order."""
        return self.head["sections"]

    def section(self, slug: str) -> dict[str, Any] | None:
        """The section at this address, if the edition has one."""
        return next((one for one in self.sections if one["slug"] == slug), None)
