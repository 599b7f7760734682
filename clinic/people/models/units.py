"""Work units: a tree with one root per regency."""

from datetime import date
from typing import Self
from uuid import uuid4

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from treebeard.mp_tree import MP_Node, MP_NodeManager, MP_NodeQuerySet


class UnitQuerySet(MP_NodeQuerySet):
    """Reads of units by subtree and by day."""

    def under(self, *roots: "Unit") -> Self:
        """Keep the given units and everything below them."""
        if not roots:
            return self.none()
        wanted = Q()
        for root in roots:
            wanted |= Q(path__startswith=root.path)
        return self.filter(wanted)

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
