"""The page of numbered rules and what code and tests cite agree."""

import ast
import functools
import io
import re
import tokenize
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "reference" / "rules.md"
PACKAGES = ("clinic", "courses", "quizzes", "attendance", "scripts", "tests")
ROW = re.compile(r"^\| ([A-Z]\d+) \| (.+) \| `([\w/.]+?)(?:::(\w+))?` \|$", re.MULTILINE)
NUMBER = re.compile(r"(?<![\w#$%-])([SRDQPCIU])([1-9]\d?|(?<=U)1\d\d)(?![\w%-])")
RANGE = re.compile(r"(?<!\w)([SRDQPCIU])([1-9]\d?|(?<=U)1\d\d) to \1([1-9]\d{0,2})(?!\w)")
IN_A_NAME = re.compile(r"(?<=_)([srdqpciu])(\d{1,3})(?=_)")
# Documents that a maintainer cannot open, and the numbers of findings in them.
ELSEWHERE = re.compile(
    r"\b(?:ux|facts|contract|stack|security|method|cases|house|style)(?:\.md)? \d"
    r"|\b(?:design|reviews|domain|shared)/\w+|(?<![\w.-])[GH]\d{1,2}(?![\w.-])"
)


def rules():
    return {number: (path, test) for number, _, path, test in ROW.findall(PAGE.read_text())}


def sources():
    return sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))


@functools.cache
def prose(source):
    """Comments and docstrings of a module: where a number is a citation and not a cell."""
    texts = [
        token.string
        for token in tokenize.generate_tokens(io.StringIO(source).readline)
        if token.type == tokenize.COMMENT
    ]
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            texts.append(ast.get_docstring(node) or "")
    return texts


def cited_in(source):
    numbers = set()
    for text in prose(source):
        numbers |= {f"{letter}{number}" for letter, number in NUMBER.findall(text)}
        for letter, first, last in RANGE.findall(text):
            numbers |= {f"{letter}{number}" for number in range(int(first), int(last) + 1)}
    return numbers


def named_in(source):
    return {
        f"{letter.upper()}{int(number)}"
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
        for letter, number in IN_A_NAME.findall(node.name)
    }


def broken_by_verify():
    """The numbers under which ``verify`` reports."""
    return {
        value.value
        for path in sources()
        if path.name == "invariants.py"
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Tuple) and node.elts and isinstance(node.elts[0], ast.Constant)
        for value in node.elts[:1]
        if isinstance(value.value, str) and NUMBER.fullmatch(value.value)
    }


def test_every_rule_that_is_cited_stands_on_the_page_and_none_that_is_not():
    cited = broken_by_verify()
    for path in sources():
        source = path.read_text()
        cited |= cited_in(source) | named_in(source)
    assert sorted(cited ^ set(rules())) == []


def test_every_rule_names_a_test_that_is_there():
    for number, (path, test) in rules().items():
        source = (ROOT / path).read_text()
        assert "def test_" in source, number
        if test:
            names = {
                node.name
                for node in ast.walk(ast.parse(source))
                if isinstance(node, ast.FunctionDef)
            }
            assert test in names, number


def test_nothing_cites_a_document_that_is_not_here():
    found = []
    for path in sources():
        for text in prose(path.read_text()):
            found += [f"{path.relative_to(ROOT)}: {text.strip()[:90]}"] * bool(
                ELSEWHERE.search(text)
            )
            found += [
                f"{path.relative_to(ROOT)}: {name}"
                for name in re.findall(r"[\w/-]+\.md\b", text)
                if not any((ROOT / place / name).exists() for place in ("", "docs", path.parent))
                and not list((ROOT / "docs").rglob(Path(name).name))
            ]
    assert found == []


class TestTheLawsThemselves:
    @pytest.mark.parametrize(
        ("source", "cited"),
        [
            ('"""Kept for an hour (S25)."""', {"S25"}),
            ("# I3 to I5 hold", {"I3", "I4", "I5"}),
            ('CELL = "D12"', set()),
            ("x = C5", set()),
        ],
    )
    def test_a_citation_is_known_from_a_cell(self, source, cited):
        assert cited_in(source) == cited

    @pytest.mark.parametrize("text", ["as ux 5.1 asks", "facts.md 2.4", "(H12)", "design/house.md"])
    def test_a_document_from_elsewhere_is_found(self, text):
        assert ELSEWHERE.search(text)

    def test_a_number_in_the_name_of_a_test_counts(self):
        assert named_in("def test_q05_and_s09_hold(): ...") == {"Q5", "S9"}
