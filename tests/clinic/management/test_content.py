"""The shipped modules, questions and rules keep what their readers are promised."""

import ast
import operator
import re
from collections import Counter
from fractions import Fraction

import pytest

from clinic.lib.arithmetic.numbers import parse_quantity
from clinic.management.bank_figures import DECISIONS, count_bank, find_key, find_letter
from tests.clinic.management.content_files import (
    BANKS,
    BY_SLUG,
    MODULES,
    NODES,
    OUTCOMES,
    QUESTIONS,
    QUIZZES,
    REGULATIONS,
    TERMS,
    sentences,
    texts,
    words,
)

AREAS = [
    "manajemen-perubahan",
    "deregulasi-kebijakan",
    "organisasi",
    "tatalaksana",
    "sdm",
    "akuntabilitas",
    "pengawasan",
    "pelayanan-publik",
]
WEAKLY_SOURCED = {"deregulasi-kebijakan", "organisasi"}
FORBIDDEN = re.compile(r"\b(temuan|celah|dipertaruhkan|galat|gagal|terburuk)\b", re.IGNORECASE)
BADGES = {"berlaku", "sejarah", "diubah", "belum-diverifikasi"}
PROOF_KINDS = {"SK", "undangan", "daftar hadir", "notula", "foto", "laporan", "tangkapan layar"}
PROOF_KINDS |= {"lain"}
ALLOWED_TAGS = {"h2", "h3", "p", "ul", "ol", "li", "b", "i"}
NOT_SPELT = {"A", "B", "C", "D", "E", "AA", "BB", "CC", "UU", "PP", "RB", "SK", "II", "III"}
SECTIONS = [(module, section) for module in MODULES for section in module["section"]]
OF_ENDED_RULES = {61, 65}  # weights and teams of the sheet of 2020, which no question asks for
FIGURES = count_bank(BANKS, OUTCOMES)
READABLE = [*MODULES, *QUESTIONS, *OUTCOMES.values(), *TERMS, *QUIZZES]
OPERATIONS = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}


def name_of(value):
    if isinstance(value, tuple):
        return f"{value[0]['slug']}/{value[1]['slug']}"
    return value.get("slug") or value.get("term")


def of_type(*kinds):
    return [question for question in QUESTIONS if question["type"] in kinds]


def keys(question):
    return [option["correct"] for option in question["options"]]


def result_of(calculation):
    """The exact value of a sum written with + - * / and brackets."""

    def value(node):
        if isinstance(node, ast.BinOp):
            return OPERATIONS[type(node.op)](value(node.left), value(node.right))
        return Fraction(node.value)

    return value(ast.parse(calculation, mode="eval").body)


def area_of(question):
    return OUTCOMES[question["outcome"]]["area"]


def test_every_slug_stands_once():
    for slugs in (
        [question["slug"] for question in QUESTIONS],
        [module["slug"] for module in MODULES],
        [regulation["slug"] for regulation in REGULATIONS],
        [term["term"] for term in TERMS],
        [quiz["slug"] for quiz in QUIZZES],
    ):
        assert [slug for slug, times in Counter(slugs).items() if times > 1] == []


def test_each_area_has_a_module_of_its_three_to_five_outcomes():
    for area in AREAS:
        own = sorted(slug for slug, outcome in OUTCOMES.items() if outcome["area"] == area)
        served = [sorted(module["outcomes"]) for module in MODULES if module["area"] == area]
        assert 3 <= len(own) <= 5, area
        assert served.count(own) == 1, area
        assert all(set(some) < set(own) for some in served if some != own), area
    assert {module["area"] for module in MODULES} == set(AREAS)


def test_outcome_links_reach_indicators_of_their_own_area():
    for slug, outcome in OUTCOMES.items():
        for link in outcome["link"]:
            node = NODES[link["edition"]][link["node"]]
            assert node["kind"] == "indicator", (slug, link)
            assert node.get("area", outcome["area"]) == outcome["area"], (slug, link)


