"""The findings of an edition and year stand side by side in the index, and so do those newly made.

A page reads one edition and year; whoever reads a unit's cell names all four.
"""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("insights", "0003_refreshes_by_unit")]

    operations = [
        migrations.RemoveConstraint(model_name="finding", name="one_finding_per_cell"),
        migrations.AddConstraint(
            model_name="finding",
            constraint=models.UniqueConstraint(
                fields=("edition", "period", "unit", "area"), name="one_finding_per_cell"
            ),
        ),
        migrations.AddIndex(
            model_name="finding",
            index=models.Index(fields=["refreshed_at"], name="finding_by_refresh"),
        ),
        migrations.RemoveConstraint(
            model_name="rollup", name="one_published_finding_per_audience_and_cell"
        ),
        migrations.AddConstraint(
            model_name="rollup",
            constraint=models.UniqueConstraint(
                fields=("audience", "edition", "period", "unit", "area"),
                name="one_published_finding_per_audience_and_cell",
            ),
        ),
        migrations.AlterField(
            model_name="finding",
            name="edition",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to="assessments.frameworkedition",
            ),
        ),
        migrations.AlterField(
            model_name="rollup",
            name="edition",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to="assessments.frameworkedition",
            ),
        ),
    ]
