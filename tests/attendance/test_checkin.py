"""One door: every item stored once, one verdict each, presences folded at once."""

from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from django.db import connection
from django.http import Http404
from django.test.utils import CaptureQueriesContext

from attendance import badges, checkin, registration
from attendance.models import Correction, Presence, RejectedItem, Scan
from clinic.lib.errors import Refused
from clinic.people.access import remembering_grants
from clinic.people.models import Person
from clinic.records.audit import AuditEntry
from tests.attendance import made

MINUTE = timedelta(minutes=1)
SECOND = timedelta(seconds=1)
START = made.MORNING[0]


is_postgresql = connection.vendor == "postgresql"


def verdicts(answers):
    return [answer.verdict for answer in answers]


def test_the_same_uid_twice_is_one_scan_and_one_verdict(door):
    item = made.badge(door.row)
    first = made.scanned(door.event, item, by=door.steward)
    again = made.scanned(door.event, item, item, by=door.steward, now=START + 9 * MINUTE)

    assert [(one.verdict, one.replayed) for one in [*first, *again]] == [
        ("accepted", False),
        ("accepted", True),
        ("accepted", True),
    ]
    assert Scan.objects.count() == 1
    assert Presence.objects.get(session__title="Pagi").state == "present"


def test_a_uid_used_for_something_else_is_told_and_the_first_stays(door, cast):
    other = made.joined(door.event, cast.colleague)
    item = made.badge(door.row)
    made.scanned(door.event, item)

    answer = made.scanned(door.event, made.badge(other, uid=item["uid"]))[0]

    assert (answer.verdict, answer.level) == ("id_reuse", "error")
    assert Scan.objects.get().registration == door.row
    assert RejectedItem.objects.get().code == "id_reuse"


def test_what_stands_at_the_door_is_told_apart(door, cast):
    gone = made.joined(door.event, cast.colleague)
    registration.withdraw(gone, actor=cast.colleague.account)
    elsewhere = made.at_the_door(cast, code="lain").row
    old = badges.token_of(door.row)
    reissued = badges.reissue(door.row, actor=door.steward)

    answers = made.scanned(
        door.event,
        made.badge(old),
        made.badge(reissued, wall=(START + 20 * MINUTE - SECOND).isoformat()),
        made.badge(reissued),
        made.badge(gone),
        made.badge(gone, shown="green"),
        made.badge(elsewhere),
        made.badge("KRB1.AAAAAAAAAAAAAAAAAAAAAAAAAA"),
        made.badge("https://contoh.test/"),
        now=START + 20 * MINUTE,
    )

    assert verdicts(answers) == [
        "superseded_token",
        "late",
        "debounced",
        "revoked",
        "revoked_seen_offline",
        "wrong_event",
        "unknown_token",
        "unknown_token",
    ]
    assert answers[5].registration is None
    assert Scan.objects.count() == 8


def test_a_second_scan_says_when_the_person_came(door):
    made.scanned(door.event, made.badge(door.row), now=START)
    answer = made.scanned(door.event, made.picked(door.row), now=START + 5 * MINUTE)[0]

    assert (answer.verdict, answer.level) == ("already_in", "ok")
    assert checkin.came_before(Scan.objects.get(uid=answer.uid)) == START


def test_one_bad_item_spoils_no_other(door):
    bad = [{"uid": "x"}, None, {**made.badge(door.row), "extra": 1}, "text"]
    answers = made.scanned(door.event, *bad, made.badge(door.row))

    assert verdicts(answers) == ["malformed"] * 4 + ["accepted"]
    assert RejectedItem.objects.count() == 4


def test_too_many_items_store_nothing(door):
    with pytest.raises(Refused) as refused:
        made.scanned(door.event, *[made.badge(door.row) for _ in range(101)])
    assert refused.value.code == "too_large"
    assert Scan.objects.count() == 0


