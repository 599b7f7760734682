"""Publishing a module: all its sections out in one act, one edition (D10).

Nobody publishes what they wrote themselves. The pages go out through the editor's own revisions,
so that its history and its comparison hold; what readers get is the edition
(docs/decisions/0021-a-module-is-published-whole.md).
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import reduce
from operator import or_
from typing import Any, TypeVar

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

AnyPage = TypeVar("AnyPage", bound=Page)


@dataclass(frozen=True)
class ModuleDraft:
    """The newest saved state of a module as an edition would hold it."""

    head: dict[str, Any]
    bodies: dict[str, list[dict[str, Any]]]

    @property
    def digest(self) -> str:
        return digest_of({"head": self.head, "bodies": self.bodies})


def digest_of(content: Any) -> str:
    """Return the SHA-256 of plain values, whatever the order of their keys."""
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def sections_of(module: ModulePage) -> list[SectionPage]:
    """Return the sections in reading order."""
    rows = SectionPage.objects.child_of(module).select_related("latest_revision")
    return list(rows.order_by("path"))


def draft_of(module: ModulePage) -> ModuleDraft:
    """Return the newest saved draft of the module and its sections."""
    stored = ModulePage.objects.select_related("latest_revision").get(pk=module.pk)
    return _build_draft(_read_newest(stored), [_read_newest(row) for row in sections_of(stored)])


def refuse_nothing_new(module: ModulePage, draft: ModuleDraft) -> None:
    """Refuse a module without sections, or one in which nothing has changed."""
    is_same = ModuleEdition.objects.filter(module=module, is_current=True, digest=draft.digest)
    if not draft.bodies or is_same.exists():
        raise Refused(
            _("There is nothing new to publish in this module."),
            code="nothing_to_publish",
            status=409,
        )


def writers_since_publication(pages: Sequence[Page]) -> set[int]:
    """Return the accounts that own these pages or saved a draft since they were last out."""
    owners = {page.owner_id for page in pages if page.owner_id}
    since = [Q(object_id=str(page.pk), pk__gt=page.live_revision_id or 0) for page in pages]
    saved = Revision.page_revisions.filter(reduce(or_, since), user__isnull=False)
    return owners | set(saved.values_list("user_id", flat=True))


@transaction.atomic
def publish(
    module: ModulePage,
    *,
    actor: Account,
    note: str = "",
    is_major: bool = False,
    seen: str = "",
    now: datetime | None = None,
) -> ModuleEdition:
    """Publish the newest draft of the module and of every section; return the edition.

    Args:
        module: the module.
        actor: a reviewer who wrote none of it.
        note: what changed, for readers; empty: the note that stands in the draft.
        is_major: those who finished the module are asked to look at what changed.
        seen: digest of the draft that the reviewer looked at; empty: whatever is newest.
        now: moment of the act, server time.
    """
    require(actor, "publish-module", module)
    locked = ModulePage.objects.select_for_update().get(pk=module.pk)
    sections = sections_of(locked)
    if actor.pk in writers_since_publication([locked, *sections]):
        raise Refused(
            _("You wrote part of this module. Ask another reviewer to publish it."),
            code="own_work",
            status=403,
        )
    fresh = _publish_page(locked, actor)
    draft = _build_draft(fresh, [_publish_page(section, actor) for section in sections])
    if seen and seen != draft.digest:
        raise Refused(
            _("The draft has changed since you opened it. Please look at it again."),
            code="draft_moved",
            status=409,
        )
    refuse_nothing_new(fresh, draft)
    _refuse_unfit(draft)
    moment = now or timezone.now()
    earlier = ModuleEdition.objects.filter(module=fresh, is_current=True)
    number = max(earlier.values_list("number", flat=True), default=0) + 1
    earlier.update(is_current=False)
    ModulePage.objects.filter(pk=module.pk).update(last_reviewed_on=timezone.localdate(moment))
    edition = ModuleEdition.objects.create(
        module=fresh,
        number=number,
        is_major=is_major,
        note=note or fresh.change_note,
        head=draft.head,
        bodies=draft.bodies,
        digest=draft.digest,
        published_at=moment,
        published_by=actor,
    )
    ReviewRequest.objects.filter(module=fresh, state=ReviewRequest.State.WAITING).update(
        state=ReviewRequest.State.PUBLISHED, decided_by=actor, decided_at=timezone.now()
    )
    audit.record(
        "module.publish",
        actor=actor,
        thing=edition,
        values={"module": fresh.slug, "number": number, "digest": edition.digest},
    )
    return edition


def _publish_page(page: AnyPage, actor: Account) -> AnyPage:
    """Publish the newest draft of one page through the editor's own action."""
    revision = page.get_latest_revision() or page.save_revision(user=actor)
    revision.publish(user=actor, skip_permission_checks=True)
    return type(page).objects.get(pk=page.pk)


def _read_newest(page: AnyPage) -> AnyPage:
    """Return the page as it was last saved, to be read and not to be saved.

    The editor's ``as_object`` looks up one by one all that a page points at.
    """
    revision = page.get_latest_revision()
    if revision is None:
        return page
    return type(page).from_serializable_data(revision.content, check_fks=False)


def _refuse_unfit(draft: ModuleDraft) -> None:
    """Refuse a section without lead or content, and markup that no button of the editor makes."""
    empty = [
        row["title"]
        for row in draft.head["sections"]
        if not (row["title"] and row["lead"] and draft.bodies[str(row["page"])])
    ]
    if empty:
        raise Refused(
            _("This section still lacks its lead or its content: %(title)s") % {"title": empty[0]},
            code="incomplete",
            details={"sections": empty},
        )
    foreign = [
        part
        for stream in draft.bodies.values()
        for block in stream
        if block["type"] == "text"
        for part in foreign_markup(block["value"])
    ]
    if foreign:
        raise Refused(
            _("The text holds markup that is not allowed: %(markup)s") % {"markup": foreign[0]},
            code="foreign_markup",
            details={"markup": foreign},
        )


def _build_draft(module: ModulePage, sections: Sequence[SectionPage]) -> ModuleDraft:
    bodies = {str(section.pk): _list_blocks(section.body) for section in sections}
    aims = [row.outcome_id for row in module.outcome_rows.all()]
    keys = [*aims, *(section.outcome_id for section in sections)]
    slugs = dict(Outcome.objects.filter(pk__in=keys).values_list("pk", "slug"))
    listed = [_describe_section(row, bodies[str(row.pk)], slugs) for row in sections]
    return ModuleDraft(
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
            "legal_basis": [block["value"] for block in _list_blocks(module.legal_basis)],
            "frameworks": sorted(framework.slug for framework in module.frameworks.all()),
            "outcomes": [slugs[key] for key in aims if key in slugs],
            "minutes": sum(row["minutes"] for row in listed),
            "sections": listed,
        },
        bodies=bodies,
    )


def _list_blocks(value: Any) -> list[dict[str, Any]]:
    return list(value.stream_block.get_prep_value(value))


def _describe_section(
    section: SectionPage, stream: list[dict[str, Any]], outcomes: Mapping[int, str]
) -> dict[str, Any]:
    return {
        "page": section.pk,
        "slug": section.slug,
        "title": section.title,
        "lead": section.lead,
        "is_required": section.is_required,
        "outcome": outcomes.get(section.outcome_id, "") if section.outcome_id else "",
        "minutes": minutes_of(section.lead, stream),
        "checks": [block["value"]["question"] for block in stream if block["type"] == "check"],
        "digest": digest_of([section.title, section.lead, stream]),
    }
