"""A participant reads, a guest without scripts; author and reviewer bring out a module."""

import gzip

import pytest
from django.conf import settings as django_settings

from courses.models import ModuleCompletion, ModuleEdition, SectionPage
from tests.courses import made
from tests.journeys.conftest import A4, F4, faults, follow, overflow, papers

pytestmark = [
    pytest.mark.journey,
    pytest.mark.django_db(transaction=True),
]
SECTION = "/modul/pengawasan/gratifikasi/"
PAGES = ["/modul/", "/modul/pengawasan/", SECTION, "/modul/pengawasan/cetak/"]


@pytest.fixture
def shipped(cast):
    return made.shipped(cast)


@pytest.fixture
def kept():
    """Return a function that keeps a picture of the page under the data folder."""
    folder = django_settings.DATA_DIR / "screenshots"
    folder.mkdir(exist_ok=True)
    return lambda page, name: page.screenshot(path=folder / f"{name}.png", full_page=True)


@pytest.mark.parametrize(
    ("scheme", "language", "width"), [("light", "id", 360), ("dark", "en", 1280)]
)
def test_pages_of_reading_have_no_fault(visit, shipped, kept, scheme, language, width):
    page = visit("/modul/", width=width, language=language, color_scheme=scheme)
    for address in PAGES:
        page.goto(address)
        assert faults(page) == [], address
        assert overflow(page) <= 0, address
        kept(page, f"{address.strip('/').replace('/', '-')}-{width}-{scheme}")
        assert len(gzip.compress(page.content().encode())) <= 20 * 1024


def test_a_participant_reads_answers_and_finishes(enter, shipped, cast, kept):
    page = enter(cast.participant, "/belajar/", width=360)
    assert faults(page) == []
    kept(page, "belajar-baru-360")
    page.goto("/modul/pengawasan/")
    start = page.get_by_role("button", name="Start")
    follow(start.or_(page.get_by_role("button", name="Mulai")))
    assert page.url.endswith(SECTION)
    form = page.locator("form", has=page.locator("input[value='periksa-upg-prosedur']"))
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    form.locator("input[type=radio]").first.check()
    form.locator("button").click()
    page.locator("[role=status] .notice").first.wait_for()
    assert said == [], "the policy of contents refuses nothing"
    assert faults(page) == []
    kept(page, "periksa-360")
    page.locator("button[name=selesai]").click()
    page.wait_for_url("**/pengendalian-intern/")
    page.goto("/belajar/")
    assert page.locator("main a", has_text="Menyusun bukti pengawasan").count() == 1
    kept(page, "belajar-360")
    assert faults(page) == []


def test_a_guest_answers_a_check_with_scripts_off(visit, shipped):
    page = visit(SECTION, java_script_enabled=False)
    form = page.locator("form", has=page.locator("input[value='periksa-upg-prosedur']"))
    form.locator("input[type=radio]").first.check()
    follow(form.locator("button"))

    assert page.locator("[role=status] .notice").count() == 1
    assert page.locator("[role=status] .notice").is_visible()


def test_each_answer_to_a_check_takes_the_focus_and_a_module_prints_full_pages(visit, shipped):
    page = visit(SECTION)
    form = page.locator("form", has=page.locator("input[value='periksa-upg-prosedur']"))
    for each in range(2):
        form.locator("input[type=radio]").nth(each).check()
        form.locator("button").focus()
        with page.expect_response("**/gratifikasi/"):
            page.keyboard.press("Enter")
        page.locator("[role=status]:focus").wait_for()
    assert page.locator("[style]").count() == 0

    page.goto("/modul/pengawasan/cetak/")
    for paper in (A4, F4):
        assert papers(page, **paper) <= 23


def test_author_writes_and_reviewer_publishes(visit, enter, cast, kept):
    module = made.small(cast)
    section = SectionPage.objects.child_of(module).first()
    author = enter(cast.author, f"/admin/pages/{section.pk}/edit/")
    kept(author, "penyunting-1280")
    author.locator("#id_title").fill("Bagian dari penyunting")
    author.locator("button[name='action-kirim']").click()
    author.wait_for_url("**/admin/tinjau/kecil/")

    reviewer = enter(cast.reviewer, "/admin/tinjau/")
    assert faults(reviewer) == []
    follow(reviewer.get_by_role("link", name="Modul satu"))
    assert faults(reviewer) == []
    kept(reviewer, "tinjau-1280")
    reviewer.locator("#id_note").fill("Judul baru")
    reviewer.locator("button[value=terbitkan]").click()
    reviewer.wait_for_url("**/admin/tinjau/")

    guest = visit("/modul/kecil/bagian-1/")
    assert guest.locator("h1").inner_text() == "Bagian dari penyunting"
    assert ModuleEdition.objects.filter(module=module).count() == 2
    assert not ModuleCompletion.objects.exists()
