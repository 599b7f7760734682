"""``/admin/tinjau/``: what waits for a review, and the page of one module in review."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from clinic.lib.errors import Refused
from clinic.people.access import can, visible
from courses import publishing, reading, reviewing
from courses.arithmetic.changes import Change, changes_between
from courses.forms import PublishForm, ReturnForm
from courses.models import ModuleEdition, ModulePage, ReviewRequest
from courses.publishing import Draft, Note


@never_cache
@require_safe
def reviews(request: HttpRequest) -> HttpResponse:
    """List the modules that wait, and the actor's other modules."""
    rows = visible(request.user, "read-module-draft", ModulePage.objects.all())
    waiting = ReviewRequest.objects.filter(state=ReviewRequest.State.WAITING)
    sent = {one.module_id: one for one in waiting.select_related("sent_by__person")}
    listed = rows.order_by("title").select_related("area")
    context = {
        "waiting": [(one, sent[one.pk]) for one in listed if one.pk in sent],
        "others": [one for one in listed if one.pk not in sent],
    }
    return render(request, "courses/reviews.html", context)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def review(request: HttpRequest, slug: str) -> HttpResponse:
    """Show every section of the draft as readers would see it; a post decides or sends."""
    rows = visible(request.user, "read-module-draft", ModulePage.objects.all())
    module = get_object_or_404(rows, slug=slug)
    draft = publishing.draft_of(module)
    forms = {
        "terbitkan": PublishForm(_posted(request, "terbitkan"), initial={"seen": draft.digest}),
        "perbaiki": ReturnForm(_posted(request, "perbaiki")),
    }
    if request.method == "POST" and _decided(request, module, forms):
        return redirect("module_reviews")
    return render(request, "courses/review.html", _page(request, module, draft, forms))


def _posted(request: HttpRequest, act: str) -> object:
    return request.POST if request.POST.get("act") == act else None


def _decided(request: HttpRequest, module: ModulePage, forms: dict[str, object]) -> bool:
    """Do what was posted; a refusal is told on the page, which stays."""
    act = request.POST.get("act")
    form = forms.get(act)
    if form is not None and not form.is_valid():
        return False
    try:
        if act == "terbitkan":
            _publish(request, module, form.cleaned_data)
        elif act == "perbaiki":
            comment = form.cleaned_data["comment"]
            reviewing.return_to_author(module, actor=request.user, comment=comment)
            messages.success(request, _("The author gets your comment."))
        elif act == "kirim":
            sent = reviewing.send_to_review(module, actor=request.user)
            messages.success(request, reviewing.sent_sentence(sent))
        else:
            raise PermissionDenied
    except Refused as refusal:
        messages.warning(request, refusal.message)
        return False
    return True


def _publish(request: HttpRequest, module: ModulePage, said: dict[str, object]) -> None:
    edition = publishing.publish(
        module,
        actor=request.user,
        note=Note(text=said["note"], is_major=said["is_major"]),
        seen=said["seen"],
    )
    messages.success(request, _("Published as version %(number)d.") % {"number": edition.number})


def _page(
    request: HttpRequest, module: ModulePage, draft: Draft, forms: dict[str, object]
) -> dict[str, object]:
    head = draft.head
    shown = reading.shown_sections(draft.bodies[str(one["page"])] for one in head["sections"])
    bodies = [reading.draw_for_paper(blocks) for blocks in shown]
    last = module.reviews.first()
    published, changes = _changes(module, draft)
    is_writer = request.user.pk in publishing.writers_since_publication(publishing.pages_of(module))
    return {
        "page": module,
        "module": head,
        "sections": list(zip(head["sections"], bodies, strict=True)),
        "references": reading.draw_for_paper(reading.shown_references(head["legal_basis"])),
        "outcomes": reading.outcomes_of(head),
        "last": last,
        "published": published,
        "changes": changes,
        "is_waiting": bool(last and last.state == ReviewRequest.State.WAITING),
        "may_publish": can(request.user, "publish-module", module) and not is_writer,
        "may_comment": can(request.user, "comment-module", module),
        "may_send": can(request.user, "write-module", module),
        "publish_form": forms["terbitkan"],
        "return_form": forms["perbaiki"],
    }


def _changes(module: ModulePage, draft: Draft) -> tuple[ModuleEdition | None, list[Change]]:
    """Return the edition that readers see, and what the draft would change of it."""
    published = ModuleEdition.objects.filter(module=module, is_current=True).first()
    if published is None:
        return None, []
    bodies = (published.bodies, draft.bodies)
    return published, changes_between(published.head, draft.head, bodies)
