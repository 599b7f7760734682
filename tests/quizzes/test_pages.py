"""The pages without a script: forms alone do everything."""

import re
from datetime import timedelta

import pytest
from django.utils import timezone

from quizzes import delivery, showing
from quizzes.arithmetic.saving import SaveEvent
from quizzes.models import Assignment, Attempt, Response
from quizzes.models.assignments import Phase
from tests.quizzes import made
from tests.quizzes.arithmetic import questions


@pytest.fixture
def quiz(cast):
    return made.published_quiz(cast, minutes=20)


@pytest.fixture
def browser(cast, quiz, signed_in):
    made.assigned(quiz, cast.participant)
    return signed_in(cast.participant.account)


@pytest.fixture
def attempt(browser):
    given = Assignment.objects.get()
    browser.post("/kuis/kuis-uji/", {"tugas": str(given.uuid)})
    return Attempt.objects.get()


def hidden(page):
    return dict(re.findall(r'name="(base_rev|token)"\s+value="([^"]*)"', page.content.decode()))


def fields_of(item):
    """The form fields of the right answer."""
    key = made.key_of(item.question_version.parsed)
    if isinstance(key, dict) and "raw" not in key:
        return {f"jawaban-{prompt}": target for prompt, target in key.items()}
    return {"jawaban": key["raw"] if isinstance(key, dict) else key}


def test_from_the_list_to_the_result_by_forms_alone(browser, attempt):
    for item in attempt.items.select_related("question_version"):
        path = f"/kuis/pengerjaan/{attempt.uuid}/{item.index}/"
        sent = {**hidden(browser.get(path)), **fields_of(item), "ke": str(item.index + 1)}
        assert browser.post(path, sent).status_code == 302
    browser.post(f"/kuis/pengerjaan/{attempt.uuid}/periksa/")

    page = browser.get(f"/kuis/pengerjaan/{attempt.uuid}/1/", follow=True)
    assert page.redirect_chain[-1][0].endswith("/hasil/")
    result = page.context["result"]
    assert (result.score, result.full, result.passed) == (5, 5, True)
    assert result.items is None


def test_a_stale_page_comes_back_with_both_answers_and_keeps_either(browser, attempt):
    item = attempt.items.get(index=1)
    options = item.question_version.parsed.options
    path = f"/kuis/pengerjaan/{attempt.uuid}/1/"
    old, new = hidden(browser.get(path)), hidden(browser.get(path))
    browser.post(path, {**new, "jawaban": options[0].id, "ke": "2"})

    page = browser.post(path, {**old, "jawaban": options[1].id, "ke": "2"})

    text = page.content.decode()
    assert page.status_code == 409
    assert options[0].text.id in text
    assert options[1].text.id in text
    assert Response.objects.get(item=item).value == options[0].id
    again = browser.post(path, {**hidden(page), "jawaban": options[1].id, "ke": "2"})
    assert again.status_code == 302
    assert Response.objects.get(item=item).value == options[1].id


def test_an_unreadable_number_comes_back_as_it_was_typed(browser, attempt):
    item = next(
        one for one in attempt.items.all() if one.question_version.question.type == "numeric"
    )
    path = f"/kuis/pengerjaan/{attempt.uuid}/{item.index}/"
    page = browser.post(path, {**hidden(browser.get(path)), "jawaban": "dua puluh", "ke": "1"})
    assert page.status_code == 422
    assert 'value="dua puluh"' in page.content.decode()


def numeric_path(attempt):
    item = attempt.items.get(question_version__question__type="numeric")
    return f"/kuis/pengerjaan/{attempt.uuid}/{item.index}/"


def test_a_typed_number_is_echoed_as_it_was_read(browser, attempt):
    path = numeric_path(attempt)
    read = "Terbaca sebagai seribu lima ratus (1.500)"
    assert "Terbaca sebagai" not in browser.get(path).content.decode()
    sent = {**hidden(browser.get(path)), "jawaban": "1.500", "ke": "1"}

    following = browser.post(path, sent, follow=True).content.decode()

    assert read in following
    assert read in browser.get(path).content.decode()
    assert (
        browser.get(f"/kuis/pengerjaan/{attempt.uuid}/periksa/").content.decode().count(read) == 1
    )
    browser.cookies["django_language"] = "en"
    assert "read as: 1,500" in browser.get(path).content.decode()


def test_clearing_must_be_meant(browser, attempt):
    item = attempt.items.get(index=1)
    path = f"/kuis/pengerjaan/{attempt.uuid}/1/"
    browser.post(path, {**hidden(browser.get(path)), **fields_of(item), "ke": "2"})
    empty = browser.post(path, {**hidden(browser.get(path)), "ke": "2"})
    assert empty.status_code == 422
    browser.post(path, {**hidden(browser.get(path)), "hapus": "1"})
    assert Response.objects.get(item=item).value is None


def test_empty_answers_are_asked_about_once_and_may_stay_empty(browser, attempt):
    path = f"/kuis/pengerjaan/{attempt.uuid}/periksa/"
    sent = browser.post(path)
    assert sent.status_code == 302
    for _back in range(2):
        asked = browser.get(sent.headers["Location"])
        assert (asked.status_code, asked.context["asks"]) == (200, True)
    assert not browser.get(path).context["asks"]
    attempt.refresh_from_db()
    assert attempt.is_open
    assert browser.post(path, {"yakin": "1"}).headers["Location"].endswith("/hasil/")


