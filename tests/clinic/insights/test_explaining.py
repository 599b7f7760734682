"""What "Mengapa?" says in plain words: counts, lines, what differs, and what can be reached."""

from dataclasses import replace
from decimal import Decimal

import pytest
from django.utils import timezone

from clinic.assessments.arithmetic.editions import FrameworkFile
from clinic.assessments.frameworks import edition_file
from clinic.assessments.models import ChangeArea
from clinic.assessments.sheets import RowEntry, record_sheet
from clinic.insights import evidence, explaining, finding_page, profile
from clinic.insights.arithmetic.diagnosis import Cause, Reason, Word
from clinic.insights.arithmetic.suppression import State
from clinic.insights.evidence import OpenQuiz
from clinic.insights.models import Finding
from clinic.insights.profile import ProfileLine
from clinic.insights.reading import Shown
from clinic.lib.templatetags.ui import points
from tests.clinic.insights import made
from tests.clinic.insights.made import AREA, PERIOD, address, answered_by, seen_by
from tests.quizzes import made as quizzes_made

pytestmark = pytest.mark.django_db
QUIZ = OpenQuiz("kuis", "Kuis", {AREA: 6}, is_readers=True)


def shown(**more):
    known = {"word": Word.UNKNOWN.value, "people": 4, "answering": 4, "answers": 24}
    return Shown(State.SHOWN, 1, **(known | more))


def asking(number, quizzes=(QUIZ,), **more):
    reason = Reason(Cause.KNOWING_NOT_DECIDED.value, more_answers=number)
    return explaining.what_would_tell(reason, shown(**more), quizzes, AREA)


@pytest.fixture
def browser(world, cast, signed_in, settings):
    settings.KLINIK_SECOND_FACTOR = False
    return signed_in(cast.regency_official.account)


@pytest.mark.parametrize(
    ("number", "people", "said"),
    [
        (2, 4, "kira-kira 1 kuis lagi oleh 1 orang"),
        (24, 4, "kira-kira 1 kuis lagi oleh 4 orang"),
        (40, 4, "kira-kira 2 kuis lagi oleh 4 orang"),
    ],
)
def test_further_answers_are_told_in_quizzes_and_people(number, people, said):
    told = asking(number, people=people)
    assert told.startswith(f"Diperlukan sekitar {number} jawaban lagi")
    assert said in told


def test_what_a_units_people_cannot_reach_is_said_plainly():
    assert "Dengan 1 pegawai unit yang terdaftar" in asking(40, people=1, answering=1, answers=6)
    assert "Daftarkan dahulu" in asking(40, people=0, answering=0, answers=0)
    assert "belum ada kuis area ini" in asking(10, (), answering=0, answers=0)


def test_few_people_are_never_shown_more_than_medium_certainty(world, cast):
    answered_by(world, cast, 2)
    stored = Finding.objects.get(unit=world[2].district, area=AREA)
    stored.certainty = 0.99
    stored.save()
    assert seen_by(world, cast.regency_official).dots == 2
    stored.refresh_from_db()
    assert stored.certainty == 0.99

    stored.answering = 3
    stored.save()
    assert seen_by(world, cast.regency_official).dots == 3


def test_full_marks_are_counted_from_five_people_on(world, cast, browser):
    answered_by(world, cast, 4)
    assert Finding.objects.get(unit=world[2].district, area=AREA).full == 4
    assert "bernilai penuh" not in browser.get(address(world[2].district)).content.decode()
    answered_by(world, cast, 5, after=4)
    page = browser.get(address(world[2].district)).content.decode()
    assert "30 jawaban, diberikan oleh 5 dari" in page
    assert "5 di antaranya bernilai penuh" in page
    for reader in (cast.unit_official, cast.other_unit_official):
        seen = seen_by(world, reader)
        assert seen.full == (5 if reader == cast.other_unit_official else None)


def test_the_page_claims_first_then_shows_both_figures_then_the_rows(world, cast, browser):
    answered_by(world, cast, 3)
    response = browser.get(address(world[2].district))
    page = response.content.decode()
    order = [
        page.index(each)
        for each in (
            'id="hasil-judul"',
            'id="tindak-judul"',
            'id="bidang-hasil-judul"',
            'id="alasan-judul"',
            'id="ubah-judul"',
            'id="butir-judul"',
        )
    ]
    assert order == sorted(order)
    told = {name: against for name, _number, against in response.context["sentences"]["figures"]}
    assert "batas 65" in told["Pemahaman, perkiraan"]
    assert "batas 60%" in told["Penerapan, perkiraan"]
    assert f"/pemetaan/unit/{world[2].district.slug}/?lembar=zi-2021:{PERIOD}" in page
    assert "0 dari 0" not in page


