"""Progress is made by acts alone; a new edition takes nothing away (U15, U16)."""

import re

import pytest

from clinic.people import merging
from courses import progress, publishing
from courses.models import ModuleCompletion, SectionProgress
from quizzes.models import QuestionVersion
from tests.courses import made

pytestmark = pytest.mark.django_db
SECTION = "/modul/pengawasan/gratifikasi/"


def current(module):
    return module.editions.get(is_current=True)


def standing(person, edition):
    return progress.progress_of(person, [edition])[edition.module_id]


def all_finished(person, module):
    for section in current(module).sections:
        progress.finish(person, current(module), section)


def test_u15_reading_alone_changes_nothing(cast, signed_in):
    made.small(cast)
    browser = signed_in(cast.participant.account)
    for path in ("/modul/", "/modul/kecil/", "/modul/kecil/bagian-1/", "/modul/kecil/cetak/"):
        browser.get(path)

    assert not SectionProgress.objects.exists()


def test_u15_a_mark_is_seen_at_once_on_list_module_and_home(cast, signed_in):
    module = made.small(cast)
    browser = signed_in(cast.participant.account)

    browser.post("/modul/kecil/")
    begun = browser.get("/modul/").context["cards"][0]["state"]
    answer = browser.post("/modul/kecil/bagian-1/", {"selesai": "1"})
    home = browser.get("/belajar/").context["reading"]
    browser.post("/modul/kecil/bagian-2/", {"selesai": "1"})

    assert begun == "doing"
    assert answer.headers["Location"] == "/modul/kecil/bagian-2/"
    assert [task["url"] for task in home] == ["/modul/kecil/bagian-2/"]
    assert browser.get("/modul/").context["cards"][0]["state"] == "done"
    assert browser.get("/modul/kecil/").context["progress"].state == "done"
    assert browser.get("/belajar/").context["reading"] == []
    assert ModuleCompletion.objects.get().module_id == module.pk


def test_u77_a_section_is_finished_only_after_each_check_was_answered_once(cast, signed_in):
    module = made.shipped(cast)
    browser = signed_in(cast.participant.account)
    version = QuestionVersion.objects.get(question__slug="periksa-upg-prosedur")
    wrong = next(one for one in version.parsed.options if one.credit != 1)

    with pytest.raises(progress.ChecksUnanswered) as refusal:
        progress.finish(cast.participant, current(module), current(module).sections[0])
    before = browser.get(SECTION).content.decode()
    stopped = browser.post(SECTION, {"selesai": "1"})
    page = browser.get(stopped.headers["Location"])
    browser.post(SECTION, {"pertanyaan": "periksa-upg-prosedur", "jawaban": wrong.id})
    begun = SectionProgress.objects.get()
    browser.post(SECTION, {"selesai": "1"})

    assert refusal.value.details == {"unanswered": 1}
    anchor = re.search(r'<a href="#(b1-\d+)">\s*1 pertanyaan lagi', before)[1]
    assert f'id="{anchor}"' in before
    assert stopped.headers["Location"].endswith("#menunggu-jawaban")
    assert page.context["stopped"]
    assert page.context["waiting"] == 1
    assert begun.finished_at is None
    assert SectionProgress.objects.get().finished_edition == 1


def test_marking_twice_and_taking_back(cast):
    module = made.small(cast)
    person, edition = cast.participant, current(module)

    all_finished(person, module)
    first = SectionProgress.objects.order_by("pk").values_list("finished_at", flat=True)[0]
    all_finished(person, module)
    again = SectionProgress.objects.order_by("pk").values_list("finished_at", flat=True)[0]
    assert first == again
    assert ModuleCompletion.objects.get().person == person

    progress.undo(person, edition, edition.sections[0])
    assert standing(person, edition).state == "doing"
    assert not ModuleCompletion.objects.exists()


def test_u16_a_big_new_edition_keeps_completion_and_lists_changed_sections_only(cast):
    module = made.small(cast)
    all_finished(cast.participant, module)

    made.rewrite(module, "dua", actor=cast.author.account, only={"bagian-2"})
    publishing.publish(module, actor=cast.reviewer.account, is_major=True)
    found = standing(cast.participant, current(module))

    assert (found.state, found.completion.edition) == ("done", 1)
    assert [one["slug"] for one in found.changed] == ["bagian-2"]


def test_u16_a_small_edition_asks_nobody_to_look_again(cast):
    module = made.small(cast)
    all_finished(cast.participant, module)

    made.rewrite(module, "dua", actor=cast.author.account)
    publishing.publish(module, actor=cast.reviewer.account)
    found = standing(cast.participant, current(module))

    assert (found.state, found.changed) == ("done", ())


def test_what_a_merged_row_has_finished_counts_for_the_person(cast):
    module = made.small(cast)
    all_finished(cast.walk_in, module)

    merging.merge(cast.participant, cast.walk_in, actor=cast.admin.account, reason="satu orang")

    assert standing(cast.participant, current(module)).state == "done"


def test_a_guest_is_asked_to_sign_in_before_progress_is_kept(cast, client):
    made.small(cast)

    for path, data in (("/modul/kecil/", {}), ("/modul/kecil/bagian-1/", {"selesai": "1"})):
        answer = client.post(path, data)
        assert answer.headers["Location"] == f"/akun/masuk/?next={path}"
    assert not SectionProgress.objects.exists()


def test_progress_of_one_person_is_not_that_of_another(cast):
    module = made.small(cast)
    all_finished(cast.participant, module)

    assert standing(cast.colleague, current(module)).state == "todo"
