"""Q6: nothing changes an answer, a credit or the state of an attempt but behind the one door.

Once from the source text, once from the statements that a walk sends to the database.
"""

import ast
import json
import re
from collections import defaultdict
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from quizzes import delivery
from quizzes.arithmetic.saving import SaveEvent
from quizzes.models import Attempt
from tests.quizzes import made

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("quizzes", "attendance", "courses", "clinic")
DOOR = "with_attempt"
GUARDED = re.compile(r"\b(attempts?|responses?|credits?)\b", re.IGNORECASE)
WRITES = {
    "save",
    "update",
    "delete",
    "create",
    "get_or_create",
    "update_or_create",
    "bulk_create",
    "bulk_update",
}
WRITES |= {f"a{name}" for name in WRITES}
# A start makes what was not there; no other act can meet it (Q2 is a unique key).
STARTS = {"delivery.pin", "delivery._create_attempt"}


class Calls(ast.NodeVisitor):
    """Every call of a module: in which function, of what, and whether inside the door."""

    def __init__(self, source: str) -> None:
        self.found: list[tuple[str, str, bool]] = []
        self._function, self._inside = "", False
        self.visit(ast.parse(source))

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        kept = self._function, self._inside
        self._function, self._inside = self._function or node.name, node.name == DOOR
        self.generic_visit(node)
        self._function, self._inside = kept

    def visit_With(self, node: ast.With) -> None:
        kept = self._inside
        named = " ".join(ast.unparse(item.context_expr) for item in node.items)
        self._inside = kept or re.search(rf"\b{DOOR}\(", named) is not None
        self.generic_visit(node)
        self._inside = kept

    def visit_Call(self, node: ast.Call) -> None:
        self.found.append((self._function, ast.unparse(node.func), self._inside))
        self.generic_visit(node)


def modules():
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            if "migrations" not in path.parts:
                yield path, Calls(path.read_text(encoding="utf-8"))


def is_write(called: str) -> bool:
    owner, _dot, verb = called.rpartition(".")
    return verb in WRITES and GUARDED.search(owner) is not None


def behind_the_door(calls: Calls) -> set[str]:
    """Functions that are called inside the door alone, by the module itself alone."""
    callers = defaultdict(list)
    for function, called, inside in calls.found:
        callers[called].append((function, inside))
    safe = {name for name in callers if name.startswith("_")}
    while True:
        kept = {
            name
            for name in safe
            if all(inside or function in safe for function, inside in callers[name])
        }
        if kept == safe:
            return safe
        safe = kept


def open_writes(path: Path, calls: Calls) -> list[str]:
    safe = behind_the_door(calls) if path == ROOT / "quizzes/delivery.py" else set()
    return [
        f"{path.stem}.{function}: {called}"
        for function, called, inside in calls.found
        if is_write(called) and not inside and function not in safe
    ]


def test_q06_the_source_writes_behind_the_door_alone():
    found = [line for path, calls in modules() for line in open_writes(path, calls)]
    assert {line.partition(":")[0] for line in found} == STARTS, found


def test_q06_the_search_sees_a_write_outside(tmp_path):
    source = "def f(attempt):\n    attempt.save()\n    Credit.objects.bulk_create([])\n"
    assert len(open_writes(tmp_path / "other.py", Calls(source))) == 2
    inside = "def f(u):\n    with with_attempt(u) as attempt:\n        attempt.save()\n"
    assert open_writes(tmp_path / "other.py", Calls(inside)) == []


def test_q06_no_source_names_the_tables_themselves():
    table = re.compile(r"quizzes_(attempt|response|credit)\b")
    named = [path for path, _ in modules() if table.search(path.read_text(encoding="utf-8"))]
    assert named == []


# --- what a walk sends -----------------------------------------------------------------------

CHANGE = re.compile(
    r'^(?:INSERT INTO|UPDATE|DELETE FROM) "quizzes_(?P<table>attempt|response|credit)" '
)
LOCK = re.compile(r'FROM "quizzes_attempt" WHERE .*"uuid" = ', re.DOTALL)
BEGIN = re.compile(r"^(?:SAVEPOINT|BEGIN)")
END = re.compile(r"^(?:RELEASE SAVEPOINT|ROLLBACK TO SAVEPOINT|COMMIT|ROLLBACK)")


