"""The sheets of an edition and year stand side by side in the index: pages read them together."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("assessments", "0003_proof_links")]

    operations = [
        migrations.RemoveConstraint(
            model_name="sheet", name="one_sheet_per_unit_edition_and_year"
        ),
        migrations.AddConstraint(
            model_name="sheet",
            constraint=models.UniqueConstraint(
                fields=("edition", "period", "unit"), name="one_sheet_per_unit_edition_and_year"
            ),
        ),
        migrations.AlterField(
            model_name="sheet",
            name="edition",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="sheets",
                to="assessments.frameworkedition",
            ),
        ),
    ]
