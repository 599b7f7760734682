"""The hour of the regency: units carry its zone, the server keeps UTC (R10)."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta, tzinfo
from functools import cached_property, lru_cache
from zoneinfo import ZoneInfo

from django.conf import settings
from django.utils import timezone

from clinic.people.models import Account, Membership, Unit

REMEMBERED_FOR = 300  # seconds


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


def visitors_zone() -> ZoneInfo:
    """Return the first regency's zone for who is not signed in; asked once in five minutes."""
    return _find_zone(int(time.monotonic() // REMEMBERED_FOR))


@lru_cache(maxsize=1)
def _find_zone(_five_minutes: int) -> ZoneInfo:
    return zone_of()


def zone_of(account: Account | None = None) -> ZoneInfo:
    """Return the zone of the regency the person works in, else of the first regency."""
    roots = dict(Unit.objects.filter(depth=1).values_list("path", "zone"))
    zone = next(iter(roots.values()), "")
    if account is not None and len(roots) > 1:
        own = Membership.objects.on(timezone.now().date()).filter(person=account.person_id)
        path = own.values_list("unit__path", flat=True).first() or ""
        zone = roots.get(path[: Unit.steplen], zone)
    return ZoneInfo(zone or settings.DEFAULT_REGION_ZONE)


@contextmanager
def in_region_zone() -> Iterator[None]:
    """Activate the first regency's zone for a job (named in ``KLINIK_JOB_MIDDLEWARE``)."""
    with timezone.override(zone_of()):
        yield
