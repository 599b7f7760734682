"""The event of an assignment becomes a relation: first its column, beside the UUID.

An assignment whose event does not exist stops the migration before anything is changed (decision
0014).
"""

import django.db.models.deletion
from django.db import migrations, models


def refuse_lost_events(apps, schema_editor):
    uuids = apps.get_model("attendance", "Event").objects.values("uuid")
    lost = apps.get_model("quizzes", "Assignment").objects.filter(event__isnull=False)
    lost = lost.exclude(event__in=uuids).order_by("pk")
    if lost:
        names = ", ".join(f"{given.uuid} (event {given.event})" for given in lost)
        raise RuntimeError(
            "These rows of quizzes_assignment name an event that does not exist, and no page of "
            f"this product makes such rows: {names}. Restore the event or delete the row, then "
            "migrate again."
        )


class Migration(migrations.Migration):
    dependencies = [
        ("quizzes", "0001_initial"),
        ("attendance", "0001_initial"),
    ]

    operations = [
        migrations.RunPython(refuse_lost_events, migrations.RunPython.noop),
        migrations.RemoveConstraint(
            model_name="assignment", name="assignment_is_for_one_person_unit_or_event"
        ),
        migrations.RemoveConstraint(
            model_name="assignment", name="one_assignment_per_quiz_phase_and_event"
        ),
        migrations.RenameField(model_name="assignment", old_name="event", new_name="event_uuid"),
        migrations.AddField(
            model_name="assignment",
            name="event",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="quiz_assignments",
                to="attendance.event",
            ),
        ),
    ]
