"""``/impor/<uuid>/``: what a received file would change, and the act that writes it.

One page for every importer: each kind says in ``PREVIEWS`` which verb it asks for, how it shows
what was read and how it is applied. Nothing is written before that.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.utils.functional import Promise
from django.utils.translation import gettext, gettext_lazy, ngettext
from django.views import View
from django.views.decorators.cache import never_cache

from clinic.assessments import report_page, sheet_imports
from clinic.assessments.differences_page import differences_context
from clinic.assessments.frameworks import find_edition
from clinic.assessments.sheet_differences import alike_sheets
from clinic.assessments.sheets import sheet_url
from clinic.assessments.undoing import find_undoable, undo_line
from clinic.desks.acts import Text
from clinic.lib.downloads import attachment
from clinic.lib.errors import Refused
from clinic.people import list_imports
from clinic.people.access import SignedInRequest, holds, visible
from clinic.people.arithmetic.lists import ListProblem
from clinic.people.blank_lists import problem_list
from clinic.people.importing import PlanOutdated
from clinic.people.models import Account, Unit
from clinic.people.wording import column_label, explain, format_value, locate
from clinic.records.imports import Import

SHOWN_PROBLEMS = 100
ROWS_A_PAGE = 50
BUSY = {Import.State.RECEIVED, Import.State.READING}
WITH_CONTENT = {Import.State.READY, Import.State.APPLIED}

# Word and tag of what the list says of a row, and of a problem.
ROW_STATES: dict[str, tuple[Promise, str]] = {
    "created": (gettext_lazy("new"), "done"),
    "changed": (gettext_lazy("changed"), "doing"),
}
PROBLEM_LEVELS: dict[str, tuple[Promise, str]] = {
    "error": (gettext_lazy("To correct"), "stopped"),
    "warning": (gettext_lazy("To look at"), "late"),
}

Context = dict[str, Any]


@dataclass(frozen=True)
class ImportPreview:
    """How one kind of import is shown and applied.

    Attributes:
        verb: what the actor must hold beside having sent the file.
        title: heading of the page.
        template: page for what was read; extends ``desks/import.html``.
        build_context: what the template shows, from the stored report.
        apply: writes it; gets the posted form for choices such as ``partial``.
        check_again: plans it anew when the data have changed since.
        upload: URL name of the page where such a file is sent in.
        result: URL name of the page that shows what was written.
        result_title: title of that page.
    """

    verb: str
    title: Promise
    template: str
    build_context: Callable[[Import, SignedInRequest], Context]
    apply: Callable[[Import, Account, QueryDict], Mapping[str, int]]
    check_again: Callable[[Import], None]
    upload: str
    result: str
    result_title: Promise


def read_problems(import_: Import) -> list[ListProblem]:
    return [ListProblem.from_json(stored) for stored in import_.report.get("problems", [])]


def show_list(import_: Import, request: SignedInRequest) -> Context:
    """Put problems into words, errors first, and page through the rows that would be written."""
    problems = sorted(read_problems(import_), key=lambda problem: problem.level != "error")
    rows = [row for row in import_.report.get("rows", []) if row["changes"]]
    page = Paginator(rows, ROWS_A_PAGE).get_page(request.GET.get("page"))
    for row in page.object_list:
        row["word"], row["tag"] = ROW_STATES[row["state"]]
        row["shown"] = [
            (column_label(name), describe_change(name, before, after))
            for name, before, after in row["changes"]
        ]
    return {
        "problems": [describe_problem(problem) for problem in problems[:SHOWN_PROBLEMS]],
        "hidden_problems": max(len(problems) - SHOWN_PROBLEMS, 0),
        "page_obj": page,
        "writable": import_.counts.get("created", 0) + import_.counts.get("changed", 0),
        "rejected": import_.counts.get("refused", 0),
        "whole_file": any(problem.row == 0 for problem in problems if problem.level == "error"),
    }


def describe_problem(problem: ListProblem) -> dict[str, Text]:
    what, remedy = explain(problem)
    word, state = PROBLEM_LEVELS[problem.level]
    where = locate(problem)
    return {"where": where, "what": what, "remedy": remedy, "word": word, "state": state}


def describe_change(column: str, before: str, after: str) -> str:
    """Say what a field becomes; one that was empty has only its new value."""
    new = format_value(column, after)
    if not before:
        return new
    return gettext("%(before)s, now %(after)s") % {
        "before": format_value(column, before),
        "after": new,
    }


def apply_list(import_: Import, actor: Account, posted: QueryDict) -> Mapping[str, int]:
    return list_imports.apply_list(import_, actor=actor, partial="partial" in posted)


def show_sheet(import_: Import, request: SignedInRequest) -> Context:
    """Show what applying an assessment workbook would change, then the report on it."""
    sheet = sheet_imports.recorded_sheet(import_)
    unit, facts = sheet_imports.target_unit(import_), report_page.facts_of(import_.report)
    rejected = len(facts["rejected"])
    if rejected:
        apply_label = ngettext(
            "Apply without the %(n)s row that needs correction",
            "Apply without the %(n)s rows that need correction",
            rejected,
        ) % {"n": rejected}
    else:
        params = {"unit": unit.name, "year": import_.options["period"]}
        apply_label = gettext("Apply to %(unit)s, %(year)s") % params
    return {
        **facts,
        "unit": unit,
        "apply_label": apply_label,
        "period": import_.options["period"],
        "sheet": sheet,
        "sheet_url": sheet_url(sheet) if sheet else "",
        **(_show_applied(import_, request) if import_.state == Import.State.APPLIED else {}),
        **(_show_ready(import_, unit, request) if import_.state == Import.State.READY else {}),
    }


def _show_ready(import_: Import, unit: Unit, request: SignedInRequest) -> Context:
    differences = sheet_imports.differences_of(import_)
    edition = find_edition(import_.options["framework"])
    rows = sheet_imports.rows_in(import_)
    return {
        **differences_context(differences, request.GET),
        "headline": differences.headline,
        "alike": alike_sheets(unit, edition, import_.options["period"], rows),
        "is_first_of_year": not sheet_imports.sheets_beside(import_).exists(),
    }


def _show_applied(import_: Import, request: SignedInRequest) -> Context:
    change = sheet_imports.applied_change(import_)
    if change is None:
        return {}
    undo = getattr(change, "undone_by", None)
    context = {"change": change, "undone_at": undo.at if undo else None}
    if not undo and find_undoable(change.sheet) == change:
        context |= undo_line(change.sheet)
    if import_.parsed.get("rows"):
        differences = sheet_imports.applied_differences(import_, change)
        context |= differences_context(differences, request.GET)
    return context


def apply_sheet(import_: Import, actor: Account, posted: QueryDict) -> Mapping[str, int]:
    return sheet_imports.apply_import(import_, actor=actor, confirmed="confirmed" in posted)


PREVIEWS: dict[str, ImportPreview] = {
    sheet_imports.SHEET: ImportPreview(
        verb="upload-sheet",
        title=gettext_lazy("Report on the LKE"),
        template="assessments/import_report.html",
        build_context=show_sheet,
        apply=apply_sheet,
        check_again=sheet_imports.check_again,
        upload="sheet_import",
        result="sheets",
        result_title=gettext_lazy("Assessment sheets"),
    ),
    list_imports.UNITS: ImportPreview(
        verb="import-people",
        title=gettext_lazy("List of work units"),
        template="desks/import_list.html",
        build_context=show_list,
        apply=apply_list,
        check_again=list_imports.check_again,
        upload="units_import",
        result="units_list",
        result_title=gettext_lazy("Work units"),
    ),
    list_imports.PERSONS: ImportPreview(
        verb="import-people",
        title=gettext_lazy("List of people"),
        template="desks/import_list.html",
        build_context=show_list,
        apply=apply_list,
        check_again=list_imports.check_again,
        upload="people_import",
        result="people_list",
        result_title=gettext_lazy("People"),
    ),
}


@method_decorator(never_cache, name="dispatch")
class ImportPage(View):
    """A page of the actor's own import; any other answers 404, whatever the method."""

    request: SignedInRequest

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        imports = visible(self.request.user, "see-import", Import.objects.all())
        self.import_ = get_object_or_404(imports, uuid=self.kwargs["uuid"])
        kind = PREVIEWS.get(self.import_.kind)
        if kind is None or not holds(self.request.user, kind.verb):
            raise Http404
        self.kind = kind
        return super().dispatch(request, *args, **kwargs)


