"""House laws that imports cannot show: relations, words, addresses (docs: the house)."""

import ast
import contextlib
import io
import re
from pathlib import Path

import pytest
from django.conf import settings
from importlinter.cli import lint_imports

from clinic.people.models import Account
from clinic.records.jobs import HANDLERS

PACKAGES = ("clinic", "courses", "quizzes", "attendance")
SOURCES = [
    path
    for package in PACKAGES
    for path in sorted(Path(package).rglob("*.py"))
    if "migrations" not in path.parts
]
TESTS = sorted(Path("tests").rglob("*.py"))
FOREIGN_TOP_LEVEL = {"tests", "docs", "templates", "scripts", "var"}
# One word per concept (D13): what must not name a class or a module, and what does instead.
FORBIDDEN_WORDS = {
    "Evaluation": "Sheet, Review",
    "Evidence": "Proof (evidence is what insights reads)",
    "Topic": "ChangeArea",
    "Theme": "ChangeArea",
    "Indicator": "Node",
    "Allocation": "Assignment",
    "Attendee": "Person",
    "Organisation": "Unit",
    "Organization": "Unit",
    "Department": "Unit",
    "Instrument": "Framework",
    "Test": "Quiz",
    "Exam": "Quiz",
    "Utils": "a name after the work",
    "Utilities": "a name after the work",
    "Helpers": "a name after the work",
    "Helper": "a name after the work",
    "Misc": "a name after the work",
    "Common": "a name after the work",
}
NAMED_BY_A_FRAMEWORK = {"Command"}  # Django finds a command by this name
INSIGHTS_NAMES = {"Evidence", "evidence", "export_evidence"}  # what insights reads, and no other


def tree_of(path):
    return ast.parse(path.read_text(), filename=str(path))


def words_of(name):
    return re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+", name)


def forbidden_words(tree, module, allowed=frozenset()):
    names = [module, *(node.name for node in ast.walk(tree) if isinstance(node, ast.ClassDef))]
    return [
        f"{name}: say {FORBIDDEN_WORDS[word.title()]}"
        for name in names
        if name not in allowed
        for word in words_of(name)
        if word.title() in FORBIDDEN_WORDS
    ]


def top_level_classes(trees):
    """Map each name of a top-level class to the modules that have one of it."""
    places = {}
    for path, tree in trees:
        for node in tree.body:
            if isinstance(node, ast.ClassDef) and node.name not in NAMED_BY_A_FRAMEWORK:
                places.setdefault(node.name, []).append(str(path))
    return places


def calls(tree, name):
    return [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and getattr(node.func, "attr", getattr(node.func, "id", "")) == name
    ]


def test_the_import_contracts_hold():
    with contextlib.redirect_stdout(io.StringIO()) as told:
        broken = lint_imports()

    assert broken == 0, told.getvalue()


def test_one_concept_per_word():
    """No two top-level classes of the project have one name: whoever reads it knows which it is."""
    places = top_level_classes((path, tree_of(path)) for path in SOURCES)

    assert {name: found for name, found in places.items() if len(found) > 1} == {}


def test_there_is_no_further_top_level_package():
    found = {path.parent.name for path in Path().glob("*/__init__.py")}

    assert found <= {*PACKAGES, *FOREIGN_TOP_LEVEL}


def test_work_for_later_has_no_second_path():
    """Principle 3: no tasks module; tasks and ``on_commit`` live in records/jobs alone."""
    assert [path for path in SOURCES if path.name == "tasks.py"] == []
    others = [path for path in SOURCES if path != Path("clinic/records/jobs.py")]
    for path in others:
        text = path.read_text()
        assert not re.search(r"\bon_commit\(", text), path
        assert "shared_task" not in text, path


