"""The sentences of import problems: what is the matter, and what to do.

A stored problem holds a code and values; the sentence is made in the language of whoever reads it.
"""

from datetime import date
from typing import NamedTuple

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from clinic.lib.arithmetic.dates import format_date
from clinic.lib.languages import language
from clinic.people.arithmetic.lists import ListProblem


class ProblemText(NamedTuple):
    """Two whole sentences with named placeholders, as msgids."""

    what: str
    remedy: str


FIELDS: dict[str, str] = {
    "": "",
    "slug": gettext_noop("Address name"),
    "name": gettext_noop("Name"),
    "kind": gettext_noop("Kind"),
    "parent": gettext_noop("Parent unit"),
    "order": gettext_noop("Official order"),
    "national_code": gettext_noop("National code"),
    "note": gettext_noop("Note"),
    "short_name": gettext_noop("Short name"),
    "zone": gettext_noop("Time zone"),
    "valid_from": gettext_noop("Valid from"),
    "valid_to": gettext_noop("Valid to"),
    "succeeded_by": gettext_noop("Succeeded by"),
    "former_names": gettext_noop("Former names"),
    "nip": gettext_noop("NIP"),
    "unit": gettext_noop("Work unit"),
    "position": gettext_noop("Position"),
    "position_kind": gettext_noop("Kind of position"),
    "rank": gettext_noop("Rank and grade"),
    "sex": gettext_noop("Sex (L/P)"),
    "email": gettext_noop("E-mail"),
    "phone": gettext_noop("Phone"),
    "start": gettext_noop("Since"),
}

_CHECK_NIP = gettext_noop(
    "Compare it with the decree of appointment. This alone does not keep the row out."
)
_WRITE_DATE = gettext_noop("Write the day as 25-05-2022 or 25 Mei 2022.")
_ONE_ROW = gettext_noop("Keep one of the two rows.")
_CORRECT_CELL = gettext_noop("Correct this cell.")
_MAYBE_NIP = gettext_noop("Add the NIP or the e-mail address to the row.")

DAYS = frozenset({"start", "valid_from", "valid_to"})

