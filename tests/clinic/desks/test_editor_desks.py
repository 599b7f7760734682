"""The first screen of author, reviewer and administrator: ``/admin/``."""

import re
from pathlib import Path

import pytest
import wagtail.admin

from clinic.desks import editor
from clinic.people.models import Account
from courses import importing, reviewing
from tests.courses import made

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("one_factor")]
SKELETON = "wagtailadmin/skeleton.html"
HOSTS = re.compile(r'(?:href|src|action)="(https?://[^"]+)')


@pytest.fixture
def sent(cast):
    module = importing.load_module(made.small_text("kecil", "satu"), author=cast.author.account)
    reviewing.send_to_review(module, actor=cast.author.account)
    return module


def panels(page):
    return {panel.title: panel for panel in page.context["panels"]}


def test_an_author_finds_own_drafts_with_their_state_and_the_way_on(cast, sent, signed_in):
    fresh = importing.load_module(made.small_text("baru", "dua"), author=cast.author.account)
    reviewing.return_to_author(sent, actor=cast.reviewer.account, comment="Sebutkan barisnya")

    page = signed_in(cast.author.account).get("/admin/")
    found = panels(page)

    assert list(found) == ["Draf saya"]
    rows = found["Draf saya"].rows
    assert rows[0]["hint"] == "Sebutkan barisnya"
    assert rows[1]["url"] == f"/admin/pages/{fresh.pk}/edit/"


def test_a_reviewer_finds_what_waits_with_who_sent_it(cast, sent, signed_in):
    page = signed_in(cast.reviewer.account).get("/admin/")
    (row,) = panels(page)["Perlu ditinjau"].rows

    assert row["url"] == "/admin/tinjau/kecil/"
    assert cast.author.name in row["hint"]


def test_the_first_screen_costs_no_more_for_more_drafts(
    cast, sent, signed_in, django_assert_max_num_queries
):
    browser = signed_in(cast.author.account)
    browser.get("/admin/")
    with django_assert_max_num_queries(40) as asked:
        browser.get("/admin/")
    before = len(asked)
    for number in range(3):
        importing.load_module(
            made.small_text(f"baru-{number}", str(number)), author=cast.author.account
        )
    with django_assert_max_num_queries(before):
        browser.get("/admin/")


def test_an_administrator_finds_accounts_lists_slips_and_health(cast, signed_in):
    page = signed_in(cast.admin.account).get("/admin/")
    found = panels(page)
    links = {link["url"] for panel in found.values() for link in panel.links}

    assert {"Akun dan orang", "Unit kerja", "Impor daftar", "Slip aktivasi", "Keadaan sistem"} <= (
        found.keys()
    )
    assert {link.url for link in editor.MENU_LINKS} <= links
    assert len(found["Keadaan sistem"].rows) == len(editor.CHECKS) + 2
    for link in editor.MENU_LINKS:
        assert link.name in page.content.decode()


def test_health_says_what_fails_and_since_when(cast):
    health = editor.administrator_panels(cast.admin.account, ["worker"])[0]
    states = {str(row["label"]): row["state"] for row in health.rows}

    assert states[str(editor.CHECKS["worker"])] == "late"
    assert states[str(editor.CHECKS["disk"])] == "done"
    assert editor.administrator_panels(cast.author.account, []) == []


@pytest.mark.parametrize("name", ["author", "reviewer", "admin"])
def test_the_editor_shows_a_name_no_nip_and_no_foreign_host(cast, sent, signed_in, name):
    account = getattr(cast, name).account
    Account.objects.filter(pk=account.pk).update(login_name="199001012015011999")

    browser = signed_in(account)
    for address in ("/admin/", "/admin/pages/"):
        page = browser.get(address, follow=True).content.decode()
        assert "199001012015011999" not in page
        assert account.person.name in page
        assert HOSTS.findall(page) == []


def test_pages_of_the_administrator_are_not_in_the_authors_menu(cast, sent, signed_in):
    page = signed_in(cast.author.account).get("/admin/").content.decode()
    assert all(link.name not in page for link in editor.MENU_LINKS)


def test_our_copy_of_the_editors_frame_lacks_its_foreign_link_and_its_name_alone():
    """A newer Wagtail with another frame is noticed here."""
    theirs = Path(wagtail.admin.__file__).parent / "templates" / SKELETON
    ours = Path("templates") / SKELETON

    def the_rest(path):
        text = path.read_text().replace("branding_title %}Wagtail{%", "branding_title %}{%")
        text = re.sub(r"<noscript.*?</noscript>", "", text, flags=re.DOTALL)
        # White space, the case of the doctype and the slash of a void tag are the formatter's.
        return re.sub(r"\s*/>|\s+", lambda match: ">" * ("/" in match[0]), text).lower()

    assert the_rest(ours) == the_rest(theirs)
    assert "//" not in re.search(r"<noscript.*?</noscript>", ours.read_text(), re.DOTALL)[0]
