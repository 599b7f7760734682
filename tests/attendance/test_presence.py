"""Corrections stand beside scans; the projection can be rebuilt at any time."""

from datetime import timedelta

import pytest
from django.http import Http404

from attendance import events, presence, registration
from attendance.models import Correction, Presence
from clinic.lib.errors import Refused
from tests.attendance import made

START, END = made.MORNING
WHY = "Panitia melihat yang bersangkutan"


@pytest.fixture
def door(cast):
    return made.at_the_door(cast)


def act(kind, target, **fields):
    return presence.Act(kind=kind, target=target, reason=WHY, **fields)


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
    short = presence.Act(kind="void", target="x", reason="salah")
    with pytest.raises(presence.ReasonMissing):
        presence.correct(door.row, short, by=door.steward)
    with pytest.raises(Refused) as refused:
        presence.correct(door.row, act("void", "x"), by=door.steward)
    assert refused.value.code == "not_found"


def test_nobody_corrects_their_own_presence(door, cast):
    own = registration.invite(door.event, cast.organiser, actor=None)
    with pytest.raises(presence.OwnRecord):
        presence.correct(own, act("add", "d1", at=START, direction="in"), by=door.steward)
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
    assert presence.shown_state(None, session, START) == "expected"
    assert presence.shown_state(None, session, END) == "absent"