def test_links_to_one_indicator_weigh_no_more_than_all_of_it():
    total = Counter()
    for outcome in OUTCOMES.values():
        for link in outcome["link"]:
            weight = Fraction(link["weight"])
            assert 0 < weight <= 1, link
            total[link["edition"], link["node"]] += weight
    assert [key for key, weight in total.items() if weight > 1] == []


@pytest.mark.parametrize("edition", sorted(NODES))
def test_every_indicator_is_reached_by_an_outcome(edition):
    linked = {
        link["node"]
        for outcome in OUTCOMES.values()
        for link in outcome["link"]
        if link["edition"] == edition
    }
    indicators = {code for code, node in NODES[edition].items() if node["kind"] == "indicator"}
    assert indicators - linked == set()


@pytest.mark.parametrize("question", QUESTIONS, ids=name_of)
def test_a_question_has_stem_explanation_source_and_outcome(question):
    assert question["stem"].strip()
    assert question["stem_en"].strip()
    assert question["explanation"].strip()
    assert question["outcome"] in OUTCOMES
    assert question["use"] in {"quiz", "practice"}
    assert question["difficulty"] in {1, 2, 3}
    assert question["source"]
    for source in question["source"]:
        assert source["label"].strip()
        if "node" in source:
            assert source["node"] in NODES[source["edition"]]


def test_a_single_choice_has_one_key_and_speaks_about_every_option():
    for question in of_type("single", "truefalse"):
        assert sum(keys(question)) == 1, question["slug"]
        assert len(question["options"]) >= 2
        assert all(option["feedback"] for option in question["options"]), question["slug"]


def test_true_and_false_are_spelt_the_same_everywhere():
    for question in of_type("truefalse"):
        assert [option["text"] for option in question["options"]] == ["Benar", "Salah"]


def test_a_multiple_choice_has_right_and_wrong_options():
    for question in of_type("multiple"):
        assert 0 < sum(keys(question)) < len(question["options"]), question["slug"]


def test_matching_targets_differ_from_each_other():
    for question in of_type("matching"):
        targets = [pair["target"] for pair in question["pairs"]] + question["extra_targets"]
        assert len(set(targets)) == len(targets) >= 3, question["slug"]


@pytest.mark.parametrize("question", of_type("numeric"), ids=name_of)
def test_a_numeric_key_is_what_its_calculation_gives(question):
    answer, tolerance = (parse_quantity(question[part]) for part in ("answer", "tolerance"))
    assert abs(answer - result_of(question["calculation"])) <= tolerance
    assert question["unit"]


def test_options_of_one_question_differ_and_none_means_all_of_them():
    for question in of_type("single", "multiple"):
        texts_shown = [option["text"] for option in question["options"]]
        assert len(set(texts_shown)) == len(texts_shown), question["slug"]
        assert not any("semua" in text and "benar" in text for text in texts_shown)


def test_keys_are_spread_and_not_told_by_their_length():
    single = of_type("single")
    first = Counter(keys(question).index(True) for question in single)
    shortest = sum(
        len(find_key(question))
        < min(len(option["text"]) for option in question["options"] if not option["correct"])
        for question in single
    )
    assert max(first.values()) <= len(single) * 0.45
    assert FIGURES.longest_keys <= len(single) * 0.33
    assert shortest <= len(single) * 0.33


def test_true_and_false_are_right_about_as_often():
    assert abs(FIGURES.truths["Benar"] - FIGURES.truths["Salah"]) <= 4


def test_every_fact_of_the_field_is_asked():
    asked = {question.get("fact") for question in QUESTIONS}
    numbered = {*range(1, 109)} - OF_ENDED_RULES
    zone = {f"Z{number}" for number in range(1, 56)}
    evaluation = {f"K{number}" for number in range(1, 17)}
    elsewhere = {"Z30": 68}  # one fact, numbered twice
    assert {elsewhere.get(fact, fact) for fact in numbered | zone | evaluation} - asked == set()