def test_undo_within_the_minute_and_by_the_same_steward_alone(door, cast):
    item = made.badge(door.row)
    made.scanned(door.event, item, by=door.steward)
    uid = UUID(item["uid"])
    with pytest.raises(Refused) as refused:
        checkin.undo(door.event, uid, by=door.steward, now=START + 2 * MINUTE)
    assert refused.value.code == "undo_too_late"

    checkin.undo(door.event, uid, by=door.steward, now=START + MINUTE)
    checkin.undo(door.event, uid, by=door.steward, now=START + MINUTE)

    assert Correction.objects.get().kind == "void"
    assert set(Presence.objects.values_list("state", flat=True)) == {"expected"}
    assert Scan.objects.count() == 1


def test_only_the_organiser_of_this_event_scans(door, cast):
    for person in (cast.participant, cast.regency_official, cast.admin):
        with pytest.raises(Http404):
            made.scanned(door.event, made.badge(door.row), by=person.account)


def test_changed_presences_refresh_each_unit_once_for_a_batch(door, cast, regencies):
    of_the_unit = made.joined(door.event, cast.colleague)
    elsewhere = made.joined(door.event, cast.stranger)
    items = [made.badge(row) for row in (door.row, of_the_unit, elsewhere)]
    made.scanned(door.event, *items)
    made.scanned(door.event, *items)

    assert made.refreshed_units() == sorted([regencies[0].district.pk, regencies[0].health.pk])


# One of the 15 confirms the seats of those who came. Django cuts long inserts for SQLite: 100
# scans and 200 presences are three inserts more there.
@pytest.mark.parametrize(("size", "most"), [(1, 15), (100, 15 if is_postgresql else 18)])
def test_a_batch_costs_the_same_statements_whatever_its_size(door, cast, regencies, size, most):
    rows = [
        registration.invite(door.event, person, actor=None)
        for person in made.people(regencies[0].clinic, size)
    ]
    items = [made.badge(row) for row in rows]

    with (
        remembering_grants(),
        CaptureQueriesContext(
            connection,
        ) as seen,
    ):
        made.scanned(door.event, *items, by=door.steward)

    work = [one["sql"] for one in seen.captured_queries if "SAVEPOINT" not in one["sql"]]
    assert len(work) <= most, "\n".join(sql[:150] for sql in work)
    assert Presence.objects.filter(state="present").count() == 2 * size


def test_a_scan_of_nobody_known_is_kept_by_its_digest_alone(door):
    made.scanned(door.event, made.badge("rahasia di saku", uid=uuid4()))

    row = Scan.objects.get()
    assert row.registration is None
    assert len(row.token_digest) == 64
    assert "rahasia" not in str(vars(row))


class TestUndoOfAWalkIn:
    """What one press added at the desk, another within the minute takes back."""

    @pytest.fixture
    def guest(self, regencies):
        return {"name": "Tamu", "unit": regencies[0].clinic, "nip": "199001012015011009"}

    def add(self, door, guest, uid=None):
        raw = {"uid": str(uid or uuid4()), "group": "d1", "direction": "in"}
        answer = checkin.record_walk_in(door.event, raw, **guest, by=door.steward)
        return UUID(raw["uid"]), answer.registration

    def test_it_takes_the_added_registration_back_and_gives_the_seat_back(self, door, guest):
        before = made.fresh(door.event).seats_taken
        uid, row = self.add(door, guest)
        assert made.fresh(door.event).seats_taken == before + 1

        for _again in range(2):
            checkin.undo(door.event, uid, by=door.steward)

        row.refresh_from_db()
        assert (row.state, bool(row.reason)) == ("cancelled", True)
        assert made.fresh(door.event).seats_taken == before
        assert AuditEntry.objects.filter(verb="registration.undo").count() == 1
        assert Person.objects.filter(nip=guest["nip"]).count() == 1
        assert Scan.objects.count() == 1
        assert row.pk not in {one.pk for one in door.event.registrations.held()}

    def test_the_guest_can_be_added_again(self, door, guest):
        uid, row = self.add(door, guest)
        checkin.undo(door.event, uid, by=door.steward)
        _uid, again = self.add(door, guest)
        assert (again.state, again.person_id) == ("walk_in", row.person_id)
        assert again.pk != row.pk

    def test_a_form_sent_twice_adds_one_guest(self, door, regencies):
        nameless = {"name": "Tamu Tanpa NIP", "unit": regencies[0].clinic}
        uid, first = self.add(door, nameless)
        _uid, second = self.add(door, nameless, uid)
        assert (first.pk, Scan.objects.count()) == (second.pk, 1)

    def test_who_was_registered_before_stays_so(self, door, cast, regencies):
        person = cast.participant
        known = {"name": person.name, "unit": regencies[0].clinic, "nip": person.nip}
        uid, row = self.add(door, known)
        assert row.pk == door.row.pk
        checkin.undo(door.event, uid, by=door.steward)
        row.refresh_from_db()
        assert row.state == "confirmed"

    def test_a_second_act_for_the_same_guest_undoes_itself_alone(self, door, guest):
        self.add(door, guest)
        uid, row = self.add(door, guest)
        checkin.undo(door.event, uid, by=door.steward)
        row.refresh_from_db()
        assert row.state == "walk_in"