class PreviewPage(ImportPage):
    """What was read; POST applies it once."""

    def get(self, request: SignedInRequest, uuid: UUID) -> HttpResponse:
        if not request.headers.get("HX-Request"):
            return self.show()
        if self.import_.state in BUSY:
            return render(request, "desks/_import_progress.html", self.build_context())
        # The file is read: the page loads itself anew.
        return HttpResponse(headers={"HX-Refresh": "true"})

    def post(self, request: SignedInRequest, uuid: UUID) -> HttpResponse:
        try:
            self.kind.apply(self.import_, request.user, request.POST)
        except Refused as refused:
            if isinstance(refused, PlanOutdated):
                self.kind.check_again(self.import_)
            self.import_.refresh_from_db()
            return self.show(refused)
        return redirect("import_preview", uuid=uuid)

    def build_context(self) -> Context:
        is_reading = self.import_.state == Import.State.READING
        return {
            "import": self.import_,
            "kind": self.kind,
            "crumbs": [
                {"label": self.kind.result_title, "url": reverse(self.kind.result)},
                {"label": self.kind.title},
            ],
            "is_busy": self.import_.state in BUSY,
            "job_state": "running" if is_reading else "waiting",
        }

    def show(self, refused: Refused | None = None) -> HttpResponse:
        """Draw the import in whatever state it is; only what was read has content."""
        context = {**self.build_context(), "refused": refused}
        template = "desks/import.html"
        if self.import_.state in WITH_CONTENT:
            context |= self.kind.build_context(self.import_, self.request)
            template = self.kind.template
        status = refused.status if refused else 200
        return render(self.request, template, context, status=status)


class ProblemsWorkbook(ImportPage):
    """All problems of a check as a workbook, one a row."""

    def get(self, request: SignedInRequest, uuid: UUID) -> HttpResponse:
        content = problem_list(read_problems(self.import_))
        return attachment(content, f"perlu-diperbaiki-{uuid}.xlsx")
