"""What the pages and the code say: messages for translation, and text outside of it."""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from html.parser import HTMLParser
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import DEFAULT_KEYWORDS, extract
from django.template.base import DebugLexer, TokenType
from django.utils.translation.template import templatize

PACKAGES = ("clinic", "courses", "quizzes", "attendance")
KEYWORDS = DEFAULT_KEYWORDS | {
    "gettext_lazy": None,
    "gettext_noop": None,
    "ngettext_lazy": (1, 2),
    "pgettext_lazy": ((1, "c"), 2),
    "npgettext_lazy": ((1, "c"), 2, 3),
}
SPOKEN_ATTRIBUTES = frozenset({"alt", "title", "placeholder", "aria-label", "aria-description"})
UNSPOKEN_ELEMENTS = frozenset({"script", "style"})
ONE_ATTRIBUTE = re.compile(r'\s*[\w-]+="[^"]*"\s*')  # a block that a child page fills in a tag
TWO_LETTERS = re.compile(r"[^\W\d_]{2}")
OPENS_TRANSLATION = re.compile(r"(?:blocktrans(?:late)?|comment|verbatim)\b")
CLOSES_TRANSLATION = re.compile(r"end(?:blocktrans(?:late)?|comment|verbatim)\b")
HOLE = "\N{WHITE SQUARE}"  # where a tag or a variable of the template stood


def collect(root: Path) -> Catalog:
    """Return every message of the tree, with the files it comes from."""
    found = Catalog()
    for path in _sources(root):
        place = str(path.relative_to(root))
        for said in messages_of(path.read_text(), path.suffix):
            found.add(said.texts, locations=[(place, said.line)], context=said.context)
    return found


@dataclass(frozen=True)
class Said:
    """A message at its place; ``texts`` is a pair when it counts."""

    line: int
    texts: str | tuple[str, ...]
    context: str | None


def messages_of(text: str, suffix: str) -> list[Said]:
    """Return the messages of a module or of a page."""
    if suffix == ".py":
        return [said for node in ast.walk(ast.parse(text)) if (said := _said_by(node))]
    # In brackets the indentation of what the template engine leaves does not count.
    source = BytesIO(f"({templatize(text)}\n)".encode())
    return [
        Said(line, texts, context)
        for line, texts, _comments, context in extract("python", source, KEYWORDS)
    ]


def _said_by(node: ast.AST) -> Said | None:
    """Read a call; the syntax tree also shows what stands within an f-string."""
    if not isinstance(node, ast.Call):
        return None
    name = getattr(node.func, "attr", getattr(node.func, "id", ""))
    if name not in KEYWORDS:
        return None
    words = [each.value if isinstance(each, ast.Constant) else None for each in node.args]
    context, texts = None, []
    for place in KEYWORDS[name] or (1,):
        number, is_context = place if isinstance(place, tuple) else (place, False)
        word = words[number - 1] if number <= len(words) else None
        if not isinstance(word, str):
            return None
        context, texts = (word, texts) if is_context else (context, [*texts, word])
    return Said(node.lineno, texts[0] if len(texts) == 1 else tuple(texts), context)


def _sources(root: Path) -> Iterator[Path]:
    for package in PACKAGES:
        yield from sorted((root / package).rglob("*.py"))
        yield from _pages(root / package)
    yield from _pages(root / "templates")


def _pages(folder: Path) -> Iterator[Path]:
    yield from sorted(path for path in folder.rglob("*") if path.suffix in {".html", ".txt"})


@dataclass(frozen=True)
class Literal:
    """Text that a page shows in one language only."""

    line: int
    text: str


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[Literal] = []
        self.is_unspoken = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.is_unspoken = tag in UNSPOKEN_ELEMENTS
        for name, value in attrs:
            if name in SPOKEN_ATTRIBUTES:
                self._note(value or "")

    def handle_endtag(self, tag: str) -> None:
        self.is_unspoken = False

    def handle_data(self, data: str) -> None:
        if not self.is_unspoken:
            self._note(data)

    def _note(self, text: str) -> None:
        for piece in text.split(HOLE):
            if TWO_LETTERS.search(piece) and not ONE_ATTRIBUTE.fullmatch(piece):
                self.found.append(Literal(self.getpos()[0], " ".join(piece.split())))


def literals(template: str) -> list[Literal]:
    """Return the text of a template that stands outside its translation tags."""
    reader = _Reader()
    reader.feed(_without_tags(template))
    reader.close()
    return reader.found


def _without_tags(template: str) -> str:
    """Put a hole in the place of each tag and variable, and of all that is translated."""
    pieces = []
    is_translated = False
    for token in DebugLexer(template).tokenize():
        if token.token_type == TokenType.BLOCK:
            is_translated = bool(OPENS_TRANSLATION.match(token.contents)) or (
                is_translated and not CLOSES_TRANSLATION.match(token.contents)
            )
        source = template[slice(*token.position)]
        is_shown = token.token_type == TokenType.TEXT and not is_translated
        pieces.append(source if is_shown else HOLE + "\n" * source.count("\n"))
    return "".join(pieces)