def outside_the_door(statements):
    """Return the guarded changes that no lock of an attempt precedes in their transaction."""
    blocks, found = [False], []
    for sql in statements:
        if BEGIN.match(sql):
            blocks.append(False)
        elif END.match(sql):
            blocks.pop()
        elif LOCK.search(sql) and len(blocks) > 1:
            has_lock = not connection.features.has_select_for_update or "FOR UPDATE" in sql
            blocks[-1] = blocks[-1] or has_lock
        elif CHANGE.match(sql) and not any(blocks):
            found.append(sql)
    return found


def starts(statements):
    """Return the tables whose rows a start makes."""
    return [CHANGE.match(sql)["table"] for sql in statements if sql.startswith("INSERT")]


@pytest.fixture
def browser(cast, signed_in):
    return signed_in(cast.participant.account)


def walk(browser, attempt):
    """Save by program and by form, twice, in conflict, empty, too late; mark; hand in."""
    api = f"/api/quizzes/v1/attempts/{attempt.uuid}"
    page = f"/kuis/pengerjaan/{attempt.uuid}"
    options = [one.id for one in attempt.items.get(index=1).question_version.parsed.options]

    def put(client, seq, rev, value, **more):
        body = {"client_id": client, "seq": seq, "base_rev": rev, "value": value, **more}
        browser.put(f"{api}/items/1", json.dumps(body), "application/json")

    put("a", 1, 0, options[0])
    put("a", 1, 0, options[0])
    put("b", 1, 0, options[1])
    put("b", 2, 1, None, clear=True)
    together = [
        {"index": n, "client_id": "c", "seq": n, "base_rev": 0, "value": None, "clear": True}
        for n in (2, 3)
    ]
    browser.post(f"{api}/replay", json.dumps({"events": together}), "application/json")
    browser.put(f"{api}/items/2/flag", json.dumps({"flagged": True}), "application/json")
    browser.post(f"{page}/1/", {"jawaban": options[1], "base_rev": "2", "ke": "2"})
    browser.post(f"{page}/1/", {"jawaban": options[1], "base_rev": "3", "ke": "tandai"})
    browser.get(f"{api}/clock")
    browser.post(f"{page}/periksa/", {"yakin": "1"})
    put("a", 9, 3, options[0])
    browser.get(f"{page}/hasil/")


def test_q06_a_walk_changes_nothing_before_it_holds_the_attempt(cast, browser):
    version = made.published_quiz(cast, minutes=20)
    given = made.assigned(version, cast.participant)
    with CaptureQueriesContext(connection) as begun:
        browser.post("/kuis/kuis-uji/", {"tugas": str(given.uuid)})
    attempt = Attempt.objects.get()
    with CaptureQueriesContext(connection) as walked:
        walk(browser, attempt)
    with CaptureQueriesContext(connection) as expired:
        other = delivery.start(made.assigned(version, cast.colleague), cast.colleague.account)[0]
        delivery.expire_due(now=other.deadline_at + timedelta(minutes=2))

    attempt.refresh_from_db()
    assert attempt.state == "submitted"
    first, then, last = ([one["sql"] for one in each] for each in (begun, walked, expired))
    assert starts(outside_the_door(first)) == ["attempt", "response"]
    assert outside_the_door(then) == []
    assert starts(outside_the_door(last)) == ["attempt", "response"]
    changed = {CHANGE.match(sql)["table"] for sql in then if CHANGE.match(sql)}
    assert changed == {"attempt", "response", "credit"}


def test_q06_the_trace_sees_a_write_outside(cast):
    attempt = made.attempt_of(cast.participant)
    event = SaveEvent(client_id="a", seq=1, base_rev=0, value=None, clear=True)
    delivery.save_response(attempt.uuid, 1, event)
    with CaptureQueriesContext(connection) as captured:
        Attempt.objects.filter(pk=attempt.pk).update(finish_reason="")
    assert len(outside_the_door([one["sql"] for one in captured])) == 1
