"""What readers get: pages of the current edition, without keys, to the scope they may read."""

import re
import tomllib

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils.html import escape

from clinic.assessments import frameworks, sheets
from clinic.assessments.models import FrameworkEdition, Node, Outcome
from courses import importing, publishing, reading
from courses.models import ModulePage
from quizzes import authoring
from quizzes.models import QuestionVersion
from tests.courses import made

pytestmark = pytest.mark.django_db
SECTION = "/modul/pengawasan/gratifikasi/"


def texts(page):
    """The page with single spaces, none of them at the edge of a tag."""
    text = re.sub(r"\s+", " ", page.content.decode())
    return re.sub(r"> (?=<)| (?=>)", lambda found: found[0].strip(), text)


@pytest.fixture
def shipped(cast):
    return made.shipped(cast)


def keys():
    """Everything that only an answer may bring: feedback and explanations of practice questions."""
    found = set()
    for version in QuestionVersion.objects.filter(question__use="practice"):
        content = version.parsed
        found.add(content.explanation.id)
        found |= {one.feedback.id for one in getattr(content, "options", ()) if one.feedback.id}
    return found


def test_a_module_page_says_what_one_will_be_able_to_do(client, shipped):
    page = texts(client.get("/modul/pengawasan/"))

    edition = shipped.editions.get()
    assert "Versi 1" in page or "Version 1" in page
    assert str(edition.head["minutes"]) in page
    for part in (edition.head["promise"], edition.sections[-1]["title"], "Permenpan RB 90/2021"):
        assert part in page
    assert page.count("<h1") == 1


@pytest.mark.parametrize(("language", "field"), [("id", "statement"), ("en", "statement_en")])
def test_a_section_says_which_outcome_it_serves_in_the_readers_language(
    client, shipped, settings, language, field
):
    client.cookies[settings.LANGUAGE_COOKIE_NAME] = language
    for one in shipped.editions.get().sections:
        outcome = Outcome.objects.get(slug=one["outcome"])
        page = client.get(f"/modul/pengawasan/{one['slug']}/")
        head = texts(page).split("<article")[0]
        assert head.index(escape(one["lead"])) < head.index(f": {escape(getattr(outcome, field))}<")


def test_a_section_without_an_outcome_says_nothing_of_one(cast, client):
    made.small(cast)

    page = client.get("/modul/kecil/bagian-1/")
    assert "None" not in texts(page)


def test_s01_no_page_of_a_module_holds_a_key_before_an_answer(client, shipped):
    held = keys()
    assert len(held) > 10
    pages = ["/modul/", "/modul/pengawasan/", "/modul/pengawasan/cetak/"]
    pages += [f"/modul/pengawasan/{one['slug']}/" for one in shipped.editions.get().sections]
    for path in pages:
        answer = client.get(path)
        assert answer.status_code == 200, path
        assert [text for text in held if text in answer.content.decode()] == [], path


def test_a_check_answers_with_feedback_also_without_javascript(client, shipped):
    version = QuestionVersion.objects.get(question__slug="periksa-upg-prosedur")
    wrong, right = (
        next(one for one in version.parsed.options if (one.credit == 1) is credit)
        for credit in (False, True)
    )

    blank = texts(client.post(SECTION, {"pertanyaan": "periksa-upg-prosedur"}))
    first = texts(client.post(SECTION, {"pertanyaan": "periksa-upg-prosedur", "jawaban": wrong.id}))
    again = client.post(
        SECTION,
        {"pertanyaan": "periksa-upg-prosedur", "jawaban": right.id},
        headers={"HX-Request": "true"},
    )

    assert version.parsed.explanation.id not in blank
    assert wrong.feedback.id in first
    assert "<html" in first
    assert right.feedback.id in texts(again)
    assert "<html" not in texts(again)


def test_a_check_of_another_section_is_not_answered_here(client, shipped):
    other = shipped.editions.get().sections[1]["checks"][0]

    assert client.post(SECTION, {"pertanyaan": other, "jawaban": "x"}).status_code == 404
    assert client.post(SECTION, {"pertanyaan": "tidak-ada"}).status_code == 404


