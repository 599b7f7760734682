"""Tags and filters of every page: numbers and dates as people read them, icons, components.

A filter is cheaper than an include. ``{% part "notice" text=… %}`` draws a component with what it
is given and nothing else; ``{% component "card" %}…{% endcomponent %}`` does so around markup.
"""

from datetime import date, datetime
from typing import Any

from django import template
from django.forms import BoundField
from django.template import Context
from django.templatetags.static import static
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language, ngettext

from clinic.lib.arithmetic import dates
from clinic.lib.arithmetic.numbers import Exact, format_number

register = template.Library()

SPRITE = "vendor/tabler-3.51.0/sprite.svg"
NOT_SHOWN = "–"
MOST_DIGITS = 3

_KEPT_IN_COMPONENTS = ("request", "csrf_token", "csp_nonce", "is_demo", "user")


@register.filter
def decimals(value: Exact | None, digits: int | None = None) -> str:
    """Write a number with a decimal comma (a point in English); nothing is a dash, never zero.

    Without ``digits`` as many as it needs, three at most: points then add up as printed.
    """
    if value is None or value == "":
        return NOT_SHOWN
    written = format_number(value, MOST_DIGITS if digits is None else int(digits))
    if digits is None:
        written = written.rstrip("0").rstrip(",")
    if _language() == "en":
        return written.translate(str.maketrans({",": ".", ".": ","}))
    return written


@register.filter
def points(value: Exact | None, digits: int | None = None) -> str:
    """Write ``0,33 poin``, with as many digits as ``decimals`` would."""
    if value is None or value == "":
        return NOT_SHOWN
    count = 1 if value == 1 else 2
    return ngettext("%(number)s point", "%(number)s points", count) % {
        "number": decimals(value, digits)
    }


@register.filter
def percent(share: Exact | None, digits: int = 0) -> str:
    """Write a share between 0 and 1 as ``40%``."""
    return NOT_SHOWN if share is None or share == "" else f"{decimals(share * 100, digits)}%"


@register.filter
def megabytes(size: int | None) -> str:
    """Write a size in bytes as ``0,3 MB``; under 0.1 MB as ``71 KB``."""
    if size is None or size == "":
        return NOT_SHOWN
    if size < 100_000:  # noqa: PLR2004 a tenth of a megabyte would read 0,1 MB
        return f"{decimals(-(-size // 1000), 0)} KB"
    return f"{decimals(size / 1_000_000, 1)} MB"


@register.filter
def minutes(count: int | None) -> str:
    """Write ``6 menit``."""
    if count is None or count == "":
        return NOT_SHOWN
    return ngettext("%(number)d minute", "%(number)d minutes", count) % {"number": count}


@register.filter
def day(value: date | datetime | None) -> str:
    """Write ``25 Mei 2022``; a moment is read in the active zone."""
    return dates.format_date(_day(value), _language()) if value else NOT_SHOWN


@register.filter
def weekday(value: date | datetime | None) -> str:
    """Write ``Rabu, 25 Mei 2022``."""
    return dates.format_weekday(_day(value), _language()) if value else NOT_SHOWN


@register.filter
def clock(moment: datetime | None) -> str:
    """Write ``09.00 WITA`` in the active zone."""
    return dates.format_time(moment, timezone.get_current_timezone_name()) if moment else NOT_SHOWN


@register.filter
def moment(value: datetime | None) -> str:
    """Write ``25 Mei 2022, 09.00 WITA`` in the active zone."""
    if not value:
        return NOT_SHOWN
    return dates.format_moment(value, timezone.get_current_timezone_name(), _language())


@register.filter
def days_left(value: date | datetime | None) -> str:
    """Write how far a day is from today: ``3 hari lagi``, ``terlambat 5 hari``."""
    if not value:
        return NOT_SHOWN
    return dates.format_days_left((_day(value) - timezone.localdate()).days, _language())


@register.filter
def is_ticked_list(field: BoundField) -> bool:
    """Tell whether a field draws one input per choice (radio buttons, tick boxes)."""
    return bool(getattr(field.field.widget, "use_fieldset", False))


@register.filter
def is_single_box(field: BoundField) -> bool:
    """Tell whether a field is one tick box, whose label stands beside it."""
    return getattr(field.field.widget, "input_type", "") == "checkbox" and not is_ticked_list(field)


@register.simple_tag
def icon(name: str) -> SafeString:
    """Draw an icon of the sprite; it is hidden from screen readers, since words stand beside it."""
    return format_html(
        '<svg class="icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false">'
        '<use href="{}#{}"></use></svg>',
        static(SPRITE),
        name,
    )


@register.simple_tag(takes_context=True)
def part(context: Context, kind_of_part: str, **values: Any) -> str:
    """Render ``components/<kind of part>.html`` with these values alone.

    Unlike an include it does not see the variables of the page, so that a page's ``title`` never
    slips into a notice.
    """
    return _draw(context, kind_of_part, values)


@register.simple_block_tag(takes_context=True)
def component(context: Context, content: str, kind_of_part: str, **values: Any) -> str:
    """Render ``components/<kind of part>.html`` around the markup between the tags."""
    return _draw(context, kind_of_part, {**values, "content": content})


def _draw(context: Context, kind_of_part: str, values: dict[str, Any]) -> str:
    kept = {key: context[key] for key in _KEPT_IN_COMPONENTS if key in context}
    drawn = context.template.engine.get_template(f"components/{kind_of_part}.html")
    return drawn.render(context.new({**kept, **values}))


def _language() -> str:
    return "en" if (get_language() or "id").startswith("en") else "id"


def _day(value: date | datetime) -> date:
    if isinstance(value, datetime):
        return dates.local_day(value, timezone.get_current_timezone_name())
    return value
