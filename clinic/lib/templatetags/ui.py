"""Tags and filters of every page: numbers and dates as people read them, icons, components.

A filter is cheaper than an include. ``{% part "notice" text=… %}`` draws a component with what it
is given and nothing else; ``{% component "card" %}…{% endcomponent %}`` does so around markup.
"""

from contextlib import suppress
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from fractions import Fraction
from functools import cache
from types import NoneType
from typing import Any, cast

from django import template
from django.forms import BoundField
from django.http import HttpRequest
from django.template import Context, NodeList, Template
from django.template.base import FilterExpression, Parser, Token
from django.templatetags.static import static
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.html import conditional_escape, format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language, gettext_lazy, ngettext

from clinic.lib.arithmetic import dates
from clinic.lib.arithmetic.numbers import SWAPPED_MARKS, Number, format_number
from clinic.lib.languages import language

register = template.Library()

SPRITE = "vendor/tabler-3.51.0/sprite.svg"
NOT_SHOWN = "–"
MOST_DIGITS = 3

OF_THE_PAGE = ("request", "csrf_token", "csp_nonce", "is_demo", "user")  # what a part sees of it
PLAIN = (str, SafeString, int, bool, float, Decimal, Fraction, NoneType)
MOST_REMEMBERED = 1000
LONGEST_REMEMBERED = 2000  # characters: a thousand of these are two megabytes
HOLE = "\x00"
HOLES = {name: HOLE + name + HOLE for name in ("csrf_token", "page_address", "user_name")}


@register.filter
def decimals(value: Number | None, digits: int | None = None) -> str:
    """Write a number with a decimal comma (a point in English); nothing is a dash, never zero.

    Without ``digits`` as many as it needs, three at most: points then add up as printed.
    """
    if value is None or value == "":
        return NOT_SHOWN
    written = format_number(value, MOST_DIGITS if digits is None else int(digits))
    if digits is None:
        written = written.rstrip("0").rstrip(",")
    if language() == "en":
        return written.translate(SWAPPED_MARKS)
    return written


@register.filter
def points(value: Number | None, digits: int | None = None) -> str:
    """Write ``0,33 poin``, with as many digits as ``decimals`` would."""
    if value is None or value == "":
        return NOT_SHOWN
    count = 1 if value == 1 else 2
    return ngettext("%(number)s point", "%(number)s points", count) % {
        "number": decimals(value, digits)
    }


@register.filter
def percent(share: Number | None, digits: int = 0) -> str:
    """Write a share between 0 and 1 as ``40%``."""
    return NOT_SHOWN if share is None or share == "" else f"{decimals(share * 100, digits)}%"


@register.filter
def megabytes(size: int | str | None) -> str:
    """Write a size in bytes as ``0,3 MB``; under 0.1 MB as ``71 KB``."""
    if size is None or isinstance(size, str):
        return NOT_SHOWN
    if size < 100_000:  # noqa: PLR2004 a tenth of a megabyte would read 0,1 MB
        return f"{decimals(-(-size // 1000), 0)} KB"
    return f"{decimals(size / 1_000_000, 1)} MB"


@register.filter
def minutes(count: int | str | None) -> str:
    """Write ``6 menit``."""
    if count is None or isinstance(count, str):
        return NOT_SHOWN
    return ngettext("%(number)d minute", "%(number)d minutes", count) % {"number": count}


@register.filter
def day(value: date | datetime | None) -> str:
    """Write ``25 Mei 2022``; a moment is read in the active zone."""
    return dates.format_date(_to_day(value), language()) if value else NOT_SHOWN


@register.filter
def weekday(value: date | datetime | None) -> str:
    """Write ``Rabu, 25 Mei 2022``."""
    return dates.format_weekday(_to_day(value), language()) if value else NOT_SHOWN


@register.filter
def clock(moment: datetime | None) -> str:
    """Write ``09.00 WITA`` in the active zone."""
    return dates.format_time(moment, timezone.get_current_timezone_name()) if moment else NOT_SHOWN


@register.filter
def moment(value: datetime | None) -> str:
    """Write ``25 Mei 2022, 09.00 WITA`` in the active zone."""
    if not value:
        return NOT_SHOWN
    return dates.format_moment(value, timezone.get_current_timezone_name(), language())


@register.filter
def days_left(value: date | datetime | None) -> str:
    """Write how far a day is from today: ``3 hari lagi``, ``terlambat 5 hari``."""
    if not value:
        return NOT_SHOWN
    return dates.format_days_left((_to_day(value) - timezone.localdate()).days, language())


# What components say for a value of theirs; the last of each for any other value.
WORDS: dict[str, dict[Any, Promise]] = {
    "callout": {
        "warn": gettext_lazy("Mind this"),
        "mistake": gettext_lazy("A common mistake"),
        "": gettext_lazy("Note"),
    },
    "certainty": {
        3: gettext_lazy("Certainty: high"),
        2: gettext_lazy("Certainty: medium"),
        "": gettext_lazy("Certainty: low"),
    },
    "job": {
        "done": gettext_lazy("done"),
        "failed": gettext_lazy("not finished"),
        "running": gettext_lazy("in progress"),
        "": gettext_lazy("waiting to be processed"),
    },
    "proof": {
        "strong": gettext_lazy("Strong proof"),
        "fair": gettext_lazy("Fair proof"),
        "": gettext_lazy("Weak proof"),
    },
}


