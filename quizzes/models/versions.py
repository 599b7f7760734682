"""What question versions and quiz versions share: once out, they never change (Q1)."""

from typing import Any, ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from clinic.lib.errors import Refused


class VersionLocked(Refused):
    """A version that is published or used was to be changed."""

    code = "version_locked"
    status = 409


class VersionState(models.TextChoices):
    """Where a version stands on its way to the takers."""

    DRAFT = "draft", _("draft")
    IN_REVIEW = "in_review", _("in review")
    PUBLISHED = "published", _("published")
    RETIRED = "retired", _("retired")


class VersionQuerySet(models.QuerySet[Any]):
    """Refuses bulk changes of what a version says."""

    def update(self, **changes: Any) -> int:
        if set(changes) - self.model.MOVING and self.filter(published_at__isnull=False).exists():
            raise VersionLocked(_("This version is in use. Make a new version."))
        return super().update(**changes)

    def bulk_update(self, *args: Any, **options: Any) -> int:
        raise VersionLocked(_("This version is in use. Make a new version."))

    def delete(self) -> tuple[int, dict[str, int]]:
        if self.filter(published_at__isnull=False).exists():
            raise VersionLocked(_("This version is in use. Make a new version."))
        return super().delete()

    def published(self) -> "VersionQuerySet":
        """Keep what takers may meet now."""
        return self.filter(state=VersionState.PUBLISHED)


class Version(models.Model):
    """A numbered wording. After publication only ``MOVING`` fields may still change."""

    MOVING: ClassVar[frozenset[str]] = frozenset({"state", "retired_at"})

    state = models.CharField(
        max_length=12, choices=VersionState.choices, default=VersionState.DRAFT
    )
    published_at = models.DateTimeField(null=True, blank=True)
    retired_at = models.DateTimeField(null=True, blank=True)

    objects = VersionQuerySet.as_manager()

    class Meta:
        abstract = True

    def save(self, *args: Any, **options: Any) -> None:
        changed = options.get("update_fields")
        if self.is_locked and (changed is None or set(changed) - self.MOVING):
            raise VersionLocked(_("This version is in use. Make a new version."))
        super().save(*args, **options)

    def delete(self, *args: Any, **options: Any) -> tuple[int, dict[str, int]]:
        if self.is_locked:
            raise VersionLocked(_("This version is in use. Make a new version."))
        return super().delete(*args, **options)

    @property
    def is_locked(self) -> bool:
        """Whether the stored row is out already; what this object holds does not matter."""
        stored = type(self)._base_manager.filter(pk=self.pk, published_at__isnull=False)
        return self.pk is not None and stored.exists()
