"""Addresses below ``/admin/`` that are pages of ours; they stand before the editor's own."""

from django.urls import path

from clinic.desks import failed_jobs, people_lists, person_changes, persons, setup, units
from clinic.desks.editor import editor_account
from clinic.people.access import policy

imports = policy("import-people")
changes_persons = policy("change-person")
changes_units = policy("change-unit")
manages = policy("manage-account")
grants = policy("grant-role")

PERSON = "orang/<uuid:uuid>/"
TWIN = f"{PERSON}gabung/<uuid:other>/"
UNIT = "unit/<slug:slug>/"

urlpatterns = [
    path("account/", editor_account, name="editor_account"),
    path("orang/", imports(persons.list_people), name="people_list"),
    path("orang/impor/", imports(people_lists.import_people), name="people_import"),
    path("orang/impor/templat.xlsx", imports(people_lists.blank_people), name="people_blank"),
    path("orang/akun/", manages(persons.create_listed_accounts), name="people_accounts"),
    path(PERSON, manages(persons.show_person), name="person"),
    path(f"{PERSON}akun/", manages(persons.create_account), name="person_account"),
    path(f"{PERSON}akun/tutup/", manages(persons.CloseAccount.as_view()), name="person_close"),
    path(f"{PERSON}akun/buka/", manages(persons.OpenAccount.as_view()), name="person_reopen"),
    path(f"{PERSON}akun/faktor/", manages(persons.ResetFactor.as_view()), name="person_factor"),
    path(f"{PERSON}akun/sesi/", manages(persons.EndSessions.as_view()), name="person_sessions"),
    path(f"{PERSON}peran/", grants(persons.give_role), name="person_role"),
    path(
        f"{PERSON}peran/<uuid:grant>/cabut/", grants(persons.take_back_role), name="person_role_end"
    ),
    path("penyiapan/", manages(setup.setup), name="setup"),
    path("pekerjaan/", manages(failed_jobs.failed_jobs), name="failed_jobs"),
    path(
        f"{PERSON}pindah/", changes_persons(person_changes.MovePerson.as_view()), name="person_move"
    ),
    path(f"{PERSON}gabung/", changes_persons(person_changes.find_twin), name="person_twin"),
    path(TWIN, changes_persons(person_changes.MergePersons.as_view()), name="person_merge"),
    path(
        f"{TWIN}pisah/",
        changes_persons(person_changes.UnmergePersons.as_view()),
        name="person_unmerge",
    ),
    path("unit/", imports(units.list_units), name="units_list"),
    path("unit/impor/", imports(people_lists.import_units), name="units_import"),
    path("unit/impor/templat.xlsx", imports(people_lists.blank_units), name="units_blank"),
    path(UNIT, changes_units(units.show_unit), name="unit"),
    path(f"{UNIT}nama/", changes_units(units.RenameUnit.as_view()), name="unit_rename"),
    path(f"{UNIT}induk/", changes_units(units.MoveUnit.as_view()), name="unit_move"),
    path(f"{UNIT}gabung/", changes_units(units.MergeUnit.as_view()), name="unit_merge"),
    path(f"{UNIT}pecah/", changes_units(units.SplitUnit.as_view()), name="unit_split"),
    path(f"{UNIT}akhiri/", changes_units(units.EndUnit.as_view()), name="unit_end"),
    path(f"{UNIT}buka/", changes_units(units.ReopenUnit.as_view()), name="unit_reopen"),
]
