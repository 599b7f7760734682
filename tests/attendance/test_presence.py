"""Corrections stand beside scans; the projection can be rebuilt at any time."""

from datetime import timedelta

import pytest
from django.http import Http404
from django.utils import translation

from attendance import entries, events, presence, registration
from attendance.folding import shown_state
from attendance.models import Correction, Presence
from clinic.lib.errors import Refused
from tests.attendance import made

START, END = made.MORNING
WHY = "Panitia melihat yang bersangkutan"


def act(kind, target, **fields):
    return Correction(kind=kind, target=target, reason=WHY, **fields)


def morning(row):
    return Presence.objects.get(registration=row, session__title="Pagi")


def test_void_then_unvoid_is_as_if_nothing_had_been(door):
    item = made.badge(door.row)
    made.scanned(door.event, item)
    before = morning(door.row).state, morning(door.row).minutes
    presence.correct(door.row, act("void", item["uid"]), by=door.steward)
    assert morning(door.row).state == "expected"

    presence.correct(door.row, act("unvoid", item["uid"]), by=door.steward)

    assert (morning(door.row).state, morning(door.row).minutes) == before
    assert Correction.objects.count() == 2


def test_an_added_entry_counts_as_manual(door):
    late = START + timedelta(minutes=30)
    presence.correct(door.row, act("add", "d1", at=late, direction="in"), by=door.steward)

    held = morning(door.row)
    assert (held.state, held.assurance, held.minutes) == ("late", "manual", 150)


def test_a_correction_says_why_and_names_what_there_is(door):
    short = Correction(kind="void", target="x", reason="salah")
    assert refused_code(door.row, short, door.steward) == "reason_missing"
    assert refused_code(door.row, act("void", "x"), door.steward) == "not_found"


def test_nobody_corrects_their_own_presence(door, cast):
    own = registration.invite(door.event, cast.organiser, actor=None)
    added = act("add", "d1", at=START, direction="in")
    assert refused_code(own, added, door.steward) == "own_record"
    with pytest.raises(Http404):
        presence.correct(door.row, act("void", "x"), by=cast.colleague.account)


def test_a_moved_session_drops_no_scan(door):
    made.scanned(door.event, made.badge(door.row))
    session = door.event.sessions.get(title="Pagi")

    events.cancel_session(session, actor=door.steward)
    events.cancel_session(door.event.sessions.get(title="Siang"), actor=door.steward)

    assert door.row.scans.count() == 1
    assert not Presence.objects.exists()
    assert list(presence.differences()) == []


def test_a_tampered_projection_is_found_and_mended(door):
    made.scanned(door.event, made.badge(door.row))
    Presence.objects.filter(session__title="Pagi").update(minutes=1)
    Presence.objects.filter(session__title="Siang").delete()

    assert len(list(presence.differences())) == 2
    assert len(presence.rebuild()) == 2
    assert list(presence.differences()) == []
    assert morning(door.row).minutes == 180


def test_who_never_came_is_absent_only_once_the_session_is_over(door):
    session = door.event.sessions.get(title="Pagi")
    assert shown_state(None, session, START) == "expected"
    assert shown_state(None, session, END) == "absent"


NEXT_DAY = START + timedelta(days=1)
BEFORE_DAWN = START - timedelta(hours=4)


def refused_code(row, what, by):
    with pytest.raises(Refused) as refused:
        presence.correct(row, what, by=by)
    assert refused.value.message
    return refused.value.code


def test_accepting_an_entry_outside_the_hours_is_refused_and_its_true_time_counts(door):
    item = made.badge(door.row)
    made.scanned(door.event, item, now=NEXT_DAY)
    assert morning(door.row).state == "review"

    assert refused_code(door.row, act("accept", item["uid"]), door.steward) == "no_effect"
    elsewhere = act("retime", item["uid"], at=NEXT_DAY + timedelta(hours=1))
    assert refused_code(door.row, elsewhere, door.steward) == "no_effect"
    assert not Correction.objects.exists()

    presence.correct(door.row, act("retime", item["uid"], at=START), by=door.steward)
    assert (morning(door.row).state, morning(door.row).minutes) == ("present", 180)


def test_what_is_so_already_is_refused(door):
    item = made.badge(door.row)
    made.scanned(door.event, item)
    for kind, more in (("unvoid", {}), ("accept", {}), ("retime", {"at": START})):
        assert refused_code(door.row, act(kind, item["uid"], **more), door.steward) == "no_effect"
    assert refused_code(door.row, act("retime", item["uid"]), door.steward) == "time_missing"
    presence.correct(door.row, act("void", item["uid"]), by=door.steward)
    assert refused_code(door.row, act("void", item["uid"]), door.steward) == "no_effect"
    assert Correction.objects.count() == 1


def test_an_added_entry_outside_the_hours_is_refused(door):
    tomorrow = act("add", "d1", at=START + timedelta(days=1), direction="in")
    assert refused_code(door.row, tomorrow, door.steward) == "no_effect"
    assert not Presence.objects.exists()


def test_accepting_a_stopped_entry_of_the_right_hour_counts(door, cast):
    registration.withdraw(door.row, actor=cast.participant.account)
    item = made.badge(door.row)
    made.scanned(door.event, item)
    assert morning(door.row).state == "expected"

    presence.correct(door.row, act("accept", item["uid"]), by=door.steward)
    assert morning(door.row).state == "present"


def acts_of(row):
    return {one.uid: [kind for kind, _label in one.acts] for one in entries.entries_of(row)}


def test_only_acts_that_change_something_are_offered(door):
    early, true, late = made.badge(door.row), made.badge(door.row), made.badge(door.row)
    made.scanned(door.event, late, now=NEXT_DAY)
    assert acts_of(door.row) == {late["uid"]: ["void"]}

    made.scanned(door.event, early, now=BEFORE_DAWN)
    assert acts_of(door.row)[early["uid"]] == ["accept", "void"]

    made.scanned(door.event, true)
    presence.correct(door.row, act("void", true["uid"]), by=door.steward)
    row = presence.correct(door.row, act("add", "d1", at=START, direction="in"), by=door.steward)
    assert acts_of(door.row)[true["uid"]] == ["unvoid"]
    assert acts_of(door.row)[str(row.uid)] == ["void"]


def test_what_changed_is_said_in_words(door):
    before = entries.describe_presences(door.row)
    presence.correct(door.row, act("add", "d1", at=START, direction="in"), by=door.steward)
    with translation.override("en"):
        told = entries.changes_between(before, entries.describe_presences(door.row))
        assert told == "Now: present since 09.00 WITA."
        same = entries.changes_between(
            entries.describe_presences(door.row), entries.describe_presences(door.row)
        )
        assert same == "The attendance stays as it was."
