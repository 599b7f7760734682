"""Sessions of events that were ended early end when that was; the log knows the moment.

The presences follow by a job for each event, which also confirms the seats of those who came.
"""

from datetime import datetime

from django.db import migrations
from django.db.models import Q
from django.utils import timezone

OVER = ("ended", "finalised", "archived")
THERE = ("present", "late", "left_early")


def end_sessions(apps, _schema):
    Event = apps.get_model("attendance", "Event")
    AuditEntry = apps.get_model("records", "AuditEntry")
    events = {str(event.uuid): event for event in Event.objects.filter(state__in=OVER)}
    moments: dict[str, datetime] = {}
    for entry in AuditEntry.objects.filter(verb="event.ended").order_by("pk"):
        moments[entry.thing_id] = entry.at
    for key in events.keys() & moments.keys():
        ended_at = moments[key]
        ahead = events[key].sessions.filter(is_cancelled=False, ends_at__gt=ended_at)
        ahead.filter(starts_at__gte=ended_at).update(is_cancelled=True)
        ahead.filter(starts_at__lt=ended_at).update(ends_at=ended_at)


def enter_refolding(apps, _schema):
    Event = apps.get_model("attendance", "Event")
    Job = apps.get_model("records", "Job")
    seen = Event.objects.filter(registrations__presences__state__in=THERE)
    waiting = Q(registrations__state__in=("nominated", "waitlisted"))
    keys = set(seen.filter(waiting | Q(state__in=OVER)).values_list("pk", flat=True))
    now = timezone.now()
    Job.objects.bulk_create(
        Job(name="attendance.refold", key=str(key), kind="refresh", due_at=now, payload={"schema": 1})
        for key in sorted(keys)
    )


class Migration(migrations.Migration):

    dependencies = [
        ("attendance", "0005_coming_confirms"),
        ("records", "0003_import_progress"),
    ]

    operations = [
        migrations.RunPython(end_sessions, migrations.RunPython.noop),
        migrations.RunPython(enter_refolding, migrations.RunPython.noop),
    ]
