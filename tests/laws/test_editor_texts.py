"""House laws over the Indonesian texts of the page editor, whose English comes from a package.

A new release of the editor turns these red: what it says anew is missing, what it no longer says
is stale.
"""

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
import wagtail
from babel.messages.catalog import Catalog, Message
from babel.messages.pofile import read_po

from tests.laws.test_texts import said, unwanted_words

ROOT = Path(__file__).resolve().parents[2]
OURS = ROOT / "clinic" / "locale" / "id" / "LC_MESSAGES" / "django.po"
FOLDER = ROOT / "clinic" / "locale_editor" / "id" / "LC_MESSAGES"
TEMPLATES = Path("templates") / "wagtailadmin"
EDITOR = Path(wagtail.__file__).parent
DOMAINS = ("django", "djangojs")
PARTS = ("", "admin", "documents", "embeds", "images", "search", "sites", "users")
# Rooms that are closed here: workflows, doors and accounts of the editor's own, its release news.
CLOSED = re.compile(
    r"(?<!status/)workflow|task_state|approved|rejected|login|password_re|forms/auth|upgrade_notif"
    r"|whats_new|frontend_cache|routable|sitemaps|api/v2|management/|^users/(?:templates|views)"
)
# Pages of the editor that say English outright: our copy, and what it says through the catalogue.
COPIES = {"shared/header.html": "Search", "shared/headers/_actions.html": "Actions"}
PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|\{\w+\}")
TAG = re.compile(r"</?\w+[^>]*>")


def messages(catalogue: Catalog) -> Iterator[Message]:
    """Give the messages of a catalogue without its header."""
    return (message for message in catalogue if message.id)


def english(domain: str) -> dict[str, Catalog]:
    """Return the English catalogues of the installed editor by its parts."""
    found = {}
    for part in PARTS:
        path = EDITOR / part / "locale" / "en" / "LC_MESSAGES" / f"{domain}.po"
        if path.exists():
            with path.open("rb") as stream:
                found[part] = read_po(stream)
    return found


def indonesian(domain: str) -> Catalog:
    """Return our Indonesian catalogue of the editor."""
    with (FOLDER / f"{domain}.po").open("rb") as stream:
        return read_po(stream, locale="id")


def is_met(part: str, message: Message) -> bool:
    """Say whether a room that is open here speaks the message."""
    return any(not CLOSED.search(f"{part}/{place}") for place, _line in message.locations)


def forms(message: Message) -> tuple[str, ...]:
    """Return the English of a message: one text, or two when it counts."""
    return message.id if isinstance(message.id, tuple) else (message.id,)


def places_to_fill(message: Message) -> set[str]:
    """Return the placeholders of the first form that has some: one form serves every number."""
    return next(
        (set(found) for text in forms(message) if (found := PLACEHOLDER.findall(text))), set()
    )


@pytest.fixture(scope="module", params=DOMAINS)
def domain(request):
    return request.param


@pytest.fixture(scope="module")
def catalogue(domain):
    return indonesian(domain)


def test_u48_every_text_of_the_editor_is_indonesian(domain, catalogue):
    missing = sorted(
        {
            repr(message.id)
            for part, each in english(domain).items()
            for message in messages(each)
            if is_met(part, message) and catalogue.get(message.id, message.context) is None
        }
    )
    assert missing == []


def test_the_catalogue_holds_only_what_the_installed_editor_says(domain, catalogue):
    known = english(domain).values()
    assert [
        repr(message.id)
        for message in messages(catalogue)
        if not any(each.get(message.id, message.context) for each in known)
    ] == []


def test_the_header_names_the_installed_editor(catalogue):
    assert f"{catalogue.project} {catalogue.version}" == f"Wagtail {wagtail.__version__}"


def test_no_text_is_empty_or_guessed(catalogue):
    assert [
        message.id
        for message in messages(catalogue)
        if message.fuzzy or not all(text.strip() for text in said(message))
    ] == []


def test_texts_fill_the_same_places(catalogue):
    assert [
        message.id
        for message in messages(catalogue)
        for text in said(message)
        if set(PLACEHOLDER.findall(text)) != places_to_fill(message)
        or list(message.check(catalogue))
    ] == []


def test_texts_keep_their_tags_and_edges(catalogue):
    def shape(text):
        return Counter(TAG.findall(text)), text[:1].isspace(), text[-1:].isspace()

    assert [
        message.id
        for message in messages(catalogue)
        for text in said(message)
        if shape(text) != shape(forms(message)[-1])
    ] == []


def test_texts_neither_blame_nor_shout(catalogue):
    assert [
        text
        for message in messages(catalogue)
        for text in said(message)
        if unwanted_words(text) or "!" in text
    ] == []


def test_a_text_of_both_catalogues_is_said_alike():
    """Ours wins everywhere: another meaning of the same English needs a context of its own."""
    with OURS.open("rb") as stream:
        ours = read_po(stream, locale="id")
    assert [
        (message.id, said(own), said(message))
        for message in messages(indonesian("django"))
        if (own := ours.get(message.id, message.context)) and all(said(own))
        if said(own) != said(message)
    ] == []


@pytest.mark.parametrize(("name", "text"), COPIES.items())
def test_a_copied_page_differs_only_in_what_it_translates(name, text):
    copied = (ROOT / TEMPLATES / name).read_text()
    assert f"{{% translate '{text}' %}}" in copied

    theirs = (EDITOR / "admin" / TEMPLATES / name).read_text()
    restored = copied.replace(f"{{% translate '{text}' %}}", text)
    assert restored.removeprefix("{% load i18n %}") == theirs


class TestTheLawsThemselves:
    """Each reading finds what it is there for."""

    @pytest.mark.parametrize(
        ("part", "place", "met"),
        [
            ("admin", "views/pages/edit.py", True),
            ("admin", "side_panels/includes/status/workflow.html", True),
            ("admin", "views/workflows.py", False),
            ("users", "models.py", True),
            ("users", "views/users.py", False),
        ],
    )  # fmt: skip
    def test_closed_rooms_are_told_by_their_place(self, part, place, met):
        assert is_met(part, Message("Text", locations=[(place, 1)])) is met

    @pytest.mark.parametrize(
        ("message", "places"),
        [
            ("Saved", set()),
            ("%(who)s saved {what}", {"%(who)s", "{what}"}),
            (("1 page", "%(counter)s pages"), {"%(counter)s"}),
            (("%(a)s page", "%(a)s pages of %(b)s"), {"%(a)s"}),
        ],
    )
    def test_a_form_for_every_number_fills_what_the_english_fills(self, message, places):
        assert places_to_fill(Message(message)) == places
