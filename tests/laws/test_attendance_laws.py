"""Invariants I1, I2, I3, I4, I9 and I10 of attendance over stored rows (I5 to I8: the fold)."""

from datetime import timedelta
from uuid import UUID

import pytest
from django.db import DatabaseError, connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from attendance import invariants, presence
from attendance.models import Correction, Presence, RejectedItem, Scan
from tests.attendance import made

START = made.MORNING[0]
STEPS = [0, 1, 9, 10, 899, 901, 3 * 3600 - 901, 3 * 3600 - 899, 3 * 3600, 4 * 3600, 7 * 3600]
WHY = "Dilihat sendiri oleh panitia"


@pytest.fixture
def door(cast):
    door = made.at_the_door(cast)
    door.rows = [door.row, made.joined(door.event, cast.colleague)]
    return door


drawn_items = st.lists(
    st.tuples(
        st.integers(0, 7), st.integers(0, 2), st.sampled_from(["in", "out"]), st.sampled_from(STEPS)
    ),
    max_size=8,
)


def items_of(door, drawn):
    """Badges of two people and of nobody; few uids, so that some items meet again or collide."""
    tokens = [*door.rows, "KRB1.AAAAAAAAAAAAAAAAAAAAAAAAAA"]
    return [
        made.badge(
            tokens[who],
            uid=UUID(int=uid + 1),
            direction=way,
            wall=(START + timedelta(seconds=step)).isoformat(),
        )
        for uid, who, way, step in drawn
    ]


def held():
    return sorted(Presence.objects.values_list("registration", "session", *Presence.FOLDED[:-2]))


def test_i01_the_database_refuses_any_change_of_a_scan_or_correction(door):
    item = made.badge(door.row)
    made.scanned(door.event, item)
    act = Correction(kind="void", target=item["uid"], reason=WHY)
    presence.correct(door.row, act, by=door.steward)
    for model in (Scan, Correction):
        table = model._meta.db_table
        for statement in (f"UPDATE {table} SET scan_group = 'x'", f"DELETE FROM {table}"):
            if model is Correction:
                statement = statement.replace("scan_group", "reason")
            with (
                pytest.raises(DatabaseError, match="append-only"),
                transaction.atomic(),
                connection.cursor() as cursor,
            ):
                cursor.execute(statement)
        row = model.objects.get()
        with pytest.raises(TypeError):
            row.save()
        with pytest.raises(TypeError):
            model.objects.all().delete()


LIGHT = settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@LIGHT
@given(drawn=drawn_items, cut=st.integers(0, 8))
def test_i02_i04_i09_sent_again_in_other_batches_changes_nothing(door, undone, drawn, cut):
    items = items_of(door, drawn)
    now = START + timedelta(hours=9)
    with undone():
        answers = made.scanned(door.event, *items[:cut], now=now)
        answers += made.scanned(door.event, *items[cut:], now=now)
        before, rows = held(), list(Scan.objects.order_by("pk").values())

        again = [made.scanned(door.event, item, now=now)[0] for item in items]

        assert [one.uid for one in answers] == [item["uid"] for item in items]
        assert [one.verdict for one in again] == [one.verdict for one in answers]
        assert (held(), list(Scan.objects.order_by("pk").values())) == (before, rows)
        assert Scan.objects.count() == len({item["uid"] for item in items})


@LIGHT
@given(drawn=drawn_items, data=st.data())
def test_i03_the_projection_is_the_same_for_every_order_and_split(door, undone, drawn, data):
    unique = list({item["uid"]: item for item in items_of(door, drawn)}.values())
    shuffled = data.draw(st.permutations(unique))
    now = START + timedelta(hours=9)
    with undone():
        made.scanned(door.event, *unique, now=now)
        at_once = held()
    with undone():
        for item in shuffled:
            made.scanned(door.event, item, now=now)
        assert held() == at_once
        assert list(presence.differences()) == []
        Presence.objects.all().delete()
        presence.rebuild()
        assert held() == at_once


def test_i09_one_bad_item_spoils_no_other(door):
    answers = made.scanned(door.event, {"uid": 1}, made.badge(door.row), [])

    assert [one.verdict for one in answers] == ["malformed", "accepted", "malformed"]
    assert RejectedItem.objects.count() == 2


def test_every_invariant_is_silent_on_sound_rows_and_speaks_on_broken_ones(door):
    made.scanned(door.event, made.badge(door.row))
    checks = dict(invariants.INVARIANTS)
    assert all(list(check()) == [] for check in checks.values())

    Presence.objects.filter(session__title="Pagi").update(minutes=999)
    assert list(checks["I3"]())
    assert list(checks["I5"]())
    row = Presence.objects.get(session__title="Pagi")
    row.intervals = [list(reversed(row.intervals[0]))]
    row.save()
    assert list(checks["I6"]())
    type(door.event).objects.filter(pk=door.event.pk).update(seats_taken=5)
    assert list(checks["I10"]())
