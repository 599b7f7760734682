"""Filters of the quiz pages: an answer as a form shows it and as a sentence says it."""

from typing import Any

from django import template
from django.utils.translation import gettext as _

from clinic.lib.templatetags.ui import decimals
from quizzes.arithmetic.public_items import PublicItem

register = template.Library()


@register.filter
def holds(value: Any, option: str) -> bool:
    """Tell whether an option is chosen."""
    return option in value if isinstance(value, list) else value == option


@register.filter
def matched(value: Any, prompt: str) -> str:
    """Return the target chosen for a prompt, or nothing."""
    return value.get(prompt, "") if isinstance(value, dict) else ""


@register.filter
def in_words(public: PublicItem, value: Any) -> str:
    """Write an answer as text, as its taker sees the options."""
    if value is None:
        return _("empty")
    names = {row.id: row.text.text for row in (*public.options, *public.prompts, *public.targets)}
    if isinstance(value, dict):
        if public.type_name == "numeric":
            return str(value.get("raw", ""))
        pairs = value.items()
        return "; ".join(f"{names.get(left, '')}: {names.get(right, '')}" for left, right in pairs)
    chosen = value if isinstance(value, list) else [value]
    return "; ".join(names.get(one, "") for one in chosen)


@register.filter
def key_in_words(public: PublicItem, key: Any) -> str:
    """Write a key that the review policy allows; a number with its accepted range."""
    if public.type_name != "numeric":
        return in_words(public, key)
    return "; ".join(_number(one) for one in key)


def _number(accepted: dict[str, Any]) -> str:
    low, high = (decimals(accepted[name], 4).rstrip("0").rstrip(",.") for name in ("low", "high"))
    return low if low == high else _("from %(low)s to %(high)s") % {"low": low, "high": high}