def entered_jobs(tree):
    """Return the names under which a module enters jobs, written there or in a constant above."""
    constants = {
        target.id: node.value.value
        for node in tree.body
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    names = [call.args[0] for way in ("enter", "enter_each") for call in calls(tree, way)]
    written = [name.value for name in names if isinstance(name, ast.Constant)]
    kept = [constants[name.id] for name in names if getattr(name, "id", "") in constants]
    return [*written, *kept]


def test_every_job_that_is_entered_has_a_handler():
    """A lower package enters the job of a higher one by its name alone."""
    entered = {name: path for path in SOURCES for name in entered_jobs(tree_of(path))}

    assert "insights.refresh_unit" in entered
    assert {name: path for name, path in entered.items() if name not in HANDLERS} == {}


def test_no_signal_is_ours():
    """The act enters its jobs itself; receivers listen to Django and allauth alone."""
    assert [path for path in SOURCES if calls(tree_of(path), "Signal")] == []


def test_package_files_are_empty_but_for_models():
    for path in SOURCES:
        if path.name == "__init__.py" and path.parent.name != "models":
            assert path.read_text() == "", path


def test_models_packages_only_re_export():
    for path in SOURCES:
        if path.name == "__init__.py" and path.parent.name == "models":
            tree = tree_of(path)
            kinds = (ast.Import, ast.ImportFrom, ast.Assign, ast.AnnAssign, ast.Expr)
            assert all(isinstance(node, kinds) for node in tree.body), path
            assert "__all__" in path.read_text(), path


def test_d01_accounts_are_ours():
    assert settings.AUTH_USER_MODEL == "people.Account"
    person = Account._meta.get_field("person")
    assert person.one_to_one
    assert not person.null


def relations_by_string(tree):
    """Return relations whose target is written as text, ``self`` and the own module aside."""
    own = {node.name for node in ast.walk(tree) if isinstance(node, ast.ClassDef)}
    fields = ("ForeignKey", "OneToOneField", "ManyToManyField", "ParentalKey")
    return [
        (call.args[0].value, on_delete_of(call))
        for field in fields
        for call in calls(tree, field)
        if call.args
        and isinstance(call.args[0], ast.Constant)
        and call.args[0].value not in {"self", *own}
    ]


def on_delete_of(call):
    given = [word.value for word in call.keywords if word.arg == "on_delete"]
    return ast.unparse(given[0]) if given else ""


FOREIGN_BY_STRING = {"wagtailcore.", "wagtailimages.", "wagtaildocs.", "auth.", "contenttypes."}


@pytest.mark.parametrize("path", SOURCES, ids=str)
def test_a_relation_that_points_up_by_string_protects_its_target(path):
    """Imports never point up. A string may, to a row that stays while something points at it."""
    package = path.parts[1] if path.parts[0] == "clinic" else path.parts[0]
    for target, on_delete in relations_by_string(tree_of(path)):
        label = target.split(".")[0]
        is_foreign = any(target.startswith(prefix) for prefix in FOREIGN_BY_STRING)
        is_own = label == package or "." not in target
        assert is_foreign or is_own or on_delete == "models.PROTECT", target


def test_d08_no_address_counts_rows():
    for path in SOURCES:
        if path.name == "urls.py" or "urls" in path.parts:
            assert "<int:" not in path.read_text(), path


@pytest.mark.parametrize("path", SOURCES, ids=str)
def test_d13_one_word_per_concept(path):
    is_insights = Path("clinic/insights") in path.parents or path.stem == "export_evidence"
    allowed = INSIGHTS_NAMES if is_insights else set()

    assert forbidden_words(tree_of(path), path.stem, allowed) == []


@pytest.mark.parametrize("path", TESTS, ids=str)
def test_no_test_is_skipped(path):
    if path == Path("tests/laws/test_house.py"):
        return
    assert not re.search(r"pytest\.(skip|importorskip)|mark\.(skip|skipif|xfail)", path.read_text())


class TestTheLawsThemselves:
    """Each law that reads source catches what it is there for."""

    def test_a_forbidden_word(self):
        tree = ast.parse("class UnitTopic: pass\nclass ChangeArea: pass")
        assert forbidden_words(tree, "string_utils") == [
            "string_utils: say a name after the work",
            "UnitTopic: say ChangeArea",
        ]

    def test_a_class_name_of_two_modules(self):
        trees = [(path, ast.parse("class Row: pass\nclass Command: pass")) for path in "ab"]
        assert top_level_classes(trees) == {"Row": ["a", "b"]}

    def test_a_job_by_name_or_constant(self):
        tree = ast.parse(
            "READ = 'a.read'\n"
            "def act():\n"
            "    jobs.enter(READ, 1, 'once')\n"
            "    jobs.enter_each('b.refresh', [1])\n"
            "    jobs.enter(f'{kind}.read', 1, 'once')"
        )
        assert sorted(entered_jobs(tree)) == ["a.read", "b.refresh"]

    def test_a_relation_that_points_up(self):
        tree = ast.parse(
            "x = models.ForeignKey('insights.Finding', on_delete=models.CASCADE)\n"
            "y = models.ForeignKey('attendance.Event', on_delete=models.PROTECT)\n"
            "z = models.ManyToManyField('insights.Rollup')"
        )
        assert relations_by_string(tree) == [
            ("insights.Finding", "models.CASCADE"),
            ("attendance.Event", "models.PROTECT"),
            ("insights.Rollup", ""),
        ]
