"""What each group may do below which page: nobody may publish in the editor.

Authors may add, which in the editor means: write what they own. Reviewers may open what others
wrote; one who saves a draft is its writer and cannot publish it. The administrator may change all.
"""

from django.db import migrations

GIVEN = {
    "Penyusun": ("courses.ModuleIndexPage", ("add_page",)),
    "Pengulas": ("courses.ModuleIndexPage", ("change_page",)),
    "Admin": ("courses.HomePage", ("add_page", "change_page")),
}


def give(apps, schema_editor):
    group_of = apps.get_model("auth", "Group")
    permission = apps.get_model("auth", "Permission")
    page_permission = apps.get_model("wagtailcore", "GroupPagePermission")
    page_permission.objects.all().delete()
    for name, (model, codenames) in GIVEN.items():
        group = group_of.objects.get(name=name)
        page = apps.get_model(model).objects.get()
        for codename in codenames:
            page_permission.objects.create(
                group=group,
                page_id=page.pk,
                permission=permission.objects.get(
                    content_type__app_label="wagtailcore", codename=codename
                ),
            )


def take(apps, schema_editor):
    apps.get_model("wagtailcore", "GroupPagePermission").objects.filter(
        group__name__in=GIVEN
    ).delete()


class Migration(migrations.Migration):
    dependencies = [("courses", "0002_first_pages"), ("people", "0003_editor_groups")]
    operations = [migrations.RunPython(give, take)]
