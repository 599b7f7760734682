"""Inviting by unit and post, or by name: looked at first, in one transaction, told once."""

from datetime import timedelta

import pytest
from django.http import Http404
from django.utils import timezone

from attendance import inviting, registration
from attendance.models import Registration
from clinic.lib.errors import Refused
from clinic.people.models import Membership, Unit
from clinic.records.notices import Notice
from tests.attendance import made


@pytest.fixture
def secretaries(regencies):
    """A secretary in the health office, one in the clinic below it, a planner in the district."""
    home = regencies[0]
    found = {}
    for unit, post in (
        (home.health, "Sekretaris"),
        (home.clinic, "Sekretaris Puskesmas"),
        (home.district, "Kepala Subbagian Perencanaan"),
    ):
        (person,) = made.people(unit, 1, name=f"Contoh {post}")
        Membership.objects.filter(person=person).update(position=post)
        found[post] = person
    return found


def place_of(event):
    return f"/panitia/{event.code}/undang"


def names(found):
    return [[one.person.name for one in unit.people] for unit in found]


def units_of(event):
    return list(inviting.top_units(event))


def test_top_units_come_in_official_order_without_their_parts(event, regencies):
    home = regencies[0]
    assert units_of(event) == [home.section, home.inspectorate, home.health, home.district]
    assert list(inviting.top_units(event, kind=Unit.Kind.DISTRICT)) == [home.district]


def test_people_are_found_by_post_in_the_unit_and_below_it(cast, event, regencies, secretaries):
    units, by = [regencies[0].health, regencies[0].district], cast.organiser.account

    assert names(inviting.find_candidates(event, units, ["Sekretaris"], actor=by)) == [
        ["Contoh Sekretaris 001"],
        [],
    ]
    found = inviting.find_candidates(event, units, [], words="sekretaris, perencana", actor=by)
    assert [len(people) for people in names(found)] == [2, 1]
    everybody = inviting.find_candidates(event, units, [], actor=by)
    assert all(len(unit.people) > 1 for unit in everybody)


def test_who_left_the_post_is_not_found(cast, event, regencies, secretaries):
    Membership.objects.filter(position="Sekretaris").update(
        end=timezone.localdate() - timedelta(days=1)
    )
    units, by = [regencies[0].health], cast.organiser.account
    assert names(inviting.find_candidates(event, units, ["Sekretaris"], actor=by)) == [[]]


def test_looked_at_confirmed_and_invited_once(cast, signed_in, event, regencies, secretaries):
    browser = signed_in(cast.organiser.account)
    known = registration.invite(event, secretaries["Sekretaris"], actor=None)
    told = Notice.objects.count()
    address = {"unit": [unit.slug for unit in units_of(event)], "memuat": "sekretaris"}

    preview = browser.get(place_of(event), address)
    assert preview.context["new"] == 1
    assert regencies[0].district in preview.context["without_people"]
    assert not Registration.objects.exclude(pk=known.pk).exists()

    chosen = [person.uuid for person in secretaries.values()]
    asked = browser.post(place_of(event), {"orang": chosen})
    assert "3" in asked.content.decode()
    fields = {"setuju": "1", "baris": asked.context["rows"]}
    for _again in range(2):
        assert browser.post(place_of(event), fields).status_code == 302

    assert Registration.objects.count() == 3
    assert set(event.registrations.values_list("state", "source")) == {("nominated", "organiser")}
    assert Notice.objects.count() == told + 2


def test_one_person_without_account_is_found_by_name(cast, signed_in, event):
    browser = signed_in(cast.organiser.account)
    (found,) = browser.get(place_of(event), {"q": "tamu akun"}).context["by_name"]
    assert found.person == cast.walk_in

    asked = browser.post(place_of(event), {"orang": [found.person.uuid]})
    browser.post(place_of(event), {"setuju": "1", "baris": asked.context["rows"]})

    assert event.registrations.get().person == cast.walk_in


def test_who_gets_no_seat_is_named_and_stays_uninvited(cast, regencies):
    event = made.event_of(cast.organiser, capacity=2)
    people = made.people(regencies[0].clinic, 3)

    done = inviting.invite_all(event, people, actor=cast.organiser.account)
    again = inviting.invite_all(event, people, actor=cast.organiser.account)

    assert (len(done.new), len(done.known), done.without_seat) == (2, 0, [people[2]])
    assert (len(again.new), len(again.known), again.without_seat) == (0, 2, [people[2]])


