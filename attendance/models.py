"""Events, seats, scans and presences."""

import secrets
from datetime import datetime, timedelta
from typing import Any, Self
from uuid import uuid4

from django.conf import settings
from django.db import models
from django.db.models import F, Max, Min, Q
from django.db.models.functions import Coalesce, Length
from django.db.models.lookups import GreaterThanOrEqual
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from clinic.people.models import Person, Unit
from clinic.records.seals import AppendOnlyModel, append_only

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

    def with_times(self) -> Self:
        """Add ``first_start`` and ``last_end`` of the sessions; None without a session.

        A cancelled session counts for the end only where all are cancelled.
        """
        taking_place = Q(sessions__is_cancelled=False)
        return self.annotate(
            first_start=Min("sessions__starts_at"),
            last_end=Coalesce(
                Max("sessions__ends_at", filter=taking_place), Max("sessions__ends_at")
            ),
        )

    def past(self, now: datetime) -> Self:
        """Keep those whose ``is_past`` is true."""
        return self.with_times().filter(last_end__lte=now)

    def not_past(self, now: datetime) -> Self:
        """Keep those whose ``is_past`` is false."""
        return self.with_times().filter(Q(last_end__gt=now) | Q(last_end__isnull=True))


class Event(models.Model):
    """A clinic or another event that people come to.

    ``rev`` grows with every change that a scanner must know. ``seats_taken`` counts held
    registrations that are not over quota; one conditional UPDATE guards it.
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

        @property
        def progress(self) -> str:
            """How the tag of the state looks."""
            match self:
                case self.OPEN | self.RUNNING:
                    return "doing"
                case self.ENDED | self.FINALISED:
                    return "done"
                case self.CANCELLED:
                    return "stopped"
                case _:
                    return "todo"

    class Closing(models.TextChoices):
        """What an entry in without an entry out earns: until the group's end, or nothing."""

        CLOSE_AT_END = "close_at_end"
        ZERO = "zero"

    class Zone(models.TextChoices):
        WIB = "Asia/Jakarta", "WIB"
        WITA = "Asia/Makassar", "WITA"
        WIT = "Asia/Jayapura", "WIT"

    PUBLIC_STATES = ("open", "closed", "running", "ended", "finalised", "archived", "cancelled")
    ACTIVE_STATES = ("open", "closed", "running", "ended")
    OVER_STATES = ("ended", "finalised", "archived", "cancelled")

    uuid = models.UUIDField(default=uuid4, unique=True, editable=False)
    code = models.SlugField(_("address name"), max_length=60, unique=True)
    title = models.CharField(_("title"), max_length=200)
    kind = models.CharField(_("kind"), max_length=16, choices=Kind.choices, default=Kind.CLINIC)
    unit = models.ForeignKey(
        Unit, on_delete=models.PROTECT, related_name="events", verbose_name=_("organising unit")
    )
    place = models.CharField(_("place"), max_length=200, blank=True)
    about = models.TextField(_("about the event"), max_length=4000, blank=True)
    zone = models.CharField(_("time zone"), max_length=20, choices=Zone.choices)
    state = models.CharField(_("state"), max_length=9, choices=State.choices, default=State.DRAFT)
    capacity = models.PositiveIntegerField(_("seats"), null=True, blank=True)
    seats_taken = models.PositiveIntegerField(default=0)
    rev = models.PositiveIntegerField(default=1)
    policies = models.JSONField(default=default_policies)
    badge_key = models.BinaryField(default=new_badge_key, editable=False)
    letter_number = models.CharField(_("letter number"), max_length=80, blank=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)
    finalised_at = models.DateTimeField(null=True, editable=False)
    # Digest of the times and places that its people know; empty until they first change.
    told_plan = models.CharField(max_length=64, blank=True, editable=False)

    # Annotated by ``with_times``.
    first_start: datetime | None
    last_end: datetime | None

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
    def progress(self) -> str:
        """How the tag of the state looks."""
        return self.State(self.state).progress

    @property
    def is_cancelled(self) -> bool:
        """True where it does not take place."""
        return self.state == self.State.CANCELLED

    @property
    def is_over(self) -> bool:
        """True once its organiser has ended the event, whatever the calendar says."""
        return self.state in (self.State.ENDED, self.State.FINALISED, self.State.ARCHIVED)

    @property
    def is_over_or_cancelled(self) -> bool:
        """True from when on no registration changes."""
        return self.state in self.OVER_STATES

    @property
    def is_final(self) -> bool:
        """True once the plan takes no more changes; its attendance can be corrected until then."""
        return self.state in (self.State.FINALISED, self.State.ARCHIVED, self.State.CANCELLED)

    @property
    def trains_assessors(self) -> bool:
        """Whether filling the worksheet is practised, which assessors have to have learnt."""
        return self.kind == self.Kind.CLINIC

    def is_past(self, now: datetime) -> bool:
        """Whether the last session lies in the past, by the calendar alone (``past`` in a query).

        A cancelled session counts only where all are cancelled; without a session it is False.
        """
        sessions = list(self.sessions.all())
        planned = [session for session in sessions if not session.is_cancelled] or sessions
        return bool(planned) and max(session.ends_at for session in planned) <= now

    def has_begun(self, now: datetime) -> bool:
        """Whether its organiser has begun it, or the first session that takes place has."""
        if self.state not in (self.State.DRAFT, self.State.OPEN, self.State.CLOSED):
            return True
        starts = [row.starts_at for row in self.sessions.all() if not row.is_cancelled]
        return bool(starts) and min(starts) <= now

    def is_over_or_past(self, now: datetime) -> bool:
        """Whether it was ended, or its last session lies in the past."""
        return self.is_over or self.is_past(now)

    @property
    def seats_left(self) -> int | None:
        """Seats that can still be taken; None where there is no limit."""
        return None if self.capacity is None else self.capacity - self.seats_taken

    @property
    def closing(self) -> Closing:
        """What an entry in without an entry out earns here."""
        return self.Closing(self.policies.get("closing", POLICIES["closing"]))

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

    @property
    def expectation(self) -> str:
        """Whether everybody is expected, in words."""
        return str(_("Everybody is expected") if self.is_required else _("Of free choice"))


