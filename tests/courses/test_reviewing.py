"""Author to reviewer and back, in the service and in the editor (U18)."""

import re

import pytest
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from wagtail.models import GroupPagePermission

from clinic.records.notices import Notice
from courses import importing, publishing, reviewing
from courses.models import ModuleEdition, ModuleIndexPage, ModulePage, ReviewRequest, SectionPage
from tests.courses import made
from tests.courses.made import refused

pytestmark = pytest.mark.django_db
REVIEW = "/admin/tinjau/kecil/"


@pytest.fixture(autouse=True)
def without_second_factor(settings):
    settings.KLINIK_SECOND_FACTOR = False


@pytest.fixture
def module(cast):
    return importing.load_module(made.small_text("kecil", "satu"), author=cast.author.account)


def test_sending_asks_every_reviewer_once(cast, module):
    first = reviewing.send_to_review(module, actor=cast.author.account)
    second = reviewing.send_to_review(module, actor=cast.author.account)

    assert first == second
    assert list(Notice.objects.values_list("kind", "person")) == [
        ("module_review", cast.reviewer.pk)
    ]


def test_only_the_writer_sends(cast, module):
    with pytest.raises(PermissionDenied):
        reviewing.send_to_review(module, actor=cast.reviewer.account)
    assert not ReviewRequest.objects.exists()


def test_nothing_new_is_not_sent(cast):
    published = made.small(cast, "lain")

    with refused("nothing_to_publish"):
        reviewing.send_to_review(published, actor=cast.author.account)


def test_returning_needs_a_comment_and_brings_it_to_the_author(cast, module):
    with refused("not_waiting"):
        reviewing.return_to_author(module, actor=cast.reviewer.account, comment="Perbaiki")
    reviewing.send_to_review(module, actor=cast.author.account)
    with refused("comment_missing"):
        reviewing.return_to_author(module, actor=cast.reviewer.account, comment="  ")
    with pytest.raises(PermissionDenied):
        reviewing.return_to_author(module, actor=cast.author.account, comment="Perbaiki")

    done = reviewing.return_to_author(
        module, actor=cast.reviewer.account, comment="Sebutkan barisnya"
    )

    told = Notice.objects.get(person=cast.author.pk)
    assert (done.state, "Sebutkan barisnya" in told.body) == ("returned", True)
    assert reviewing.send_to_review(module, actor=cast.author.account).pk != done.pk


def test_publishing_closes_the_review(cast, module):
    request = reviewing.send_to_review(module, actor=cast.author.account)

    publishing.publish(module, actor=cast.reviewer.account)

    request.refresh_from_db()
    assert (request.state, request.decided_by) == ("published", cast.reviewer.account)


def test_the_reviewer_sees_the_whole_draft_and_publishes_it(cast, module, signed_in):
    reviewing.send_to_review(module, actor=cast.author.account)
    browser = signed_in(cast.reviewer.account)

    listed = browser.get("/admin/tinjau/").content.decode()
    page = browser.get(REVIEW)
    seen = page.context["publish_form"].initial["seen"]
    answer = browser.post(REVIEW, {"act": "terbitkan", "note": "Pertama", "seen": seen})

    assert "Modul satu" in listed
    assert all(text in page.content.decode() for text in ("Isi 1 satu.", "Isi 2 satu."))
    assert answer.status_code == 302
    assert ModuleEdition.objects.get().note == "Pertama"


def test_a_draft_in_review_costs_the_same_whatever_its_length(cast, signed_in):
    browser = signed_in(cast.reviewer.account)
    browser.get("/admin/tinjau/")
    texts = {n: made.small_text(f"modul-{n}", "satu", sections=n) for n in (1, 6)}
    made.ground()
    texts[0] = made.content()  # five sections, five outcomes, rubrics, rules and checks
    costs = {}
    for number, text in texts.items():
        drafted = importing.load_module(text, author=cast.author.account)
        reviewing.send_to_review(drafted, actor=cast.author.account)
        with CaptureQueriesContext(connection) as seen:
            page = browser.get(f"/admin/tinjau/{drafted.slug}/")
        assert page.status_code == 200
        costs[number] = len(seen)

    assert costs[1] == costs[6]
    assert costs[0] <= 25, costs  # one reads the definition of an edition, once in a process


def test_what_the_reviewer_saw_of_a_full_module_is_what_is_published(cast):
    drafted = made.draft(cast)
    seen = publishing.draft_of(drafted)

    edition = publishing.publish(drafted, actor=cast.reviewer.account, seen=seen.digest)

    assert (edition.head, edition.bodies) == (seen.head, seen.bodies)
    assert len(seen.head["outcomes"]) == 5


def test_a_draft_that_moved_is_shown_again_instead_of_published(cast, module, signed_in):
    browser = signed_in(cast.reviewer.account)
    seen = browser.get(REVIEW).context["publish_form"].initial["seen"]
    made.rewrite(module, "dua", actor=cast.author.account)

    answer = browser.post(REVIEW, {"act": "terbitkan", "seen": seen})

    assert answer.status_code == 200
    assert "Isi dua." in answer.content.decode()
    assert not ModuleEdition.objects.exists()


