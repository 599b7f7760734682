"""``/impor/<uuid>/``: what a received file would change, and the act that writes it.

One page for every importer: each kind says in ``PREVIEWS`` which verb it asks for, how it shows
what was read and how it is applied. Nothing is written before that.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache

from clinic.assessments import report_page, sheet_imports
from clinic.assessments.sheets import sheet_url
from clinic.lib.errors import Refused
from clinic.people import list_imports
from clinic.people.access import holds, visible
from clinic.people.arithmetic.lists import ListProblem
from clinic.people.blank_lists import problem_list
from clinic.people.importing import PlanOutdated
from clinic.people.models import Account
from clinic.people.wording import column_label, explain, format_value, locate
from clinic.records.imports import Import

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
SHOWN_PROBLEMS = 100
ROWS_A_PAGE = 50
BUSY = {Import.State.RECEIVED, Import.State.READING}
READING_METHODS = ("GET", "HEAD")

Facts = dict[str, Any]


@dataclass(frozen=True)
class Preview:
    """How one kind of import is shown and applied.

    Attributes:
        verb: what the actor must hold beside having sent the file.
        title: heading of the page.
        template: page for what was read; extends ``desks/import.html``.
        facts: what the template shows, from the stored report.
        apply: writes it; gets the posted form for choices such as ``partial``.
        check_again: plans it anew when the data have changed since.
        upload: URL name of the page where such a file is sent in.
        result: URL name of the page that shows what was written, with its title.
    """

    verb: str
    title: Promise
    template: str
    facts: Callable[[Import, HttpRequest], Facts]
    apply: Callable[[Import, Account, QueryDict], Mapping[str, int]]
    check_again: Callable[[Import], None]
    upload: str
    result: str
    result_title: Promise


def _list_facts(import_: Import, request: HttpRequest) -> Facts:
    """Put problems into words and page through the rows that would be written."""
    problems = _problems(import_)
    rejected = [problem for problem in problems if problem.level == "error"]
    in_order = [*rejected, *(problem for problem in problems if problem.level == "warning")]
    said = [(locate(each), *explain(each), each.level) for each in in_order[:SHOWN_PROBLEMS]]
    rows = [row for row in import_.report.get("rows", []) if row["changes"]]
    page = Paginator(rows, ROWS_A_PAGE).get_page(request.GET.get("page"))
    for row in page.object_list:
        row["shown"] = [
            (column_label(name), format_value(name, before), format_value(name, after))
            for name, before, after in row["changes"]
        ]
    writable = import_.counts.get("created", 0) + import_.counts.get("changed", 0)
    return {
        "problems": said,
        "hidden_problems": max(len(problems) - SHOWN_PROBLEMS, 0),
        "page_obj": page,
        "writable": writable,
        "rejected": import_.counts.get("refused", 0),
        "whole_file": any(problem.row == 0 for problem in rejected),
    }


def _apply_list(import_: Import, actor: Account, posted: QueryDict) -> Mapping[str, int]:
    return list_imports.apply_list(import_, actor=actor, partial="partial" in posted)


def _list_preview(title: Promise, *, upload: str, result: str, result_title: Promise) -> Preview:
    return Preview(
        verb="import-people",
        title=title,
        template="desks/import_list.html",
        facts=_list_facts,
        apply=_apply_list,
        check_again=list_imports.check_again,
        upload=upload,
        result=result,
        result_title=result_title,
    )


def _sheet_facts(import_: Import, _request: HttpRequest) -> Facts:
    """Show the report of an assessment workbook and what applying it would change."""
    sheet = sheet_imports.recorded_sheet(import_)
    is_applied = import_.state == Import.State.APPLIED
    return {
        **report_page.facts_of(import_.report),
        "unit": sheet_imports.target_unit(import_),
        "period": import_.options["period"],
        "differences": None if is_applied else sheet_imports.differences_of(import_),
        "sheet_url": sheet_url(sheet) if sheet else "",
        "is_first_of_year": not sheet_imports.sheets_beside(import_).exists(),
    }


def _apply_sheet(import_: Import, actor: Account, _posted: QueryDict) -> Mapping[str, int]:
    return sheet_imports.apply_import(import_, actor=actor)


PREVIEWS: dict[str, Preview] = {
    sheet_imports.SHEET: Preview(
        verb="upload-sheet",
        title=gettext_lazy("Report on the LKE"),
        template="assessments/import_report.html",
        facts=_sheet_facts,
        apply=_apply_sheet,
        check_again=sheet_imports.check_again,
        upload="sheet_import",
        result="sheets",
        result_title=gettext_lazy("Assessment sheets"),
    ),
    list_imports.UNITS: _list_preview(
        gettext_lazy("List of work units"),
        upload="units_import",
        result="units_list",
        result_title=gettext_lazy("Work units"),
    ),
    list_imports.PERSONS: _list_preview(
        gettext_lazy("List of people"),
        upload="people_import",
        result="people_list",
        result_title=gettext_lazy("People"),
    ),
}


def _found(request: HttpRequest, uuid: UUID) -> tuple[Import, Preview]:
    """Return the actor's own import and its kind; anything else is 404."""
    imports = visible(request.user, "see-import", Import.objects.all())
    import_ = get_object_or_404(imports, uuid=uuid)
    preview = PREVIEWS.get(import_.kind)
    if preview is None or not holds(request.user, preview.verb):
        raise Http404
    return import_, preview


