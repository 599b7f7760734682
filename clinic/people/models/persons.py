"""Persons and where they work. A person needs no account."""

from datetime import date
from typing import Self
from uuid import uuid4

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from clinic.people.models.units import Unit


class PersonQuerySet(models.QuerySet["Person"]):
    """Reads of persons across merged rows."""

    def unmerged(self) -> Self:
        """Keep one row per human, as far as known."""
        return self.filter(merged_into__isnull=True)

    def kept_row(self, person: "Person") -> "Person":
        """Return the row that stands for the person's human now, whatever the caller knew."""
        return self.get(pk=person.pk).resolved

    def rows_of(self, person: "Person") -> Self:
        """Keep every row that stands for the person's human: the kept one and all merged ones."""
        found = {Person.objects.kept_row(person).pk}
        newest = found
        while newest:
            rows = Person.objects.filter(merged_into__in=newest).exclude(pk__in=found)
            newest = set(rows.values_list("pk", flat=True))
            found |= newest
        return self.filter(pk__in=found)


class Person(models.Model):
    """Somebody who works, attends or answers; NIP, e-mail and phone are optional.

    Two rows of one human are joined by ``merged_into``; history is never repointed (D12).
    """

    uuid = models.UUIDField(default=uuid4, unique=True, editable=False)
    name = models.CharField(_("name with titles, as typed"), max_length=160)
    nip = models.CharField("NIP", max_length=24, blank=True)  # wrong and old ones too
    rank = models.CharField(_("rank and grade"), max_length=60, blank=True)
    sex = models.CharField(
        _("sex"),
        max_length=1,
        blank=True,
        choices=[("L", _("Male")), ("P", _("Female"))],
    )
    email = models.EmailField(_("e-mail"), blank=True)
    phone = models.CharField(_("phone"), max_length=24, blank=True)
    is_demo = models.BooleanField(default=False, editable=False)
    merged_into = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="merged_rows"
    )
    created_at = models.DateTimeField(auto_now_add=True)

    objects = PersonQuerySet.as_manager()

    class Meta:
        verbose_name = _("person")
        verbose_name_plural = _("persons")
        constraints = [
            models.UniqueConstraint(
                name="one_unmerged_person_per_nip",
                fields=["nip"],
                condition=~Q(nip="") & Q(merged_into__isnull=True),
            ),
            models.CheckConstraint(
                name="person_is_not_merged_into_itself",
                condition=Q(merged_into__isnull=True) | ~Q(merged_into=F("id")),
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def resolved(self) -> "Person":
        """The row that stands for this human today; a merged row leads to the kept one."""
        person = self
        while person.merged_into is not None:
            person = person.merged_into
        return person


class PersonMerge(models.Model):
    """One act that joined two rows of a human, kept so that it can be undone."""

    kept = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="merges_kept")
    other = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="merges_given_up")
    filled = models.JSONField(default=dict)  # {"schema": 1, "fields": [...]}: taken from other
    merged_at = models.DateTimeField(auto_now_add=True)
    undone_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("merge of persons")
        verbose_name_plural = _("merges of persons")
        constraints = [
            models.UniqueConstraint(
                name="one_merge_in_force_per_person",
                fields=["other"],
                condition=Q(undone_at__isnull=True),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.other_id} > {self.kept_id}"


class MembershipQuerySet(models.QuerySet["Membership"]):
    """Reads of memberships by day."""

    def on(self, day: date) -> Self:
        """Keep memberships that cover the day (``end`` is the last day)."""
        return self.filter(Q(start__lte=day), Q(end__isnull=True) | Q(end__gte=day))


class Membership(models.Model):
    """A person's time in a unit, with the post held there."""

    class PositionKind(models.TextChoices):
        LEADER = "jpt", _("High leadership post")
        ADMINISTRATOR = "administrator", _("Administrator (echelon III)")
        SUPERVISOR = "pengawas", _("Supervisor (echelon IV)")
        FUNCTIONAL = "fungsional", _("Functional post")
        EXECUTIVE = "pelaksana", _("Executive staff")
        UNKNOWN = "", _("Not stated")

    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="memberships")
    unit = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="memberships")
    position = models.CharField(_("position"), max_length=160, blank=True)
    position_kind = models.CharField(
        _("kind of position"), max_length=16, choices=PositionKind.choices, blank=True
    )
    start = models.DateField(_("from"))
    end = models.DateField(_("last day"), null=True, blank=True)

    objects = MembershipQuerySet.as_manager()

    class Meta:
        verbose_name = _("membership")
        verbose_name_plural = _("memberships")
        ordering = ["-start", "-id"]
        constraints = [
            models.CheckConstraint(
                name="membership_does_not_end_before_it_begins",
                condition=Q(end__isnull=True) | Q(end__gte=F("start")),
            ),
            models.UniqueConstraint(
                name="one_membership_per_person_unit_and_start",
                fields=["person", "unit", "start"],
            ),
        ]

    def __str__(self) -> str:
        return f"{self.person_id} @ {self.unit_id}"


class GrantQuerySet(models.QuerySet["Grant"]):
    """Reads of grants by day."""

    def on(self, day: date) -> Self:
        """Keep grants in force on the day (``ends_on`` is the last day)."""
        return self.filter(
            Q(ends_on__isnull=True) | Q(ends_on__gte=day),
            starts_on__lte=day,
            ended_at__isnull=True,
        )


class Grant(models.Model):
    """A role with its scope: a unit's subtree, an event (by UUID) or nothing (D2)."""

    class Role(models.TextChoices):
        PARTICIPANT = "peserta", _("Participant")
        ORGANISER = "panitia", _("Organiser")
        UNIT_OFFICIAL = "pejabat-unit", _("Pengelola RB unit")
        OPERATOR = "operator", _("Operator")
        REGENCY_OFFICIAL = "kabupaten", _("Sekretariat RB")
        ASSESSOR = "penilai", _("Assessor")
        AUTHOR = "penyusun", _("Author")
        REVIEWER = "pengulas", _("Reviewer")
        ADMINISTRATOR = "admin", _("Administrator")

    uuid = models.UUIDField(default=uuid4, unique=True, editable=False)
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="grants")
    role = models.CharField(_("role"), max_length=16, choices=Role.choices)
    unit = models.ForeignKey(
        Unit, on_delete=models.PROTECT, null=True, blank=True, related_name="grants"
    )
    event = models.UUIDField(_("event"), null=True, blank=True)
    year = models.PositiveSmallIntegerField(_("year of assignment"), null=True, blank=True)
    starts_on = models.DateField(_("from"))
    ends_on = models.DateField(_("last day"), null=True, blank=True)
    granted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    ended_at = models.DateTimeField(_("ended at once"), null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = GrantQuerySet.as_manager()

    class Meta:
        verbose_name = _("grant")
        verbose_name_plural = _("grants")
        constraints = [
            models.CheckConstraint(
                name="grant_scope_is_a_unit_or_an_event_or_nothing",
                condition=Q(unit__isnull=True) | Q(event__isnull=True),
            ),
            models.CheckConstraint(
                name="grant_does_not_end_before_it_begins",
                condition=Q(ends_on__isnull=True) | Q(ends_on__gte=F("starts_on")),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.role} of {self.person_id}"
