"""U48: the editor speaks Indonesian on every screen of authors; blocks start folded, with a label.

What a screen says is held against the English of the installed editor, not against a list of ours.
"""

import re

import pytest
from django.contrib.auth.models import Group, Permission
from wagtail.models import Collection, GroupCollectionPermission, GroupPagePermission, Page

from courses.models import ModuleIndexPage, SectionPage
from tests.courses import made
from tests.laws.test_editor_texts import (
    DOMAINS,
    PLACEHOLDER,
    TAG,
    english,
    forms,
    indonesian,
    messages,
)
from tests.laws.test_texts import said

pytestmark = [
    pytest.mark.journey,
    pytest.mark.django_db(transaction=True),
]
# Names of persons and roles in the cast.
NAMES = {"Admin"}
LETTERS = re.compile(r"[^\W\d_]")
SHORT = 3  # letters; what is shorter says too little to be told from a code

# Texts and what is read aloud, closed menus and templates included: one click would show them.
SAID = """() => {
  const said = new Set();
  const add = text => { if (text && text.trim()) said.add(text.replace(/\\s+/g, " ").trim()); };
  const walk = root => {
    const nodes = document.createTreeWalker(root, NodeFilter.SHOW_ELEMENT | NodeFilter.SHOW_TEXT);
    for (let node = nodes.nextNode(); node; node = nodes.nextNode()) {
      if (node.nodeType === Node.TEXT_NODE) {
        const unsaid = "script, style, noscript, [data-side-panel-toggle-counter][hidden]";
        if (!node.parentElement || !node.parentElement.closest(unsaid)) add(node.textContent);
        continue;
      }
      for (const name of ["aria-label", "aria-description", "title", "placeholder", "alt",
                          "data-w-tooltip-content-value"]) add(node.getAttribute(name));
      if (node.matches("input[type=submit], input[type=button]")) add(node.value);
      if (node.content instanceof DocumentFragment) walk(node.content);
    }
  };
  walk(document.body);
  return [...said];
}"""


# What each block of the section says of itself, blocks within blocks left out.
BLOCKS = """() => {
  const rows = [...document.querySelectorAll("[data-contentpath=body] [data-streamfield-child]")];
  return rows.filter(row => !row.parentElement.closest("[data-streamfield-child]")).map(row => [
    row.querySelector("[data-panel-toggle]").getAttribute("aria-expanded"),
    row.querySelector(".c-sf-block__title").innerText.trim(),
  ]);
}"""


def pieces(texts):
    """Return the runs of text between the tags of some texts."""
    return {" ".join(piece.split()) for text in texts for piece in TAG.split(text)}


def patterns(texts):
    """Return what matches a text of the editor, with whatever fills its places."""
    return [
        re.compile(".+".join(re.escape(part) for part in PLACEHOLDER.split(piece)))
        for piece in pieces(texts)
        if len(LETTERS.findall(PLACEHOLDER.sub("", piece))) > SHORT
    ]


ENGLISH = patterns(
    form
    for domain in DOMAINS
    for catalogue in english(domain).values()
    for message in messages(catalogue)
    for form in forms(message)
)
INDONESIAN = patterns(
    form for domain in DOMAINS for message in messages(indonesian(domain)) for form in said(message)
)


def english_in(texts):
    """Return the texts that are English of the editor and not the same in Indonesian."""
    return sorted(
        text
        for text in texts - NAMES
        if any(each.fullmatch(text) for each in ENGLISH)
        and not any(each.fullmatch(text) for each in INDONESIAN)
    )


def read(page, address):
    """Open a page and return what it says in English."""
    page.goto(address)
    page.wait_for_load_state("networkidle")
    assert page.url.endswith(address)  # a closed room would lead home and say nothing
    return english_in(set(page.evaluate(SAID)))


@pytest.fixture
def edit(enter):
    """Return a function that opens the house as a person who will edit."""
    pages = []

    def go(person):
        pages.append(enter(person, "/modul/"))
        return pages[-1]

    yield go
    for page in pages:  # an editor that closes says so; the database must still be there
        page.goto("/modul/")
        page.wait_for_load_state("networkidle")


@pytest.fixture
def module(cast):
    return made.published(cast)


def test_the_reading_finds_english():
    said_here = {
        "Save draft",
        "Move up",
        "There are 4 matching pages",
        "Explore subpages of 'Modul'",
    }
    also_indonesian = {
        "Simpan draf",
        "Status",
        "Status:",
        "Status halaman saat ini:",
        "Slug",
        "Modul",
    }

    assert english_in(said_here | also_indonesian) == sorted(said_here)