@never_cache
def preview(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Show what was read; on POST apply it once."""
    import_, kind = _found(request, uuid)
    if request.method == "POST":
        return _apply(request, import_, kind)
    if request.method not in READING_METHODS:
        return HttpResponseNotAllowed([*READING_METHODS, "POST"])
    if request.headers.get("HX-Request"):
        return _progress(request, import_)
    return _page(request, import_, kind)


def _apply(request: HttpRequest, import_: Import, kind: Preview) -> HttpResponse:
    try:
        kind.apply(import_, request.user, request.POST)
    except PlanOutdated as outdated:
        kind.check_again(import_)
        import_.refresh_from_db()
        return _page(request, import_, kind, refused=outdated)
    except Refused as refused:
        import_.refresh_from_db()
        return _page(request, import_, kind, refused=refused)
    return redirect("import_preview", uuid=import_.uuid)


def _page(
    request: HttpRequest, import_: Import, kind: Preview, *, refused: Refused | None = None
) -> HttpResponse:
    """Draw the import in whatever state it is; only a ready one has facts."""
    is_shown = import_.state in {Import.State.READY, Import.State.APPLIED}
    context = {
        "import": import_,
        "kind": kind,
        "crumbs": [
            {"label": kind.result_title, "url": reverse(kind.result)},
            {"label": kind.title},
        ],
        "is_busy": import_.state in BUSY,
        "job_state": _job_state(import_),
        "refused": refused,
        **(kind.facts(import_, request) if is_shown else {}),
    }
    template = kind.template if is_shown else "desks/import.html"
    return render(request, template, context, status=refused.status if refused else 200)


def _progress(request: HttpRequest, import_: Import) -> HttpResponse:
    """Draw the job bar alone; once the file is read, let the page load itself anew."""
    if import_.state not in BUSY:
        return HttpResponse(headers={"HX-Refresh": "true"})
    context = {"import": import_, "job_state": _job_state(import_)}
    return render(request, "desks/_import_progress.html", context)


def _job_state(import_: Import) -> str:
    return "running" if import_.state == Import.State.READING else "waiting"


@never_cache
def problems_workbook(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Give all problems of a check as a workbook, one a row."""
    import_, _kind = _found(request, uuid)
    if request.method not in READING_METHODS:
        return HttpResponseNotAllowed(READING_METHODS)
    content = problem_list(_problems(import_))
    return attachment(content, f"perlu-diperbaiki-{import_.uuid}.xlsx")


def _problems(import_: Import) -> list[ListProblem]:
    return [ListProblem.from_json(stored) for stored in import_.report.get("problems", [])]


def attachment(content: bytes, name: str) -> HttpResponse:
    """Answer with a workbook to be saved."""
    return HttpResponse(
        content,
        content_type=XLSX,
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )
