"""No key-bearing text leaves the server before the review policy lets it (S1, Q10).

Every key-bearing field of the quiz holds a planted word; a taker walks every page and reply before,
during and after, in both languages.
"""

import json
import re
from datetime import timedelta
from decimal import Decimal
from itertools import product

import pytest
from django.utils import timezone

from quizzes import delivery, practice
from quizzes.arithmetic.question_types import (
    FULL,
    Matching,
    Numeric,
    NumericAnswer,
    Option,
    Prompt,
    SingleChoice,
    Target,
    Text,
)
from quizzes.arithmetic.saving import SaveEvent
from quizzes.models import Assignment, Attempt, CheckAnswer, Credit, ResponseEvent
from quizzes.models.assignments import Phase
from tests.quizzes import made
from tests.quizzes.arithmetic.questions import uid

WORDS = ("RAHASIA-UMPAN", "RAHASIA-URAIAN", "RAHASIA-SUMBER", "987654321")


def planted():
    feedback, explanation = Text(WORDS[0], WORDS[0]), Text(WORDS[1], WORDS[1])
    head = {"stem": Text("Apa yang tepat?", "What is right?"), "explanation": explanation}
    options = tuple(
        Option(id=uid(n), text=Text(f"Pilihan {n}"), credit=FULL * (n == 2), feedback=feedback)
        for n in (1, 2, 3)
    )
    answer = NumericAnswer(id=uid(9), value=Decimal(WORDS[3]), feedback=feedback)
    prompts = tuple(
        Prompt(id=uid(20 + n), text=Text(f"Baris {n}"), target=uid(30 + n), feedback=feedback)
        for n in (1, 2)
    )
    targets = tuple(Target(id=uid(30 + n), text=Text(f"Bukti {n}")) for n in (1, 2, 3))
    return {
        "single": SingleChoice(**head, options=options),
        "numeric": Numeric(**head, answers=(answer,)),
        "matching": Matching(**head, prompts=prompts, targets=targets),
    }


@pytest.fixture
def quiz(cast):
    source = [{"label": WORDS[2]}]
    versions = [
        made.published_question(cast, f"tanam-{name}", content, sources=source)
        for name, content in planted().items()
    ]
    return made.published_quiz(cast, versions=versions)


def leaks(response):
    text = response.content.decode() + str(response.headers)
    return {word for word in WORDS if word in text}


def crawl(browser, attempt):
    """Every address of the quiz, by every shape; then what a wrong or blank save is told."""
    pages = ["/kuis/", "/kuis/kuis-uji/", "/api/openapi.json"]
    api = f"/api/quizzes/v1/attempts/{attempt.uuid}"
    pages += [f"/kuis/pengerjaan/{attempt.uuid}/{n}/" for n in ("1", "2", "3", "periksa", "hasil")]
    pages += [api, f"{api}/clock"]
    found = set()
    for language in ("id", "en"):
        browser.cookies["django_language"] = language
        for path in pages:
            found |= leaks(browser.get(path, follow=True))
            found |= leaks(browser.get(path, headers={"HX-Request": "true"}, follow=True))
    for number in (1, 2, 3, 4):
        for value in ("tidak-ada", None, ["x"], {"raw": "dua"}, uid(1)):
            body = {"client_id": "penguji", "seq": 1, "base_rev": 0, "value": value}
            path = f"{api}/items/{number}"
            found |= leaks(browser.put(path, json.dumps(body), "application/json"))
    return found


def test_s01_q10_planted_words_are_seen_only_once_the_policy_allows(cast, quiz, signed_in):
    taker = cast.participant
    assignment = made.assigned(quiz, taker)
    browser = signed_in(taker.account)
    assert leaks(browser.get("/kuis/kuis-uji/")) == set()
    browser.post("/kuis/kuis-uji/", {"tugas": str(assignment.uuid)})
    attempt = Attempt.objects.get()

    assert crawl(browser, attempt) == set()
    browser.post(f"/kuis/pengerjaan/{attempt.uuid}/periksa/", {"yakin": "1"})
    attempt.refresh_from_db()
    assert attempt.state == "submitted"
    assert crawl(browser, attempt) == set()

    past = timezone.now() - timedelta(minutes=1)
    Assignment.objects.update(opens_at=past - timedelta(days=1), closes_at=past)
    browser.cookies["django_language"] = "id"
    page = browser.get(f"/kuis/pengerjaan/{attempt.uuid}/hasil/").content.decode()
    shown = " ".join(page.split())
    assert WORDS[1] in shown
    assert "987.654.321" in shown
    assert shown.count(f'Sumber: <span lang="id">{WORDS[2]}</span>') == len(planted())


def test_s01_the_page_does_not_depend_on_the_key(cast, quiz, signed_in):
    """Two questions alike but for the key give equal pages once ids and tokens are masked."""
    pages = []
    for person, key in ((cast.participant, 1), (cast.colleague, 3)):
        options = tuple(
            Option(id=uid(n), text=Text(f"Pilihan {n}"), credit=FULL * (n == key), pinned=True)
            for n in (1, 2, 3)
        )
        content = SingleChoice(stem=Text("Mana?"), explanation=Text("Uraian."), options=options)
        version = made.published_question(cast, f"sama-{key}", content)
        single = made.published_quiz(cast, f"kuis-{key}", versions=[version])
        browser = signed_in(person.account)
        given = made.assigned(single, person)
        browser.post(f"/kuis/kuis-{key}/", {"tugas": str(given.uuid)})
        attempt = Attempt.objects.get(quiz=single.quiz)
        page = browser.get(f"/kuis/pengerjaan/{attempt.uuid}/1/").content.decode()
        masked = re.sub(
            r'(data-(attempt|user|server-now|deadline)|value|content|nonce)="[^"]*"', "", page
        )
        masked = re.sub(r"[0-9a-f-]{36}|x-csrftoken[^}]*", "", masked)
        pages.append(masked.replace(person.name, ""))

    assert pages[0] == pages[1]


def test_u75_after_a_pre_quiz_no_answer_is_told_to_be_right_or_not(cast, signed_in):
    """However three questions were answered, the page of the result is one of two.

    Either fits each of the answers being right, and being wrong.
    """
    bank = [made.published_question(cast, f"tiga-{n}", planted()["single"]) for n in range(3)]
    version = made.published_quiz(cast, "kuis-tiga", versions=bank)
    given = made.assigned(version, cast.participant, phase=Phase.PRE)
    attempt = delivery.start(given, cast.participant.account)[0]
    items = list(attempt.items.select_related("question_version").order_by("index"))
    for item in items:
        chosen = SaveEvent(client_id="a", seq=1, base_rev=0, value=uid(1))
        delivery.save_response(attempt.uuid, item.index, chosen)
    delivery.submit(attempt.uuid)
    browser = signed_in(cast.participant.account)
    fitting: dict[str, list] = {}
    for answers in product((0, 1), repeat=3):
        for item, earned in zip(items, answers, strict=True):
            Credit.objects.create(  # the latest counts
                item=item,
                credit_num=earned,
                credit_den=1,
                source=Credit.Source.OVERRIDE,
                graded_against=item.question_version,
                grading_release=1,
            )
        page = browser.get(f"/kuis/pengerjaan/{attempt.uuid}/hasil/").content.decode()
        masked = re.sub(r'(value|content|nonce)="[^"]*"|x-csrftoken[^}]*', "", page)
        fitting.setdefault(masked, []).append(answers)

    assert len(fitting) == 2
    for patterns in fitting.values():
        assert all(set(of_one) == {0, 1} for of_one in zip(*patterns, strict=True))


def test_s01_a_check_question_gives_feedback_only_to_an_answer_and_never_its_key(cast):
    content = planted()["single"]
    made.published_question(cast, "cek", content, use="practice")

    before = practice.check_questions(["cek", "tidak-ada"])
    assert not any(word in str(before) for word in WORDS)
    wrong = practice.check("cek", uid(1), person=cast.participant)
    assert (wrong.correct, wrong.key) == (False, None)
    assert wrong.explanation.text == WORDS[1]
    assert wrong.sources == (made.SOURCE["label"],)
    assert practice.check("cek", uid(2), person=cast.participant).correct
    answered = CheckAnswer.objects.filter(person=cast.participant)
    assert set(answered.values_list("question__slug", flat=True)) == {"cek"}
    assert not ResponseEvent.objects.exists()


def test_a_quiz_question_cannot_be_checked_like_a_practice_one(cast, quiz):
    with made.refused("not_found"):
        practice.check("tanam-single", uid(2), person=cast.participant)