def test_practice_that_differs_from_print_is_explained_by_who_scored(world, cast, browser):
    answered_by(world, cast, 3)
    response = browser.get(address(world[2].district))
    assessed = response.context["assessed"]
    score = float(assessed.share)
    lower, higher = (
        replace(seen_by(world, cast.regency_official), share=score + change)
        for change in (-0.05, 0.05)
    )

    def explained(seen):
        return " ".join(explaining.explain_figures(seen, assessed))

    assert assessed.is_self_scored
    assert "lebih rendah dari" in explained(lower)
    assert "Nilai mandiri biasanya lebih tinggi" in explained(lower)
    assert "lebih tinggi dari" in explained(higher)
    assert "Nilai mandiri" not in explained(higher)
    assert ("belum diisi" in explained(higher)) == bool(assessed.blank)

    assessed.figures.sheet.edition.framework.slug = "akip"
    assert "Nilai mandiri" not in explained(lower)


def with_counts(framework_file: FrameworkFile) -> dict[str, RowEntry]:
    """A sheet whose first row by counts has half of its whole; nothing else is filled in."""
    node = next(each for each in framework_file.nodes if each.formula and each.area == AREA)
    rows = {code: RowEntry(value=10) for code in node.formula.denominator}
    return rows | {code: RowEntry(value=5) for code in node.formula.numerator}


def test_a_row_told_by_counts_is_not_called_blank(world, cast, browser):
    edition, _quiz, home = world
    record_sheet(
        unit=home.district, edition=edition, period=PERIOD, rows=with_counts(edition_file(edition))
    )
    assessed = browser.get(address(home.district)).context["assessed"]
    assert sum(row.is_blank for row in assessed.rows) == assessed.blank
    told = [row for row in assessed.rows if not row.is_blank]
    assert told
    assert all(": 10" in row.answer for row in told)


def test_a_sheet_far_from_the_answers_says_so(world, cast):
    answered_by(world, cast, 3)
    seen = seen_by(world, cast.regency_official)
    year = seen.until.year
    assert explaining.years_apart(seen, year - 1) == ""
    assert str(year - 5) in explaining.years_apart(seen, year - 5)


def line(word, points, **more):
    area = ChangeArea(slug=AREA, name="Pengawasan")
    return ProfileLine(
        area=area, shown=shown(word=word.value), points=Decimal(points), url="/x/", **more
    )


def test_verifying_leads_to_the_rows_without_proof():
    step = profile.step(line(Word.HIDDEN_RISK, "2", rows="/lke/"))
    assert step.url == "/lke/?saring=tanpa-bukti"
    assert profile.step(line(Word.HIDDEN_RISK, "2")).url == "/x/"


def test_what_is_unknown_leads_to_its_open_quiz_for_who_takes_it():
    step = profile.step(line(Word.UNKNOWN, "2", quizzes=(QUIZ,)))
    assert step.url == "/kuis/kuis/"
    closed = OpenQuiz("kuis", "Kuis", {AREA: 6}, is_readers=False)
    step = profile.step(line(Word.UNKNOWN, "2", quizzes=(closed,)))
    assert (step.url, step.hint) == ("/x/", "Kuis yang dibuka: Kuis")


def test_the_heaviest_unknown_area_gets_a_step_of_its_own():
    named = [line(Word.HIDDEN_RISK, points) for points in ("0.5", "0.4", "0")]
    unknown = line(Word.UNKNOWN, "2.6")
    found = profile.choose_steps([unknown, *named])
    assert [each.points for each in found] == [Decimal("0.5"), Decimal("0.4"), Decimal("2.6")]


def test_a_point_reached_in_full_accuses_nobody(world, cast, browser):
    answered_by(world, cast, 3)
    assessed = browser.get(address(world[2].district)).context["assessed"]
    assessed.figures.score = assessed.figures.max_points
    claim = finding_page.claim(shown(word=Word.HIDDEN_RISK.value), assessed)
    assert claim == "Seluruh poin sudah diraih; unit cukup memeriksa kesesuaian bukti"


@pytest.mark.parametrize(
    ("word", "words", "less"),
    [
        (Word.PRACTICE_GAP, ["sound", "knowledge-gap", "unknown"], "sedikitnya"),
        (Word.KNOWLEDGE_GAP, ["hidden-risk", "practice-gap", "unknown"], "sedikitnya"),
        (Word.SOUND, ["practice-gap", "hidden-risk", "unknown"], ""),
        (Word.HIDDEN_RISK, ["knowledge-gap", "sound", "unknown"], ""),
    ],
)
def test_what_would_change_a_word_is_told_for_both_lines(world, cast, browser, word, words, less):
    answered_by(world, cast, 3)
    assessed = browser.get(address(world[2].district)).context["assessed"]
    changes = finding_page.what_would_change(shown(word=word.value), assessed)
    assert [each for each, _told in changes] == words
    assert less in changes[0][1]
    if less:
        figures = assessed.figures
        needed = Decimal("0.6") * figures.max_points - figures.score
        assert points(needed, 2) in changes[0][1]
    assert finding_page.what_would_change(shown(), assessed) == []


def test_an_open_quiz_reaches_its_units_people(world, cast):
    quizzes_made.assigned(world[1], cast.participant)
    home = world[2]
    account = cast.regency_official.account
    found = evidence.open_quizzes(home.district, account, timezone.now())
    assert [(quiz.questions[AREA], quiz.is_readers) for quiz in found] == [(made.QUESTIONS, False)]
    own = evidence.open_quizzes(home.district, cast.participant.account, timezone.now())
    assert own[0].is_readers
