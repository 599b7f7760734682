"""One box on the first screen of those who work in the editor."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.forms import Media
from django.template.loader import render_to_string


@dataclass(frozen=True)
class DeskPanel:
    """A heading, a sentence, rows with their state in words, and links to go on.

    The editor's home page draws whatever has ``render_html`` and ``media``.
    """

    title: str
    lead: str
    rows: Sequence[Mapping[str, Any]] = ()
    links: Sequence[Mapping[str, str]] = ()
    media: Media = field(default_factory=Media)

    def render_html(self, parent_context: Any = None) -> str:
        """Draw the box."""
        return render_to_string("desks/editor/panel.html", {"panel": self})
