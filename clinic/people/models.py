"""Units, persons, accounts and grants."""

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any, ClassVar, Self
from uuid import UUID, uuid4

from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.db import models
from django.db.models import F, FilteredRelation, Q
from django.db.models.expressions import RawSQL
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _
from treebeard.mp_tree import MP_Node, MP_NodeManager, MP_NodeQuerySet

from clinic.people.arithmetic.matching import fold_login_name


class UnitQuerySet(MP_NodeQuerySet):
    """Reads of units by subtree and by day."""

    def under(self, *roots: "Unit") -> Self:
        """Keep the given units and everything below them."""
        if not roots:
            return self.none()
        below = Q()
        for root in roots:
            below |= Q(path__startswith=root.path)
        return self.filter(below)

    def valid_on(self, day: date) -> Self:
        """Keep units that exist on the day (``valid_to`` is the last day)."""
        return self.filter(
            Q(valid_from__isnull=True) | Q(valid_from__lte=day),
            Q(valid_to__isnull=True) | Q(valid_to__gte=day),
        )


class UnitManager(MP_NodeManager.from_queryset(UnitQuerySet)):  # type: ignore[misc]
    """Manager with the querysets of units, in official order."""

    def get_queryset(self) -> UnitQuerySet:
        return UnitQuerySet(self.model, using=self._db).order_by("path")


class Unit(MP_Node):
    """A regency (root), an office, a district or a part of one.

    Offices merge and split: a unit keeps its row for ever, ``valid_to`` ends it and
    ``succeeded_by`` says who carries on (several after a split), so that an old sheet still finds
    its unit (D12).
    """

    class Kind(models.TextChoices):
        REGENCY = "kabupaten", _("Regency")
        SECRETARIAT = "sekretariat-daerah", _("Regional secretariat")
        SECTION = "bagian", _("Section of the secretariat")
        COUNCIL_SECRETARIAT = "sekretariat-dprd", _("Council secretariat")
        INSPECTORATE = "inspektorat", _("Inspectorate")
        OFFICE = "dinas", _("Office")
        AGENCY = "badan", _("Agency")
        DISTRICT = "kecamatan", _("District")
        VILLAGE = "kelurahan", _("Urban village")
        PUSKESMAS = "puskesmas", _("Community health centre")
        HOSPITAL = "rsud", _("Hospital")
        TECHNICAL = "uptd", _("Technical unit")
        SCHOOL = "sekolah", _("School")
        OTHER = "lain", _("Other")

    uuid = models.UUIDField(default=uuid4, unique=True, editable=False)
    slug = models.SlugField(_("address name"), max_length=80, unique=True)
    name = models.CharField(_("name"), max_length=200)
    short_name = models.CharField(_("short name"), max_length=60, blank=True)
    kind = models.CharField(_("kind"), max_length=24, choices=Kind.choices)
    order = models.PositiveIntegerField(_("official order"), default=0)
    national_code = models.CharField(_("national code"), max_length=16, blank=True)
    zone = models.CharField(_("time zone"), max_length=40, blank=True)
    former_names = models.TextField(_("former names, one a line"), blank=True)
    note = models.TextField(_("note"), blank=True)
    valid_from = models.DateField(_("valid from"), null=True, blank=True)
    valid_to = models.DateField(_("valid to"), null=True, blank=True)
    succeeded_by = models.ManyToManyField(
        "self",
        through="UnitSuccession",
        through_fields=("before", "after"),
        symmetrical=False,
        related_name="predecessors",
        verbose_name=_("succeeded by"),
    )

    node_order_by = ["order", "name"]
    objects = UnitManager()

    class Meta:
        verbose_name = _("work unit")
        verbose_name_plural = _("work units")
        constraints = [
            models.CheckConstraint(
                name="unit_validity_does_not_end_before_it_begins",
                condition=Q(valid_from__isnull=True)
                | Q(valid_to__isnull=True)
                | Q(valid_to__gte=F("valid_from")),
            ),
            models.CheckConstraint(
                name="only_a_regency_is_a_root", condition=Q(depth__gt=1) | Q(kind="kabupaten")
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def display_short_name(self) -> str:
        """The short name where there is one, else the whole name."""
        return self.short_name or self.name

    @property
    def former_name_list(self) -> list[str]:
        """The names the unit bore before, oldest first."""
        return [line.strip() for line in self.former_names.splitlines() if line.strip()]

    def exists_on(self, day: date) -> bool:
        """Say whether the unit exists on the day, its first and last day included."""
        return (self.valid_from is None or self.valid_from <= day) and not self.has_ended(day)

    def has_ended(self, day: date) -> bool:
        """Say whether the unit's last day lies before the day."""
        return self.valid_to is not None and self.valid_to < day


class UnitSuccession(models.Model):
    """One unit carries on for another; after a split there are several, in order."""

    before = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="successions")
    after = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="origins")
    order = models.PositiveSmallIntegerField(default=0)

    class Meta:
        verbose_name = _("succession of units")
        verbose_name_plural = _("successions of units")
        ordering = ["before", "order", "id"]
        constraints = [
            models.UniqueConstraint(
                name="one_succession_per_pair_of_units", fields=["before", "after"]
            ),
            models.CheckConstraint(
                name="unit_does_not_succeed_itself", condition=~Q(before=F("after"))
            ),
        ]

    def __str__(self) -> str:
        return f"{self.before_id} > {self.after_id}"


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
        keys = {Person.objects.kept_row(person).pk}
        newest = keys
        while newest:
            rows = Person.objects.filter(merged_into__in=newest).exclude(pk__in=keys)
            newest = set(rows.values_list("pk", flat=True))
            keys |= newest
        return self.filter(pk__in=keys)

    def units_of(self, persons: Iterable[int], day: date) -> list[int]:
        """Return the keys of the units where they work on the day, by whatever row of theirs.

        One statement, and one more for each step that merges lead to further rows.
        """
        at_work = Q(memberships__start__lte=day) & (
            Q(memberships__end__isnull=True) | Q(memberships__end__gte=day)
        )
        units: set[int] = set()
        visited: set[int] = set()
        newest = set(persons)
        while newest:
            rows = Person.objects.filter(pk__in=newest).annotate(
                post=FilteredRelation("memberships", condition=at_work)
            )
            visited |= newest
            newest = set()
            for unit, *others in rows.values_list("post__unit", "merged_into", "merged_rows"):
                units.update(key for key in [unit] if key is not None)
                newest.update(key for key in others if key is not None and key not in visited)
        return sorted(units)


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
    """A role with its scope: a unit's subtree, an event or nothing (D2)."""

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
    event = models.ForeignKey(
        "attendance.Event",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="grants",
        verbose_name=_("event"),
    )
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