def test_the_bank_is_deep_where_the_loop_runs():
    assert len(QUESTIONS) >= 100
    assert len(BANKS["pengawasan"]) >= 20
    assert sum(question["use"] == "practice" for question in BANKS["pengawasan"]) >= 6


def test_every_outcome_has_enough_quiz_questions_to_show_mastery():
    assert FIGURES.thin_outcomes == []


def test_a_fifth_of_the_questions_ask_for_a_decision():
    asked = [question for question in QUESTIONS if "asks" in question]
    assert len(asked) >= len(QUESTIONS) / 5
    assert {question["asks"] for question in asked} == set(DECISIONS)
    assert {question["difficulty"] for question in asked} == {3}
    orders = [question for question in asked if question["asks"] == "order"]
    assert {question["type"] for question in orders} <= {"matching", "single"}


def test_rules_no_longer_in_force_are_few_and_their_weights_are_not_asked():
    assert len(FIGURES.on_history) <= len(QUESTIONS) * 0.08
    assert FIGURES.history_weights == []


def test_every_option_tells_why():
    assert FIGURES.untold == []


def test_no_feedback_says_right_and_wrong_in_one_breath():
    for question in QUESTIONS:
        for option in question.get("options", ()):
            assert not re.search(r"Benar, .*\bsalah\b", option["feedback"]), question["slug"]


def test_an_explanation_stands_for_who_answered_rightly_too():
    for question in QUESTIONS:
        assert not re.match(r"(Bacalah|Baca|Lihat) (kembali|lagi)", question["explanation"])


NUMBER = r"\d+(?:,\d+)?"
SUM = rf"[\d(][\d,() -]*(?: (?:dibagi|dikali|ditambah|dikurangi) {NUMBER})+|\bdari {NUMBER}"


def results_in(text):
    """The numbers of a text that are no part of a sum, and not the whole of a share."""
    return set(re.findall(NUMBER, re.sub(SUM, "", text, flags=re.IGNORECASE)))


def test_results_are_told_from_the_parts_of_a_sum():
    assert results_in("(8 - 6) dibagi 8 sama dengan 0,25. Poinnya 0,50 dari 2.") == {"0,25", "0,50"}
    assert results_in("2,40 ditambah 3,15 ditambah 4,50 sama dengan 10,05.") == {"10,05"}


@pytest.mark.parametrize(
    "question", [row for row in of_type("numeric") if row["use"] == "quiz"], ids=name_of
)
def test_the_answer_of_a_quiz_is_worked_out_in_no_module(question):
    """Nor is it the answer of a practice question on the same row."""
    rows = {source.get("node") for source in question["source"]} - {None}
    worked = [
        found
        for module in MODULES
        if module["area"] == area_of(question)
        for section in module["section"]
        for block in section["block"]
        if block["type"] == "worked_figure"
        for found in results_in(block["result"])
    ]
    practised = [
        other["answer"]
        for other in of_type("numeric")
        if other["use"] == "practice" and rows & {source.get("node") for source in other["source"]}
    ]
    own = parse_quantity(question["answer"])
    assert own not in [parse_quantity(found) for found in [*worked, *practised]]


WORDS_OF_A_SENTENCE = 4  # shorter keys are names and figures


@pytest.mark.parametrize("module", MODULES, ids=name_of)
def test_no_module_holds_the_key_of_a_quiz_word_for_word(module):
    page = " ".join(" ".join(texts(module)).split()).lower()
    told = [
        (question["slug"], option["text"])
        for question in of_type("single")
        if question["use"] == "quiz"
        for option in question["options"]
        if option["correct"] and len(words(option["text"])) >= WORDS_OF_A_SENTENCE
        if option["text"].lower() in page
    ]
    assert told == []


