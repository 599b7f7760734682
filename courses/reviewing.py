"""From the author to the reviewer and back: sent, then published or returned with a comment."""

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import override

from clinic.lib.errors import Refused
from clinic.people.access import require
from clinic.people.models import Account, Grant, Person
from clinic.records import audit, notices
from courses.models import ModuleEdition, ModulePage, ReviewRequest
from courses.publishing import NothingToPublish, draft_of

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