WORDINGS: dict[str, ProblemText] = {
    "encoding_guessed": ProblemText(
        gettext_noop("The file is not saved as UTF-8; some letters may be wrong."),
        gettext_noop("Look at the names below, or save the file as CSV UTF-8 or .xlsx."),
    ),
    "no_rows": ProblemText(
        gettext_noop("There is no row below the header."), gettext_noop("Fill in at least one row.")
    ),
    "column_ignored": ProblemText(
        gettext_noop("The column “%(header)s” is not known and was not read."),
        gettext_noop("If it matters, use the header of the template."),
    ),
    "column_twice": ProblemText(
        gettext_noop("The column “%(header)s” stands twice; the first one was read."),
        gettext_noop("Delete the column that is not needed."),
    ),
    "cell_empty": ProblemText(
        gettext_noop("The cell is empty."), gettext_noop("Fill in this cell.")
    ),
    "cell_holds_error": ProblemText(
        gettext_noop("The cell shows “%(typed)s”, a formula or an error, instead of a value."),
        gettext_noop("Type the value itself, or copy it and paste it as a value."),
    ),
    "text_too_long": ProblemText(
        gettext_noop("The text is longer than %(limit)s characters."),
        gettext_noop("Shorten the text."),
    ),
    "not_a_day": ProblemText(gettext_noop("“%(typed)s” is not a date."), _WRITE_DATE),
    "name_form": ProblemText(
        gettext_noop("“%(typed)s” does not look like a name."),
        gettext_noop("Check whether the columns have shifted."),
    ),
    "depends_on_refused": ProblemText(
        gettext_noop("This row depends on a row that needs correction."),
        gettext_noop("Correct that row first."),
    ),
    "slug_form": ProblemText(
        gettext_noop("“%(typed)s” cannot be part of an address."),
        gettext_noop("Use small letters, digits and dashes, such as dinas-kesehatan."),
    ),
    "slug_twice": ProblemText(
        gettext_noop("The same address name stands in row %(row)s."), _ONE_ROW
    ),
    "kind_unknown": ProblemText(
        gettext_noop("“%(typed)s” is not a kind of unit."),
        gettext_noop("Choose a kind from the list in the template."),
    ),
    "order_form": ProblemText(
        gettext_noop("“%(typed)s” is not an order number."),
        gettext_noop("Write a whole number, such as 4."),
    ),
    "national_code_form": ProblemText(
        gettext_noop("“%(typed)s” is not the code of a regency."),
        gettext_noop("Write it as in the decree, such as 73.22."),
    ),
    "national_code_missing": ProblemText(
        gettext_noop("The regency has no national code."),
        gettext_noop("Without it no evidence package can be exported."),
    ),
    "zone_unknown": ProblemText(
        gettext_noop("“%(typed)s” is not a time zone of Indonesia."),
        gettext_noop("Write WIB, WITA or WIT."),
    ),
    "ends_before_it_begins": ProblemText(
        gettext_noop("The last day lies before the first day."), _CORRECT_CELL
    ),
    "parent_not_stated": ProblemText(
        gettext_noop("Only the regency itself has no parent unit."),
        gettext_noop("Write the address name of the parent unit."),
    ),
    "regency_below_a_unit": ProblemText(
        gettext_noop("A regency does not lie below another unit."),
        gettext_noop("Empty this cell or choose another kind."),
    ),
    "second_root": ProblemText(
        gettext_noop("Row %(row)s is already the regency."),
        gettext_noop("A list holds one regency. Keep one of the two rows."),
    ),
    "root_exists": ProblemText(
        gettext_noop("This installation already serves the regency “%(slug)s”."),
        gettext_noop("One installation serves one regency. Use its address name."),
    ),
    "root_stays_root": ProblemText(
        gettext_noop("The regency cannot be put below another unit."),
        gettext_noop("Empty this cell."),
    ),
    "parent_unknown": ProblemText(
        gettext_noop("The parent unit “%(slug)s” is not in the list and not known."),
        gettext_noop("Check the spelling or add a row for it."),
    ),
    "parent_unknown_alike": ProblemText(
        gettext_noop("The parent unit “%(slug)s” is not known. Do you mean “%(option)s”?"),
        gettext_noop("Check the spelling or add a row for it."),
    ),
    "parent_circle": ProblemText(
        gettext_noop("The unit would lie below itself, by way of “%(slug)s”."), _CORRECT_CELL
    ),
    "succeeds_itself": ProblemText(
        gettext_noop("A unit does not carry on for itself."),
        gettext_noop("Write the address name of another unit."),
    ),
    "successor_unknown": ProblemText(
        gettext_noop("The succeeding unit “%(slug)s” is not in the list and not known."),
        gettext_noop("Check the spelling or add a row for it."),
    ),
    "successor_circle": ProblemText(
        gettext_noop("The units would carry on for each other, by way of “%(slug)s”."),
        _CORRECT_CELL,
    ),
    "successor_without_end": ProblemText(
        gettext_noop("The unit has a successor but no last day."),
        gettext_noop("Fill in “Valid to”."),
    ),
    "people_carried": ProblemText(
        gettext_noop("%(number)s people work in this unit after its last day."),
        gettext_noop("They are placed in “%(unit)s” from the next day on."),
    ),
    "people_left_behind": ProblemText(
        gettext_noop("%(number)s people work in this unit after its last day."),
        gettext_noop("Place them with a list of people; until then they stay in this unit."),
    ),
    "nip_broken_by_spreadsheet": ProblemText(
        gettext_noop("NIP broken by Excel: the last digits are gone."),
        gettext_noop("Format the column as text, then type the NIP again."),
    ),
    "nip_too_long": ProblemText(
        gettext_noop("The cell holds more characters than a NIP has."),
        gettext_noop("Write one NIP per row."),
    ),
    "nip_is_no_number": ProblemText(
        gettext_noop("The NIP column holds words; they were not taken over."),
        gettext_noop("Leave the cell empty if the person has no NIP."),
    ),
    "nip_is_a_nik": ProblemText(
        gettext_noop("This looks like a NIK; it was not taken over."),
        gettext_noop("Write the NIP. The NIK is not needed and not stored."),
    ),
    "nip_length": ProblemText(gettext_noop("A NIP has 18 digits; this one has not."), _CHECK_NIP),
    "nip_holds_letters": ProblemText(gettext_noop("The NIP holds letters."), _CHECK_NIP),
    "nip_has_the_old_form": ProblemText(
        gettext_noop("This is a NIP of the old form with 9 digits."), _CHECK_NIP
    ),
    "nip_birth_date": ProblemText(
        gettext_noop("The first 8 digits of the NIP are not a date of birth."), _CHECK_NIP
    ),
    "nip_appointment_month": ProblemText(
        gettext_noop("Digits 13 and 14 of the NIP are not a month."), _CHECK_NIP
    ),
    "nip_appointed_before_birth": ProblemText(
        gettext_noop("By the NIP the appointment came before the birth."), _CHECK_NIP
    ),
    "nip_sex": ProblemText(gettext_noop("Digit 15 of the NIP is not 1 or 2."), _CHECK_NIP),
    "nip_serial": ProblemText(
        gettext_noop("The NIP ends with 000, as numbers cut by Excel do."), _CHECK_NIP
    ),
    "nip_twice": ProblemText(gettext_noop("The same NIP stands in row %(row)s."), _ONE_ROW),
    "nip_differs": ProblemText(
        gettext_noop(
            "Known under another NIP, which was kept: two rows of this person were merged."
        ),
        gettext_noop("Nothing needs to be done."),
    ),
    "name_differs": ProblemText(
        gettext_noop("This NIP belongs to “%(known)s”, a name without any word in common."),
        gettext_noop("Check NIP and name before you apply."),
    ),
    "person_twice": ProblemText(gettext_noop("Row %(row)s speaks of the same person."), _ONE_ROW),
    "same_name_twice": ProblemText(
        gettext_noop("The same name in the same unit stands in row %(row)s."), _MAYBE_NIP
    ),
    "email_twice": ProblemText(
        gettext_noop("The same e-mail address stands in row %(row)s."),
        gettext_noop("Leave an address that several people share out of the list."),
    ),
    "email_form": ProblemText(gettext_noop("“%(typed)s” is not an e-mail address."), _CORRECT_CELL),
    "email_taken": ProblemText(
        gettext_noop("This e-mail address belongs to “%(known)s”."),
        gettext_noop("Leave an address that several people share out of the list."),
    ),
    "email_shared": ProblemText(
        gettext_noop("Several persons have this e-mail address."),
        gettext_noop("Leave an address that several people share out of the list."),
    ),
    "email_verified_kept": ProblemText(
        gettext_noop("The person has confirmed another e-mail address; it was kept."),
        gettext_noop("The person can change it on the own profile page."),
    ),
    "phone_form": ProblemText(
        gettext_noop("The phone number has an unusual form; it is taken over as typed."),
        gettext_noop("Write it as 0812 3456 7890."),
    ),
    "sex_unknown": ProblemText(
        gettext_noop("“%(typed)s” is neither L nor P."), gettext_noop("Write L or P.")
    ),
    "sex_disagrees_with_nip": ProblemText(
        gettext_noop("The column L/P and digit 15 of the NIP disagree."), _CHECK_NIP
    ),
    "position_kind_unknown": ProblemText(
        gettext_noop("“%(typed)s” is not a kind of position."),
        gettext_noop("Choose a kind from the list in the template."),
    ),
    "unit_unknown": ProblemText(
        gettext_noop("The unit “%(typed)s” is not known."),
        gettext_noop("Use the name or the address name from the list in the template."),
    ),
    "unit_unknown_alike": ProblemText(
        gettext_noop("The unit “%(typed)s” is not known. Do you mean “%(options)s”?"),
        gettext_noop("Use the name or the address name from the list in the template."),
    ),
    "unit_ambiguous": ProblemText(
        gettext_noop("“%(typed)s” can mean several units: %(options)s."),
        gettext_noop("Write the address name of the right one."),
    ),
    "unit_was_split": ProblemText(
        gettext_noop("“%(typed)s” was split into: %(options)s."),
        gettext_noop("Write the unit in which the person works now."),
    ),
    "unit_has_ended": ProblemText(
        gettext_noop("The unit “%(typed)s” has ended and has no successor."),
        gettext_noop("Write the unit in which the person works now."),
    ),
    "unit_carried": ProblemText(
        gettext_noop("“%(typed)s” is today “%(unit)s”."),
        gettext_noop("The person is put into that unit."),
    ),
    "start_before_last": ProblemText(
        gettext_noop("The person's last place began on %(start)s, not before this date."),
        gettext_noop("Write the day on which the new place began."),
    ),
    "start_kept": ProblemText(
        gettext_noop("The person has been in this place since %(start)s; this was kept."),
        gettext_noop("Nothing needs to be done."),
    ),
    "roles_end": ProblemText(
        gettext_noop("The person leaves a unit; roles in units that end with it: %(number)s."),
        gettext_noop("Give a role anew where it is still needed."),
    ),
    "taken_by_name": ProblemText(
        gettext_noop("Without NIP and e-mail, taken for “%(known)s” of the same unit."),
        gettext_noop("If this is another person, add the NIP or the e-mail address."),
    ),
    "name_ambiguous": ProblemText(
        gettext_noop("Several persons of this unit have this name."), _MAYBE_NIP
    ),
    "maybe_same": ProblemText(
        gettext_noop("A new person; “%(known)s” of the same unit may be the same."),
        gettext_noop("If so, merge the two after the import."),
    ),
}


def explain(problem: ListProblem) -> tuple[str, str]:
    """Return what is the matter and what to do, in the reader's language."""
    wording = WORDINGS[problem.code]
    values = {name: format_value(name, value) for name, value in problem.values.items()}
    return _(wording.what) % values, _(wording.remedy) % values


def format_value(column: str, value: str) -> str:
    """Return a stored value as people read it: days in words, everything else as it is."""
    if column not in DAYS or not value:
        return value
    return format_date(date.fromisoformat(value), language())


def column_label(field: str) -> str:
    """Return the name of a column in the reader's language."""
    return _(FIELDS[field]) if field else ""


def locate(problem: ListProblem) -> str:
    """Return where a problem stands: row and column, or the file as a whole."""
    if not problem.row:
        return _("File")
    if not problem.column:
        return _("Row %(row)s") % {"row": problem.row}
    return _("Row %(row)s, %(column)s") % {
        "row": problem.row,
        "column": column_label(problem.column),
    }