def test_a_rubric_is_read_from_the_framework_when_the_page_is_shown(client, shipped):
    before = texts(client.get(SECTION))
    node = Node.objects.get(edition__slug="zi-2021", code="A.I.5.i.a")
    assert node.name in before
    text = next(path.read_text() for path in frameworks.shipped_files() if "zi-2021" in path.name)
    frameworks.load_framework(text.replace(node.name, "Bunyi baru dari kerangka"))

    assert "Bunyi baru dari kerangka" in texts(client.get(SECTION))


def test_u17_a_rule_that_is_amended_is_marked_without_publishing(client, shipped):
    text = (made.CONTENT / "regulations.toml").read_text()
    rule = tomllib.loads(text)["regulation"]
    named = next(one for one in rule if one["slug"] == "uu-28-1999")
    doubts = ("sedang ditinjau", "is under review")
    assert not any(doubt in texts(client.get("/modul/pengawasan/")) for doubt in doubts)

    before, after = text.split('slug = "uu-28-1999"')
    here, rest = after.split("[[regulation]]", 1)
    changed = here.replace(f'"{named["status"]}"', '"diubah"', 1)
    importing.load_regulations(f'{before}slug = "uu-28-1999"{changed}[[regulation]]{rest}')

    assert any(doubt in texts(client.get("/modul/pengawasan/")) for doubt in doubts)


def test_a_check_that_is_written_anew_is_asked_as_it_is_now(cast, client, shipped):
    version = QuestionVersion.objects.get(question__slug="periksa-upg-prosedur")
    stem = version.parsed.stem.wording("id").text
    assert stem in texts(client.get(SECTION))
    bank = (made.CONTENT / "bank" / "pengawasan.toml").read_text()
    authoring.load_bank(
        [bank.replace(stem, "Soal ini ditulis ulang?")],
        author=cast.author.account,
        reviewer=cast.reviewer.account,
    )

    assert "Soal ini ditulis ulang?" in texts(client.get(SECTION))


def test_what_is_kept_of_a_section_is_nobodys_own(cast, shipped, signed_in, regencies):
    """Whoever comes first, what is kept holds neither token, nor progress, nor own answers."""
    sheets.record_sheet(
        unit=regencies[0].district,
        edition=FrameworkEdition.objects.get(slug="zi-2021"),
        period=2025,
        rows={"A.I.5.i.a": sheets.RowEntry(value="B")},
    )
    reader = signed_in(cast.participant.account)
    reader.post("/modul/pengawasan/")
    page = reader.get(SECTION)
    own = ("Jawaban unit Anda", "Your unit", "csrfmiddlewaretoken", 'class="own"', "Peserta")
    assert sum(text in page.content.decode() for text in own) >= 3

    edition = reading.find_edition(cast.participant.account, "pengawasan")
    with CaptureQueriesContext(connection) as asked:
        kept = reading.section_content(edition, edition.sections[0])
    assert len(asked) == 0
    markup = "".join(one.markup for one in (kept.head, kept.contents, *kept.blocks.values()))
    assert len(markup) > 10_000
    assert [text for text in own if text in markup] == []
    assert texts(Client().get(SECTION)).count("Jawaban unit Anda") == 0


def test_what_an_author_saves_is_seen_by_nobody_before_it_is_published(cast, client):
    module = made.small(cast)
    made.rewrite(module, "rahasia", actor=cast.author.account)

    assert "rahasia" not in texts(client.get("/modul/kecil/"))
    publishing.publish(module, actor=cast.reviewer.account)
    assert "rahasia" in texts(client.get("/modul/kecil/bagian-1/"))


def test_a_draft_and_an_internal_module_are_not_there_for_a_guest(cast, client, signed_in):
    module = made.small(cast)
    ModulePage.objects.filter(pk=module.pk).update(is_internal=True)

    for path in ("/modul/kecil/", "/modul/kecil/bagian-1/", "/modul/kecil/cetak/"):
        assert client.get(path).status_code == 404
        assert signed_in(cast.participant.account).get(path).status_code == 200
    ModulePage.objects.filter(pk=module.pk).update(live=False)
    assert signed_in(cast.participant.account).get("/modul/kecil/").status_code == 404
    assert "Modul satu" not in texts(client.get("/modul/"))


