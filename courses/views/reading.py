"""``/modul/``: the list, a module, one section, the whole for paper."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from clinic.lib.errors import Refused
from clinic.people.access import ask_to_sign_in, rows_of
from courses import progress, reading
from courses.forms import ModuleFilter
from courses.models import ModuleEdition
from courses.progress import Standing
from courses.wording import STATE_WORDS, module_card, section_rows
from quizzes import practice
from quizzes.forms import posted_answer

Section = dict[str, Any]


@require_safe
def modules(request: HttpRequest) -> HttpResponse:
    """List what there is to read, narrowed by area, framework, length and own progress."""
    editions = list(reading.readable_editions(request.user))
    standings = _standings(request, editions)
    form = ModuleFilter(request.GET or None, is_signed_in=request.user.is_authenticated)
    wanted = form.cleaned_data if form.is_bound and form.is_valid() else {}
    areas = reading.areas()
    cards = [
        module_card(one, areas, standings.get(one.module_id))
        for one in editions
        if _fits(one, standings.get(one.module_id, Standing()), wanted)
    ]
    context = {"form": form, "cards": cards, "is_narrowed": any(wanted.values())}
    return render(request, "courses/modules.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def module(request: HttpRequest, slug: str) -> HttpResponseBase:
    """Show what a module is for and made of; a post begins it."""
    edition = _edition(request, slug)
    if request.method == "POST":
        return _begin(request, edition)
    standing = _standings(request, [edition]).get(edition.module_id)
    context = {
        **_about(edition),
        "standing": standing,
        "sections": section_rows(edition, standing),
        "next": standing.next_section(edition) if standing else edition.sections[0],
        "outcomes": reading.outcomes_of(edition.head),
        "references": reading.shown_references(edition.head["legal_basis"]),
    }
    return render(request, "courses/module.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def section(request: HttpRequest, slug: str, bagian: str) -> HttpResponseBase:
    """Show one section; a post answers a check, marks the section as finished or takes it back."""
    edition = _edition(request, slug)
    found = edition.section(bagian)
    if found is None:
        raise Http404
    if request.method != "POST":
        return render(request, "courses/section.html", _section_page(request, edition, found))
    if "pertanyaan" in request.POST:
        return _answer(request, edition, found)
    return _mark(request, edition, found)


@require_safe
def whole(request: HttpRequest, slug: str) -> HttpResponse:
    """Show the whole module on one page for paper: no answers, rules at the end."""
    edition = _edition(request, slug)
    bodies = reading.shown_sections(_stream(edition, one) for one in edition.sections)
    context = {
        **_about(edition),
        "sections": list(zip(edition.sections, bodies, strict=True)),
        "references": reading.shown_references(edition.head["legal_basis"]),
    }
    return render(request, "courses/whole.html", context)


def _edition(request: HttpRequest, slug: str) -> ModuleEdition:
    for edition in reading.readable_editions(request.user):
        if edition.module_slug == slug:
            return edition
    raise Http404


def _stream(edition: ModuleEdition, section: Section) -> reading.Stream:
    return edition.bodies[str(section["page"])]


def _about(edition: ModuleEdition) -> dict[str, Any]:
    return {
        "edition": edition,
        "module": edition.head,
        "area": reading.areas().get(edition.head["area"]),
    }


def _standings(request: HttpRequest, editions: list[ModuleEdition]) -> dict[int, Standing]:
    if not request.user.is_authenticated:
        return {}
    return progress.standings_of(request.user.person, editions)


def _fits(edition: ModuleEdition, standing: Standing, wanted: dict[str, Any]) -> bool:
    head = edition.head
    area, framework = wanted.get("bidang"), wanted.get("kerangka")
    return (
        (not area or head["area"] == area.slug)
        and (not framework or framework.slug in head["frameworks"])
        and (not wanted.get("menit") or head["minutes"] <= wanted["menit"])
        and (not wanted.get("status") or standing.state == wanted["status"])
    )


def _begin(request: HttpRequest, edition: ModuleEdition) -> HttpResponseBase:
    if not request.user.is_authenticated:
        return ask_to_sign_in(request)
    person = request.user.person
    following = progress.standing_of(person, edition).next_section(edition) or edition.sections[0]
    progress.begin(person, following)
    return redirect("module_section", slug=edition.head["slug"], bagian=following["slug"])


def _section_page(request: HttpRequest, edition: ModuleEdition, section: Section) -> dict[str, Any]:
    place = edition.sections.index(section) + 1
    standing = _standings(request, [edition]).get(edition.module_id)
    drawing = reading.drawing_for(request.user, edition, section)
    waiting = set(drawing.checks) if standing else set()
    if waiting:
        waiting -= practice.answered(rows_of(request.user.person), waiting)
    return {
        **_about(edition),
        "section": section,
        "outcome": reading.outcome_of(section),
        "place": place,
        "count": len(edition.sections),
        "following": next(iter(edition.sections[place:]), None),
        "blocks": drawing.blocks,
        "drawing": drawing,
        "standing": standing,
        "state": standing.state_of(section) if standing else "",
        "word": STATE_WORDS[standing.state_of(section)] if standing else "",
        "waiting": len(waiting),
        "sections": section_rows(edition, standing, current=section["slug"]),
    }


def _answer(request: HttpRequest, edition: ModuleEdition, section: Section) -> HttpResponse:
    """Answer a check: feedback beside the question, on the page or as a fragment of it."""
    slug = request.POST["pertanyaan"]
    question = practice.check_questions([slug]).get(slug)
    if question is None or slug not in section["checks"]:
        raise Http404
    raw = posted_answer(question.public, request.POST)
    told: dict[str, Any] = {"asked": slug, "chosen": raw}
    try:
        told["review"] = _checked(request, section, slug=slug, raw=raw)
    except Refused as refusal:
        told["problem"] = refusal.message
    page = {**_section_page(request, edition, section), **told}
    if not request.htmx:
        return render(request, "courses/section.html", page)
    block = next(
        one for one in page["blocks"] if one.kind == "check" and one.value["question"] == slug
    )
    return render(request, "courses/_checked.html", {**page, "block": block})


def _checked(request: HttpRequest, section: Section, *, slug: str, raw: Any) -> Any:
    if not request.user.is_authenticated:
        return practice.check(slug, raw)
    return progress.answer_check(request.user.person, section, slug=slug, raw=raw)


def _mark(request: HttpRequest, edition: ModuleEdition, section: Section) -> HttpResponseBase:
    if not request.user.is_authenticated:
        return ask_to_sign_in(request)
    person, here = request.user.person, request.path
    if "batal" in request.POST:
        progress.undo(person, edition, section)
        messages.info(request, _("The section is no longer marked as finished."))
        return redirect(here)
    try:
        progress.finish(person, edition, section)
    except progress.ChecksUnanswered as refusal:
        messages.warning(request, refusal.message)
        return redirect(here)
    messages.success(request, _("Finished: %(title)s") % {"title": section["title"]})
    following = progress.standing_of(person, edition).next_section(edition)
    if following is None:
        return redirect("module", slug=edition.head["slug"])
    return redirect("module_section", slug=edition.head["slug"], bagian=following["slug"])
