"""What templates of modules need beside the components."""

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from django import template
from django.utils.functional import Promise
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from wagtail.models import Page

from clinic.lib.templatetags.ui import points
from clinic.people.access import Actor, can
from courses.reviewing import module_of
from courses.wording import BADGES, STATE_WORDS, version_status

register = template.Library()


@register.simple_tag
def trail(*parts: Any) -> list[dict[str, Any]]:
    """Build the breadcrumb from label and address in turn; the last part is this page."""
    *before, here = parts
    pairs = zip(before[::2], before[1::2], strict=True)
    return [*({"label": label, "url": url} for label, url in pairs), {"label": here}]


@register.simple_tag
def may_send(actor: Actor, page: Page | None) -> bool:
    """Say whether the actor may send the module of this page to review."""
    module = module_of(page)
    return module is not None and can(actor, "write-module", module)


@register.filter
def state_word(state: str) -> Promise:
    """Say a state of reading in words."""
    return STATE_WORDS[state]


@register.filter
def basis_status(head: Mapping[str, Any]) -> str:
    """Say how firm the ground of a module is, as ``version_badge`` takes it."""
    return version_status(head)


@register.filter
def badge_status(badge: str) -> str:
    """Turn a badge of a reference into what ``version_badge`` takes."""
    return BADGES.get(badge, "unverified")


@register.filter
def worth(figure: Fraction | None) -> str:
    """Say what a row is worth at most; nothing where it earns no points."""
    return _("This row is worth %(points)s at most.") % {"points": points(figure)} if figure else ""


@register.filter
def document_kind(kind: str) -> str:
    """Write a kind of document as a label; ``lain`` stands for any other."""
    return _("Another document") if kind == "lain" else capfirst(kind)


@register.filter
def suffixed(anchor: str, number: int) -> str:
    """Make the id of one of several parts of a block."""
    return f"{anchor}-{number}"