def test_the_author_has_no_button_to_publish_and_no_way_to(cast, module, signed_in):
    browser = signed_in(cast.author.account)
    page = browser.get(REVIEW)

    refused = browser.post(REVIEW, {"act": "terbitkan", "seen": publishing.draft_of(module).digest})

    assert 'value="terbitkan"' not in page.content.decode()
    assert refused.status_code == 403
    assert not ModuleEdition.objects.exists()


def test_others_do_not_know_of_the_draft(cast, module, signed_in):
    for person in (cast.participant, cast.regency_official, cast.unit_official):
        assert signed_in(person.account).get(REVIEW).status_code == 404


def test_nobody_holds_the_editors_own_right_to_publish():
    held = set(GroupPagePermission.objects.values_list("group__name", "permission__codename"))

    assert held == {
        ("Penyusun", "add_page"),
        ("Pengulas", "change_page"),
        ("Admin", "add_page"),
        ("Admin", "change_page"),
    }


def editor(page):
    return reverse("wagtailadmin_pages:edit", args=[page.pk])


def test_the_author_writes_in_the_editor_and_sends_from_there(cast, module, signed_in):
    browser = signed_in(cast.author.account)
    section = SectionPage.objects.child_of(module).first()

    page = browser.get(editor(section)).content.decode()
    answer = browser.post(
        editor(section),
        {
            "title": "Bagian dari penyunting",
            "slug": section.slug,
            "lead": "Mengapa",
            "is_required": "on",
            "body-count": "0",
            "action-kirim": "1",
            "comments-TOTAL_FORMS": "0",
            "comments-INITIAL_FORMS": "0",
        },
    )

    assert 'name="action-kirim"' in page
    assert 'name="action-publish"' not in page
    assert answer.headers["Location"] == REVIEW
    assert ReviewRequest.objects.get().state == "waiting"
    assert publishing.draft_of(module).head["sections"][0]["title"] == "Bagian dari penyunting"
    with refused("incomplete"):
        publishing.publish(module, actor=cast.reviewer.account)


def test_a_posted_publish_in_the_editor_publishes_nothing(cast, module, signed_in):
    section = SectionPage.objects.child_of(module).first()
    for person in (cast.author, cast.reviewer):
        signed_in(person.account).post(
            editor(section),
            {
                "title": "Lewat pintu samping",
                "slug": section.slug,
                "lead": "Mengapa",
                "body-count": "0",
                "action-publish": "1",
                "comments-TOTAL_FORMS": "0",
                "comments-INITIAL_FORMS": "0",
            },
        )

    section.refresh_from_db()
    assert not section.live
    assert not ModuleEdition.objects.exists()


def test_an_author_edits_own_pages_only(cast, module, signed_in):
    assert signed_in(cast.author.account).get(editor(module)).status_code == 200
    ModulePage.objects.update(owner=cast.admin.account)
    assert signed_in(cast.author.account).get(editor(module)).status_code == 302


def test_only_our_pages_can_be_made_and_where_they_belong(cast, signed_in):
    index = ModuleIndexPage.objects.get()
    browser = signed_in(cast.author.account)
    made_here = [model.__name__ for model in ModuleIndexPage.creatable_subpage_models()]

    assert made_here == ["ModulePage"]
    address = reverse("wagtailadmin_pages:add", args=["courses", "modulepage", index.pk])
    assert browser.get(address).status_code == 200
    elsewhere = reverse("wagtailadmin_pages:add", args=["courses", "standardpage", index.pk])
    assert browser.get(elsewhere).status_code in {302, 403}


def test_a_reserved_address_is_refused(cast):
    module = ModulePage(title="Luring", slug="luring", promise="-", area_id="pengawasan")

    with pytest.raises(Exception, match="slug"):
        ModuleIndexPage.objects.get().add_child(instance=module)


def test_a_review_shows_what_changed_since_the_published_edition(cast, signed_in):
    module = made.small(cast, "kecil")
    made.rewrite(module, "lima", actor=cast.author.account, only={"bagian-1"})
    reviewing.send_to_review(module, actor=cast.author.account)

    page = signed_in(cast.reviewer.account).get(REVIEW)

    changed = [one for one in page.context["changes"] if one.slug]
    assert [(one.slug, one.kind) for one in changed] == [("bagian-1", "changed")]
    text = re.sub(r"\s+(?=>)", "", page.content.decode())
    assert "<del>" in text
    assert "<ins>lima" in text
    assert text.index('href="#keputusan"') < text.index("<ins>") < text.index('id="keputusan"')


def test_what_is_new_in_a_draft_is_shown_as_text_never_as_markup(cast, signed_in):
    module = made.small(cast, "kecil")
    made.rewrite(module, "&lt;b onclick=1&gt;", actor=cast.author.account)

    page = signed_in(cast.reviewer.account).get(REVIEW).content.decode()

    assert "<b onclick" not in page
    assert "&lt;b onclick=1&gt;" in page


def test_who_sends_reads_for_whom_it_waits(cast, module, signed_in):
    page = signed_in(cast.author.account).post(REVIEW, {"act": "kirim"}, follow=True)

    assert cast.reviewer.name in page.content.decode()
