"""What differs between two editions of a module, section by section, word by word."""

import html
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from itertools import zip_longest
from typing import Any, Literal

Kind = Literal["new", "removed", "changed"]
Paragraph = tuple[tuple[str, str], ...]
"""One changed paragraph as runs of words, each the same, gone or added."""

SAME, GONE, ADDED = "same", "gone", "added"
# Of the head, what a reader meets; sections are compared by themselves.
HEAD_FIELDS = (
    "title",
    "promise",
    "level",
    "audience",
    "why_unit",
    "quality_note",
    "legal_basis",
    "frameworks",
    "outcomes",
)
_END_OF_PARAGRAPH = re.compile(r"</(?:p|li|h2|h3)>|<br\s*/?>")
_MARK_UP = re.compile(r"<[^>]+>")
_WORDS = re.compile(r"\s+|\S+")
# Keys of the editor that nobody reads.
_UNREAD = frozenset({"id", "type"})


@dataclass(frozen=True)
class Change:
    """One section, or the head of the module where ``title`` is empty, that differs.

    Attributes:
        slug: the section's address; empty for the head.
        paragraphs: what differs inside it; empty where the whole section is new or gone.
    """

    title: str
    slug: str
    kind: Kind
    paragraphs: tuple[Paragraph, ...] = field(default=())


def changes_between(
    before: Mapping[str, Any],
    after: Mapping[str, Any],
    bodies: tuple[Mapping[str, Any], Mapping[str, Any]],
) -> list[Change]:
    """Return what differs, the head first, then sections in the order of the newer edition.

    Args:
        before: head of the published edition.
        after: head of the draft.
        bodies: blocks of every section by page, of the edition and of the draft.
    """
    changes = []
    head = compare(_list_head_lines(before), _list_head_lines(after))
    if head:
        changes.append(Change("", "", "changed", head))
    earlier = {section["page"]: section for section in before["sections"]}
    for new in after["sections"]:
        old = earlier.pop(new["page"], None)
        if old is None:
            changes.append(Change(new["title"], new["slug"], "new"))
        elif lines := compare(_list_lines(old, bodies[0]), _list_lines(new, bodies[1])):
            changes.append(Change(new["title"], new["slug"], "changed", lines))
    return changes + [Change(old["title"], old["slug"], "removed") for old in earlier.values()]


def compare(before: Sequence[str], after: Sequence[str]) -> tuple[Paragraph, ...]:
    """Return the paragraphs that differ; one that stands in both is left out."""
    paragraphs: list[Paragraph] = []
    matcher = SequenceMatcher(None, before, after, autojunk=False)
    for tag, old_from, old_to, new_from, new_to in matcher.get_opcodes():
        if tag != "equal":
            pairs = zip_longest(before[old_from:old_to], after[new_from:new_to], fillvalue="")
            paragraphs += [
                tuple(_compare_words(_WORDS.findall(old), _WORDS.findall(new)))
                for old, new in pairs
            ]
    return tuple(paragraphs)


def _compare_words(before: Sequence[str], after: Sequence[str]) -> Iterator[tuple[str, str]]:
    matcher = SequenceMatcher(None, before, after, autojunk=False)
    for tag, old_from, old_to, new_from, new_to in matcher.get_opcodes():
        if tag == "equal":
            yield SAME, "".join(after[new_from:new_to])
            continue
        if old_to > old_from:
            yield GONE, "".join(before[old_from:old_to])
        if new_to > new_from:
            yield ADDED, "".join(after[new_from:new_to])


def _list_head_lines(head: Mapping[str, Any]) -> list[str]:
    return [line for name in HEAD_FIELDS for line in _list_texts(head.get(name, ""))]


def _list_lines(section: Mapping[str, Any], bodies: Mapping[str, Any]) -> list[str]:
    stream = bodies.get(str(section["page"]), ())
    blocks = [line for block in stream for line in _list_texts(block)]
    return [*_list_texts(section["title"]), *_list_texts(section["lead"]), *blocks]


def _list_texts(value: Any) -> Iterator[str]:
    """Return the paragraphs that stand anywhere below a plain value."""
    if isinstance(value, dict):
        for key, item in sorted(value.items()):  # PostgreSQL keeps no order of keys
            yield from () if key in _UNREAD else _list_texts(item)
    elif isinstance(value, list):
        for item in value:
            yield from _list_texts(item)
    elif isinstance(value, str):
        parts = _END_OF_PARAGRAPH.sub("\n", value).split("\n")
        plain = (html.unescape(_MARK_UP.sub("", part)).strip() for part in parts)
        yield from (part for part in plain if part)
    elif value is not None and not isinstance(value, bool):
        yield str(value)
