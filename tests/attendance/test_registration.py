"""Who gets a seat, who is told, who may act for whom."""

import pytest
from django.core.exceptions import PermissionDenied
from django.http import Http404

from attendance import badges, registration
from attendance.models import Badge, Registration
from clinic.lib.errors import Refused
from clinic.people.models import Person
from clinic.records.audit import AuditEntry
from clinic.records.notices import Notice
from tests.attendance import made

State = Registration.State
SEATS = 2


def test_registering_twice_keeps_one_seat(cast, event):
    first = made.joined(event, cast.participant)
    again = made.joined(event, cast.participant)

    assert first == again
    assert (first.state, first.unit_name) == (State.CONFIRMED, "Kecamatan Hulu Contoh")
    assert made.fresh(event).seats_taken == 1
    assert Badge.objects.count() == Notice.objects.count() == 1
    assert made.takers(event) == {cast.participant}


@pytest.mark.parametrize("state", State)
def test_who_holds_a_seat_takes_the_quizzes_of_the_event_and_nobody_else(cast, event, state):
    row = made.joined(event, cast.participant)
    Registration.objects.filter(pk=row.pk).update(state=state)

    with_quiz = {State.NOMINATED, State.CONFIRMED, State.WALK_IN}
    assert made.takers(event) == ({cast.participant} if state in with_quiz else set())


def test_a_full_event_refuses_and_a_withdrawn_seat_is_free_again(cast, event):
    first = made.joined(event, cast.participant)
    made.joined(event, cast.colleague)
    with pytest.raises(registration.EventFull):
        made.joined(event, cast.stranger)

    registration.withdraw(first, actor=cast.participant.account, reason="tugas lain")
    registration.withdraw(first, actor=cast.participant.account)

    assert made.fresh(event).seats_taken == 1
    assert made.joined(event, cast.stranger).state == State.CONFIRMED
    assert made.takers(event) == {cast.colleague, cast.stranger}


def test_an_operator_proposes_own_people_alone_and_the_person_confirms(cast, event):
    with pytest.raises((PermissionDenied, Http404)):
        registration.register(event, cast.participant, actor=cast.operator.account)
    row = registration.register(event, cast.stranger, actor=cast.operator.account)
    assert (row.state, row.source) == (State.NOMINATED, "unit")

    confirmed = made.joined(event, cast.stranger)

    assert confirmed.pk == row.pk
    assert confirmed.state == State.CONFIRMED
    assert Notice.objects.count() == 2
    assert made.fresh(event).seats_taken == 1


def test_the_organiser_approves_a_proposal(cast, event):
    row = registration.register(event, cast.stranger, actor=cast.operator.account)
    with pytest.raises(Http404):
        made.decided(event, "approve", [row], by=cast.operator.account)

    made.decided(event, "approve", [row], by=cast.organiser.account)

    assert made.states([row]) == [State.CONFIRMED]


def test_an_invitation_writes_its_notice_with_the_act(cast, event):
    row = registration.invite(event, cast.participant, actor=None)
    assert registration.invite(event, cast.participant, actor=None) == row

    notice = Notice.objects.get()
    assert (notice.person, notice.state) == (cast.participant.pk, "to_print")
    assert f"/kegiatan/{event.code}/saya" in notice.body


def test_nobody_registers_where_it_is_not_open_or_from_another_regency(cast, event):
    with pytest.raises(Http404):
        made.joined(event, cast.other_regency_official)
    made.led(event, "closed", by=cast.organiser)
    with pytest.raises(Refused) as refused:
        made.joined(made.fresh(event), cast.participant)
    assert refused.value.code == "registration_closed"


def test_a_walk_in_beyond_the_seats_is_kept_and_flagged(cast, event, regencies):
    for person in (cast.participant, cast.colleague):
        made.joined(event, person)
    home = regencies[0]
    guest = {"name": "  Tamu   Baru ", "unit": home.clinic, "nip": "199001012015011009"}

    row = registration.add_walk_in(event, **guest, actor=cast.organiser.account)
    again = registration.add_walk_in(event, **guest, actor=cast.organiser.account)

    assert (row.state, row.is_over_quota, row.person.name) == (State.WALK_IN, True, "Tamu Baru")
    assert again.pk == row.pk
    assert Person.objects.filter(nip="199001012015011009").count() == 1
    assert made.fresh(event).seats_taken == 2


def test_a_walk_in_whose_nip_is_registered_is_that_registration(cast, event, regencies):
    row = made.joined(event, cast.participant)
    named = {"name": cast.participant.name, "nip": cast.participant.nip}
    guest = {**named, "unit": regencies[0].clinic}

    assert registration.add_walk_in(event, **guest, actor=cast.organiser.account).pk == row.pk


class TestAWalkInByNip:
    """A number that is typed at the door names nobody out of the organiser's reach (S2)."""

    @pytest.fixture
    def add(self, cast, event, regencies):
        def add(person, name):
            guest = {"name": name, "nip": person.nip, "unit": regencies[0].clinic}
            return registration.add_walk_in(event, **guest, actor=cast.organiser.account)

        return add

    def test_s02_a_person_of_another_regency_is_neither_named_nor_registered(
        self, cast, event, add
    ):
        person = cast.other_regency_official
        person.nip = "190003031921031002"
        person.save()

        row = add(person, person.name)

        assert row.person not in (person, None)
        assert (row.person.nip, row.person.name) == ("", person.name)
        assert not person.registrations.exists()
        noted = AuditEntry.objects.get(verb="registration.nip_taken")
        assert (noted.subject, noted.thing_id) == (person.pk, str(row.uuid))

    def test_s02_a_number_with_another_name_names_nobody(self, cast, event, add):
        for name in ("x", "Tamu Uji", "Budi Peserta Contoh"):
            row = add(cast.participant, name)
            assert row.person.name == name
            assert row.person != cast.participant
        assert not cast.participant.registrations.exists()

    def test_the_holder_comes_from_their_own_unit(self, cast, event, add):
        row = add(cast.participant, cast.participant.name)

        assert row.person == cast.participant
        assert row.unit == cast.participant.memberships.get().unit


def test_a_short_code_survives_being_read_aloud(cast, event):
    row = made.joined(event, cast.participant)
    shown = badges.shown_short_code(row.short_code).lower()

    assert badges.fold_short_code(f" {shown} ") == row.short_code
    assert badges.fold_short_code("oil0-1234") == "01101234"
