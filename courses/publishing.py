"""Publishing a module: all its sections out in one act, one edition (D10).

Nobody publishes what they wrote themselves (security.md 2, rule 2).
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import reduce
from operator import or_
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _
from wagtail.models import Page, Revision

from clinic.assessments.models import Outcome
from clinic.lib.errors import Refused
from clinic.people.access import require
from clinic.people.models import Account
from clinic.records import audit
from courses.arithmetic.markup import foreign_markup
from courses.arithmetic.readability import minutes_of
from courses.models import ModuleEdition, ModulePage, ReviewRequest, SectionPage

SCHEMA = 1


class OwnWork(Refused):
    """The person who wrote a module or one of its sections wants to publish it."""

    code = "own_work"
    status = 403


class NothingToPublish(Refused):
    """A module without sections, or one in which nothing has changed."""

    code = "nothing_to_publish"
    status = 409


class DraftMoved(Refused):
    """Somebody saved the draft after the reviewer had looked at it."""

    code = "draft_moved"
    status = 409


class Incomplete(Refused):
    """A module or section that still lacks what a reader needs."""

    code = "incomplete"


class ForeignMarkup(Refused):
    """Running text that holds more than the editor's buttons make."""

    code = "foreign_markup"


@dataclass(frozen=True)
class Draft:
    """The newest saved state of a module as an edition would hold it."""

    head: dict[str, Any]
    bodies: dict[str, list[dict[str, Any]]]

    @property
    def digest(self) -> str:
        return digest_of({"head": self.head, "bodies": self.bodies})


@dataclass(frozen=True, kw_only=True)
class Note:
    """What readers are told of an edition; a major one asks them to look again (ux 5.5)."""

    text: str = ""
    is_major: bool = False


def draft_of(module: ModulePage) -> Draft:
    """Return the newest saved draft of the module and its sections."""
    newest = ModulePage.objects.select_related("latest_revision").get(pk=module.pk)
    return _drawn(*map(_newest, _pages(newest)))


def publish(
    module: ModulePage,
    *,
    actor: Account,
    note: Note | None = None,
    seen: str = "",
    now: datetime | None = None,
) -> ModuleEdition:
    """Publish the newest draft of the module and of every section; return the edition.

    Args:
        module: the module.
        actor: a reviewer who wrote none of it.
        note: what readers are told.
        seen: digest of the draft that the reviewer looked at; empty: whatever is newest.
        now: moment of the act, server time.

    Raises:
        PermissionDenied, Http404: the actor may not publish modules.
        OwnWork, NothingToPublish, DraftMoved, Incomplete, ForeignMarkup: as they say; nothing is
            written.
    """
    require(actor, "publish-module", module)
    with transaction.atomic():
        locked = ModulePage.objects.select_for_update().get(pk=module.pk)
        pages = _pages(locked)
        _refuse_own_work(pages, actor)
        fresh = [_publish_page(page, actor) for page in pages]
        draft = _drawn(*fresh)
        _refuse_unfit(draft, locked, seen=seen)
        moment = now or timezone.now()
        edition = _freeze(locked, draft, actor=actor, note=note or Note(), now=moment)
        _close_review(locked, actor)
        values = {"module": locked.slug, "number": edition.number, "digest": edition.digest}
        audit.record("module.publish", actor=actor, thing=edition, values=values)
    return edition


def digest_of(content: Any) -> str:
    """Return the SHA-256 of plain values, whatever the order of their keys."""
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def writers_since_publication(pages: list[Page]) -> set[int]:
    """Return the accounts that own these pages or saved a draft since they were last out."""
    owners = {page.owner_id for page in pages if page.owner_id}
    since = [Q(object_id=str(page.pk), pk__gt=page.live_revision_id or 0) for page in pages]
    saved = Revision.page_revisions.filter(reduce(or_, since), user__isnull=False)
    return owners | set(saved.values_list("user_id", flat=True))


def pages_of(module: ModulePage) -> list[Page]:
    """Return the module and its sections in reading order."""
    return _pages(module)


def _pages(module: ModulePage) -> list[Page]:
    sections = SectionPage.objects.child_of(module).select_related("latest_revision")
    return [module, *sections.order_by("path")]


def _newest(page: Page) -> Page:
    """Return the page as it was last saved, to be read and not to be saved.

    The editor's ``as_object`` looks up one by one all that a page points at.
    """
    revision = page.get_latest_revision()
    if revision is None:
        return page
    return type(page).from_serializable_data(revision.content, check_fks=False)


