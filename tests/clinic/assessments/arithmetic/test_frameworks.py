import copy
import datetime
import tomllib
from collections import Counter
from fractions import Fraction

import pytest

from clinic.assessments.arithmetic.editions import CHANGE_AREAS
from clinic.assessments.arithmetic.frameworks import FrameworkFault, parse_framework
from clinic.assessments.arithmetic.scoring import points_per_row
from tests.clinic.assessments.made_workbooks import FRAMEWORK_FILES, shipped

ZI_TEXT = (FRAMEWORK_FILES / "zi-2021.toml").read_text(encoding="utf-8")


@pytest.fixture
def table():
    return copy.deepcopy(tomllib.loads(ZI_TEXT))


def node_of(table, code):
    return next(node for node in table["node"] if node["code"] == code)


def refusal(table):
    with pytest.raises(FrameworkFault) as caught:
        parse_framework(table)
    return caught.value


def test_every_shipped_file_loads():
    ids = sorted(path.stem for path in FRAMEWORK_FILES.glob("*.toml"))
    assert ids == ["akip-2021", "pmprb-2020-unit", "rb-general-2023", "zi-2021"]
    for framework_id in ids:
        framework = shipped(framework_id)
        assert framework.id == framework_id
        assert framework.source.seen_at
        assert framework.unverified
        assert framework.source.checked_by == ""
        assert framework.source.checked_on is None


def test_zi_is_complete():
    zi = shipped("zi-2021")
    kinds = Counter(node.kind for node in zi.nodes)
    assert len(zi.nodes) == 199
    assert (kinds["question"], kinds["input"], kinds["result-item"]) == (110, 24, 3)
    scales = Counter(node.scale for node in zi.nodes if node.scale)
    assert scales == {
        "abc": 36, "abcd": 33, "abcde": 17, "yn": 17, "percent": 8, "count": 24, "scale4": 2,
    }  # fmt: skip


def test_each_of_the_110_questions_reaches_exactly_one_change_area():
    questions = [node for node in shipped("zi-2021").nodes if node.kind == "question"]
    assert {node.area for node in questions} == set(CHANGE_AREAS) - {
        "deregulasi-kebijakan",
        "organisasi",
    }
    assert sum(bool(node.area) for node in questions) == 110


def test_zi_points_per_question_match_the_facts():
    points = points_per_row(shipped("zi-2021"))
    assert sum(points.values()) == 100
    assert points["A.II.5.ii.a"] == 3
    assert points["A.II.5.i.a"] == Fraction(5, 2)
    assert points["A.I.4.ii.a"] == Fraction(5, 16)
    assert points["A.I.3.i.a"] == Fraction(1, 12)
    assert points["A.II.5.iii.b.a"] == 1


def test_every_lettered_row_of_zi_has_its_rubric():
    zi = shipped("zi-2021")
    for node in zi.scored:
        scale = zi.scale_of(node)
        if scale.kind != "letters":
            continue
        letters = tuple(line.letter for line in node.rubric)
        assert letters == (("Ya",) if scale.id == "yn" else scale.letters), node.code
        assert all(len(line.text) > 10 for line in node.rubric), node.code


def test_only_the_discipline_row_has_a_rule_for_zero_of_zero():
    formulas = {n.code: n.formula for n in shipped("zi-2021").nodes if n.formula}
    assert len(formulas) == 8
    assert {code for code, f in formulas.items() if f.zero_zero != "unknown"} == {"A.II.3.iii.a"}
    assert formulas["A.II.3.iii.a"].zero_zero == "full"
    assert {f.zero_denominator for f in formulas.values()} == {"unknown"}


def test_the_unit_sheet_of_pmprb_sums_exactly_and_says_that_nothing_was_seen():
    pmprb = shipped("pmprb-2020-unit")
    assert pmprb.by_code["A.I"].weight == Fraction("14.60")
    assert pmprb.by_code["A.III"].weight == Fraction("21.70")
    assert pmprb.maximum == Fraction("36.30") == sum(points_per_row(pmprb).values())
    weighted = [node for node in pmprb.nodes if node.weight is not None and node.parent]
    assert all("weight" in node.unverified for node in weighted)


def test_akip_gives_one_letter_per_sub_component():
    akip = shipped("akip-2021")
    assert len(akip.scored) == 12
    assert {node.area for node in akip.nodes} == {"akuntabilitas"}
    assert akip.by_scale["akip-use"].value_of("BB") == Fraction(4, 5)


def test_akip_has_one_ladder_for_every_sub_component():
    """88/2021, Lampiran I p.35-36: a national example for AA, and no number of years."""
    akip = shipped("akip-2021")
    used = {node.scale for node in akip.scored}
    ladders = {akip.by_scale[scale].steps for scale in used}
    assert len(ladders) == 1
    meanings = {step.letter: step.meaning for step in ladders.pop()}
    assert "percontohan nasional" in meanings["AA"]
    assert not any("tahun" in meaning for meaning in meanings.values())


