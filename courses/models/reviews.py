"""A module on its way from its author to a reviewer."""

from uuid import uuid4

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from courses.models.pages import ModulePage


class ReviewRequest(models.Model):
    """One round: sent by the author, then published, or returned with a comment."""

    class State(models.TextChoices):
        WAITING = "waiting", _("waiting for review")
        RETURNED = "returned", _("returned with a comment")
        PUBLISHED = "published", _("published")

    uuid = models.UUIDField(default=uuid4, unique=True, editable=False)
    module = models.ForeignKey(ModulePage, on_delete=models.CASCADE, related_name="reviews")
    state = models.CharField(max_length=9, choices=State.choices, default=State.WAITING)
    sent_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    sent_at = models.DateTimeField(auto_now_add=True)
    comment = models.TextField(_("comment"), blank=True, max_length=2000)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    decided_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("review of a module")
        verbose_name_plural = _("reviews of modules")
        ordering = ["-sent_at"]
        constraints = [
            models.UniqueConstraint(
                name="one_waiting_review_per_module",
                fields=["module"],
                condition=Q(state="waiting"),
            ),
            models.CheckConstraint(
                name="a_decided_review_names_who_decided",
                condition=Q(state="waiting", decided_by__isnull=True, decided_at__isnull=True)
                | Q(~Q(state="waiting"), decided_by__isnull=False, decided_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.module_id} {self.state}"
