"""What the page of a question gives its script: the questions, and how each kind is drawn.

Nothing here knows a key: it is made from ``ShownItem`` alone (Q10).
"""

from collections.abc import Iterable
from datetime import datetime
from functools import lru_cache
from typing import Any

from django.template.loader import render_to_string
from django.utils.translation import gettext as _
from django.utils.translation import override

from clinic.lib.templatetags.ui import clock, minutes
from quizzes.arithmetic.public_items import PublicItem, PublicRow
from quizzes.arithmetic.question_types import Wording
from quizzes.showing import ShownItem
from quizzes.wording import number_read

EMPTY = Wording("", "id")


def questions_of(items: Iterable[ShownItem]) -> list[dict[str, Any]]:
    """Return the questions as the script reads them; a row is [id, letter, text, language]."""
    return [
        {
            "index": item.index,
            "type": item.public.type_name,
            "stem": [item.public.stem.text, item.public.stem.language],
            "options": _list_rows(item.public.options),
            "prompts": _list_rows(item.public.prompts),
            "targets": _list_rows(item.public.targets),
            "unit": item.public.unit and [item.public.unit.text, item.public.unit.language],
            "value": item.value,
            "rev": item.rev,
            "flagged": item.flagged,
            "reading": number_read(item.number),
        }
        for item in items
    ]


def _list_rows(rows: Iterable[PublicRow]) -> list[list[str]]:
    return [[row.id, row.letter, row.text.text, row.text.language] for row in rows]


def words_for_script(total: int, deadline_at: datetime | None) -> list[tuple[str, str]]:
    """Return what the script says, each with the name of its attribute; {…} are filled by it."""
    return [
        ("word-saving", _("Saving…")),
        ("word-saved", _("Saved")),
        ("word-waiting", _("Not sent yet ({n}), kept on this device")),
        ("word-refused", _("Not saved")),
        (
            "word-sign-in",
            _("Sign in again in a new tab. Answers are kept on this device and sent afterwards."),
        ),
        ("word-server", _("On the server:")),
        ("word-here", _("On this page:")),
        ("word-keep-server", _("Keep the answer on the server")),
        ("word-keep-mine", _("Keep the answer of this page")),
        ("word-answered", _("answered")),
        (
            "word-incomplete",
            _("incomplete (%(n)s of %(total)s)") % {"n": "{n}", "total": "{total}"},
        ),
        ("word-empty", _("empty")),
        ("word-marked", _("marked")),
        ("word-mark", _("Mark to look at again")),
        ("word-unmark", _("Remove the mark")),
        ("word-question", _("Question %(n)s") % {"n": "{n}"}),
        ("word-heading", heading_of("{n}", total)),
        ("word-progress", _("%(n)s of %(total)s answered") % {"n": "{n}", "total": total}),
        ("word-left", _("%(left)s left") % {"left": "{left}"}),
        ("word-until", _("until %(at)s") % {"at": "{at}"}),
        ("minute", minutes(1)),
        ("minutes", minutes(2)),
        ("ends", clock(deadline_at)),
    ]


def heading_of(index: int | str, total: int) -> str:
    """Say which question of how many it is."""
    return _("Question %(n)s of %(total)s") % {"n": index, "total": total}


@lru_cache
def prototypes(language: str) -> list[tuple[str, str]]:
    """Return the empty fields of each kind of question, which the script fills for another one.

    They come from the template that draws the question itself, once a process and language.
    "True or false" is drawn as "single".
    """
    row = (PublicRow("", "", EMPTY),)
    kinds = [
        PublicItem(type_name="single", stem=EMPTY, options=row),
        PublicItem(type_name="multiple", stem=EMPTY, options=row),
        PublicItem(type_name="numeric", stem=EMPTY, unit=EMPTY),
        PublicItem(type_name="matching", stem=EMPTY, prompts=row),
    ]
    with override(language):
        return [
            (kind.type_name, render_to_string("quizzes/_fields.html", fields_of(kind)))
            for kind in kinds
        ]


def fields_of(public: PublicItem) -> dict[str, Any]:
    """Return what the template of the fields asks for, without an answer."""
    return {"public": public, "value": None, "number": None, "name": "jawaban", "prefix": "j"}