def test_questions_on_weakly_sourced_facts_ask_for_an_editor():
    for question in QUESTIONS:
        if question.get("fact") in range(13, 22):
            assert question["editor_note"], question["slug"]


def test_a_bank_asks_about_its_own_area():
    for area in AREAS:
        assert {area_of(question) for question in BANKS[area]} == {area}


@pytest.mark.parametrize("pair", SECTIONS, ids=name_of)
def test_a_section_shows_a_rubric_or_a_proof_and_asks_back(pair):
    module, section = pair
    kinds = Counter(block["type"] for block in section["block"])
    assert kinds["rubric"] + kinds["proof_example"] >= 1
    assert kinds["check"] >= 1
    slugs = {other["slug"] for other in module["section"]}
    for block in section["block"]:
        if block["type"] == "check":
            question = BY_SLUG[block["question"]]
            assert question["use"] == "practice"
            assert question["outcome"] in module["outcomes"]
            assert block["where_to_reread"] in slugs


@pytest.mark.parametrize("pair", SECTIONS, ids=name_of)
def test_a_section_serves_an_outcome_of_its_module_and_asks_about_it(pair):
    module, section = pair
    asked = {
        BY_SLUG[block["question"]]["outcome"]
        for block in section["block"]
        if block["type"] == "check"
    }
    assert section["outcome"] in module["outcomes"]
    assert section["outcome"] in asked


@pytest.mark.parametrize("module", MODULES, ids=name_of)
def test_every_outcome_of_a_module_is_served_by_a_section(module):
    served = {section["outcome"] for section in module["section"]}
    assert set(module["outcomes"]) - served == set()


@pytest.mark.parametrize("pair", SECTIONS, ids=name_of)
def test_rubrics_and_references_point_at_what_exists(pair):
    known = {regulation["slug"] for regulation in REGULATIONS}
    for block in pair[1]["block"]:
        if block["type"] == "rubric":
            assert set(block["nodes"]) <= set(NODES[block["edition"]])
        if block["type"] == "reference":
            assert block["regulation"] in known
            assert block["badge"] in BADGES
        if block["type"] == "proof_example":
            assert block["kind"] in PROOF_KINDS
            assert block["strength"] in {"lemah", "cukup", "kuat"}
            assert block["notes"]
        if block["type"] == "text":
            assert set(re.findall(r"</?(\w+)", block["html"])) <= ALLOWED_TAGS


@pytest.mark.parametrize("pair", SECTIONS, ids=name_of)
def test_a_section_is_between_half_a_page_and_three_pages(pair):
    assert 200 <= sum(len(words(text)) for text in texts(pair[1])) <= 900


@pytest.mark.parametrize("pair", SECTIONS, ids=name_of)
def test_an_abbreviation_is_spelt_out_on_the_page_that_uses_it(pair):
    page = " ".join(" ".join(texts(pair[1])).split())
    long_forms = {term["term"]: term["long_form"] for term in TERMS}
    for short in set(re.findall(r"\b[A-Z][A-Z0-9]+(?:-[A-Z]+)?\b", page)) - NOT_SPELT:
        spelt = [form.strip().lower() for form in long_forms[short].split(",")]
        assert any(form in page.lower() for form in spelt), short


def test_every_practice_question_is_asked_in_a_module():
    asked = {
        block["question"]
        for _, section in SECTIONS
        for block in section["block"]
        if block["type"] == "check"
    }
    practice = {question["slug"] for question in QUESTIONS if question["use"] == "practice"}
    assert practice == asked


def test_weakly_sourced_modules_say_so():
    for module in MODULES:
        assert ("quality_note" in module) == (module["area"] in WEAKLY_SOURCED)
        assert module["change_note"]
        assert 3 <= len(module["section"]) <= 5


def test_the_legal_basis_of_a_module_is_a_known_rule_with_a_badge():
    known = {regulation["slug"] for regulation in REGULATIONS}
    for module in MODULES:
        for basis in module["legal_basis"]:
            assert basis["regulation"] in known
            assert basis["badge"] in BADGES