def test_editions_are_valid_from_the_day_their_rule_came_into_force():
    for slug in ("zi-2021", "akip-2021"):
        assert shipped(slug).valid_from == datetime.date(2021, 12, 31)
    assert shipped("akip-2021").source.replaces == ("Permenpan RB 12/2015",)


def test_the_minima_of_zi_add_up_to_less_than_its_totals():
    """90/2021, Lampiran II p.58: each minimum met exactly is not enough for the predicate."""
    zi = shipped("zi-2021")
    sums = {}
    for threshold in zi.thresholds:
        minimum = {line.code: line.minimum for line in threshold.lines}
        parts = minimum["enablers"] + minimum["clean-and-accountable"] + minimum["public-service"]
        areas = minimum["each-area"] * zi.by_code["A"].weight
        sums[threshold.id] = (areas, minimum["enablers"], parts, minimum["total"])
    assert sums == {
        "WBK": (36, 40, Fraction("72.25"), 75),
        "WBBM": (45, 48, Fraction("83.25"), 85),
    }


def test_the_highest_category_of_rb_general_lies_above_100():
    highest = shipped("rb-general-2023").categories[0]
    assert (highest.code, highest.minimum, highest.inclusive) == ("AA", 100, False)


def test_rb_general_names_no_change_area_and_invents_no_weight():
    general = shipped("rb-general-2023")
    assert {node.area for node in general.nodes} == {""}
    assert set(points_per_row(general)) == {"G.A.1", "G.A.2", "G.B.1", "G.B.2"}


def test_a_file_that_is_no_toml_is_refused():
    with pytest.raises(FrameworkFault) as caught:
        parse_framework("schema = ")
    assert caught.value.code == "not_toml"


@pytest.mark.parametrize("schema", [None, 0, 2, "1"])
def test_another_schema_is_refused(table, schema):
    table["schema"] = schema
    assert refusal(table).code == "schema_unknown"


def test_a_binary_float_is_refused_because_it_is_not_exact(table):
    node_of(table, "A.I.1.i")["weight"] = 0.5
    assert refusal(table).code == "framework_malformed"


def test_a_code_used_twice_is_refused(table):
    node_of(table, "A.I.1.i.b")["code"] = "A.I.1.i.a"
    fault = refusal(table)
    assert (fault.code, fault.details["node"]) == ("duplicate_code", "A.I.1.i.a")


def test_a_parent_that_does_not_exist_is_refused(table):
    node_of(table, "A.I.1.i.b")["parent"] = "A.I.9"
    fault = refusal(table)
    assert (fault.code, fault.details["node"]) == ("parent_missing", "A.I.1.i.b")


def test_weights_that_do_not_add_up_are_refused(table):
    node_of(table, "A.I.1.i")["weight"] = "0.51"
    fault = refusal(table)
    assert (fault.code, fault.details["node"]) == ("weights_do_not_sum", "A.I.1")


def test_a_question_without_scale_is_refused(table):
    del node_of(table, "A.I.1.i.a")["scale"]
    del node_of(table, "A.I.1.i.a")["rubric"]
    fault = refusal(table)
    assert (fault.code, fault.details["node"]) == ("scale_missing", "A.I.1.i.a")


def test_a_percentage_row_without_formula_is_refused(table):
    del node_of(table, "A.II.5.ii.a")["formula"]
    fault = refusal(table)
    assert (fault.code, fault.details["node"]) == ("formula_invalid", "A.II.5.ii.a")


def test_a_formula_on_a_foreign_count_is_refused(table):
    node_of(table, "A.II.5.ii.a")["formula"]["numerator"] = ["A.II.4.i.a.1"]
    assert refusal(table).details["node"] == "A.II.5.ii.a"


def test_a_question_in_two_change_areas_is_refused(table):
    node_of(table, "A.I.1.i.a")["area"] = "sdm"
    fault = refusal(table)
    assert (fault.code, fault.details["node"]) == ("two_change_areas", "A.I.1.i.a")


def test_an_invented_change_area_is_refused(table):
    for node in table["node"]:
        if node.get("area") == "sdm":
            node["area"] = "kepegawaian"
    assert refusal(table).code == "change_area_unknown"


@pytest.mark.parametrize("field", ["regulation", "seen_at", "retrieved", "checked_by"])
def test_a_file_without_source_stamp_is_refused(table, field):
    del table["source"][field]
    fault = refusal(table)
    assert (fault.code, fault.details["fields"]) == ("source_missing", [field])


def test_a_rubric_letter_outside_the_scale_is_refused(table):
    node_of(table, "A.I.1.i.b")["rubric"]["D"] = "more"
    assert refusal(table).code == "rubric_invalid"


def test_a_threshold_on_a_missing_node_is_refused(table):
    table["threshold"][0]["line"][1]["node"] = "Z"
    assert refusal(table).code == "threshold_invalid"


def test_the_stamp_of_a_checked_edition_is_kept(table):
    table["source"]["checked_by"] = "Bagian Organisasi"
    table["source"]["checked_on"] = datetime.date(2026, 3, 2)
    stamp = parse_framework(table).source
    assert (stamp.checked_by, stamp.checked_on) == ("Bagian Organisasi", datetime.date(2026, 3, 2))