class AccountQuerySet(models.QuerySet["Account"]):
    """Reads of accounts."""

    def never_signed_in(self) -> Self:
        """Keep accounts that wait for their person."""
        return self.filter(is_active=True, last_login__isnull=True)

    def for_slips(self, named: Iterable[UUID]) -> Self:
        """Keep open accounts that wait for their person, and the named ones, as a list shows them.

        Whoever forgot the password and has no mailbox is named.
        """
        is_listed = Q(last_login__isnull=True) | Q(uuid__in=list(named))
        listed = self.filter(is_listed, is_active=True).select_related("person")
        return listed.order_by("person__name").prefetch_related("person__memberships__unit")

    def with_standing(self) -> Self:
        """Join the person, and tell in the same read whether there is more to ask about them.

        Every page of somebody signed in begins so: as text the conditions need not be put together.
        """
        merged = (
            "EXISTS (SELECT 1 FROM people_person one WHERE one.merged_into_id ="
            " people_account.person_id OR (one.id = people_account.person_id AND"
            " one.merged_into_id IS NOT NULL))"
        )
        grants = (
            "EXISTS (SELECT 1 FROM people_grant given WHERE given.ended_at IS NULL AND"
            " given.person_id = people_account.person_id"
        )
        is_true = models.BooleanField()
        return self.select_related("person").annotate(
            stands_alone=RawSQL(f"NOT {merged}", (), is_true),  # noqa: S611 constant text
            may_hold_grant=RawSQL(f"{grants})", (), is_true),  # noqa: S611 constant text
            may_hold_role=RawSQL(  # noqa: S611 constant text
                f"{grants} AND given.role <> %s)", ["peserta"], is_true
            ),
        )


