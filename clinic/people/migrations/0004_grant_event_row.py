"""The event of a grant becomes a relation: first its column, beside the UUID.

A grant whose event does not exist stops the migration before anything is changed (decision 0014).
"""

import django.db.models.deletion
from django.db import migrations, models


def refuse_lost_events(apps, schema_editor):
    uuids = apps.get_model("attendance", "Event").objects.values("uuid")
    lost = apps.get_model("people", "Grant").objects.filter(event__isnull=False)
    lost = lost.exclude(event__in=uuids).order_by("pk")
    if lost:
        names = ", ".join(f"{grant.uuid} (event {grant.event})" for grant in lost)
        raise RuntimeError(
            "These rows of people_grant name an event that does not exist, and no page of this "
            f"product makes such rows: {names}. Without its event a grant would be the right to "
            "open events. Restore the event or delete the row, then migrate again."
        )


class Migration(migrations.Migration):
    dependencies = [
        ("people", "0003_editor_groups"),
        ("attendance", "0001_initial"),
    ]

    operations = [
        migrations.RunPython(refuse_lost_events, migrations.RunPython.noop),
        migrations.RemoveConstraint(
            model_name="grant", name="grant_scope_is_a_unit_or_an_event_or_nothing"
        ),
        migrations.RenameField(model_name="grant", old_name="event", new_name="event_uuid"),
        migrations.AddField(
            model_name="grant",
            name="event",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="grants",
                to="attendance.event",
                verbose_name="event",
            ),
        ),
    ]
