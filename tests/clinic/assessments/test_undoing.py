"""An applied file is taken back once, within seven days; what was typed since then stays."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from decimal import Decimal
from uuid import uuid4

import pytest
import time_machine
from django.core.exceptions import PermissionDenied
from django.db import connections
from django.http import Http404
from django.utils import timezone

from clinic.assessments.frameworks import find_edition
from clinic.assessments.models import Sheet, SheetChange
from clinic.assessments.row_page import list_states, place_of
from clinic.assessments.sheets import RowEntry, from_json, record_sheet, rows_of
from clinic.assessments.typed_rows import save_row
from clinic.assessments.undoing import NothingToUndo, SheetMoved, find_undoable, undo_file
from clinic.lib.errors import Refused
from clinic.records.audit import AuditEntry
from tests.clinic.assessments.seen_rows import seen_now

pytestmark = pytest.mark.django_db
LETTER, COUNTED = "A.I.5.i.a", "A.II.5.ii.a"
EARLIER = {
    LETTER: RowEntry("C", "C", "lama", (("SK", "https://bukti.example/lama"),)),
    "B.I.a": RowEntry(Decimal("3"), "3"),
    "A.I.5.i.b": RowEntry("B", "B"),
}
LATER = {
    LETTER: RowEntry("A", "A", "baru"),
    "A.I.5.i.b": RowEntry("B", "B"),
    f"{COUNTED}.1": RowEntry(6, "6"),
    f"{COUNTED}.2": RowEntry(5, "5"),
}


@pytest.fixture
def official(cast):
    return cast.unit_official.account


def record(regencies, rows, **more):
    home, _away = regencies
    edition = find_edition("zi-2021")
    return record_sheet(unit=home.health, edition=edition, period=2026, rows=rows, **more).sheet


@pytest.fixture
def sheet(cast, regencies):
    """A sheet over which a file was applied."""
    record(regencies, EARLIER, reading={"schema": 1, "file": "dulu.xlsx"})
    return record(regencies, LATER, reading={"schema": 1, "file": "baru.xlsx"}, source=uuid4())


def type_note(sheet, code, note, actor):
    return save_row(sheet, code, {"note": note}, seen=seen_now(sheet, code), actor=actor).sheet


def test_u84_an_undo_restores_every_row_its_proof_and_what_the_file_said(sheet, official):
    before = Sheet.objects.get().rev

    undone = undo_file(sheet, seen_rev=sheet.rev, actor=official).sheet

    assert {code: (row.text, row.note, row.proofs) for code, row in rows_of(undone).items()} == {
        code: (row.text, row.note, row.proofs) for code, row in EARLIER.items()
    }
    stored = Sheet.objects.get()
    assert stored.reading == {"schema": 1, "file": "dulu.xlsx"}
    assert stored.rev == before + 1
    assert stored.total == stored.changes.get(rev=1).total
    entry = AuditEntry.objects.get(verb="sheet.undo")
    assert (entry.actor, entry.detail.values["undoes"]) == (official.pk, 2)


def test_u84_a_file_is_taken_back_once(sheet, official):
    undone = undo_file(sheet, seen_rev=sheet.rev, actor=official).sheet

    with pytest.raises(NothingToUndo):
        undo_file(undone, seen_rev=undone.rev, actor=official)

    assert find_undoable(undone) is None
    assert SheetChange.objects.filter(kind="undo").count() == 1


@pytest.mark.parametrize(("days", "possible"), [(6.99, True), (7.01, False)])
def test_u84_it_can_be_taken_back_for_seven_days(sheet, official, days, possible):
    with time_machine.travel(timezone.now() + timedelta(days=days), tick=False):
        assert (find_undoable(sheet) is not None) == possible
        if not possible:
            with pytest.raises(NothingToUndo):
                undo_file(sheet, seen_rev=sheet.rev, actor=official)


def test_u85_rows_typed_since_then_stay_and_all_others_go_back(sheet, official):
    current = type_note(sheet, LETTER, "diisi orang", official)

    undone = undo_file(current, seen_rev=current.rev, actor=official).sheet

    rows = rows_of(undone)
    assert (rows[LETTER].value, rows[LETTER].note) == ("A", "diisi orang")
    assert rows["B.I.a"].text == "3"
    assert f"{COUNTED}.1" not in rows


def test_u85_a_count_that_was_typed_keeps_the_whole_row(sheet, official):
    seen = seen_now(sheet, COUNTED)
    current = save_row(sheet, COUNTED, {"answer0": "7"}, seen=seen, actor=official).sheet

    rows = rows_of(undo_file(current, seen_rev=current.rev, actor=official).sheet)

    assert (rows[f"{COUNTED}.1"].text, rows[f"{COUNTED}.2"].text) == ("7", "5")


def test_where_every_row_was_typed_again_there_is_nothing_to_take_back(cast, regencies, official):
    sheet = record(regencies, {LETTER: RowEntry("A", "A")}, source=uuid4())
    current = type_note(sheet, LETTER, "x", official)

    with pytest.raises(NothingToUndo):
        undo_file(current, seen_rev=current.rev, actor=official)

    assert Sheet.objects.get().rev == current.rev


def test_an_undo_is_of_what_was_shown(sheet, official):
    type_note(sheet, LETTER, "sementara itu", official)

    with pytest.raises(SheetMoved):
        undo_file(sheet, seen_rev=sheet.rev, actor=official)

    assert rows_of(sheet)[LETTER].note == "sementara itu"


def test_who_may_not_upload_for_the_unit_takes_nothing_back(sheet, cast):
    for person in (cast.assessor, cast.participant, cast.other_unit_official):
        with pytest.raises((PermissionDenied, Http404)):
            undo_file(sheet, seen_rev=sheet.rev, actor=person.account)

    assert undo_file(sheet, seen_rev=sheet.rev, actor=cast.regency_official.account).changed


def test_what_was_written_by_a_command_or_a_person_is_no_file(cast, regencies, official):
    sheet = record(regencies, EARLIER)
    assert find_undoable(sheet) is None
    assert find_undoable(type_note(sheet, LETTER, "x", official)) is None


def test_u86_the_history_tells_every_state_from_its_end(sheet, official):
    """Going back over the changes gives each state that the sheet ever had."""
    current = type_note(sheet, LETTER, "tiga", official)
    undo_file(current, seen_rev=current.rev, actor=official)
    expected = {4: "tiga", 3: "tiga", 2: "baru", 1: "lama"}

    rows = rows_of(sheet)
    for change in sheet.changes.order_by("-rev"):
        assert rows[LETTER].note == expected[change.rev]
        rows = {code: row for code, row in rows.items() if code not in change.rows["before"]}
        rows |= from_json({code: row for code, row in change.rows["before"].items() if row})

    assert rows == {}


@pytest.mark.django_db(transaction=True)
def test_two_undos_at_once_are_one(sheet, official):
    gate = threading.Barrier(2)

    def undo(_hand):
        try:
            gate.wait(10)
            return undo_file(sheet, seen_rev=sheet.rev, actor=official).changed
        except Refused as refused:
            return refused.code
        finally:
            connections.close_all()

    with ThreadPoolExecutor(2) as pool:
        got = set(pool.map(undo, range(2)))

    assert got == {True, "nothing_to_undo"}
    assert SheetChange.objects.filter(kind="undo").count() == 1


def test_a_row_knows_its_neighbours_within_the_filter_and_the_next_blank_one(sheet):
    states = list_states(sheet)
    place = place_of(LETTER, "semua", states)
    codes = [each.code for each in states]

    assert place.before == codes[codes.index(LETTER) - 1]
    assert (place.after, place.next_aim) == ("A.I.5.i.b", codes[codes.index(LETTER) + 2])
    assert place.left == Sheet.objects.get().unanswered
    last = place_of(codes[-1], "kosong", states)
    assert (last.after, last.next_aim) == ("", codes[0])
    unproven = place_of(LETTER, "tanpa-bukti", states)
    assert {unproven.next_aim, unproven.after} <= {each.code for each in states if each.score}
