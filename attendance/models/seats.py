"""Who is registered, and the badges by which they are known at the door."""

from typing import Self
from uuid import uuid4

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from attendance.models.events import Event
from clinic.people.models import Person, Unit


class RegistrationQuerySet(models.QuerySet["Registration"]):
    """Reads of registrations by state."""

    def active(self) -> Self:
        """Keep registrations in force, those that wait for a seat included."""
        return self.filter(state__in=Registration.ACTIVE_STATES)

    def held(self) -> Self:
        """Keep registrations that hold a seat, or stand in the room without one."""
        return self.filter(state__in=Registration.HELD_STATES)

    def to_approve(self) -> Self:
        """Keep proposals that wait for the organisers; an invitation waits for the person."""
        return self.filter(state=Registration.State.NOMINATED).exclude(
            source=Registration.Source.ORGANISER
        )


class Registration(models.Model):
    """A person's place in an event; unit and post are those at registration."""

    class State(models.TextChoices):
        NOMINATED = "nominated", _("proposed")
        CONFIRMED = "confirmed", _("registered")
        WAITLISTED = "waitlisted", _("on the waiting list")
        OFFERED = "offered", _("seat offered")
        EXPIRED = "expired", _("offer expired")
        WALK_IN = "walk_in", _("came unlisted")
        DECLINED = "declined", _("proposal declined")
        CANCELLED = "cancelled", _("withdrawn")
        REPLACED = "replaced", _("replaced")
        REVOKED = "revoked", _("revoked")

    class Source(models.TextChoices):
        SELF = "self", _("by the person")
        UNIT = "unit", _("by the unit")
        ORGANISER = "organiser", _("by the organiser")
        WALK_IN = "walk_in", _("at the desk")

    class Role(models.TextChoices):
        PARTICIPANT = "peserta", _("participant")
        SPEAKER = "narasumber", _("speaker")
        MODERATOR = "moderator", _("moderator")

    # An invitation is a proposal by the organisers: nothing is left for them to approve.
    INVITED = ("invited", _("invited, waiting for confirmation"))
    HELD_STATES = ("nominated", "confirmed", "walk_in")
    ACTIVE_STATES = (*HELD_STATES, "waitlisted", "offered")

    uuid = models.UUIDField(default=uuid4, unique=True, editable=False)
    event = models.ForeignKey(Event, on_delete=models.PROTECT, related_name="registrations")
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="registrations")
    unit = models.ForeignKey(
        Unit, on_delete=models.PROTECT, null=True, related_name="registrations"
    )
    unit_name = models.CharField(_("unit"), max_length=200, blank=True)
    position = models.CharField(_("position"), max_length=160, blank=True)
    state = models.CharField(_("state"), max_length=10, choices=State.choices)
    source = models.CharField(max_length=9, choices=Source.choices)
    role = models.CharField(max_length=10, choices=Role.choices, default=Role.PARTICIPANT)
    is_over_quota = models.BooleanField(default=False)
    needs = models.CharField(_("what you need in the room"), max_length=300, blank=True)
    token_version = models.PositiveSmallIntegerField(default=1)
    short_code = models.CharField(max_length=8)
    reason = models.CharField(max_length=300, blank=True)
    replaces = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, related_name="replacements"
    )
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)
    changed_at = models.DateTimeField(auto_now=True)

    objects = RegistrationQuerySet.as_manager()

    class Meta:
        verbose_name = _("registration")
        verbose_name_plural = _("registrations")
        ordering = ["unit_name", "person__name", "id"]
        constraints = [
            models.UniqueConstraint(
                name="one_active_registration_per_person_and_event",
                fields=["event", "person"],
                condition=Q(
                    state__in=["nominated", "confirmed", "walk_in", "waitlisted", "offered"]
                ),
            ),
            models.UniqueConstraint(
                name="one_registration_per_short_code", fields=["event", "short_code"]
            ),
        ]

    def __str__(self) -> str:
        return f"{self.event_id} {self.person_id}"

    @property
    def is_active(self) -> bool:
        """Whether the registration is in force."""
        return self.state in self.ACTIVE_STATES

    @property
    def standing(self) -> str:
        """The state, where an invitation is told from the proposal of a unit."""
        is_invited = (self.state, self.source) == (self.State.NOMINATED, self.Source.ORGANISER)
        return self.INVITED[0] if is_invited else self.state

    @property
    def standing_words(self) -> str:
        """The standing in words."""
        is_invited = self.standing == self.INVITED[0]
        return str(self.INVITED[1] if is_invited else self.State(self.state).label)

    @property
    def holds_seat(self) -> bool:
        """Whether it counts among the seats taken."""
        return self.state in self.HELD_STATES and not self.is_over_quota

    @property
    def official_place(self) -> tuple[str, str, str, int]:
        """What lists are sorted by: the unit in official order, then the name; no unit is last."""
        path = self.unit.path if self.unit else "~"
        return path, self.unit_name, self.person.name.casefold(), self.pk


class Badge(models.Model):
    """The digest of one badge token: a scan is looked up by it (S23); the token is not kept.

    A badge whose version is not the registration's is superseded.
    """

    registration = models.ForeignKey(Registration, on_delete=models.PROTECT, related_name="badges")
    version = models.PositiveSmallIntegerField()
    token_digest = models.CharField(max_length=64)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("badge")
        verbose_name_plural = _("badges")
        constraints = [
            models.UniqueConstraint(name="one_badge_per_token", fields=["token_digest"]),
            models.UniqueConstraint(
                name="one_badge_per_registration_and_version", fields=["registration", "version"]
            ),
        ]

    def __str__(self) -> str:
        return f"{self.registration_id} v{self.version}"
