"""Publishing a module: all its sections out in one act, one edition (D10).

Nobody publishes what they wrote themselves (security.md 2, rule 2).
"""

import hashlib
import json
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from wagtail.models import Page

from clinic.lib.errors import Refused
from clinic.people.access import require
from clinic.people.models import Account
from clinic.records import audit
from courses.arithmetic.readability import minutes_of
from courses.models import ModuleEdition, ModulePage, SectionPage
from courses.signals import module_published

SCHEMA = 1


class OwnWork(Refused):
    """The person who wrote a module or one of its sections wants to publish it."""

    code = "own_work"
    status = 403


class NothingToPublish(Refused):
    """A module without sections, or one in which nothing has changed."""

    code = "nothing_to_publish"
    status = 409


def publish(
    module: ModulePage, *, actor: Account, note: str = "", is_major: bool = False
) -> ModuleEdition:
    """Publish the newest draft of the module and of every section; return the edition.

    Raises:
        PermissionDenied: the actor may not publish modules.
        OwnWork, NothingToPublish: as they say.
    """
    require(actor, "publish-module", module)
    with transaction.atomic():
        locked = ModulePage.objects.select_for_update().get(pk=module.pk)
        drafts = [locked, *_sections(locked)]
        _refuse_own_work(drafts, actor)
        fresh = [_publish_page(page, actor) for page in drafts]
        edition = _freeze(fresh[0], fresh[1:], actor=actor, note=note, is_major=is_major)
        audit.record(
            "module.publish",
            actor=actor,
            thing=edition,
            values={"module": locked.slug, "number": edition.number, "digest": edition.digest},
        )
        module_published.send(sender=None, module_id=locked.pk, edition_id=edition.pk)
    return edition


def _sections(module: ModulePage) -> list[SectionPage]:
    return list(SectionPage.objects.child_of(module).order_by("path"))


def _refuse_own_work(drafts: list[Page], actor: Account) -> None:
    writers = {page.latest_revision.user_id for page in drafts if page.latest_revision_id}
    owners = {page.owner_id for page in drafts}
    if actor.pk in writers | owners:
        raise OwnWork(
            _("You wrote part of this module. Ask another reviewer to publish it."),
        )


def _publish_page(page: Page, actor: Account) -> Page:
    """Publish the newest draft of one page through the editor's own action."""
    revision = page.latest_revision or page.save_revision(user=actor)
    revision.publish(user=actor, skip_permission_checks=True)
    return type(page).objects.get(pk=page.pk)


def _freeze(
    module: ModulePage,
    sections: list[SectionPage],
    *,
    actor: Account,
    note: str,
    is_major: bool,
) -> ModuleEdition:
    streams = {section.pk: _stream(section) for section in sections}
    head = _head(module, sections, streams)
    bodies = {str(key): stream for key, stream in streams.items()}
    digest = _digest({"head": head, "bodies": bodies})
    earlier = ModuleEdition.objects.filter(module=module, is_current=True).first()
    if not sections or (earlier and earlier.digest == digest):
        raise NothingToPublish(_("There is nothing new to publish in this module."))
    ModuleEdition.objects.filter(module=module, is_current=True).update(is_current=False)
    now = timezone.now()
    ModulePage.objects.filter(pk=module.pk).update(last_reviewed_on=timezone.localdate(now))
    return ModuleEdition.objects.create(
        module=module,
        number=earlier.number + 1 if earlier else 1,
        is_major=is_major,
        note=note or module.change_note,
        head=head,
        bodies=bodies,
        digest=digest,
        published_at=now,
        published_by=actor,
    )


def _stream(section: SectionPage) -> list[dict[str, Any]]:
    return list(section.body.stream_block.get_prep_value(section.body))


def _head(
    module: ModulePage, sections: list[SectionPage], streams: dict[int, list[dict[str, Any]]]
) -> dict[str, Any]:
    listed = [_section_head(section, streams[section.pk]) for section in sections]
    return {
        "schema": SCHEMA,
        "title": module.title,
        "slug": module.slug,
        "promise": module.promise,
        "area": module.area_id,
        "level": module.level,
        "audience": module.audience,
        "why_unit": module.why_unit,
        "quality_note": module.quality_note,
        "legal_basis": module.legal_basis,
        "frameworks": sorted(module.frameworks.values_list("slug", flat=True)),
        "outcomes": [row.outcome.slug for row in module.outcome_rows.select_related("outcome")],
        "minutes": sum(section["minutes"] for section in listed),
        "sections": listed,
    }


def _section_head(section: SectionPage, stream: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "page": section.pk,
        "slug": section.slug,
        "title": section.title,
        "lead": section.lead,
        "is_required": section.is_required,
        "outcome": section.outcome.slug if section.outcome else "",
        "minutes": minutes_of(section.lead, stream),
        "checks": [block["value"]["question"] for block in stream if block["type"] == "check"],
    }


def _digest(content: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
