"""Filters of the quiz pages: an answer as a form shows it and as a sentence says it."""

from fractions import Fraction
from typing import Any

from django import template
from django.utils.translation import gettext as _

from clinic.lib.templatetags.ui import decimals
from quizzes.arithmetic.public_items import PublicItem
from quizzes.wording import number_read

register = template.Library()


@register.filter
def holds(value: Any, option: str) -> bool:
    """Tell whether an option is chosen."""
    return option in value if isinstance(value, list) else value == option


@register.filter
def instruction(public: PublicItem) -> str:
    """Say how many options may be chosen."""
    return _("Choose all that are right") if public.type_name == "multiple" else _("Choose one")


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
    return "; ".join(names.get(option, "") for option in chosen)


@register.filter
def key_in_words(public: PublicItem, key: Any) -> str:
    """Write a key that the review policy allows; a number with its tolerance or range."""
    if public.type_name != "numeric":
        return in_words(public, key)
    return "; ".join(_write_accepted(accepted) for accepted in key)


@register.filter
def read_as(number: Fraction | None) -> str:
    """Say how a typed number was read."""
    return number_read(number)


def _write_number(number: Fraction) -> str:
    written = decimals(number, 4)
    return written.rstrip("0").rstrip(",.")


def _write_accepted(accepted: dict[str, Any]) -> str:
    low, high = _write_number(accepted["low"]), _write_number(accepted["high"])
    if low == high:
        return low
    values = {"low": low, "high": high}
    if accepted["value"] is None:
        return _("from %(low)s to %(high)s") % values
    values["value"] = _write_number(accepted["value"])
    return _("%(value)s; from %(low)s to %(high)s is right as well") % values
