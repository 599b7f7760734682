"""The command behind an edition: exit codes and the JSON line."""

import inspect
import json
import re

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.utils import translation

from clinic.assessments import frameworks
from clinic.assessments.arithmetic import frameworks as reading

pytestmark = pytest.mark.django_db

ZI = frameworks.SHIPPED / "zi-2021.toml"
CODE = re.compile(r'(?:_fault\(|FrameworkFault\(code=)"(\w+)"')
# What is found in the shipped file, what stands there instead, and the code of the refusal.
FAULTS = [
    ("zi-2021", r"^.*$", "schema = 1\n[framework", "not_toml"),
    ("zi-2021", r"schema = 1", "schema = 9", "schema_unknown"),
    ("zi-2021", r"maximum =", "most =", "framework_malformed"),
    ("zi-2021", r"regulation =", "rule =", "source_missing"),
    ("zi-2021", r"\[\[node\]\].*", "", "tree_empty"),
    ("zi-2021", r'code = "A.I.1.i.b"', 'code = "A.I.1.i.a"', "duplicate_code"),
    ("zi-2021", r'kind = "question"', 'kind = "riddle"', "kind_unknown"),
    ("zi-2021", r'parent = "A.I.1"', 'parent = "A.I.9"', "parent_missing"),
    ("zi-2021", r'Ya = "1"', 'Ya = "0.9"', "scale_invalid"),
    ("zi-2021", r'\nscale = "yn"', "", "scale_missing"),
    ("zi-2021", r'\nscale = "yn"', '\nscale = "no"', "scale_missing"),
    ("zi-2021", r'\nscale = "count"', '\nscale = "scale4"', "input_is_scored"),
    ("zi-2021", r'\nYa = "Jika', '\nJa = "Jika', "rubric_invalid"),
    ("zi-2021", r'zero_zero = "full"', 'zero_zero = "half"', "formula_invalid"),
    ("zi-2021", r'\nscale = "count"', '\nscale = "count"\nsame_as = "Z"', "formula_invalid"),
    ("zi-2021", r'\nweight = "60"', '\nweight = "-60"', "weight_negative"),
    ("zi-2021", r'\nweight = "60"', '\nweight = "59"', "weights_do_not_sum"),
    ("zi-2021", r'maximum = "100"', 'maximum = "99"', "weights_do_not_sum"),
    ("zi-2021", r'aggregate = "mean"', 'aggregate = "weight"', "weights_do_not_sum"),
    ("zi-2021", r'aggregate = "sum"', 'aggregate = "all"', "aggregate_missing"),
    ("zi-2021", r'\narea = "[a-z-]+"\nscale', '\narea = "sdm"\nscale', "two_change_areas"),
    ("zi-2021", r'\narea = "[a-z-]+"', '\narea = "x"', "change_area_unknown"),
    ("zi-2021", r'measure = "total"', 'measure = "x"', "threshold_invalid"),
    ("zi-2021", r'\nnode = "B.I.a"', '\nnode = "Z"', "threshold_invalid"),
    ("akip-2021", r'minimum = "80"', 'minimum = "99"', "categories_unordered"),
]


def last_line(capsys):
    return json.loads(capsys.readouterr().out.strip().splitlines()[-1])


def test_loading_twice_says_that_nothing_changed(capsys):
    call_command("load_framework", str(ZI), "--json")
    assert last_line(capsys) == {
        "ok": True,
        "counts": {"nodes": 199, "created": 199, "reworded": 0, "removed": 0},
        "problems": [],
    }
    call_command("load_framework", str(ZI), "--json")
    assert last_line(capsys)["counts"]["created"] == 0


def test_a_changed_weight_of_a_used_edition_ends_with_one(tmp_path, capsys):
    frameworks.lock(frameworks.load_framework(ZI.read_text()).edition)
    changed = tmp_path / "zi.toml"
    changed.write_text(
        ZI.read_text()
        .replace('weight = "0.5"', 'weight = "0.6"', 1)
        .replace('weight = "1.5"', 'weight = "1.4"', 1)
    )
    with pytest.raises(CommandError) as ended:
        call_command("load_framework", str(changed), "--json")
    assert ended.value.returncode == 1
    assert last_line(capsys)["problems"][0]["code"] == "edition_locked"


def test_a_broken_file_names_the_code_and_a_missing_one_is_bad_usage(tmp_path, capsys):
    broken = tmp_path / "broken.toml"
    broken.write_text("schema = 1\n[framework")
    with pytest.raises(CommandError) as ended:
        call_command("load_framework", str(broken), "--json")
    assert ended.value.returncode == 1
    assert last_line(capsys)["problems"][0]["code"] == "not_toml"
    with pytest.raises(CommandError) as ended:
        call_command("load_framework", str(tmp_path / "none.toml"))
    assert ended.value.returncode == 2


@pytest.mark.parametrize(("slug", "pattern", "instead", "code"), FAULTS)
def test_each_fault_is_told_in_a_sentence_of_both_languages(
    tmp_path, capsys, slug, pattern, instead, code
):
    text = (frameworks.SHIPPED / f"{slug}.toml").read_text()
    broken = tmp_path / "broken.toml"
    broken.write_text(re.sub(pattern, instead, text, count=1, flags=re.DOTALL))
    said = []
    for language in ("id", "en"):
        with translation.override(language), pytest.raises(CommandError):
            call_command("load_framework", str(broken), "--json")
        (problem,) = last_line(capsys)["problems"]
        said.append(problem["message"])
        assert problem["code"] == code
        assert problem["message"].endswith(".")
        assert " " in problem["message"]
        assert "%" not in problem["message"]
    assert said[0] != said[1]


def test_every_code_of_the_rules_has_its_sentence_and_is_tried():
    texts = [inspect.getsource(module) for module in (frameworks, reading)]
    codes = {code for text in texts for code in CODE.findall(text)}

    assert codes == set(frameworks.SENTENCES) == {fault[3] for fault in FAULTS}
