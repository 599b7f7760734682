"""From the author to the reviewer and back: sent, then published or returned with a comment.

What authors have under way and what waits for reviewers, module by module.
"""

from collections.abc import Iterable
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
from courses.models import ModuleEdition, ModulePage, ReviewRequest, SectionPage
from courses.publishing import NothingToPublish, draft_of

WAITING, RETURNED = ReviewRequest.State.WAITING.value, ReviewRequest.State.RETURNED.value
CHANGED, NEW, PUBLISHED = "changed", "new", "published"
# What asks for the author's hand comes first.
ORDER = (RETURNED, CHANGED, NEW, WAITING, PUBLISHED)


@dataclass(frozen=True)
class Standing:
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

    @property
    def is_waiting(self) -> bool:
        """A reviewer is asked; ``request`` says by whom and since when."""
        return self.state == WAITING and self.request is not None


def standings_of(actor: Account) -> list[Standing]:
    """Return every module that the actor may write, what asks for a hand first."""
    return _standings(visible(actor, "write-module", ModulePage.objects.all()))


def waiting_for(actor: Actor) -> list[Standing]:
    """Return the modules that wait for a review which the actor may give, longest first."""
    rows = visible(actor, "comment-module", ModulePage.objects.all())
    found = [(one.request.sent_at, one) for one in _standings(rows) if one.is_waiting]
    return [one for _sent_at, one in sorted(found, key=itemgetter(0))]


def _standings(rows: QuerySet[ModulePage]) -> list[Standing]:
    modules = list(rows.select_related("area").order_by("title"))
    requests = _last_requests(modules)
    changed = _changed_parents()
    found = [
        Standing(one, _state(one, requests.get(one.pk), changed), requests.get(one.pk))
        for one in modules
    ]
    return sorted(found, key=lambda one: ORDER.index(one.state))


def _last_requests(modules: Iterable[ModulePage]) -> dict[int, ReviewRequest]:
    rows = ReviewRequest.objects.filter(module__in=[one.pk for one in modules])
    rows = rows.select_related("sent_by__person").order_by("sent_at", "pk")
    return {row.module_id: row for row in rows}


def _changed_parents() -> set[str]:
    """Return the paths of modules of which a section has a newer draft."""
    paths = SectionPage.objects.filter(has_unpublished_changes=True).values_list("path", flat=True)
    return {path[: -Page.steplen] for path in paths}


def _state(module: ModulePage, request: ReviewRequest | None, changed: set[str]) -> str:
    if request and request.state in (WAITING, RETURNED):
        return request.state
    if not module.live:
        return NEW
    is_changed = module.has_unpublished_changes or module.path in changed
    return CHANGED if is_changed else PUBLISHED


def module_of(page: Page | None) -> ModulePage | None:
    """Return the saved module that a page is or belongs to, if any."""
    if page is None or page.pk is None:
        return None
    specific = page.specific
    if isinstance(specific, SectionPage):
        return ModulePage.objects.get(pk=specific.get_parent().pk)
    return specific if isinstance(specific, ModulePage) else None


NOTICE_LANGUAGE = "id"


class CommentMissing(Refused):
    """A module is returned without a word about what to mend."""

    code = "comment_missing"


class NotWaiting(Refused):
    """Nobody has sent this module to review, or it has been decided already."""

    code = "not_waiting"
    status = 409


@transaction.atomic
def send_to_review(module: ModulePage, *, actor: Account) -> ReviewRequest:
    """Ask the reviewers to look at the module; sending twice returns the first request.

    Raises:
        PermissionDenied, Http404: the module is not the actor's to write.
        NothingToPublish: the draft says what readers already see, or it has no section.
    """
    require(actor, "write-module", module)
    locked = ModulePage.objects.select_for_update().get(pk=module.pk)
    waiting = ReviewRequest.objects.filter(module=locked, state=ReviewRequest.State.WAITING)
    earlier = waiting.first()
    if earlier:
        return earlier
    draft = draft_of(locked)
    published = ModuleEdition.objects.filter(module=locked, is_current=True, digest=draft.digest)
    if not draft.bodies or published.exists():
        raise NothingToPublish(_("There is nothing new to publish in this module."))
    request = ReviewRequest.objects.create(module=locked, sent_by=actor)
    audit.record("module.review", actor=actor, thing=request, values={"module": locked.slug})
    with override(NOTICE_LANGUAGE):
        for reviewer in reviewers_asked(request):
            _tell(
                reviewer,
                request,
                subject=_("For review: %(title)s") % {"title": draft.head["title"]},
                body=_("%(name)s asks for a review of this module: %(address)s")
                % {"name": actor.person.name, "address": f"/admin/tinjau/{locked.slug}/"},
            )
    return request


@transaction.atomic
def return_to_author(module: ModulePage, *, actor: Account, comment: str) -> ReviewRequest:
    """Give the waiting module back with a comment that says what to mend.

    Raises:
        PermissionDenied, Http404: the actor is no reviewer.
        CommentMissing, NotWaiting: as they say.
    """
    require(actor, "comment-module", module)
    if not comment.strip():
        raise CommentMissing(_("Please write what should be improved."))
    request = (
        ReviewRequest.objects.select_for_update()
        .filter(module=module, state=ReviewRequest.State.WAITING)
        .first()
    )
    if request is None:
        raise NotWaiting(_("This module is not waiting for a review."))
    request.state = ReviewRequest.State.RETURNED
    request.comment = comment.strip()
    request.decided_by, request.decided_at = actor, timezone.now()
    request.save()
    audit.record("module.return", actor=actor, thing=request, reason=request.comment)
    with override(NOTICE_LANGUAGE):
        _tell(
            request.sent_by.person,
            request,
            subject=_("Please improve: %(title)s") % {"title": module.title},
            body=f"{request.comment}\n\n/admin/tinjau/{module.slug}/",
        )
    return request


def reviewers_asked(request: ReviewRequest) -> QuerySet[Person]:
    """Return who may decide on what was sent, by name; never who sent it."""
    return _reviewers().exclude(pk=request.sent_by.person_id).order_by("name", "pk")


def sent_sentence(sent: ReviewRequest) -> str:
    """Say that it was sent, and for whom it waits."""
    names = [person.name for person in reviewers_asked(sent)]
    if not names:
        return _("Sent for review. Nobody is a reviewer yet; please tell the administrator.")
    return _("Sent for review. It waits for: %(names)s.") % {"names": "; ".join(names)}


def _reviewers() -> QuerySet[Person]:
    """People who hold the role today. A grant names no change area yet, so all are asked."""
    grants = Grant.objects.on(timezone.localdate()).filter(role=Grant.Role.REVIEWER)
    return Person.objects.filter(pk__in=grants.values("person"))


def _tell(person: Person, request: ReviewRequest, *, subject: str, body: str) -> None:
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
