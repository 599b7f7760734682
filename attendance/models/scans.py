"""What happened at the doors, what people corrected about it, and what is held of it."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Length
from django.db.models.lookups import GreaterThanOrEqual
from django.utils.translation import gettext_lazy as _

from attendance.arithmetic.folding import State
from attendance.arithmetic.scans import Assurance, CorrectionKind, Direction, ScanKind, Standing
from attendance.models.events import Event, Session
from attendance.models.seats import Registration
from clinic.records.seals import AppendOnlyModel, append_only

SHORTEST_REASON = 10

STATE_LABELS = {
    State.EXPECTED: _("expected"),
    State.PRESENT: _("present"),
    State.LATE: _("late"),
    State.LEFT_EARLY: _("left early"),
    State.ABSENT: _("absent"),
    State.EXCUSED: _("excused"),
    State.REVIEW: _("to be checked"),
}


class Scan(AppendOnlyModel):
    """One scan as it came in, whatever the verdict. The trigger refuses any change (I1).

    ``uid`` comes from the device. ``effective_at`` is fixed at receipt. ``receipt`` names the
    batch that stored the row, so that a batch knows which rows are its own.
    """

    uid = models.UUIDField()
    event = models.ForeignKey(Event, on_delete=models.PROTECT, related_name="scans")
    registration = models.ForeignKey(
        Registration, on_delete=models.PROTECT, null=True, related_name="scans"
    )
    scan_group = models.CharField(max_length=20)
    token_digest = models.CharField(max_length=64, blank=True)
    kind = models.CharField(max_length=10, choices=[(each.value, each.name) for each in ScanKind])
    direction = models.CharField(
        max_length=3, choices=[(each.value, each.name) for each in Direction]
    )
    steward = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    wall = models.DateTimeField(null=True)
    effective_at = models.DateTimeField()
    received_at = models.DateTimeField()
    shown = models.CharField(max_length=5, blank=True)
    payload_digest = models.CharField(max_length=64)
    verdict = models.CharField(max_length=24)
    standing = models.CharField(
        max_length=7, choices=[(each.value, each.name) for each in Standing]
    )
    receipt = models.UUIDField()

    class Meta:
        verbose_name = _("scan")
        verbose_name_plural = _("scans")
        constraints = [models.UniqueConstraint(name="one_scan_per_uid", fields=["uid"])]
        indexes = [models.Index(fields=["event", "effective_at"], name="scan_by_event_and_time")]

    def __str__(self) -> str:
        return str(self.uid)


class Correction(AppendOnlyModel):
    """What somebody said about a scan, beside it; the last word of a kind holds."""

    uid = models.UUIDField()
    event = models.ForeignKey(Event, on_delete=models.PROTECT, related_name="corrections")
    registration = models.ForeignKey(
        Registration, on_delete=models.PROTECT, related_name="corrections"
    )
    kind = models.CharField(
        max_length=6, choices=[(each.value, each.name) for each in CorrectionKind]
    )
    target = models.CharField(max_length=40)
    at = models.DateTimeField(null=True)
    direction = models.CharField(
        max_length=3, blank=True, choices=[(each.value, each.name) for each in Direction]
    )
    reason = models.CharField(max_length=300)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    created_at = models.DateTimeField()

    class Meta:
        verbose_name = _("correction")
        verbose_name_plural = _("corrections")
        constraints = [
            models.UniqueConstraint(name="one_correction_per_uid", fields=["uid"]),
            models.CheckConstraint(
                name="correction_says_why",
                condition=Q(GreaterThanOrEqual(Length("reason"), SHORTEST_REASON)),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.target}"


class RejectedItem(models.Model):
    """An item that could not become a scan, kept for a person to look at (at most 2 KiB)."""

    event = models.ForeignKey(Event, on_delete=models.PROTECT, related_name="rejected_items")
    raw = models.CharField(max_length=2048)
    code = models.CharField(max_length=24)
    received_at = models.DateTimeField()

    class Meta:
        verbose_name = _("rejected item")
        verbose_name_plural = _("rejected items")

    def __str__(self) -> str:
        return f"{self.code} {self.received_at:%Y-%m-%d %H:%M}"


class PresenceQuerySet(models.QuerySet["Presence"]):
    """Reads of presences by what they say."""

    def counted(self) -> "PresenceQuerySet":
        """Keep presences of people who were there, of registrations still in force."""
        return self.filter(
            state__in=Presence.THERE, registration__state__in=Registration.HELD_STATES
        )


class Presence(models.Model):
    """What is held of one registration in one session: a projection of scans and corrections.

    There is a row for each session once the registration has any scan or correction. Who was only
    ``expected`` is absent once the session is over: ``presence.shown_state`` says so at read.
    """

    THERE = (State.PRESENT.value, State.LATE.value, State.LEFT_EARLY.value)

    registration = models.ForeignKey(
        Registration, on_delete=models.CASCADE, related_name="presences"
    )
    session = models.ForeignKey(Session, on_delete=models.CASCADE, related_name="presences")
    state = models.CharField(
        max_length=10, choices=[(key.value, STATE_LABELS[key]) for key in State]
    )
    assurance = models.CharField(
        max_length=13, blank=True, choices=[(each.value, each.name) for each in Assurance]
    )
    first_in = models.DateTimeField(null=True)
    last_out = models.DateTimeField(null=True)
    minutes = models.PositiveIntegerField(default=0)
    intervals = models.JSONField(default=list)
    flags = models.JSONField(default=list)
    built_count = models.PositiveIntegerField()
    built_digest = models.CharField(max_length=64)

    objects = PresenceQuerySet.as_manager()

    class Meta:
        verbose_name = _("presence")
        verbose_name_plural = _("presences")
        ordering = ["session__starts_at", "id"]
        constraints = [
            models.UniqueConstraint(
                name="one_presence_per_registration_and_session",
                fields=["registration", "session"],
            ),
        ]

    def __str__(self) -> str:
        return f"{self.registration_id} {self.session_id} {self.state}"


append_only(Scan, moment="received_at")
append_only(Correction, moment="created_at")
