"""``/modul/``: the list, a module, one section, the whole for paper."""

from functools import lru_cache
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.template.backends.utils import csrf_input
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from clinic.assessments.frameworks import change_areas
from clinic.lib.errors import Refused
from clinic.people.access import ask_to_sign_in
from clinic.people.models import Person
from courses import progress, reading
from courses.forms import ModuleFilter
from courses.models import ModuleEdition
from courses.progress import STATE_WORDS, ModuleProgress, SectionStates
from courses.templatetags.courses import basis_status
from quizzes import practice
from quizzes.forms import posted_answer

Section = dict[str, Any]

STOPPED = "belum"  # in the address of a section that could not be marked as finished
WAITING = "menunggu-jawaban"  # the anchor of what says why


@require_safe
def modules(request: HttpRequest) -> HttpResponse:
    """List what there is to read, narrowed by area, framework, length and own progress."""
    editions = reading.current_editions(request.user)
    own = (
        progress.progress_of(request.user.person, editions) if request.user.is_authenticated else {}
    )
    form = ModuleFilter(request.GET or None, is_signed_in=request.user.is_authenticated)
    wanted = form.cleaned_data if form.is_bound and form.is_valid() else {}
    areas = change_areas()
    cards = []
    for edition in editions:
        head, here = edition.head, own.get(edition.module_id)
        if not _fits(head, here or ModuleProgress(), wanted):
            continue
        cards.append(
            {
                "title": head["title"],
                "url": reverse("module", kwargs={"slug": head["slug"]}),
                "promise": head["promise"],
                "area": str(areas[head["area"]]),
                "minutes": head["minutes"],
                "sections": len(edition.sections),
                "status": basis_status(head),
                "state": here.state if here else "",
                "word": here.word if here else "",
            }
        )
    context = {"form": form, "cards": cards, "is_narrowed": any(wanted.values())}
    return render(request, "courses/modules.html", context)


def _fits(head: dict[str, Any], own: ModuleProgress, wanted: dict[str, Any]) -> bool:
    area, framework = wanted.get("bidang"), wanted.get("kerangka")
    return (
        (not area or head["area"] == area.slug)
        and (not framework or framework.slug in head["frameworks"])
        and (not wanted.get("menit") or head["minutes"] <= wanted["menit"])
        and (not wanted.get("status") or own.state == wanted["status"])
    )