class TestAWalkInWhoIsOnTheList:
    """U71: nobody is registered twice because a name was typed instead of picked."""

    def raw(self):
        return {"uid": str(uuid4()), "group": "d1", "direction": "in"}

    def typed(self, door, regencies, *, raw=None, **fields):
        guest = {"unit": regencies[0].clinic, **fields}
        return checkin.record_walk_in(door.event, raw or self.raw(), **guest, by=door.steward)

    def test_u71_a_name_on_the_list_adds_nobody(self, door, cast, regencies):
        people, name = Person.objects.count(), f"Dr. {cast.participant.name.upper()}, S.Sos."
        with pytest.raises(registration.ListedAlready) as refused:
            self.typed(door, regencies, name=name)

        assert (refused.value.code, refused.value.by_nip) == ("listed_already", False)
        assert refused.value.registrations == [door.row]
        assert (Person.objects.count(), door.event.registrations.count()) == (people, 1)
        assert not Scan.objects.exists()

    def test_a_nip_of_somebody_else_is_never_added_as_another(self, door, cast, regencies):
        wrong = {"name": "Tamu Baru", "nip": cast.participant.nip}
        for is_other in (False, True):
            with pytest.raises(registration.ListedAlready) as refused:
                self.typed(door, regencies, **wrong, is_other=is_other)
            assert (refused.value.by_nip, refused.value.registrations) == (True, [door.row])

    def test_the_person_of_the_list_is_recorded_once_however_often_it_is_sent(self, door):
        raw = self.raw()
        for _again in range(2):
            answer = checkin.record_listed(door.event, raw, door.row, by=door.steward)
        assert answer.registration == door.row
        assert (Scan.objects.count(), door.event.registrations.count()) == (1, 1)

        checkin.undo(door.event, UUID(raw["uid"]), by=door.steward)
        door.row.refresh_from_db()
        assert door.row.state == "confirmed"

    def test_who_had_withdrawn_and_came_is_the_same_person_added_anew(self, door, cast, regencies):
        registration.withdraw(door.row, actor=cast.participant.account)
        with pytest.raises(registration.ListedAlready):
            self.typed(door, regencies, name=cast.participant.name)
        raw = self.raw()

        row = checkin.record_listed(door.event, raw, door.row, by=door.steward).registration

        assert (row.person, row.state) == (cast.participant, "walk_in")
        assert row.pk != door.row.pk
        checkin.undo(door.event, UUID(raw["uid"]), by=door.steward)
        row.refresh_from_db()
        assert row.state == "cancelled"

    def test_a_namesake_is_added_once_somebody_has_said_so(self, door, cast, regencies):
        row = self.typed(door, regencies, name=cast.participant.name, is_other=True).registration
        assert row.person != cast.participant
        assert door.event.registrations.held().count() == 2
