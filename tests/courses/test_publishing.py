"""Publishing is one act and one row (D10), never by who wrote it."""

import pytest
from django.core.exceptions import PermissionDenied
from django.http import Http404

from clinic.people import granting
from clinic.records.audit import AuditEntry
from courses import importing, publishing
from courses.models import ModuleEdition, ModulePage, SectionPage
from tests.courses import made
from tests.courses.made import refused
from tests.given import Role, make_member

pytestmark = pytest.mark.django_db


@pytest.fixture
def second_reviewer(cast, regencies):
    person = make_member("Pengulas Kedua", regencies[0].health, email="kedua@uji.test")
    granting.grant(person, Role.REVIEWER, actor=cast.admin.account)
    return person


def test_one_act_makes_one_edition_of_all_sections(cast):
    module = importing.load_module(made.small_text("kecil", "satu"), author=cast.author.account)

    edition = publishing.publish(module, actor=cast.reviewer.account, note="Pertama")

    module.refresh_from_db()
    assert module.live
    assert (edition.number, edition.note, edition.is_current) == (1, "Pertama", True)
    assert [one["title"] for one in edition.sections] == ["Bagian 1 satu", "Bagian 2 satu"]
    assert set(edition.bodies) == {str(one["page"]) for one in edition.sections}
    assert all(page.live for page in SectionPage.objects.child_of(module))
    assert AuditEntry.objects.filter(verb="module.publish", thing_id=str(edition.uuid)).count() == 1


def test_readers_keep_the_old_edition_until_the_new_one_is_out(cast):
    module = made.small(cast)
    made.rewrite(module, "dua", actor=cast.author.account)

    before = ModuleEdition.objects.get(module=module, is_current=True)
    publishing.publish(module, actor=cast.reviewer.account)
    after = ModuleEdition.objects.get(module=module, is_current=True)

    assert (before.head["title"], before.number) == ("Modul satu", 1)
    assert (after.head["title"], after.number) == ("Modul dua", 2)
    assert [one["title"] for one in after.sections] == ["Bagian dua", "Bagian dua"]
    assert module.editions.count() == 2


def test_an_author_cannot_publish(cast):
    module = importing.load_module(made.small_text("kecil", "satu"), author=cast.author.account)

    with pytest.raises(PermissionDenied):
        publishing.publish(module, actor=cast.author.account)
    with pytest.raises(Http404):
        publishing.publish(module, actor=cast.participant.account)
    assert not ModuleEdition.objects.exists()


def test_a_reviewer_who_wrote_a_part_cannot_publish_it_but_another_can(cast, second_reviewer):
    module = made.small(cast)
    made.rewrite(module, "dua", actor=cast.reviewer.account, only={"bagian-2"})
    made.rewrite(module, "tiga", actor=cast.author.account, only=set())

    with refused("own_work"):
        publishing.publish(module, actor=cast.reviewer.account)
    assert publishing.publish(module, actor=second_reviewer.account).number == 2


def test_an_author_who_is_reviewer_too_cannot_publish_own_work(cast):
    granting.grant(cast.author, Role.REVIEWER, actor=cast.admin.account)
    module = importing.load_module(made.small_text("kecil", "satu"), author=cast.author.account)

    with refused("own_work"):
        publishing.publish(module, actor=cast.author.account)
    module.refresh_from_db()
    assert not module.live


def test_nothing_new_is_not_published_again(cast):
    module = made.small(cast)

    with refused("nothing_to_publish"):
        publishing.publish(module, actor=cast.reviewer.account)
    assert module.editions.count() == 1


def test_what_was_saved_after_the_look_is_not_published_unseen(cast):
    module = made.small(cast)
    made.rewrite(module, "dua", actor=cast.author.account)
    seen = publishing.draft_of(module).digest
    made.rewrite(module, "tiga", actor=cast.author.account)

    with refused("draft_moved"):
        publishing.publish(module, actor=cast.reviewer.account, seen=seen)
    seen = publishing.draft_of(module).digest
    edition = publishing.publish(module, actor=cast.reviewer.account, seen=seen)
    assert (edition.head["title"], edition.digest) == ("Modul tiga", seen)


def test_markup_that_no_button_makes_is_refused_and_nothing_goes_out(cast):
    text = made.small_text("kecil", "satu").replace(
        "<p>Isi 1 satu.</p>", "<p>Isi</p><img src=x onerror=alert(1)>"
    )
    module = importing.load_module(text, author=cast.author.account)

    with refused("foreign_markup"):
        publishing.publish(module, actor=cast.reviewer.account)
    module.refresh_from_db()
    assert not module.live
    assert not ModuleEdition.objects.exists()


def test_a_shipped_module_freezes_minutes_checks_and_basis(cast):
    module = made.published(cast)

    edition = module.editions.get()
    sections = made.table()["section"]
    assert [one["slug"] for one in edition.sections] == [one["slug"] for one in sections]
    assert edition.head["minutes"] == sum(one["minutes"] for one in edition.sections) > 20
    assert edition.sections[0]["checks"] == ["periksa-upg-prosedur"]
    assert edition.head["legal_basis"][0]["regulation"] == "permenpan-90-2021"
    assert edition.head["outcomes"] == made.table()["outcomes"]
    assert [one["outcome"] for one in edition.sections] == [one["outcome"] for one in sections]
    assert "zi" in edition.head["frameworks"][-1]


def test_loading_a_module_twice_keeps_one(cast):
    first = made.draft(cast)

    assert importing.load_module(made.content(), author=cast.author.account).pk == first.pk
    assert ModulePage.objects.count() == 1


def test_who_is_no_author_loads_no_module(cast):
    with pytest.raises(PermissionDenied):
        importing.load_module(made.small_text("a", "b"), author=cast.participant.account)


def test_a_module_that_names_an_unknown_outcome_is_refused(cast):
    text = made.small_text("kecil", "satu").replace("outcomes = []", 'outcomes = ["tidak-ada"]')

    with refused("module_file_refused") as refusal:
        importing.load_module(text, author=cast.author.account)
    assert refusal.value.details == {"outcomes": ["tidak-ada"]}
    assert not ModulePage.objects.exists()


@pytest.mark.parametrize("slug", ["tidak-ada", "sdm-karier"])
def test_a_section_that_names_no_outcome_of_its_module_is_refused(cast, slug):
    made.ground()
    text = made.small_text("kecil", "satu").replace(
        "outcomes = []", 'outcomes = ["pengawasan-gratifikasi"]'
    )
    named = text.replace('slug = "bagian-2"', f'slug = "bagian-2"\noutcome = "{slug}"')

    with refused("module_file_refused") as refusal:
        importing.load_module(named, author=cast.author.account)
    assert refusal.value.details == {"outcomes": [slug]}
    assert not ModulePage.objects.exists()


def test_a_section_keeps_the_outcome_that_its_file_names(cast):
    module = made.draft(cast)

    kept = SectionPage.objects.child_of(module).order_by("path")
    named = [section["outcome"] for section in made.table()["section"]]
    assert list(kept.values_list("outcome__slug", flat=True)) == named
    assert [one.get_latest_revision_as_object().outcome.slug for one in kept] == named
