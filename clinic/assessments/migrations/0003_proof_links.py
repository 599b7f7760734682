"""A link to proof is a web address; whatever else stood there is kept as the proof's text."""

from django.db import migrations, models
from django.db.models import Q

SCHEMES = ("http", "https")


def keep_as_text(apps, schema_editor):
    proofs = apps.get_model("assessments", "Proof").objects
    for proof in proofs.exclude(link="").iterator():
        scheme, mark, rest = proof.link.partition("://")
        if mark and scheme in SCHEMES:
            continue
        if mark and scheme.lower() in SCHEMES:
            proof.link = f"{scheme.lower()}://{rest}"
        else:
            proof.text = f"{proof.text}\n{proof.link}".strip()
            proof.link = ""
        proof.save(update_fields=["text", "link"])


class Migration(migrations.Migration):
    dependencies = [("assessments", "0002_change_areas")]
    operations = [
        migrations.RunPython(keep_as_text, migrations.RunPython.noop, elidable=True),
        migrations.AddConstraint(
            model_name="proof",
            constraint=models.CheckConstraint(
                name="proof_link_is_a_web_address_or_empty",
                condition=Q(link="")
                | Q(link__startswith="http://")
                | Q(link__startswith="https://"),
            ),
        ),
    ]
