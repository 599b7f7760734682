"""``/penilaian/unit/…/butir/<code>/``: one row of a sheet is typed, and the next one follows."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache

from clinic.assessments.arithmetic.answers import RowEntry
from clinic.assessments.arithmetic.editions import EditionNode, FrameworkFile
from clinic.assessments.arithmetic.row_merge import Merge, Seen, merge
from clinic.assessments.forms import RowForm, choice_field
from clinic.assessments.frameworks import edition_file
from clinic.assessments.models import Sheet
from clinic.assessments.row_page import (
    PlaceInSheet,
    list_states,
    list_url,
    outcomes_on,
    place_of,
    say_who,
)
from clinic.assessments.sheet_page import formula_in_words, row_url, wording, worth_in_words
from clinic.assessments.sheets import rows_of
from clinic.assessments.typed_rows import (
    AnswerUnreadable,
    RowChanged,
    codes_of_row,
    last_changes,
    save_row,
    texts_of,
)
from clinic.assessments.views.sheets import READING_METHODS, get_sheet
from clinic.people.access import SignedInRequest, require

SAVE_AND_NEXT = "lanjut"


@dataclass(frozen=True)
class RowBeingTyped:
    """A row as it is stored, with its place in the sheet; ``worth`` is score and maximum."""

    sheet: Sheet
    framework: FrameworkFile
    node: EditionNode
    place: PlaceInSheet
    worth: tuple[Decimal, Decimal]
    rows: Mapping[str, RowEntry]

    @property
    def stored(self) -> dict[str, str]:
        return texts_of(self.rows, self.framework, self.node.code)

    @property
    def seen(self) -> Seen:
        return Seen.of(self.sheet.rev, self.stored)

    def make_form(self, *args: Any, **options: Any) -> RowForm:
        """Make a form of the row."""
        return RowForm(
            *args,
            framework=self.framework,
            code=self.node.code,
            stored=self.stored,
            worth=self.worth[1],
            **options,
        )

    def say_who(self, request: SignedInRequest, fields: tuple[str, ...], since: int) -> list[str]:
        """Say of each field who changed it after the sheet's number ``since``."""
        changes = last_changes(self.sheet, self.node.code, self.rows, since=since)
        said = say_who(changes, fields, request.user)
        return [said[name] for name in fields]


@never_cache
def edit_row(
    request: SignedInRequest, slug: str, framework: str, *, period: str, code: str
) -> HttpResponse:
    """Type the answer, remark and proof of one row; 409 with a choice where two have typed."""
    sheet = get_sheet(request, slug, framework, period)
    require(request.user, "write-sheet", sheet)
    row = _open_row(sheet, code, request.GET.get("saring", ""))
    if request.method in READING_METHODS:
        form = row.make_form(initial={**row.stored, "seen": row.seen.write()})
        return _show_row(request, row, form)
    if request.method != "POST":
        return HttpResponseNotAllowed([*READING_METHODS, "POST"])
    return _save(request, row)


def _open_row(sheet: Sheet, code: str, filter_name: str) -> RowBeingTyped:
    framework = edition_file(sheet.edition)
    node = framework.by_code.get(code)
    states = list_states(sheet)
    state = next((each for each in states if each.code == code), None)
    if node is None or state is None:
        raise Http404
    return RowBeingTyped(
        sheet=sheet,
        framework=framework,
        node=node,
        place=place_of(code, filter_name, states),
        worth=(state.score, state.maximum),
        rows=rows_of(sheet, codes=codes_of_row(framework, code)),
    )


def _save(request: SignedInRequest, row: RowBeingTyped) -> HttpResponse:
    """Put what was typed over what is stored; a field that was not touched stays as stored."""
    seen = Seen.read(request.POST.get("seen", ""))
    stored = row.stored
    typed = {name: request.POST[name] for name in stored if name in request.POST}
    choices = {name: request.POST.get(choice_field(name), "") for name in stored}
    merged = merge(seen, stored, typed, choices)
    if merged.conflicts:
        return _show_conflict(request, row, merged, seen)
    form = row.make_form({**merged.texts, "seen": row.seen.write()})
    if not form.is_valid():
        return _show_row(request, row, form, status=422)
    try:
        saved = save_row(row.sheet, row.node.code, form.typed(), seen=row.seen, actor=request.user)
    except AnswerUnreadable as refused:
        form.add_error(refused.details["field"], refused.message)
        return _show_row(request, row, form, status=refused.status)
    except RowChanged:  # in the moment between looking and writing
        row = _open_row(row.sheet, row.node.code, row.place.filter_name)
        merged = merge(seen, row.stored, typed, choices)
        return _show_conflict(request, row, merged, seen)
    _tell(request, row, (*merged.kept, *saved.kept), seen)
    if SAVE_AND_NEXT in request.POST and row.place.next_aim:
        return redirect(row_url(row.sheet, row.place.next_aim, row.place.filter_name))
    return redirect(list_url(row.sheet, row.node.code, row.place.filter_name))


def _tell(request: SignedInRequest, row: RowBeingTyped, kept: tuple[str, ...], seen: Seen) -> None:
    """Say that the row was saved, and which fields stayed as somebody else had changed them."""
    text = _("Row %(code)s has been saved.") % {"code": row.node.code}
    if SAVE_AND_NEXT in request.POST and not row.place.next_aim:
        text = f"{text} {row.place.left_in_words}"
    messages.success(request, text)
    form = row.make_form()
    for name, who in zip(kept, row.say_who(request, kept, seen.rev) if kept else (), strict=True):
        params = {"field": form.fields[name].label, "who": who}
        messages.info(request, _("%(field)s stayed as stored. %(who)s") % params)


def _show_conflict(
    request: SignedInRequest, row: RowBeingTyped, merged: Merge, seen: Seen
) -> HttpResponse:
    """Ask, for each field that two have changed, which text to keep; nothing is written yet."""
    said = row.say_who(request, merged.conflicts, seen.rev)
    asked = Seen.of(row.sheet.rev, row.stored, frozenset(merged.conflicts))
    form = row.make_form(
        {**merged.texts, "seen": asked.write()},
        conflicts=dict(zip(merged.conflicts, said, strict=True)),
    )
    return _show_row(request, row, form, status=409)


def _show_row(
    request: SignedInRequest, row: RowBeingTyped, form: RowForm, *, status: int = 200
) -> HttpResponse:
    sheet, code, place = row.sheet, row.node.code, row.place
    path = row.framework.path(code)
    entry = row.rows.get(code)
    context = {
        "sheet": sheet,
        "code": code,
        "name": wording(row.node),
        "above": " – ".join(wording(node) for node in path[-3:-1]),
        "worth": worth_in_words(*row.worth),
        "formula": formula_in_words(row.framework, code),
        "guidance": row.node.guidance,
        "place": place,
        "form": form,
        "is_conflict": status == 409,  # noqa: PLR2004
        "list_url": list_url(sheet, code, place.filter_name),
        "before_url": row_url(sheet, place.before, place.filter_name) if place.before else "",
        "after_url": row_url(sheet, place.after, place.filter_name) if place.after else "",
        "further_proofs": entry.proofs[1:] if entry else (),
        "outcomes": outcomes_on(sheet, code),
    }
    return render(request, "assessments/sheet_row.html", context, status=status)