def _refuse_own_work(pages: list[Page], actor: Account) -> None:
    if actor.pk in writers_since_publication(pages):
        raise OwnWork(_("You wrote part of this module. Ask another reviewer to publish it."))


def _refuse_unfit(draft: Draft, module: ModulePage, *, seen: str) -> None:
    if seen and seen != draft.digest:
        raise DraftMoved(_("The draft has changed since you opened it. Please look at it again."))
    is_same = ModuleEdition.objects.filter(module=module, is_current=True, digest=draft.digest)
    if not draft.bodies or is_same.exists():
        raise NothingToPublish(_("There is nothing new to publish in this module."))
    empty = [
        one["title"]
        for one in draft.head["sections"]
        if not (one["title"] and one["lead"] and draft.bodies[str(one["page"])])
    ]
    if empty:
        raise Incomplete(
            _("This section still lacks its lead or its content: %(title)s") % {"title": empty[0]},
            details={"sections": empty},
        )
    _refuse_foreign_markup(draft)


def _refuse_foreign_markup(draft: Draft) -> None:
    found = [
        part
        for stream in draft.bodies.values()
        for block in stream
        if block["type"] == "text"
        for part in foreign_markup(block["value"])
    ]
    if found:
        raise ForeignMarkup(
            _("The text holds markup that is not allowed: %(markup)s") % {"markup": found[0]},
            details={"markup": found},
        )


def _publish_page(page: Page, actor: Account) -> Page:
    """Publish the newest draft of one page through the editor's own action."""
    revision = page.get_latest_revision() or page.save_revision(user=actor)
    revision.publish(user=actor, skip_permission_checks=True)
    return type(page).objects.get(pk=page.pk)


def _freeze(
    module: ModulePage, draft: Draft, *, actor: Account, note: Note, now: datetime
) -> ModuleEdition:
    earlier = ModuleEdition.objects.filter(module=module, is_current=True)
    number = max(earlier.values_list("number", flat=True), default=0) + 1
    earlier.update(is_current=False)
    ModulePage.objects.filter(pk=module.pk).update(last_reviewed_on=timezone.localdate(now))
    return ModuleEdition.objects.create(
        module=module,
        number=number,
        is_major=note.is_major,
        note=note.text or module.change_note,
        head=draft.head,
        bodies=draft.bodies,
        digest=draft.digest,
        published_at=now,
        published_by=actor,
    )


def _close_review(module: ModulePage, actor: Account) -> None:
    ReviewRequest.objects.filter(module=module, state=ReviewRequest.State.WAITING).update(
        state=ReviewRequest.State.PUBLISHED, decided_by=actor, decided_at=timezone.now()
    )


def _drawn(module: ModulePage, *sections: SectionPage) -> Draft:
    bodies = {str(one.pk): _stream(one.body) for one in sections}
    aims = [row.outcome_id for row in module.outcome_rows.all()]
    wanted = Outcome.objects.filter(pk__in=[*aims, *(one.outcome_id for one in sections)])
    slugs = dict(wanted.values_list("pk", "slug"))
    listed = [_section_head(one, bodies[str(one.pk)], slugs) for one in sections]
    return Draft(
        head={
            "schema": SCHEMA,
            "title": module.title,
            "slug": module.slug,
            "promise": module.promise,
            "area": module.area_id,
            "level": module.level,
            "audience": module.audience,
            "why_unit": module.why_unit,
            "quality_note": module.quality_note,
            "legal_basis": [block["value"] for block in _stream(module.legal_basis)],
            "frameworks": sorted(framework.slug for framework in module.frameworks.all()),
            "outcomes": [slugs[key] for key in aims if key in slugs],
            "minutes": sum(one["minutes"] for one in listed),
            "sections": listed,
        },
        bodies=bodies,
    )


def _stream(value: Any) -> list[dict[str, Any]]:
    return list(value.stream_block.get_prep_value(value))


def _section_head(
    section: SectionPage, stream: list[dict[str, Any]], outcomes: Mapping[int, str]
) -> dict[str, Any]:
    said = {
        "page": section.pk,
        "slug": section.slug,
        "title": section.title,
        "lead": section.lead,
        "is_required": section.is_required,
        "outcome": outcomes.get(section.outcome_id, ""),
        "minutes": minutes_of(section.lead, stream),
        "checks": [block["value"]["question"] for block in stream if block["type"] == "check"],
    }
    return {**said, "digest": digest_of([section.title, section.lead, stream])}
