"""The hour of the regency: units carry its zone, the server keeps UTC (R10)."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta, tzinfo
from functools import cached_property
from zoneinfo import ZoneInfo

from django.conf import settings
from django.utils import timezone

from clinic.lib.remembering import for_a_while
from clinic.people.models import Account, Membership, Unit


class RegionZone(tzinfo):
    """A zone that is looked up when the first hour is shown: a page without one asks nobody."""

    def __init__(self, find: Callable[[], ZoneInfo]) -> None:
        self._find = find

    @cached_property
    def zone(self) -> ZoneInfo:
        """The zone itself."""
        return self._find()

    def utcoffset(self, moment: datetime | None) -> timedelta | None:
        return self.zone.utcoffset(moment)

    def dst(self, moment: datetime | None) -> timedelta | None:
        return self.zone.dst(moment)

    def tzname(self, moment: datetime | None) -> str | None:
        return self.zone.tzname(moment)

    def fromutc(self, moment: datetime) -> datetime:
        return self.zone.fromutc(moment.replace(tzinfo=self.zone)).replace(tzinfo=self)

    def __str__(self) -> str:
        return str(self.zone)


def zone_of(account: Account | None = None) -> ZoneInfo:
    """Return the zone of the regency the person works in, else of the first regency."""
    roots = _read_roots()
    zone = next(iter(roots.values()), "")
    if account is not None and len(roots) > 1:
        own = Membership.objects.on(timezone.now().date()).filter(person=account.person_id)
        path = own.values_list("unit__path", flat=True).first() or ""
        zone = roots.get(path[: Unit.steplen], zone)
    return ZoneInfo(zone or settings.DEFAULT_REGION_ZONE)


@for_a_while
def _read_roots() -> dict[str, str]:
    return dict(Unit.objects.filter(depth=1).values_list("path", "zone"))


@contextmanager
def in_region_zone() -> Iterator[None]:
    """Activate the first regency's zone for a job (named in ``KLINIK_JOB_MIDDLEWARE``)."""
    with timezone.override(zone_of()):
        yield
