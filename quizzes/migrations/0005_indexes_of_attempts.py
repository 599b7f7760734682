"""Open attempts are found by their quiz, finished ones by when they ended.

No index holds the attempts of all years in one state any more.
"""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("quizzes", "0004_assignment_without_event_uuid")]

    operations = [
        migrations.RemoveIndex(model_name="attempt", name="attempt_by_state_and_deadline"),
        migrations.AddIndex(
            model_name="attempt",
            index=models.Index(
                condition=models.Q(("state", "in_progress")),
                fields=["quiz"],
                name="open_attempt_by_quiz",
            ),
        ),
        migrations.AddIndex(
            model_name="attempt",
            index=models.Index(fields=["finished_at"], name="attempt_by_finish"),
        ),
    ]
