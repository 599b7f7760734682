"""Empty lists to fill in, the list of a check's problems, as workbooks."""

from collections.abc import Sequence

from django.conf import settings
from django.utils.translation import gettext as _

from clinic.lib.arithmetic.workbooks import Cell, ColumnChoice, ListSheet, write_workbook
from clinic.people.arithmetic.lists import ListProblem
from clinic.people.models import Membership, Unit
from clinic.people.wording import column_label, explain

SHEET_LISTS = "Daftar"
PERSON_COLUMNS = (
    "NIP", "Nama", "Unit kerja", "Jabatan", "Jenis jabatan", "Pangkat/Gol", "L/P", "HP", "E-mail",
    "Sejak",
)  # fmt: skip
UNIT_COLUMNS = (
    "Slug", "Nama", "Jenis", "Induk", "Urutan", "Kode nasional", "Nama singkat", "Zona waktu",
    "Catatan", "Berlaku mulai", "Berlaku sampai", "Digantikan oleh", "Nama lama",
)  # fmt: skip


def blank_person_list(units: Sequence[Unit]) -> bytes:
    """Return an empty list of persons whose unit column offers these units."""
    kinds = [kind for kind in Membership.PositionKind.values if kind]
    names = [unit.name for unit in units]
    lists = _lay_columns(
        [_("Work unit"), *names], [_("Kind of position"), *kinds], ["L/P", "L", "P"]
    )
    text = [PERSON_COLUMNS.index(name) for name in ("NIP", "HP", "Sejak")]
    return write_workbook(
        [
            ListSheet(
                "Isian",
                [PERSON_COLUMNS],
                widths={0: 24, 1: 34, 2: 44, 3: 34, 4: 16, 5: 22, 6: 6, 7: 18, 8: 28, 9: 14},
                text_columns=text,
                choices=[
                    ColumnChoice(2, SHEET_LISTS, 0, len(names), is_strict=False),
                    ColumnChoice(4, SHEET_LISTS, 1, len(kinds)),
                    ColumnChoice(6, SHEET_LISTS, 2, 2),
                ],
            ),
            _write_instructions(
                _("One row per person. Name and work unit are needed, the rest is optional."),
                _("Keep the NIP column as text: Excel cuts long numbers, and the NIP is lost."),
                _("Choose the work unit from the list, or write its name or address name."),
                _("Write days as 25-05-2022 or 25 Mei 2022. Empty “Sejak” means today."),
                _("An empty cell changes nothing. Persons missing from the list stay."),
                _("Do not write a NIK; it is not needed and not stored."),
            ),
            ListSheet(SHEET_LISTS, lists, widths={0: 60, 1: 20, 2: 6}),
        ]
    )


def blank_unit_list(units: Sequence[Unit]) -> bytes:
    """Return an empty list of units; the known ones are offered as parents."""
    kinds = list(Unit.Kind.values)
    slugs = [unit.slug for unit in units]
    lists = _lay_columns(
        [_("Kind"), *kinds], [_("Parent unit"), *slugs], [_("Name"), *[u.name for u in units]]
    )
    return write_workbook(
        [
            ListSheet(
                "Isian",
                [UNIT_COLUMNS],
                widths={0: 30, 1: 50, 2: 20, 3: 30, 5: 16, 8: 30, 12: 40},
                text_columns=[0, 5, 9, 10],
                choices=[
                    ColumnChoice(2, SHEET_LISTS, 0, len(kinds)),
                    ColumnChoice(3, SHEET_LISTS, 1, max(len(slugs), 1), is_strict=False),
                ],
            ),
            _write_instructions(
                _(
                    "One row per unit. “Slug” is its name in addresses; if empty, the name gives"
                    " it."
                ),
                _("“Induk” is the name or slug of the unit above; only the regency has none."),
                _("“Urutan” is the official order among the units of one parent."),
                _("“Berlaku sampai” is the last day of a unit that has ended."),
                _("“Digantikan oleh” holds the slugs of those who carry on, with semicolons."),
                _("When a name changes, the old one is kept among the former names by itself."),
                _("An empty cell changes nothing. Units missing from the list stay."),
            ),
            ListSheet(SHEET_LISTS, lists, widths={0: 24, 1: 40, 2: 60}),
        ]
    )


def problem_list(problems: Sequence[ListProblem]) -> bytes:
    """Return the problems of a check, one a row, in the reader's language."""
    levels = {"error": _("To correct"), "warning": _("To look at")}
    head = [_("Row"), _("Column"), _("Level"), _("What is the matter"), _("What to do")]
    marks = _list_marks()
    rows: list[Sequence[Cell]] = [*([mark] for mark in marks), head]
    for problem in problems:
        what, remedy = explain(problem)
        rows.append(
            [problem.row or None, column_label(problem.column), levels[problem.level], what, remedy]
        )
    widths = {0: 8, 1: 22, 2: 16, 3: 60, 4: 60}
    return write_workbook([ListSheet(_("To correct"), rows, heading=len(marks), widths=widths)])


def _write_instructions(*lines: str) -> ListSheet:
    rows = [[_("How to fill in this list")], *[[line] for line in (*_list_marks(), *lines)]]
    return ListSheet("Petunjuk", rows, widths={0: 100})


def _list_marks() -> list[str]:
    """What every file of the demo says."""
    return [_("Sample data: Kabupaten Contoh.")] if settings.IS_DEMO else []


def _lay_columns(*columns: Sequence[str]) -> list[list[Cell]]:
    """Lay columns of different length side by side."""
    longest = max(len(column) for column in columns)
    return [
        [column[row] if row < len(column) else None for column in columns] for row in range(longest)
    ]