def test_one_who_may_not_be_invited_spoils_the_whole_act(cast, event):
    people = [cast.stranger, cast.other_regency_official]
    with pytest.raises(Http404):
        inviting.invite_all(event, people, actor=cast.organiser.account)
    assert not Registration.objects.exists()


def test_another_regencys_people_and_units_are_nowhere(cast, signed_in, event, regencies):
    browser = signed_in(cast.organiser.account)
    away = regencies[1]
    assert browser.get(place_of(event), {"q": "sebelah"}).context["by_name"] == []
    answer = browser.get(place_of(event), {"unit": [away.health.slug], "memuat": ""})
    assert answer.status_code == 422
    posted = browser.post(
        place_of(event), {"setuju": "1", "baris": str(cast.other_regency_official.uuid)}
    )
    assert posted.status_code == 302
    assert not Registration.objects.exists()


def test_an_event_that_runs_no_longer_invites(cast, signed_in, event):
    type(event).objects.filter(pk=event.pk).update(state="running")
    browser = signed_in(cast.organiser.account)
    fields = {"setuju": "1", "baris": str(cast.stranger.uuid)}
    answer = browser.post(place_of(event), fields, follow=True)
    assert [one.level_tag for one in answer.context["messages"]] == ["warn"]
    assert not Registration.objects.exists()


def test_too_many_are_not_listed_but_said(cast, signed_in, event, regencies):
    made.people(regencies[0].clinic, inviting.MOST_AT_ONCE + 1)
    units = [regencies[0].health]
    with pytest.raises(Refused) as refused:
        inviting.find_candidates(event, units, [], actor=cast.organiser.account)
    assert refused.value.code == "too_many"
    browser = signed_in(cast.organiser.account)
    answer = browser.get(place_of(event), {"unit": [units[0].slug], "memuat": ""})
    assert answer.status_code == 422


def test_nobody_chosen_and_broken_keys(cast, signed_in, event):
    browser = signed_in(cast.organiser.account)
    nobody = browser.post(place_of(event), {}, follow=True)
    assert [one.level_tag for one in nobody.context["messages"]] == ["warn"]
    assert browser.post(place_of(event), {"orang": ["kacau"]}).status_code == 404


def test_the_page_costs_the_same_whatever_the_number_of_people(
    cast, signed_in, event, regencies, django_assert_max_num_queries
):
    browser = signed_in(cast.organiser.account)
    browser.get(place_of(event))
    address = {"unit": [unit.slug for unit in units_of(event)], "memuat": ""}
    for size in (10, 150):
        made.people(regencies[0].clinic, size, name=f"Orang {size}")
        with django_assert_max_num_queries(22):
            assert browser.get(place_of(event), address).status_code == 200


def test_an_invitation_waits_for_the_person_and_not_for_approval(cast, signed_in, event):
    made.moved(event, to=timezone.now() + timedelta(days=3))
    row = registration.invite(event, cast.participant, actor=cast.organiser.account)
    registration.register(event, cast.stranger, actor=cast.operator.account)
    words = "diundang, menunggu konfirmasi"
    organiser, people = signed_in(cast.organiser.account), f"/panitia/{event.code}/peserta"

    page = made.markup(organiser.get(people))
    assert words in page
    assert page.count('name="pendaftaran"') == 1
    assert f'name="pendaftaran" value="{row.uuid}"' not in page
    for status, person in {"invited": cast.participant, "nominated": cast.stranger}.items():
        (entry,) = organiser.get(people, {"status": status}).context["listing"].entries
        assert entry.registration.person == person
    assert "1 menunggu persetujuan" in organiser.get(f"/panitia/{event.code}/").content.decode()
    assert words in organiser.get(f"{people}/{row.uuid}/ubah").content.decode()

    browser, place = signed_in(cast.participant.account), f"/kegiatan/{event.code}/"
    offered = browser.get(place).content.decode().split("<main")[1]
    assert "Konfirmasi kehadiran saya" in offered
    assert ">Daftar<" not in offered
    assert words.capitalize() in browser.get(f"{place}saya").content.decode()
    browser.post(f"{place}daftar", {})
    row.refresh_from_db()
    assert row.standing == "confirmed"