def test_u76_a_matching_with_rows_left_is_incomplete_and_told_before_handing_in(browser, attempt):
    item = attempt.items.get(question_version__question__type="matching")
    key = made.key_of(item.question_version.parsed)
    path = f"/kuis/pengerjaan/{attempt.uuid}/{item.index}/"
    first = dict([next(iter(fields_of(item).items()))])
    browser.post(path, {**hidden(browser.get(path)), **first, "ke": "periksa"})

    def shown():
        page = browser.get(f"/kuis/pengerjaan/{attempt.uuid}/periksa/")
        return next(one for one in page.context["items"] if one.index == item.index)

    assert (shown().is_answered, shown().filled) == (False, 1)
    assert f"1 dari {len(key)}" in shown().answer_word
    asked = browser.post(f"/kuis/pengerjaan/{attempt.uuid}/periksa/", follow=True)
    assert item.index in [one.index for one in asked.context["blanks"]]
    browser.post(path, {**hidden(browser.get(path)), **fields_of(item), "ke": "periksa"})
    assert shown().is_answered


def test_a_mark_is_put_and_taken_away(browser, attempt):
    path = f"/kuis/pengerjaan/{attempt.uuid}/1/"
    for expected in (True, False):
        browser.post(path, {**hidden(browser.get(path)), "ke": "tandai"})
        assert attempt.items.get(index=1).flagged is expected


@pytest.mark.parametrize(
    "sent",
    [
        {"jawaban": "x" * 5000},
        {"jawaban": "\x00", "token": "\x00", "base_rev": "99999999999999999999"},
        {"base_rev": "-1", "jawaban": ["a", "b"]},
        {"base_rev": "²", "jawaban": "{}", "ke": "²"},
    ],
)
def test_s20_odd_forms_are_told_so(browser, attempt, sent):
    for number in range(1, 6):
        page = browser.post(f"/kuis/pengerjaan/{attempt.uuid}/{number}/", sent)
        assert page.status_code in {302, 409, 422}, (number, sent)


def test_time_over_leads_to_the_result_with_what_was_saved(browser, attempt):
    Attempt.objects.update(deadline_at=timezone.now() - timedelta(minutes=1))
    page = browser.get(f"/kuis/pengerjaan/{attempt.uuid}/1/", follow=True)
    assert page.context["attempt"].state == "expired"


def taken(cast, version, phase, *, right=()):
    """An attempt of the participant in a phase, handed in; right on these questions."""
    account = cast.participant.account
    begun = delivery.start(made.assigned(version, cast.participant, phase=phase), account)[0]
    for item in begun.items.filter(question_version__question__slug__in=right):
        value = made.key_of(item.question_version.parsed)
        event = SaveEvent(client_id="a", seq=1, base_rev=0, value=value)
        delivery.save_response(begun.uuid, item.index, event)
    delivery.submit(begun.uuid)
    return Attempt.objects.get(pk=begun.pk)


def test_own_pre_and_post_quiz_stand_side_by_side_once_both_are_released(cast):
    version = made.published_quiz(cast)
    account = cast.participant.account
    before = taken(cast, version, Phase.PRE)
    assert showing.comparison_of(before, account) is None
    after = taken(cast, version, Phase.POST)

    later = timezone.now() + timedelta(days=30)
    both = showing.comparison_of(after, account, now=later)

    assert showing.comparison_of(after, account) is None
    ((first, second),) = both.areas
    assert first.name == second.name != ""
    assert both.common == 5
    assert (first.earned, first.full, second.earned, second.full) == (0, 5, 0, 5)
    assert showing.comparison_of(after, cast.reviewer.account, now=later) is None


def test_the_change_is_counted_on_the_questions_of_both_quizzes_alone(cast, signed_in):
    """Five common questions, two right after; four of one form alone, all right after."""
    common, only_a, only_b = (
        [made.published_question(cast, f"{name}-{n}", questions.single()) for n in range(count)]
        for name, count in (("sama", 5), ("a", 4), ("b", 4))
    )
    phases = {Phase.PRE: "A", Phase.POST: "B"}
    forms = {"A": common + only_a, "B": common + only_b}
    version = made.published_quiz(cast, forms=forms, form_phases=phases)
    of_one_form = [f"{name}-{n}" for name in "ab" for n in range(4)]
    taken(cast, version, Phase.PRE, right=["sama-0"])
    after = taken(cast, version, Phase.POST, right=["sama-0", "sama-1", "sama-2", *of_one_form])
    Assignment.objects.update(closes_at=timezone.now())

    page = signed_in(cast.participant.account).get(f"/kuis/pengerjaan/{after.uuid}/hasil/")

    text = " ".join(page.content.decode().split())
    table = text.partition('id="banding-judul"')[2].partition("</table>")[0]
    assert re.findall(r"<span ?>([^<]+)</span>", table) == ["1 dari 5", "3 dari 5"] * 2
    assert "Pertanyaan yang sama pada kedua kuis: 5." in text
    assert "perubahan, bukan dampak" in text
    apart = text.partition('id="nilai-penuh"')[2].partition("</p>")[0]
    assert "1 dari 9" in apart
    assert "7 dari 9" in apart


def test_a_result_names_the_pass_mark_and_counts_by_outcome(cast, browser, attempt):
    delivery.submit(attempt.uuid)
    Assignment.objects.update(closes_at=timezone.now())

    page = browser.get(f"/kuis/pengerjaan/{attempt.uuid}/hasil/")

    result = page.context["result"]
    assert result.pass_mark == attempt.quiz_version.pass_share * 5
    assert [area.full for area in result.areas] == [5]
    text = page.content.decode()
    assert "0 dari 5 tepat" in text
    assert "0,00" not in text
    assert "hanya Anda yang melihat" in text
