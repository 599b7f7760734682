"""The cells of a map, written in one go: a page holds hundreds of them."""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from functools import lru_cache
from typing import Any

from django import template
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from clinic.lib.languages import language
from clinic.lib.templatetags.ui import decimals

register = template.Library()

DOTS = tuple(
    format_html(
        ' <svg class="dots" viewBox="0 0 24 8"><g fill="currentColor">{}</g></svg>',
        format_html_join(
            "", '<circle cx="{}" cy="4" r="3" />', ((cx,) for cx in (4, 12, 20)[:number])
        ),
    )
    for number in (1, 2, 3)
)
"""One, two or three dots: low, medium or high certainty."""


@register.filter
def heat_cells(cells: Iterable[Mapping[str, Any]]) -> SafeString:
    """Draw the cells of one row; ``components/heat_table.html`` says what a cell holds."""
    return format_html_join(
        "", "<td>{}</td>", ((_draw_cell(language(), **cell),) for cell in cells)
    )


@register.filter
def sign_lines(lines: Iterable[Mapping[str, str]]) -> SafeString:
    """Draw lines of {text, letter, shape}; a line without a letter has no sign."""
    return format_html_join("", '<span class="hint">{} {}</span>', map(_draw_sign, lines))


def _draw_sign(line: Mapping[str, str]) -> tuple[SafeString | str, str]:
    if not line["letter"]:
        return "", line["text"]
    sign = format_html(
        '<span class="sign" aria-hidden="true">{}<b>{}</b></span>',
        _draw_shape(line["shape"]),
        line["letter"],
    )
    return sign, line["text"]


def _draw_shape(shape: str | None) -> SafeString | str:
    return format_html('<svg class="shape"><use href="#shape-{}" /></svg>', shape) if shape else ""


@lru_cache(maxsize=2048)  # a regency has some three hundred, each in every view of the map
def _draw_cell(  # noqa: PLR0913 what a cell of the table holds
    _language: str,
    *,
    tone: str,
    label: str,
    text: str = "",
    url: str = "",
    letter: str = "",
    shape: str | None = "",
    points: Decimal | None = None,
    people: int = 0,
    certainty: int = 0,
) -> SafeString:
    if tone == "none" and text:
        return format_html('<span class="cell sum"><span class="points">{}</span></span>', text)
    if tone == "none":
        return format_html(
            '<span class="cell tone-hidden"><span aria-hidden="true">–</span>'
            '<span class="hidden">{}</span></span>',
            label,
        )
    return format_html(
        '<a class="cell tone-{}" href="{}" aria-label="{}">{}<b>{}</b>'
        '<span class="points">{}<span class="worth">{}{}</span></span></a>',
        tone,
        url,
        label,
        _draw_shape(shape),
        letter,
        format_html('<span class="few">n {}</span> ', people) if people else "",
        decimals(points, 1),
        DOTS[certainty - 1] if certainty else "",
    )
