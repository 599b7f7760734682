"""What an organiser decided on registrations in one act, kept so that it can be undone."""

from datetime import datetime, timedelta
from uuid import uuid4

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from attendance.models.events import Event
from attendance.models.seats import Registration

UNDO_SECONDS = 30


class Decision(models.Model):
    """One act on any number of registrations.

    The page on which it is confirmed names it by ``uuid``, so that sending twice decides once.
    """

    class Act(models.TextChoices):
        APPROVE = "approve", _("Approve")
        DECLINE = "decline", _("Decline")
        WAIT = "wait", _("Move to the waiting list")
        REVOKE = "revoke", _("Revoke")
        RESTORE = "restore", _("Put in force again")

    uuid = models.UUIDField(default=uuid4, editable=False)
    event = models.ForeignKey(Event, on_delete=models.PROTECT, related_name="decisions")
    act = models.CharField(max_length=8, choices=Act.choices)
    reason = models.CharField(max_length=300, blank=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(default=timezone.now)
    undone_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("decision on registrations")
        verbose_name_plural = _("decisions on registrations")
        ordering = ["-at", "-id"]
        constraints = [
            models.UniqueConstraint(
                name="one_decision_per_event_and_uuid", fields=["event", "uuid"]
            ),
        ]

    def __str__(self) -> str:
        return f"{self.act} {self.uuid}"

    def may_be_undone(self, now: datetime) -> bool:
        """Whether its half minute still runs."""
        return self.undone_at is None and now - self.at <= timedelta(seconds=UNDO_SECONDS)


class DecidedRow(models.Model):
    """One registration of a decision: its state before and after, and what came of it.

    ``changed_at`` is the registration's after the act; another value later means that somebody
    has changed it since.
    """

    class Outcome(models.TextChoices):
        DONE = "done", _("done")
        ALREADY = "already", _("was so before")
        FULL = "full", _("every seat is taken")
        BLOCKED = "blocked", _("registered anew")
        UNFIT = "unfit", _("not possible from this state")

    decision = models.ForeignKey(Decision, on_delete=models.PROTECT, related_name="rows")
    registration = models.ForeignKey(
        Registration, on_delete=models.PROTECT, related_name="decided_rows"
    )
    outcome = models.CharField(max_length=7, choices=Outcome.choices)
    before = models.CharField(max_length=10, choices=Registration.State.choices)
    after = models.CharField(max_length=10, choices=Registration.State.choices)
    changed_at = models.DateTimeField()

    class Meta:
        verbose_name = _("decided registration")
        verbose_name_plural = _("decided registrations")
        ordering = ["decision", "id"]
        constraints = [
            models.UniqueConstraint(
                name="one_row_per_decision_and_registration", fields=["decision", "registration"]
            ),
        ]

    def __str__(self) -> str:
        return f"{self.before} > {self.after}"
