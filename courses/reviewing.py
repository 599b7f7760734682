"""From the author to the reviewer and back: sent, then published or returned with a comment.

What authors have under way and what waits for reviewers, module by module.
"""

from dataclasses import dataclass
from operator import itemgetter

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import override
from wagtail.models import Page

from clinic.lib.errors import Refused
from clinic.people.access import Actor, require, visible
from clinic.people.models import Account, Grant, Person
from clinic.records import audit, notices
from courses.models import ModulePage, ReviewRequest, SectionPage
from courses.publishing import draft_of, refuse_nothing_new

WAITING, RETURNED = ReviewRequest.State.WAITING.value, ReviewRequest.State.RETURNED.value
CHANGED, NEW, PUBLISHED = "changed", "new", "published"
# What asks for the author's hand comes first.
ORDER = (RETURNED, CHANGED, NEW, WAITING, PUBLISHED)
NOTICE_LANGUAGE = "id"


@dataclass(frozen=True)
class ModuleStage:
    """One module with what becomes of its draft next.

    Attributes:
        state: ``returned`` to the author, ``changed`` since it was published, ``new`` and never
            published, ``waiting`` for a reviewer, or ``published`` as it stands.
        request: the last review that was asked for, if any.
    """

    module: ModulePage
    state: str
    request: ReviewRequest | None

    @property
    def is_open(self) -> bool:
        """Something is left to do, by the author or by a reviewer."""
        return self.state != PUBLISHED


def stages_of(actor: Account) -> list[ModuleStage]:
    """Return every module that the actor may write, what asks for a hand first."""
    return _list_stages(visible(actor, "write-module", ModulePage.objects.all()))


def waiting_for(actor: Actor) -> list[ModuleStage]:
    """Return the modules that wait for a review which the actor may give, longest first."""
    stages = _list_stages(visible(actor, "comment-module", ModulePage.objects.all()))
    sent = [(row.request.sent_at, row) for row in stages if row.state == WAITING and row.request]
    return [row for _sent_at, row in sorted(sent, key=itemgetter(0))]


def _list_stages(rows: QuerySet[ModulePage]) -> list[ModuleStage]:
    modules = list(rows.select_related("area").order_by("title"))
    asked = ReviewRequest.objects.filter(module__in=modules)
    asked = asked.select_related("sent_by__person").order_by("sent_at", "pk")
    last = {request.module_id: request for request in asked}
    drafts = SectionPage.objects.filter(has_unpublished_changes=True)
    parents = {path[: -Page.steplen] for path in drafts.values_list("path", flat=True)}
    stages = []
    for module in modules:
        request = last.get(module.pk)
        if request and request.state in (WAITING, RETURNED):
            state = request.state
        elif not module.live:
            state = NEW
        else:
            is_changed = module.has_unpublished_changes or module.path in parents
            state = CHANGED if is_changed else PUBLISHED
        stages.append(ModuleStage(module, state, request))
    return sorted(stages, key=lambda stage: ORDER.index(stage.state))


def module_of(page: Page | None) -> ModulePage | None:
    """Return the saved module that a page is or belongs to, if any."""
    if page is None or page.pk is None:
        return None
    specific = page.specific
    if isinstance(specific, SectionPage):
        return ModulePage.objects.get(pk=specific.get_parent().pk)
    return specific if isinstance(specific, ModulePage) else None


@transaction.atomic
def send_to_review(module: ModulePage, *, actor: Account) -> ReviewRequest:
    """Ask the reviewers to look at the module; sending twice returns the first request."""
    require(actor, "write-module", module)
    locked = ModulePage.objects.select_for_update().get(pk=module.pk)
    earlier = ReviewRequest.objects.filter(module=locked, state=WAITING).first()
    if earlier:
        return earlier
    draft = draft_of(locked)
    refuse_nothing_new(locked, draft)
    request = ReviewRequest.objects.create(module=locked, sent_by=actor)
    audit.record("module.review", actor=actor, thing=request, values={"module": locked.slug})
    with override(NOTICE_LANGUAGE):
        subject = _("For review: %(title)s") % {"title": draft.head["title"]}
        body = _("%(name)s asks for a review of this module: %(address)s") % {
            "name": actor.person.name,
            "address": f"/admin/tinjau/{locked.slug}/",
        }
    for reviewer in reviewers_asked(request):
        _notify(reviewer, request, subject=subject, body=body)
    return request


@transaction.atomic
def return_to_author(module: ModulePage, *, actor: Account, comment: str) -> ReviewRequest:
    """Give the waiting module back with a comment that says what to mend."""
    require(actor, "comment-module", module)
    comment = comment.strip()
    if not comment:
        raise Refused(_("Please write what should be improved."), code="comment_missing")
    waiting = ReviewRequest.objects.select_for_update().filter(module=module, state=WAITING)
    request = waiting.first()
    if request is None:
        raise Refused(_("This module is not waiting for a review."), code="not_waiting", status=409)
    request.state, request.comment = ReviewRequest.State.RETURNED, comment
    request.decided_by, request.decided_at = actor, timezone.now()
    request.save()
    audit.record("module.return", actor=actor, thing=request, reason=comment)
    with override(NOTICE_LANGUAGE):
        subject = _("Please improve: %(title)s") % {"title": module.title}
    body = f"{comment}\n\n/admin/tinjau/{module.slug}/"
    _notify(request.sent_by.person, request, subject=subject, body=body)
    return request


def reviewers_asked(request: ReviewRequest) -> QuerySet[Person]:
    """Return who may decide on what was sent, by name; never who sent it.

    A grant names no change area yet, so all who hold the role today are asked.
    """
    grants = Grant.objects.on(timezone.localdate()).filter(role=Grant.Role.REVIEWER)
    reviewers = Person.objects.filter(pk__in=grants.values("person"))
    return reviewers.exclude(pk=request.sent_by.person_id).order_by("name", "pk")


def describe_sent(request: ReviewRequest) -> str:
    """Say that it was sent, and for whom it waits."""
    names = [person.name for person in reviewers_asked(request)]
    if not names:
        return _("Sent for review. Nobody is a reviewer yet; please tell the administrator.")
    return _("Sent for review. It waits for: %(names)s.") % {"names": "; ".join(names)}


def _notify(person: Person, request: ReviewRequest, *, subject: str, body: str) -> None:
    notices.notify(
        "module_review",
        f"module_review:{request.uuid}:{request.state}:{person.pk}",
        locale=NOTICE_LANGUAGE,
        subject=subject,
        body=body,
        person=person.pk,
        to_name=person.name,
        to_email=person.email,
    )