def test_regulations_replace_and_amend_known_rules_and_name_a_source():
    known = {regulation["slug"] for regulation in REGULATIONS}
    for regulation in REGULATIONS:
        assert set(regulation["replaces"] + regulation["amends"]) <= known, regulation["slug"]
        assert regulation["status"] in BADGES
        assert regulation["mark"] in {"P", "S", "S2"}
        assert regulation["source"]


STANDING = {
    "permenpan-52-2014": ("sejarah", "2014-11-21", "2021-12-31"),
    "permenpan-10-2019": ("sejarah", "2019", "2021-12-31"),
    "permenpan-90-2021": ("diubah", "2021-12-31", ""),
    "permenpan-5-2024": ("berlaku", "2024-08-01", ""),
    "permenpan-12-2015": ("sejarah", "2015", "2021-12-31"),
    "permenpan-88-2021": ("berlaku", "2021-12-31", ""),
    "kepmenpan-182-2024": ("sejarah", "2024-06-05", "2024-12-31"),
    "se-menpanrb-6-2025": ("belum-diverifikasi", "2025-07-31", ""),
    "permenpan-59-2020": ("sejarah", "2020", "2026"),
    "permenpan-8-2026": ("belum-diverifikasi", "2026", ""),
}


def test_the_rules_that_assessments_rest_on_stand_as_they_were_read():
    stored = {
        rule["slug"]: (rule["status"], rule["from"], rule["to"])
        for rule in REGULATIONS
        if rule["slug"] in STANDING
    }
    assert stored == STANDING
    changes = {rule["slug"]: (rule["replaces"], rule["amends"]) for rule in REGULATIONS}
    assert changes["permenpan-5-2024"] == ([], ["permenpan-90-2021"])
    assert changes["permenpan-88-2021"] == (["permenpan-12-2015"], [])
    assert changes["permenpan-8-2026"] == (["permenpan-59-2020"], [])


def test_a_module_says_of_a_rule_what_the_register_says():
    states = {rule["slug"]: rule["status"] for rule in REGULATIONS}
    for module in MODULES:
        for basis in module["legal_basis"]:
            if basis["regulation"] in STANDING:
                assert basis["badge"] == states[basis["regulation"]], module["slug"]


# What the rules do not say, or no longer: the words of each claim as they once stood here.
WITHDRAWN = {
    "five years for AA": r"A meminta bertahan|AA sedikitnya lima tahun|AA meminta bertahan",
    "the area minimum as open": r"cakupan batas area|Siapkan keduanya",
    "a fixed date": r"paling lambat 31 Mei setiap tahun",
    "the national team sets the predicate": r"Tim yang memeriksa usulan dan menetapkan",
    "Zona Integritas as a unit": r"Unit yang membangun diri",
    "four themes for ever": r"(keduanya|Tematik), dengan empat tema\.|RB Tematik sejak 2023\.",
    "no rule for 2025": r"tahun 2025 sampai 2026 belum ditemukan",
    "a unit's own survey as the basis of the external one": r"dasar survei luar",
    "a rule that is looked for": r"Aturan resminya belum ditemukan",
}


@pytest.mark.parametrize("claim", WITHDRAWN)
def test_no_claim_that_was_withdrawn_comes_back(claim):
    everything = [*READABLE, *REGULATIONS]
    found = [
        (name_of(thing), text)
        for thing in everything
        for text in texts(thing)
        if re.search(WITHDRAWN[claim], text, re.IGNORECASE)
    ]
    assert found == []


def test_the_map_of_assessments_tells_every_minimum_and_the_two_sums():
    section = next(section for _, section in SECTIONS if section["slug"] == "peta-penilaian")
    page = " ".join(texts(section))
    told = ["75 dan 85", "40 dan 48", "60 dan 75 persen", "18,25 dan 19,50", "15,75 untuk keduanya"]
    told += ["2,50 dan 3,75", "14,00 dan 15,75", "3,20 dan 3,60", "36", "45", "72,25", "83,25"]
    assert [figure for figure in told if figure not in page] == []


