"""Every assignment to an event gets the event's row.

Backwards, the admissions are made again from the registrations that hold a seat.
"""

from django.db import migrations
from django.db.models import OuterRef, Subquery

SEATED = ("nominated", "confirmed", "walk_in")


def point_at_events(apps, schema_editor):
    Assignment = apps.get_model("quizzes", "Assignment")
    events = apps.get_model("attendance", "Event").objects.filter(uuid=OuterRef("event_uuid"))
    Assignment.objects.filter(event_uuid__isnull=False).update(event=Subquery(events.values("pk")))


def name_by_uuid(apps, schema_editor):
    events = apps.get_model("attendance", "Event").objects.filter(pk=OuterRef("event"))
    given = apps.get_model("quizzes", "Assignment").objects.filter(event__isnull=False)
    given.update(event_uuid=Subquery(events.values("uuid")))
    Registration = apps.get_model("attendance", "Registration")
    Admission = apps.get_model("quizzes", "Admission")
    seats = Registration.objects.filter(state__in=SEATED).values_list("event__uuid", "person")
    Admission.objects.bulk_create(
        [Admission(event=event, person_id=person) for event, person in seats.order_by("pk")],
        batch_size=500,
    )


class Migration(migrations.Migration):
    dependencies = [("quizzes", "0002_assignment_event_row")]

    operations = [migrations.RunPython(point_at_events, name_by_uuid)]
