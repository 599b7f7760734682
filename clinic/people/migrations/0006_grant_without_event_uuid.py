"""The event of a grant is the relation alone."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("people", "0005_grant_events")]

    operations = [
        migrations.RemoveField(model_name="grant", name="event_uuid"),
        migrations.AddConstraint(
            model_name="grant",
            constraint=models.CheckConstraint(
                condition=models.Q(("unit__isnull", True), ("event__isnull", True), _connector="OR"),
                name="grant_scope_is_a_unit_or_an_event_or_nothing",
            ),
        ),
    ]