class RegistrationQuerySet(models.QuerySet["Registration"]):
    """Reads of registrations by state."""

    def active(self) -> Self:
        """Keep registrations in force, those that wait for a seat included."""
        return self.filter(state__in=Registration.ACTIVE_STATES)

    def held(self) -> Self:
        """Keep registrations that hold a seat, or stand in the room without one."""
        return self.filter(state__in=Registration.HELD_STATES)

    def waiting(self) -> Self:
        """Keep those that wait for a seat, in the order in which they get one."""
        return self.filter(state=Registration.State.WAITLISTED).order_by("created_at", "pk")

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
        WALK_IN = "walk_in", _("came unlisted")
        DECLINED = "declined", _("proposal declined")
        CANCELLED = "cancelled", _("withdrawn")
        REPLACED = "replaced", _("replaced")
        REVOKED = "revoked", _("revoked")

        @property
        def holds_seat(self) -> bool:
            """Whether the person has a seat, or stands in the room without one."""
            return self in (self.NOMINATED, self.CONFIRMED, self.WALK_IN)

        @property
        def is_active(self) -> bool:
            """Whether the registration is in force; it may still wait for a seat."""
            return self.holds_seat or self == self.WAITLISTED

    class Source(models.TextChoices):
        SELF = "self", _("by the person")
        UNIT = "unit", _("by the unit")
        ORGANISER = "organiser", _("by the organiser")
        WALK_IN = "walk_in", _("at the desk")

    # An invitation is a proposal by the organisers: nothing is left for them to approve.
    INVITED = ("invited", _("invited, waiting for confirmation"))
    HELD_STATES = tuple(state.value for state in State if state.holds_seat)
    ACTIVE_STATES = tuple(state.value for state in State if state.is_active)

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
    is_over_quota = models.BooleanField(default=False)
    # What it was before the person came, which confirmed it; empty otherwise.
    came_as = models.CharField(max_length=10, blank=True, choices=State.choices)
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

    # Annotated where an act is decided: the person has another registration in force.
    is_blocked: bool

    objects = RegistrationQuerySet.as_manager()

    class Meta:
        verbose_name = _("registration")
        verbose_name_plural = _("registrations")
        ordering = ["unit_name", "person__name", "id"]
        constraints = [
            models.UniqueConstraint(
                name="one_active_registration_per_person_and_event",
                fields=["event", "person"],
                condition=Q(state__in=["nominated", "confirmed", "walk_in", "waitlisted"]),
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
        return self.State(self.state).is_active

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
        return self.State(self.state).holds_seat and not self.is_over_quota

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


SHORTEST_REASON = 10


class Direction(models.TextChoices):
    """In or out, from the mode of the device; never guessed from an earlier scan."""

    IN = "in", _("In")
    OUT = "out", _("Out")


class Scan(AppendOnlyModel):
    """One scan as it came in, whatever the verdict. The trigger refuses any change (I1).

    ``uid`` comes from the device. ``effective_at`` is fixed at receipt. ``receipt`` names the
    batch that stored the row, so that a batch knows which rows are its own.
    """

    class Kind(models.TextChoices):
        """How a scan came about."""

        BADGE = "badge"
        SELF = "self"
        MANUAL = "manual"
        KIOSK = "kiosk"
        WALK_IN = "walk_in"
        SUBSTITUTE = "substitute"
        PAPER = "paper"
        IMPORT = "import"

    class Standing(models.TextChoices):
        """Whether a scan counts by itself; one that waits is shown for review, a stopped one not.

        An organiser's acceptance makes either count.
        """

        COUNTS = "counts"
        WAITS = "waits"
        STOPPED = "stopped"

    uid = models.UUIDField()
    event = models.ForeignKey(Event, on_delete=models.PROTECT, related_name="scans")
    registration = models.ForeignKey(
        Registration, on_delete=models.PROTECT, null=True, related_name="scans"
    )
    scan_group = models.CharField(max_length=20)
    token_digest = models.CharField(max_length=64, blank=True)
    kind = models.CharField(max_length=10, choices=Kind.choices)
    direction = models.CharField(max_length=3, choices=Direction.choices)
    steward = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    wall = models.DateTimeField(null=True)
    effective_at = models.DateTimeField()
    received_at = models.DateTimeField()
    shown = models.CharField(max_length=5, blank=True)
    payload_digest = models.CharField(max_length=64)
    verdict = models.CharField(max_length=24)
    standing = models.CharField(max_length=7, choices=Standing.choices)
    receipt = models.UUIDField()

    class Meta:
        verbose_name = _("scan")
        verbose_name_plural = _("scans")
        constraints = [models.UniqueConstraint(name="one_scan_per_uid", fields=["uid"])]
        indexes = [models.Index(fields=["event", "effective_at"], name="scan_by_event_and_time")]

    def __str__(self) -> str:
        return str(self.uid)


class Correction(AppendOnlyModel):
    """What somebody said about a scan, beside it; the last word of a kind holds.

    ``target`` is the uid of a scan or of the correction that added an entry; for ``add`` it is the
    scan group. ``at`` and ``direction`` are for ``add`` and ``retime``.
    """

    class Kind(models.TextChoices):
        """What an organiser may say about a scan, or add where one is missing."""

        ADD = "add"
        VOID = "void"
        UNVOID = "unvoid"
        RETIME = "retime"
        ACCEPT = "accept"

    uid = models.UUIDField()
    event = models.ForeignKey(Event, on_delete=models.PROTECT, related_name="corrections")
    registration = models.ForeignKey(
        Registration, on_delete=models.PROTECT, related_name="corrections"
    )
    kind = models.CharField(max_length=6, choices=Kind.choices)
    target = models.CharField(max_length=40)
    at = models.DateTimeField(null=True)
    direction = models.CharField(max_length=3, blank=True, choices=Direction.choices)
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
    ``expected`` is absent once the session is over: ``folding.shown_state`` says so at read.

    ``first_in`` is when the first stay seen in the session began, ``last_out`` when the last one
    was left (None while or where it was not), ``minutes`` whole minutes inside the session, and
    ``intervals`` the stretches inside it, sorted, apart from each other, end excluded.
    """

    class State(models.TextChoices):
        EXPECTED = "expected", _("expected")
        PRESENT = "present", _("present")
        LATE = "late", _("late")
        LEFT_EARLY = "left_early", _("left early")
        ABSENT = "absent", _("absent")
        REVIEW = "review", _("to be checked")

    class Assurance(models.TextChoices):
        """How surely a presence is known, strongest first."""

        WITNESSED = "witnessed"
        COUNTERSIGNED = "countersigned"
        PAPER = "paper"
        MANUAL = "manual"
        SELF = "self"

    THERE = (State.PRESENT.value, State.LATE.value, State.LEFT_EARLY.value)
    # What the fold gives; the rest says what it is about.
    FOLDED = (
        "state",
        "assurance",
        "first_in",
        "last_out",
        "minutes",
        "intervals",
        "flags",
        "built_count",
        "built_digest",
    )

    registration = models.ForeignKey(
        Registration, on_delete=models.CASCADE, related_name="presences"
    )
    session = models.ForeignKey(Session, on_delete=models.CASCADE, related_name="presences")
    state = models.CharField(max_length=10, choices=State.choices)
    assurance = models.CharField(max_length=13, blank=True, choices=Assurance.choices)
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

    def folded_fields(self) -> dict[str, Any]:
        """Return what the fold gives of this presence."""
        return {name: getattr(self, name) for name in self.FOLDED}

    @property
    def spans(self) -> list[tuple[datetime, datetime]]:
        """The stored stretches as moments."""
        return [
            (datetime.fromisoformat(start), datetime.fromisoformat(end))
            for start, end in self.intervals
        ]


append_only(Scan, moment="received_at")
append_only(Correction, moment="created_at")


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