class AccountManager(BaseUserManager.from_queryset(AccountQuerySet)):  # type: ignore[misc]
    """Creates accounts for persons."""

    def get_by_natural_key(self, username: str | None) -> "Account":
        return self.get(login_name=fold_login_name(username or ""))

    def create_for(self, person: Person, *, login_name: str, **fields: Any) -> "Account":
        """Create an account without a usable password."""
        account = self.model(person=person, login_name=fold_login_name(login_name), **fields)
        account.set_unusable_password()
        account.save(using=self._db)
        return account


class Account(AbstractBaseUser, PermissionsMixin):
    """A log-in. ``login_name`` is the NIP, else the e-mail address, folded.

    Attributes:
        stands_alone: no other row stands for this human.
        may_hold_grant: any role was granted, now or for another day.
        may_hold_role: one other than the participant's.
    """

    # Until ``with_standing`` has asked, neither question is settled.
    stands_alone = False
    may_hold_grant = True
    may_hold_role = True

    uuid = models.UUIDField(default=uuid4, unique=True, editable=False)
    person = models.OneToOneField(Person, on_delete=models.PROTECT, related_name="account")
    login_name = models.CharField(_("log-in name"), max_length=254, unique=True)
    email = models.EmailField(_("e-mail"), blank=True)
    locale = models.CharField(_("language"), max_length=5, blank=True)
    is_active = models.BooleanField(_("may log in"), default=True)
    is_demo = models.BooleanField(default=False, editable=False)
    date_joined = models.DateTimeField(auto_now_add=True)

    USERNAME_FIELD = "login_name"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    objects = AccountManager()

    class Meta:
        verbose_name = _("account")
        verbose_name_plural = _("accounts")
        constraints = [
            # No account is a superuser: it would pass every has_perm.
            models.CheckConstraint(
                name="no_account_is_a_superuser", condition=Q(is_superuser=False)
            ),
            models.UniqueConstraint(
                Lower("email"), name="one_account_per_email", condition=~Q(email="")
            ),
        ]

    def __str__(self) -> str:
        return self.get_full_name()

    @property
    def is_staff(self) -> bool:
        """Django's own admin is not mounted: nobody is staff there."""
        return False

    @property
    def first_name(self) -> str:
        """What the editor's side bar prints; without it, it would print the log-in name, a NIP."""
        return self.person.name

    def get_full_name(self) -> str:
        return self.person.name

    def get_short_name(self) -> str:
        return self.person.name


class Activation(models.Model):
    """A right to set the first password, known by the digest of its token alone.

    It is bound to the account and to the e-mail address it had; a new one replaces the old.
    """

    TRIES = 5

    uuid = models.UUIDField(default=uuid4, unique=True, editable=False)
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="activations")
    email = models.EmailField(_("e-mail"), blank=True)
    token_digest = models.CharField(max_length=64, unique=True)
    tries_left = models.PositiveSmallIntegerField(default=TRIES)
    created_at = models.DateTimeField(auto_now_add=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    expires_at = models.DateTimeField(_("valid until"))
    used_at = models.DateTimeField(null=True, blank=True)
    replaced_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("activation")
        verbose_name_plural = _("activations")
        constraints = [
            models.UniqueConstraint(
                name="one_open_activation_per_account",
                fields=["account"],
                condition=Q(used_at__isnull=True, replaced_at__isnull=True),
            )
        ]

    def __str__(self) -> str:
        return f"{self.account_id} until {self.expires_at:%Y-%m-%d %H:%M}"

    def is_open(self, moment: datetime) -> bool:
        """Say whether the link still works at the moment."""
        return (
            self.used_at is None
            and self.replaced_at is None
            and self.tries_left > 0
            and self.expires_at > moment
            and self.email == self.account.email
            and self.account.is_active
        )