RESULT_ROWS = {"B.I.a", "B.I.b", "B.II.a"}


def test_u112_every_indicator_of_the_zone_has_its_list_of_proof_in_a_module_of_its_area():
    """A list names the rows that it proves in the brackets of its title."""
    listed = {
        (module["area"], code)
        for module, section in SECTIONS
        for block in section["block"]
        if block["type"] == "proof_checklist"
        for code in re.findall(r"[AB]\.[IVX]+\.\w+(?:\.\w+)?", block["title"])
    }
    indicators = {
        (node["area"], code)
        for code, node in NODES["zi-2021"].items()
        if node["kind"] == "indicator" and code.startswith("A.")
    }
    results = {("manajemen-perubahan", code) for code in RESULT_ROWS}
    assert listed == indicators | results


def test_the_rule_of_2020_is_history_and_nowhere_in_force():
    badges = [
        basis["badge"]
        for module in MODULES
        for basis in module["legal_basis"]
        if basis["regulation"] == "permenpan-26-2020"
    ]
    assert set(badges) == {"sejarah"}


def outcome_and_area(question):
    return area_of(question), question["outcome"]


@pytest.mark.parametrize("quiz", QUIZZES, ids=name_of)
def test_a_question_of_one_form_alone_has_a_twin_in_the_other(quiz):
    twins = [
        Counter(
            (BY_SLUG[slug]["outcome"], BY_SLUG[slug]["difficulty"])
            for slug in form["questions"]
            if slug not in quiz["common"]
        )
        for form in quiz["form"]
    ]

    assert twins[0] == twins[1]


@pytest.mark.parametrize("quiz", QUIZZES, ids=name_of)
def test_a_question_of_one_form_alone_gives_no_hint_to_a_common_one(quiz):
    shared = {BY_SLUG[slug].get("fact") for slug in quiz["common"]} - {None}
    alone = {slug for form in quiz["form"] for slug in form["questions"]} - set(quiz["common"])

    assert [slug for slug in sorted(alone) if BY_SLUG[slug].get("fact") in shared] == []


@pytest.mark.parametrize("quiz", QUIZZES, ids=name_of)
def test_no_letter_answers_most_questions_of_a_form(quiz):
    for form in quiz["form"]:
        chosen = [BY_SLUG[slug] for slug in form["questions"] if BY_SLUG[slug]["type"] == "single"]
        letters = Counter(letter for letter in map(find_letter, chosen) if letter)
        assert max(letters.values(), default=0) <= letters.total() * 0.6, form["form"]


@pytest.mark.parametrize("quiz", QUIZZES, ids=name_of)
def test_both_forms_are_alike_and_share_enough_items(quiz):
    first, second = (form["questions"] for form in quiz["form"])
    common = set(first) & set(second)
    assert common == set(quiz["common"])
    assert len(common) >= max(5, len(first) * 0.2)
    spread = [Counter(area_of(BY_SLUG[slug]) for slug in form) for form in (first, second)]
    assert spread[0] == spread[1]
    assert set(spread[0]) == set(quiz["areas"])
    for told in (outcome_and_area, lambda row: row["difficulty"]):
        counted = [Counter(told(BY_SLUG[slug]) for slug in form) for form in (first, second)]
        assert counted[0] == counted[1]
    for form in (first, second):
        assert len(set(form)) == len(form)
        assert all(BY_SLUG[slug]["use"] == "quiz" for slug in form)


@pytest.mark.parametrize("thing", READABLE, ids=name_of)
def test_sentences_are_short_and_plain(thing):
    for text in texts(thing):
        assert "!" not in text
        assert not FORBIDDEN.search(text), text
        for sentence in sentences(text):
            assert len(words(sentence)) <= 25, sentence
