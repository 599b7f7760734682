"""The rules that modules cite; what a rule is worth today is read when a page is shown."""

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class Regulation(models.Model):
    """A rule under a short name of ours, with its state and where that was read."""

    class Status(models.TextChoices):
        IN_FORCE = "berlaku", _("In force")
        HISTORY = "sejarah", pgettext_lazy("state of a rule", "History")
        AMENDED = "diubah", _("Amended")
        UNVERIFIED = "belum-diverifikasi", _("Unverified")

    slug = models.SlugField(max_length=80, unique=True)
    number = models.CharField(_("number"), max_length=80)
    title = models.CharField(_("short title"), max_length=200)
    year = models.PositiveSmallIntegerField(_("year"))
    status = models.CharField(_("state"), max_length=20, choices=Status.choices)
    source = models.CharField(_("where its state was read"), max_length=200, blank=True)
    note = models.TextField(_("note"), blank=True)

    class Meta:
        verbose_name = _("regulation")
        verbose_name_plural = _("regulations")
        ordering = ["year", "number"]

    def __str__(self) -> str:
        return f"{self.number}: {self.title}"
