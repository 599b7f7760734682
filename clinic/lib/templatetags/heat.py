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


@register.filter
def heat_cells(
    cells: Iterable[Mapping[str, Any]], areas: Iterable[Mapping[str, Any]]
) -> SafeString:
    """Draw the cells of one row; ``components/heat_table.html`` says what a cell holds.

    Each names its area, for the narrow screen on which a row becomes a block.
    """
    drawn = (
        (area["short"], _draw_cell(language(), **cell))
        for area, cell in zip(areas, cells, strict=True)
    )
    return format_html_join("", '<td data-area="{}">{}</td>', drawn)


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
    share: str = "",
) -> SafeString:
    if tone == "none" and text:
        return format_html(
            '<span class="cell sum"><span class="points">{}</span>{}</span>', text, _draw_bar(share)
        )
    if tone == "none":
        return format_html(
            '<span class="cell tone-hidden"><span aria-hidden="true">–</span>'
            '<span class="hidden">{}</span></span>',
            label,
        )
    return format_html(
        '<a class="cell tone-{}" href="{}" aria-label="{}">{}<b>{}</b>{}'
        '<span class="points">{}</span>{}</a>',
        tone,
        url,
        label,
        _draw_shape(shape),
        letter,
        format_html('<small class="few">n{}</small>', people) if people else "",
        decimals(points, 1),
        _draw_bar(share),
    )


def _draw_bar(share: str) -> SafeString | str:
    """A bar below the number; ``share`` of the width, such as ``42%``."""
    return (
        format_html('<svg class="bar"><rect width="{}" height="5"/></svg>', share) if share else ""
    )
