"""The 8 areas of change, which every framework refers to by slug."""

from django.db import migrations

AREAS = [
    ("manajemen-perubahan", "Manajemen Perubahan", "Change management", "Perubahan"),
    ("deregulasi-kebijakan", "Deregulasi Kebijakan", "Deregulation of policy", "Deregulasi"),
    ("organisasi", "Penataan dan Penguatan Organisasi", "Organisation", "Organisasi"),
    ("tatalaksana", "Penataan Tatalaksana", "Business processes", "Tatalaksana"),
    ("sdm", "Penataan Sistem Manajemen SDM", "Human resource management", "SDM"),
    ("akuntabilitas", "Penguatan Akuntabilitas", "Accountability", "Akuntabilitas"),
    ("pengawasan", "Penguatan Pengawasan", "Internal oversight", "Pengawasan"),
    ("pelayanan-publik", "Peningkatan Kualitas Pelayanan Publik", "Public services", "Pelayanan"),
]


def write_areas(apps, schema_editor):
    area = apps.get_model("assessments", "ChangeArea")
    for order, (slug, name, name_en, short_name) in enumerate(AREAS, 1):
        area.objects.update_or_create(
            slug=slug,
            defaults={"order": order, "name": name, "name_en": name_en, "short_name": short_name},
        )


class Migration(migrations.Migration):
    dependencies = [("assessments", "0001_initial")]
    operations = [migrations.RunPython(write_areas, migrations.RunPython.noop, elidable=False)]
