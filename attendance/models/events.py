"""Events and their sessions."""

import secrets
from datetime import timedelta
from typing import Any, Self
from uuid import uuid4

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from clinic.people.models import Unit

KEY_BYTES = 32
POLICIES: dict[str, Any] = {
    "schema": 1,
    "opens": 30,
    "late": 15,
    "early": 15,
    "closes": 30,
    "closing": "close_at_end",
}


def default_policies() -> dict[str, Any]:
    """Return the windows in minutes, and what an ``in`` without an ``out`` earns."""
    return dict(POLICIES)


def new_badge_key() -> bytes:
    """Return the secret under which the badge tokens of one event are made."""
    return secrets.token_bytes(KEY_BYTES)


class EventQuerySet(models.QuerySet["Event"]):
    """Reads of events by state."""

    def published(self) -> Self:
        """Keep events that the public may know of."""
        return self.filter(state__in=Event.PUBLIC_STATES)

    def of_region(self, unit: Unit) -> Self:
        """Keep events of the unit's regency."""
        return self.filter(unit__path__startswith=unit.path[: Unit.steplen])


class Event(models.Model):
    """A clinic or another event that people come to.

    Grants and quizzes know it by ``uuid``. ``rev`` grows with every change that a scanner must
    know. ``seats_taken`` counts held registrations that are not over quota; one conditional
    UPDATE guards it.
    """

    class Kind(models.TextChoices):
        CLINIC = "coaching-clinic", _("coaching clinic")
        TRAINING = "bimtek", _("technical guidance")
        MEETING = "rapat", _("meeting")

    class State(models.TextChoices):
        DRAFT = "draft", _("draft")
        OPEN = "open", _("registration open")
        CLOSED = "closed", _("registration closed")
        RUNNING = "running", pgettext_lazy("event", "under way")
        ENDED = "ended", _("over")
        FINALISED = "finalised", _("finalised")
        ARCHIVED = "archived", _("archived")
        CANCELLED = "cancelled", _("cancelled")

    class Zone(models.TextChoices):
        WIB = "Asia/Jakarta", "WIB"
        WITA = "Asia/Makassar", "WITA"
        WIT = "Asia/Jayapura", "WIT"

    PUBLIC_STATES = ("open", "closed", "running", "ended", "finalised", "cancelled")
    ACTIVE_STATES = ("open", "closed", "running", "ended")

    uuid = models.UUIDField(default=uuid4, unique=True, editable=False)
    code = models.SlugField(_("address name"), max_length=60, unique=True)
    title = models.CharField(_("title"), max_length=200)
    kind = models.CharField(_("kind"), max_length=16, choices=Kind.choices, default=Kind.CLINIC)
    unit = models.ForeignKey(
        Unit, on_delete=models.PROTECT, related_name="events", verbose_name=_("organising unit")
    )
    place = models.CharField(_("place"), max_length=200, blank=True)
    about = models.TextField(_("about the event"), blank=True)
    zone = models.CharField(_("time zone"), max_length=20, choices=Zone.choices)
    state = models.CharField(_("state"), max_length=9, choices=State.choices, default=State.DRAFT)
    capacity = models.PositiveIntegerField(_("seats"), null=True, blank=True)
    seats_taken = models.PositiveIntegerField(default=0)
    rev = models.PositiveIntegerField(default=1)
    agenda_basis = models.JSONField(default=dict)
    policies = models.JSONField(default=default_policies)
    badge_key = models.BinaryField(default=new_badge_key, editable=False)
    letter_number = models.CharField(_("letter number"), max_length=80, blank=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)

    objects = EventQuerySet.as_manager()

    class Meta:
        verbose_name = _("event")
        verbose_name_plural = _("events")
        ordering = ["-created_at", "-id"]
        constraints = [
            models.CheckConstraint(
                name="seats_taken_stay_within_capacity",
                condition=Q(capacity__isnull=True) | Q(seats_taken__lte=F("capacity")),
            ),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def is_over(self) -> bool:
        """True once the event has ended, by its state."""
        return self.state in (self.State.ENDED, self.State.FINALISED, self.State.ARCHIVED)

    @property
    def seats_left(self) -> int | None:
        """Seats that can still be taken; None where there is no limit."""
        return None if self.capacity is None else self.capacity - self.seats_taken

    def minutes_of(self, policy: str) -> timedelta:
        """Return one of the windows ``opens``, ``late``, ``early``, ``closes``."""
        return timedelta(minutes=self.policies.get(policy, POLICIES[policy]))


class Session(models.Model):
    """A stretch of an event; one scan counts for all sessions of a ``scan_group``."""

    uuid = models.UUIDField(default=uuid4, unique=True, editable=False)
    event = models.ForeignKey(Event, on_delete=models.PROTECT, related_name="sessions")
    scan_group = models.SlugField(_("scan group"), max_length=20)
    title = models.CharField(_("title"), max_length=200)
    starts_at = models.DateTimeField(_("starts"))
    ends_at = models.DateTimeField(_("ends"))
    room = models.CharField(_("room"), max_length=120, blank=True)
    is_required = models.BooleanField(_("required"), default=True)
    is_cancelled = models.BooleanField(_("cancelled"), default=False)

    class Meta:
        verbose_name = _("session")
        verbose_name_plural = _("sessions")
        ordering = ["starts_at", "id"]
        constraints = [
            models.CheckConstraint(
                name="session_ends_after_it_starts", condition=Q(ends_at__gt=F("starts_at"))
            ),
        ]

    def __str__(self) -> str:
        return self.title