def test_u48_an_author_meets_no_english(cast, module, edit):
    section = SectionPage.objects.child_of(module).first()
    page = edit(cast.author)
    shelf = ModuleIndexPage.objects.get()
    screens = [
        "/admin/",
        f"/admin/pages/{shelf.pk}/",
        f"/admin/pages/{shelf.pk}/?ordering=ord",
        f"/admin/pages/{shelf.pk}/?q=tidak-ada",
        "/admin/pages/search/?q=bukti",
        f"/admin/pages/{module.pk}/edit/",
        f"/admin/pages/{section.pk}/edit/",
        f"/admin/pages/add/courses/sectionpage/{module.pk}/",
        f"/admin/pages/{section.pk}/history/",
        f"/admin/pages/{section.pk}/revisions/compare/earliest...latest/",
        f"/admin/pages/{section.pk}/usage/",
        f"/admin/pages/{section.pk}/copy/",
        "/admin/account/",
        "/admin/reports/site-history/",
        "/admin/tidak-ada/",
    ]

    assert {address: found for address in screens if (found := read(page, address))} == {}


def everything_group():
    """Return a group that holds every right of the editor, on every page and collection."""
    group = Group.objects.create(name="everything")
    group.permissions.set(Permission.objects.all())
    rights = Permission.objects.filter(content_type__app_label__startswith="wagtail")
    for right in rights.filter(content_type__model="page").exclude(codename="view_page"):
        GroupPagePermission.objects.create(
            group=group, page=Page.objects.get(depth=1), permission=right
        )
    for right in rights.filter(content_type__model__in=["image", "document", "collection"]):
        GroupCollectionPermission.objects.create(
            group=group, collection=Collection.get_first_root_node(), permission=right
        )
    return group


def test_u48_who_may_do_everything_meets_no_english(cast, module, edit):
    """No role opens these rooms today; who is given more rights later finds them translated."""
    cast.admin.account.groups.add(everything_group())
    section = SectionPage.objects.child_of(module).first()
    page = edit(cast.admin)
    screens = [
        f"/admin/pages/{Page.objects.get(depth=1).pk}/",
        f"/admin/pages/{section.pk}/delete/",
        f"/admin/pages/{section.pk}/move/",
        f"/admin/pages/{section.pk}/unpublish/",
        "/admin/images/",
        "/admin/images/add/",
        "/admin/images/multiple/add/",
        "/admin/documents/",
        "/admin/documents/add/",
        "/admin/documents/multiple/add/",
        "/admin/reports/locked/",
        "/admin/collections/",
        "/admin/collections/add/",
    ]

    assert {address: found for address in screens if (found := read(page, address))} == {}


def test_u48_what_opens_in_the_editor_is_indonesian(cast, module, edit):
    """The block menu, the toolbar of the text, a chooser and a comment come by script."""
    section = SectionPage.objects.child_of(module).first()
    page = edit(cast.author)
    found = {"page": read(page, f"/admin/pages/{section.pk}/edit/")}

    page.locator(".c-sf-add-button").first.click()
    page.locator(".w-combobox [role=option]").first.wait_for()
    found["blocks"] = english_in(set(page.evaluate(SAID)))
    page.keyboard.press("Escape")

    block = page.locator("[data-contentpath=body] section[data-panel]").first
    block.locator("[data-panel-toggle]").first.click()
    text = block.locator(".public-DraftEditor-content").first
    text.click()
    page.keyboard.press("Control+A")
    found["text"] = english_in(set(page.evaluate(SAID)))
    page.keyboard.press("Control+K")
    page.locator(".modal-body").wait_for()
    page.wait_for_load_state("networkidle")
    found["chooser"] = english_in(set(page.evaluate(SAID)))

    assert found == {place: [] for place in found}


def test_u48_blocks_start_folded_and_each_has_a_label(cast, module, edit):
    section = SectionPage.objects.child_of(module).first()
    page = edit(cast.author)
    page.goto(f"/admin/pages/{section.pk}/edit/")
    page.locator("[data-contentpath=body] [data-streamfield-child]").first.wait_for()
    blocks = page.evaluate(BLOCKS)

    assert len(blocks) == len(section.body)
    assert {state for state, _label in blocks} == {"false"}
    assert all(label for _state, label in blocks)