@require_http_methods(["GET", "HEAD", "POST"])
def module(request: HttpRequest, slug: str) -> HttpResponseBase:
    """Show what a module is for and made of; a post begins it."""
    edition = _find_edition(request, slug)
    if request.method == "POST":
        if not request.user.is_authenticated:
            return ask_to_sign_in(request)
        person = request.user.person
        states = progress.section_states(person, [edition])[edition.module_id]
        following = states.next_section(edition) or edition.sections[0]
        progress.begin(person, following)
        return redirect(reading.section_url(edition, following))
    own = None
    if request.user.is_authenticated:
        own = progress.progress_of(request.user.person, [edition])[edition.module_id]
    content = reading.module_content(edition)
    context = {
        "edition": edition,
        "module": edition.head,
        "area": content.area,
        "progress": own,
        "sections": [
            {
                "title": one["title"],
                "url": reading.section_url(edition, one),
                "minutes": one["minutes"],
                "tag": draw_status(*map(str, _describe_state(one, own))),
            }
            for one in edition.sections
        ],
        "outcomes": content.outcomes,
        "references": content.references,
    }
    return render(request, "courses/module.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def section(request: HttpRequest, slug: str, bagian: str) -> HttpResponseBase:
    """Show one section; a post answers a check, marks the section as finished or takes it back."""
    edition = _find_edition(request, slug)
    here = edition.section(bagian)
    if here is None:
        raise Http404
    if request.method != "POST":
        return render(request, "courses/section.html", _show_section(request, edition, here))
    if "pertanyaan" in request.POST:
        return _answer(request, edition, here)
    return _mark(request, edition, here)


@require_safe
def whole(request: HttpRequest, slug: str) -> HttpResponse:
    """Show the whole module on one page for paper: no answers, rules at the end."""
    edition = _find_edition(request, slug)
    content = reading.paper_content(edition)
    context = {
        "edition": edition,
        "module": edition.head,
        "area": content.area,
        "sections": list(zip(edition.sections, content.sections, strict=True)),
        "references": content.references,
    }
    return render(request, "courses/whole.html", context)


def _find_edition(request: HttpRequest, slug: str) -> ModuleEdition:
    edition = reading.find_edition(request.user, slug)
    if edition is None:
        raise Http404
    return edition


def _show_section(
    request: HttpRequest,
    edition: ModuleEdition,
    section: Section,
    answer: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """Return the context of a section's page; ``answer``: to the check ``asked``."""
    content = reading.section_content(edition, section)
    fillings: dict[str, str] = {"csrf": csrf_input(request)}
    context: dict[str, Any] = {
        "module": edition.head,
        "section": section,
        "following": next(iter(edition.sections[edition.sections.index(section) + 1 :]), None),
    }
    states = None
    if request.user.is_authenticated:
        person = request.user.person
        states = progress.section_states(person, [edition])[edition.module_id]
        own = reading.own_answers(request.user, content.nodes)
        state = states.state_of(section)
        context |= {
            "state": state,
            "word": STATE_WORDS[state],
            **_tell_waiting(request, person, content),
        }
        fillings |= reading.own_fillings(content, own)
        fillings["state"] = format_html("<li>{}</li>", draw_status(str(STATE_WORDS[state]), state))
    for one in edition.sections:
        word, state = _describe_state(one, states)
        fillings[f"state|{one['page']}"] = draw_status(str(word), state)
    drawn: dict[str, str] = {
        anchor: block.fill(fillings) for anchor, block in content.blocks.items()
    }
    if answer:
        block = next(
            one
            for one in reading.section_blocks(edition, section)
            if one.kind == "check" and one.value["question"] == answer["asked"]
        )
        reread = edition.section(block.value["where_to_reread"])
        context |= {
            **answer,
            "block": block,
            "reread": reread and {**reread, "url": reading.section_url(edition, reread)},
            "path": request.path,
            "csrf_field": csrf_input(request),
        }
        drawn[block.anchor] = block.draw(**context)
    return {
        **context,
        "head": content.head.fill(fillings),
        "content": format_html_join("", "{}", ((markup,) for markup in drawn.values())),
        "contents": content.contents.fill(fillings),
    }


def _tell_waiting(
    request: HttpRequest, person: Person, content: reading.SectionContent
) -> dict[str, Any]:
    """Say how many checks wait for an answer, where the first stands, and whether that stopped."""
    unanswered = progress.unanswered(person, content.checks)
    first = next((anchor for slug, anchor in content.checks.items() if slug in unanswered), "")
    return {"waiting": len(unanswered), "first_waiting": first, "stopped": STOPPED in request.GET}


def _describe_state(section: Section, states: SectionStates | None) -> tuple[str | Promise, str]:
    """Return how far the reader is in a section, in words and as a state; a guest is nowhere."""
    if states is None:
        return _("Required") if section["is_required"] else _("Optional"), "todo"
    state = states.state_of(section)
    return STATE_WORDS[state], state


@lru_cache(maxsize=64)
def draw_status(label: str, state: str) -> SafeString:
    """Draw a tag; each stands many times on a page."""
    return render_to_string("components/status_tag.html", {"label": label, "state": state})


def _answer(request: HttpRequest, edition: ModuleEdition, section: Section) -> HttpResponse:
    """Answer a check: feedback beside the question, on the page or as a fragment of it."""
    slug = request.POST["pertanyaan"]
    question = practice.check_questions([slug]).get(slug)
    if question is None or slug not in section["checks"]:
        raise Http404
    raw = posted_answer(question.public, request.POST)
    answer: dict[str, Any] = {"asked": slug, "chosen": raw}
    try:
        if request.user.is_authenticated:
            review = progress.answer_check(request.user.person, section, slug=slug, raw=raw)
        else:
            review = practice.check(slug, raw)
        title = _("That is right") if review.correct else _("Not right yet")
        answer |= {"review": review, "feedback_title": title}
    except Refused as refusal:
        answer["problem"] = refusal.message
    page = _show_section(request, edition, section, answer)
    template = (
        "courses/_checked.html" if request.headers.get("HX-Request") else "courses/section.html"
    )
    return render(request, template, page)


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
    except progress.ChecksUnanswered:
        # Told where the reader stands: the address leads back to the button.
        return redirect(f"{here}?{STOPPED}=1#{WAITING}")
    messages.success(request, _("Finished: %(title)s") % {"title": section["title"]})
    following = progress.section_states(person, [edition])[edition.module_id].next_section(edition)
    if following is None:
        return redirect("module", slug=edition.head["slug"])
    return redirect(reading.section_url(edition, following))