def test_s07_what_an_author_types_comes_out_escaped(cast, client):
    text = made.small_text("kecil", "<b>tebal</b>").replace(
        "<p>Isi 1 <b>tebal</b>.</p>", "<p>a</p>"
    )
    module = importing.load_module(text, author=cast.author.account)
    publishing.publish(module, actor=cast.reviewer.account)

    for path in ("/modul/", "/modul/kecil/", "/modul/kecil/bagian-1/"):
        page = texts(client.get(path))
        assert "Modul <b>tebal" not in page
        assert "Mengapa <b>tebal" not in page
        assert "&lt;b&gt;tebal" in page


def test_filters_narrow_the_list(client, cast, shipped):
    made.small(cast)

    def titles(query):
        return [card["title"] for card in client.get(f"/modul/{query}").context["cards"]]

    assert len(titles("")) == 2
    assert titles("?kerangka=zi") == [shipped.title]
    assert titles("?menit=15") == ["Modul satu"]
    assert titles("?bidang=sdm") == []


def test_pages_of_reading_ask_few_questions_of_the_database(cast, shipped, signed_in):
    browser = signed_in(cast.participant.account)
    own = {"courses", "assessments", "quizzes", "records", "wagtailcore"}
    for path, of_guests, of_readers in (
        ("/modul/", 4, 6),
        ("/modul/pengawasan/", 1, 3),
        ("/modul/pengawasan/cetak/", 1, 1),
        (SECTION, 1, 4),
    ):
        for visitor, most in ((Client(), of_guests), (browser, of_readers)):
            visitor.get(path)
            with CaptureQueriesContext(connection) as asked:
                assert visitor.get(path).status_code == 200
            tables = [re.search(r'FROM "([a-z]+)_', one["sql"])[1] for one in asked]
            assert sum(table in own for table in tables) <= most, (path, tables)


def test_the_front_page_leads_from_an_area_to_its_module(cast, client):
    assert 'href="/modul/kecil/"' not in texts(client.get("/"))
    made.small(cast)
    assert 'href="/modul/kecil/"' in texts(client.get("/"))


def test_an_answered_check_mends_the_hint_and_says_what_was_not_right(
    cast, shipped, signed_in, settings
):
    browser = signed_in(cast.participant.account)
    version = QuestionVersion.objects.get(question__slug="periksa-upg-prosedur")
    wrong = next(one for one in version.parsed.options if one.credit == 0)
    waiting = browser.get(SECTION).context["waiting"]

    answer = browser.post(
        SECTION,
        {"pertanyaan": "periksa-upg-prosedur", "jawaban": wrong.id},
        headers={"HX-Request": "true"},
    )

    assert waiting == 1
    assert answer.context["waiting"] == 0
    assert 'id="menunggu-jawaban" hx-swap-oob="true"></div>' in texts(answer)
    assert 'role="status" tabindex="-1" autofocus' in texts(answer)
    assert "hx-swap-oob" not in texts(browser.get(SECTION))


def test_a_computed_row_shows_how_it_is_counted_and_a_yes_row_both_answers(client, shipped):
    wealth = texts(client.get("/modul/pengawasan/harta-kekayaan/"))

    assert "Jumlah yang sudah melaporkan / Jumlah yang harus melaporkan" in wealth
    edition = shipped.editions.get()
    rows = [
        row
        for block in reading.section_blocks(edition, edition.section("pengaduan"))
        if block.kind == "rubric"
        for row in block.about
    ]
    both = next(row for row in rows if row.letters and row.letters[0].letter == "Ya")
    assert [one.letter for one in both.letters] == ["Ya", "Tidak"]
    assert both.letters[1].text


def test_in_english_a_module_says_that_its_text_is_indonesian(client, shipped, settings):
    for path in ("/modul/pengawasan/", SECTION, "/modul/pengawasan/cetak/"):
        assert "This module is in Indonesian." not in texts(client.get(path))
        client.cookies[settings.LANGUAGE_COOKIE_NAME] = "en"
        page = texts(client.get(path))
        assert "This module is in Indonesian." in page
        assert '<h1 lang="id">' in page
        client.cookies.clear()
