"""The front page and the list of modules; Wagtail's sample page goes."""

from django.db import migrations


def create_pages(apps, schema_editor):
    """Made through the ORM's historical models, since pages of this app exist from here on."""
    content_type = apps.get_model("contenttypes", "ContentType")
    page = apps.get_model("wagtailcore", "Page")
    site = apps.get_model("wagtailcore", "Site")
    locale = apps.get_model("wagtailcore", "Locale")
    home = apps.get_model("courses", "HomePage")
    index = apps.get_model("courses", "ModuleIndexPage")
    if home.objects.exists():
        return
    language, _made = locale.objects.get_or_create(language_code="id")
    page.objects.filter(depth=2).delete()
    kind = content_type.objects.get_or_create(app_label="courses", model="homepage")[0]
    front = home.objects.create(
        title="Klinik RB",
        draft_title="Klinik RB",
        slug="beranda-utama",
        intro=(
            "Klinik RB membantu perangkat daerah memahami dan membuktikan reformasi birokrasi. "
            "Belajar per area perubahan, ikut klinik, lalu lihat langkah yang paling berguna."
        ),
        path="00010001",
        depth=2,
        numchild=1,
        url_path="/beranda-utama/",
        locale=language,
        content_type=kind,
    )
    kind = content_type.objects.get_or_create(app_label="courses", model="moduleindexpage")[0]
    index.objects.create(
        title="Modul",
        draft_title="Modul",
        slug="modul",
        path="000100010001",
        depth=3,
        numchild=0,
        url_path="/beranda-utama/modul/",
        locale=language,
        content_type=kind,
    )
    page.objects.filter(depth=1).update(numchild=1)
    site.objects.all().delete()
    site.objects.create(
        hostname="localhost", port=80, site_name="Klinik RB", root_page=front, is_default_site=True
    )


class Migration(migrations.Migration):
    dependencies = [("courses", "0001_initial"), ("wagtailcore", "0097_baselogentry_uuid_action_timestamp_indexes")]
    operations = [migrations.RunPython(create_pages, migrations.RunPython.noop)]
