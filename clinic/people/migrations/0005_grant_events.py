"""Every grant of an event gets the event's row."""

from django.db import migrations
from django.db.models import OuterRef, Subquery


def point_at_events(apps, schema_editor):
    Grant = apps.get_model("people", "Grant")
    events = apps.get_model("attendance", "Event").objects.filter(uuid=OuterRef("event_uuid"))
    Grant.objects.filter(event_uuid__isnull=False).update(event=Subquery(events.values("pk")))


def name_by_uuid(apps, schema_editor):
    events = apps.get_model("attendance", "Event").objects.filter(pk=OuterRef("event"))
    grants = apps.get_model("people", "Grant").objects.filter(event__isnull=False)
    grants.update(event_uuid=Subquery(events.values("uuid")))


class Migration(migrations.Migration):
    dependencies = [("people", "0004_grant_event_row")]

    operations = [migrations.RunPython(point_at_events, name_by_uuid)]
