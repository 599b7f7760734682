"""What templates of modules need beside the components."""

from collections.abc import Iterable, Mapping
from fractions import Fraction
from typing import Any

from django import template
from django.utils.functional import Promise
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from wagtail.models import Page

from clinic.lib.templatetags.ui import points
from clinic.people.access import Actor, can
from courses.arithmetic.changes import Paragraph
from courses.models import ModulePage, Regulation
from courses.reading import Lesson, ShownBlock, find_edition, section_blocks
from courses.reading import lessons as find_lessons
from courses.reviewing import module_of

register = template.Library()

# Modules state which kind of framework they serve; one of the past is learnt as a method.
_VERSION_STATUS = {"berlaku": "in-force", "sejarah": "history", "diubah": "amended"}
_PROOF_BADGES: dict[str, dict[str, str | Promise]] = {
    "kuat": {"kind": "ok", "icon": "check", "label": gettext_lazy("Strong proof")},
    "cukup": {"kind": "", "icon": "", "label": gettext_lazy("Fair proof")},
    "lemah": {"kind": "warn", "icon": "alert-triangle", "label": gettext_lazy("Weak proof")},
}
_CALLOUT_KINDS = {"peringatan": "warn", "kesalahan-umum": "mistake"}
_CHANGE_BADGES: dict[str, dict[str, str | Promise]] = {
    "new": {"kind": "ok", "label": gettext_lazy("New")},
    "removed": {"kind": "warn", "label": gettext_lazy("Removed")},
    "changed": {"kind": "", "label": gettext_lazy("Changed")},
}
_DOUBTS: dict[str, Promise] = {
    Regulation.Status.AMENDED: gettext_lazy(
        "This rule has been amended; the text is under review."
    ),
    Regulation.Status.HISTORY: gettext_lazy("This rule is history now; the text is under review."),
}
_MARKS = {"gone": "<del>{}</del>", "added": "<ins>{}</ins>", "same": "{}"}


@register.simple_tag
def trail(*parts: Any) -> list[dict[str, Any]]:
    """Build the breadcrumb from label and address in turn; the last part is this page."""
    *before, here = parts
    pairs = zip(before[::2], before[1::2], strict=True)
    return [*({"label": label, "url": url} for label, url in pairs), {"label": here}]


@register.simple_tag(takes_context=True)
def lessons_on(context: template.Context, outcomes: Iterable[str]) -> list[Lesson]:
    """Return the sections that teach these outcomes, of those that the reader may read."""
    found = find_lessons(context["request"].user) if outcomes else {}
    return [found[slug] for slug in outcomes if slug in found]


@register.simple_tag(takes_context=True)
def proof_lists(context: template.Context, lesson: Lesson) -> list[dict[str, Any]]:
    """Return what a section lists as proof: title and items of each of its checklists."""
    edition = find_edition(context["request"].user, lesson.module)
    if edition is None:
        return []
    section = edition.sections[lesson.place - 1]
    blocks = section_blocks(edition, section)
    return [block.value for block in blocks if block.kind == "proof_checklist"]


@register.simple_tag
def may_send(actor: Actor, page: Page | None) -> bool:
    """Say whether the actor may send the module of this page to review."""
    module = module_of(page)
    return module is not None and can(actor, "write-module", module)


@register.filter
def section_count(count: int) -> str:
    """Write ``5 bagian``."""
    return ngettext("%(counter)s section", "%(counter)s sections", count) % {"counter": count}


@register.filter
def basis_status(head: Mapping[str, Any]) -> str:
    """Say how firm the ground of a module is: the state of the first rule that it rests on."""
    basis = head["legal_basis"]
    return badge_status(basis[0]["badge"]) if basis else "unverified"


@register.filter
def badge_status(badge: str) -> str:
    """Turn a badge of a reference into what ``version_badge`` takes."""
    return _VERSION_STATUS.get(badge, "unverified")


@register.filter
def proof_badge(strength: str) -> dict[str, str | Promise]:
    """Return the badge of an example of proof."""
    return _PROOF_BADGES[strength]


@register.filter
def callout_kind(kind: str) -> str:
    """Turn the kind of a note into what ``callout`` takes."""
    return _CALLOUT_KINDS.get(kind, "info")


@register.filter
def rule_title(block: ShownBlock) -> str:
    """Name the rule of a reference, and the article; a rule that is gone keeps its short name."""
    rule, value = block.about, block.value
    title = value["regulation"]
    if rule is not None:
        is_unverified = rule.status == Regulation.Status.UNVERIFIED
        title = f"{rule.number} ({rule.title})" if is_unverified else str(rule)
    article = value.get("article")
    return f"{title}, {article}" if article and article != "-" else title


@register.filter
def rule_doubt(block: ShownBlock) -> Promise | str:
    """Say that the rule has changed since the reference was written."""
    status = block.about.status if block.about else ""
    return "" if status == block.value["badge"] else _DOUBTS.get(status, "")


@register.filter
def worth(figure: Fraction | None) -> str:
    """Say what a row is worth at most; nothing where it earns no points."""
    return (
        _("This row is worth %(points)s at most.") % {"points": points(figure, 2)} if figure else ""
    )


@register.filter
def document_kind(kind: str) -> str:
    """Write a kind of document as a label; ``lain`` stands for any other."""
    return _("Another document") if kind == "lain" else capfirst(kind)


@register.filter
def suffixed(anchor: str, number: int) -> str:
    """Make the id of one of several parts of a block."""
    return f"{anchor}-{number}"


@register.filter
def change_badge(kind: str) -> dict[str, str | Promise]:
    """Return the badge of a section that differs."""
    return _CHANGE_BADGES[kind]


@register.filter
def differences(paragraph: Paragraph) -> SafeString:
    """Mark the words that a draft takes away or adds."""
    marked = (format_html(_MARKS[kind], words) for kind, words in paragraph)
    return format_html_join("", "{}", ((part,) for part in marked))


@register.filter
def module_tag(module: ModulePage) -> dict[str, str]:
    """Say whether a module that nobody reviews now is published."""
    if module.live:
        return {"label": _("Published"), "state": "done"}
    return {"label": _("Draft"), "state": "todo"}
