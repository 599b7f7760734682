"""Whoever shows or changes what is dear asks for a fresh password or factor."""

import ast
from pathlib import Path

import pytest

PACKAGES = ("clinic", "courses", "quizzes", "attendance")
# What no page does before the person has confirmed: a call, or an argument that is not False.
DEAR_CALLS = {
    ("presence", "correct"), ("granting", "grant"), ("granting", "end_grant"),
    ("accounts", "retire"), ("accounts", "reopen"), ("accounts", "reset_second_factor"),
    ("accounts", "end_all_sessions"), ("moving", "move_person"), ("merging", "merge"),
    ("merging", "undo_merge"), ("restructuring", "rename_unit"), ("restructuring", "move_unit"),
    ("restructuring", "merge_unit"), ("restructuring", "split_unit"), ("restructuring", "end_unit"),
    ("restructuring", "reopen_unit"),
    ("revealing", "reveal"), ("activation", "issue_slip"), ("events", "add_organiser"),
    ("issuing", "plan_run"),
    ("issuing", "confirm_run"), ("certificates", "revoke"), ("devices", "enrol"),
}  # fmt: skip
DEAR_ARGUMENTS = {"has_whole_nip"}
DOORS = {"confirming", "reauthentication_required", "AdministratorAct", "PersonAct"}


def views():
    for package in PACKAGES:
        for path in sorted(Path(package).rglob("*.py")):
            if path.stem == "views" or path.parent.name == "views" or "desks" in path.parts:
                yield path


def dear_acts(tree):
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        module, name = getattr(getattr(node.func, "value", None), "id", ""), ast.unparse(node.func)
        if (module, name.removeprefix(f"{module}.")) in DEAR_CALLS:
            yield name
        for given in node.keywords:
            is_false = isinstance(given.value, ast.Constant) and given.value.value is False
            if given.arg in DEAR_ARGUMENTS and not is_false:
                yield given.arg


def asks(tree):
    return any(isinstance(node, ast.Name) and node.id in DOORS for node in ast.walk(tree))


def unguarded(text):
    tree = ast.parse(text)
    return [] if asks(tree) else list(dear_acts(tree))


def test_no_page_does_a_dear_act_without_a_fresh_password():
    found = {str(path): unguarded(path.read_text()) for path in views()}

    assert {path: acts for path, acts in found.items() if acts} == {}


@pytest.mark.parametrize(("text", "acts"), [
    ("presence.correct(row, act, by=by)", ["presence.correct"]),
    ("attendance_list(event, sessions, has_whole_nip=request.method == 'POST')", ["has_whole_nip"]),
    ("attendance_list(event, sessions, has_whole_nip=False)", []),
    ("confirming.ask_to_confirm(request)\npresence.correct(row, act, by=by)", []),
])  # fmt: skip
def test_the_law_knows_right_from_wrong(text, acts):
    assert unguarded(text) == acts
