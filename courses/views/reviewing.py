"""``/admin/tinjau/``: what waits for a review, and the page of one module in review."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from clinic.lib.errors import Refused
from clinic.people.access import SignedInRequest, can, visible
from courses import publishing, reading, reviewing
from courses.arithmetic.changes import changes_between
from courses.forms import PublishForm, ReturnForm
from courses.models import ModuleEdition, ModulePage, ReviewRequest


@never_cache
@require_safe
def reviews(request: SignedInRequest) -> HttpResponse:
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
def review(request: SignedInRequest, slug: str) -> HttpResponse:
    """Show every section of the draft as readers would see it; a post decides or sends."""
    rows = visible(request.user, "read-module-draft", ModulePage.objects.all())
    module = get_object_or_404(rows, slug=slug)
    draft = publishing.draft_of(module)
    act = request.POST.get("act")
    publish_form = PublishForm(
        request.POST if act == "terbitkan" else None, initial={"seen": draft.digest}
    )
    return_form = ReturnForm(request.POST if act == "perbaiki" else None)
    if request.method == "POST" and _decide(request, module, publish_form, return_form):
        return redirect("module_reviews")
    head = draft.head
    shown = reading.shown_sections(draft.bodies[str(one["page"])] for one in head["sections"])
    bodies = [reading.draw_for_paper(blocks) for blocks in shown]
    last = module.reviews.first()
    published = ModuleEdition.objects.filter(module=module, is_current=True).first()
    changes = []
    if published:
        both = (published.bodies, draft.bodies)
        changes = changes_between(published.head, head, both)
    pages = [module, *publishing.sections_of(module)]
    is_writer = request.user.pk in publishing.writers_since_publication(pages)
    context = {
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
        "publish_form": publish_form,
        "return_form": return_form,
    }
    return render(request, "courses/review.html", context)


def _decide(
    request: SignedInRequest, module: ModulePage, publish_form: PublishForm, return_form: ReturnForm
) -> bool:
    """Do what was posted; say whether it was done: a refusal is shown on the page, which stays."""
    actor, act = request.user, request.POST.get("act")
    try:
        if act == "terbitkan":
            if not publish_form.is_valid():
                return False
            edition = publishing.publish(module, actor=actor, **publish_form.cleaned_data)
            message = _("Published as version %(number)d.") % {"number": edition.number}
        elif act == "perbaiki":
            if not return_form.is_valid():
                return False
            reviewing.return_to_author(module, actor=actor, **return_form.cleaned_data)
            message = _("The author gets your comment.")
        elif act == "kirim":
            sent = reviewing.send_to_review(module, actor=actor)
            message = reviewing.describe_sent(sent)
        else:
            raise PermissionDenied
    except Refused as refusal:
        messages.warning(request, refusal.message)
        return False
    messages.success(request, message)
    return True
