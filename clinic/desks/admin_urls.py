"""Addresses below ``/admin/`` that are pages of ours; they stand before the editor's own."""

from django.urls import path

from clinic.desks import failed_jobs, people_lists, persons
from clinic.desks.editor import editor_account
from clinic.people.access import policy

administers = policy("import-people")
manages = policy("manage-account")
grants = policy("grant-role")

urlpatterns = [
    path("account/", editor_account, name="editor_account"),
    path("orang/", administers(people_lists.people), name="people_list"),
    path("orang/impor/", administers(people_lists.import_people), name="people_import"),
    path("orang/impor/templat.xlsx", administers(people_lists.blank_people), name="people_blank"),
    path("orang/akun/", manages(persons.create_for_shown), name="people_accounts"),
    path("orang/<uuid:uuid>/", manages(persons.person), name="person"),
    path("orang/<uuid:uuid>/akun/", manages(persons.create_account), name="person_account"),
    path("orang/<uuid:uuid>/peran/", grants(persons.give), name="person_role"),
    path(
        "orang/<uuid:uuid>/peran/<uuid:grant>/cabut/",
        grants(persons.take_back),
        name="person_role_end",
    ),
    path("pekerjaan/", manages(failed_jobs.failed_jobs), name="failed_jobs"),
    path("unit/", administers(people_lists.units), name="units_list"),
    path("unit/impor/", administers(people_lists.import_units), name="units_import"),
    path("unit/impor/templat.xlsx", administers(people_lists.blank_units), name="units_blank"),
]
