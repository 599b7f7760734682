"""The event of an assignment is the relation alone; who holds a seat there takes its quizzes."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("quizzes", "0003_assignment_events")]

    operations = [
        migrations.RemoveField(model_name="assignment", name="event_uuid"),
        migrations.AddConstraint(
            model_name="assignment",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("event__isnull", True), ("person__isnull", False), ("unit__isnull", True)
                    ),
                    models.Q(
                        ("event__isnull", True), ("person__isnull", True), ("unit__isnull", False)
                    ),
                    models.Q(
                        ("event__isnull", False), ("person__isnull", True), ("unit__isnull", True)
                    ),
                    _connector="OR",
                ),
                name="assignment_is_for_one_person_unit_or_event",
            ),
        ),
        migrations.AddConstraint(
            model_name="assignment",
            constraint=models.UniqueConstraint(
                condition=models.Q(("event__isnull", False), ("withdrawn_at__isnull", True)),
                fields=("quiz", "phase", "event"),
                name="one_assignment_per_quiz_phase_and_event",
            ),
        ),
        migrations.DeleteModel(name="Admission"),
    ]
