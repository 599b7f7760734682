"""One box on the first screen of those who work in the editor."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.forms import Media
from django.template.loader import render_to_string


@dataclass(frozen=True)
class DeskPanel:
    """A heading, a sentence, rows with their state in words, and links to go on.

    The editor's home page draws whatever has ``render_html``, ``media`` and ``order``; equal
    orders keep the order of the list.
    """

    title: str
    lead: str
    rows: Sequence[Mapping[str, Any]] = ()
    links: Sequence[Mapping[str, str]] = ()
    media: Media = field(default_factory=Media)
    order: int = 0

    def render_html(self, parent_context: Any = None) -> str:
        """Draw the box."""
        return render_to_string("desks/editor/panel.html", {"panel": self})
