"""Addresses of assessments: the check without an account, sheets and their import, conditions."""

from django.urls import path

from clinic.assessments.many_sheets import CHECK_MANY
from clinic.assessments.views import conditions, many, public, rows, sheets, undoing
from clinic.people.access import policy

_MANY = "periksa-lke/banyak/<uuid:uuid>"
_MEMBER = "periksa-lke/banyak/berkas/<uuid:uuid>"
_SHEET = "penilaian/unit/<slug:slug>/<slug:framework>/<str:period>/"
_CONDITIONS = "syarat/<slug:slug>/<str:period>/"

urlpatterns = [
    path("periksa-lke/", policy("public")(public.check_workbook), name="public_check"),
    path("periksa-lke/banyak/", policy(CHECK_MANY)(many.send_zip), name="many_checks"),
    path(f"{_MANY}/", policy(CHECK_MANY)(many.show_zip), name="many_check"),
    path(f"{_MANY}/tabel.xlsx", policy(CHECK_MANY)(many.download_table), name="many_table"),
    path(f"{_MEMBER}/", policy(CHECK_MANY)(many.show_member), name="many_member"),
    path(
        f"{_MEMBER}/catatan.xlsx",
        policy(CHECK_MANY)(many.download_remarks),
        name="many_remarks",
    ),
    path("periksa-lke/<uuid:uuid>/", policy("public")(public.show_report), name="public_report"),
    path(
        "periksa-lke/<uuid:uuid>/catatan.xlsx",
        policy("public")(public.download_remarks),
        name="public_remarks",
    ),
    path("penilaian/", policy("read-sheet")(sheets.list_sheets), name="sheets"),
    path("penilaian/impor/", policy("upload-sheet")(sheets.upload), name="sheet_import"),
    path(_SHEET, policy("read-sheet")(sheets.show_sheet), name="sheet"),
    path(f"{_SHEET}kembalikan/", policy("upload-sheet")(undoing.undo), name="sheet_undo"),
    path("syarat/", policy("read-sheet")(conditions.list_units), name="conditions"),
    path(_CONDITIONS, policy("read-sheet")(conditions.show_unit), name="unit_conditions"),
    path(
        f"{_CONDITIONS}<slug:code>/",
        policy("state-condition")(conditions.state),
        name="unit_condition",
    ),
    path(f"{_SHEET}butir/<str:code>/", policy("write-sheet")(rows.edit_row), name="sheet_row"),
]