@register.filter
def word_for(value: object, component: str) -> str:
    """Name a kind, level or state as the component does."""
    words = WORDS[component]
    return str(words.get(value, words[""]))


@register.filter
def is_ticked_list(field: BoundField) -> bool:
    """Tell whether a field draws one input per choice (radio buttons, tick boxes)."""
    return bool(getattr(field.field.widget, "use_fieldset", False))


@register.filter
def is_single_box(field: BoundField) -> bool:
    """Tell whether a field is one tick box, whose label stands beside it."""
    return getattr(field.field.widget, "input_type", "") == "checkbox" and not is_ticked_list(field)


@register.simple_tag
@cache
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


class _Page:
    """What a part sees of its page; it notes whether the part looked."""

    def __init__(self, context: Context) -> None:
        self.context = context
        self.is_asked = False

    def __contains__(self, name: str) -> bool:
        if name not in OF_THE_PAGE:
            return False
        self.is_asked = True
        return name in self.context

    def __getitem__(self, name: str) -> Any:
        return self.context[name]

    def keys(self) -> list[str]:
        return [name for name in OF_THE_PAGE if name in self]


class _PartContext(Context):
    """The values of a part above what it sees of the page."""

    def __init__(self, parent: Context, page: _Page, values: dict[str, Any]) -> None:
        super().__init__(autoescape=parent.autoescape)
        self.dicts = [*self.dicts, page, values]
        self.render_context = parent.render_context
        self.template = parent.template
        self.page = page

    @property
    def request(self) -> HttpRequest | None:
        """The request, where a tag asks the context itself for it."""
        return self.page.context.get("request") if "request" in self.page else None


_drawn: dict[tuple[Any, ...], str] = {}


def _draw(context: Context, kind_of_part: str, values: dict[str, Any]) -> str:
    """Draw a part, or take what the same values gave before.

    What a part looks like follows from its values and the language alone, as long as it looked at
    nothing of the page: that is watched, not declared. Rows and dates are not remembered.
    """
    key: tuple[Any, ...] = ()
    with suppress(TypeError):
        key = (kind_of_part, get_language(), context.autoescape, _freeze(values))
    if key in _drawn:
        return _drawn[key]
    page = _Page(context)
    own = _PartContext(context, page, values)
    drawing = cast("Template", context.template)  # there is one while a template is drawn
    text = drawing.engine.get_template(f"components/{kind_of_part}.html").render(own)
    if key and not page.is_asked and len(text) <= LONGEST_REMEMBERED:
        if len(_drawn) >= MOST_REMEMBERED:
            _drawn.clear()
        _drawn[key] = text
    return text


def _freeze(value: Any) -> Any:
    """Return the value as a key that tells everything which could change its drawing.

    Raises:
        TypeError: it is no plain value, so that its drawing may change by itself.
    """
    kind = type(value)
    if kind in PLAIN:
        return kind, value
    if kind is dict:
        return tuple((name, _freeze(each)) for name, each in value.items())
    if kind in {list, tuple}:
        return kind, tuple(map(_freeze, value))
    if isinstance(value, Promise):
        return str, str(value)
    if isinstance(value, Enum):
        return kind, value
    raise TypeError(kind)


@register.tag
def drawnonce(parser: Parser, token: Token) -> "DrawnOnce":
    """Draw what stands between ``{% drawnonce KEY … %}`` and the end once for each key.

    Everything that changes the drawing stands in the keys; the language is one without saying.
    ``csrf_token``, ``page_address`` and ``user_name`` are filled in each time:
    inside they can be written out, not asked. Nothing else of a person may stand inside.
    """
    keys = [parser.compile_filter(key) for key in token.split_contents()[1:]]
    nodes = parser.parse(["enddrawnonce"])
    parser.delete_first_token()
    return DrawnOnce(keys, nodes)


class DrawnOnce(template.Node):
    """The markup of the frame: most of it is the same on every page."""

    def __init__(self, keys: list[FilterExpression], nodelist: NodeList) -> None:
        self.keys = keys
        self.nodelist = nodelist
        self.drawn: dict[tuple[Any, ...], list[str]] = {}

    def render(self, context: Context) -> str:
        key = (get_language(), *(key.resolve(context) for key in self.keys))
        pieces = self.drawn.get(key)
        if pieces is None:
            with context.push(**HOLES, csp_nonce=""):
                pieces = self.nodelist.render(context).split(HOLE)
            if len(self.drawn) >= MOST_REMEMBERED:
                self.drawn.clear()
            self.drawn[key] = pieces
        filled = {name: conditional_escape(context.get(name) or "") for name in {*pieces[1::2]}}
        texts = [filled[piece] if number % 2 else piece for number, piece in enumerate(pieces)]
        return "".join(texts)


def _to_day(value: date | datetime) -> date:
    if isinstance(value, datetime):
        return dates.local_day(value, timezone.get_current_timezone_name())
    return value
