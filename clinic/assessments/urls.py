"""Addresses of assessments: the check without an account, sheets and their import, conditions."""

from django.urls import path

from clinic.assessments.views import conditions, public, rows, sheets, undoing
from clinic.people.access import policy

_SHEET = "penilaian/unit/<slug:slug>/<slug:framework>/<str:period>/"
_CONDITIONS = "syarat/<slug:slug>/<str:period>/"

urlpatterns = [
    path("periksa-lke/", policy("public")(public.check_workbook), name="public_check"),
    path("periksa-lke/<uuid:uuid>/", policy("public")(public.show_report), name="public_report"),
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
