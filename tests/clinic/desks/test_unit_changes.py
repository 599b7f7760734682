"""What an administrator changes about a unit: name, parent, end, successors."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from clinic.people.models import Membership, Unit
from clinic.people.restructuring import end_unit, merge_unit
from clinic.records.audit import AuditEntry
from tests.given import PASSWORD, Role, make_person

pytestmark = pytest.mark.usefixtures("one_factor")
WHY = {"reason": "Perda 3/2026 tentang susunan perangkat daerah"}
ACTS = ["unit_rename", "unit_move", "unit_merge", "unit_split", "unit_end", "unit_reopen"]


@pytest.fixture
def home(regencies):
    return regencies[0]


@pytest.fixture
def desk(cast, confirmed):
    """The administrator's browser, with a fresh password."""
    return confirmed(cast.admin.account)


def address(unit, name="unit", **query):
    return reverse(name, args=[unit.slug], query=query or None)


def text(answer, status=200):
    assert answer.status_code == status
    return answer.content.decode()


def offers_act(html):
    return 'name="reason"' in html


def fresh(unit):
    return Unit.objects.get(pk=unit.pk)


def today():
    return timezone.localdate()


def unit_of(person):
    return Membership.objects.on(today()).get(person=person).unit


def verbs():
    return set(AuditEntry.objects.values_list("verb", flat=True))


def test_each_name_of_the_list_leads_to_the_page_of_the_unit(desk, cast, home):
    assert f'href="{address(home.health)}"' in text(desk.get(reverse("units_list")))


def test_a_page_tells_parts_people_and_what_can_be_done(desk, cast, home):
    html = text(desk.get(address(home.health)))

    for part in ("Kabupaten Contoh", "Puskesmas Kota Contoh", "?unit=dinas-kesehatan-contoh"):
        assert part in html
    for name in ACTS[:-1]:
        assert address(home.health, name) in html
    assert address(home.health, "unit_reopen") not in html
    root = text(desk.get(address(home.root)))
    assert address(home.root, "unit_rename") in root
    assert address(home.root, "unit_end") not in root


def test_who_carries_on_for_whom_is_told_on_both_pages(desk, cast, home):
    merge_unit(home.inspectorate, home.section, day=today(), actor=None, reason="Perda")

    ended = text(desk.get(address(home.inspectorate)))
    assert address(home.section) in ended
    assert address(home.inspectorate, "unit_reopen") in ended
    assert address(home.inspectorate, "unit_merge") not in ended
    assert address(home.inspectorate) in text(desk.get(address(home.section)))


def test_a_new_name_is_given_and_the_way_back_is_offered(desk, cast, home):
    path = address(home.health, "unit_rename")

    done = desk.post(path, {"name": "Dinas Kesehatan dan KB", **WHY}, follow=True)

    assert fresh(home.health).name == "Dinas Kesehatan dan KB"
    assert fresh(home.health).former_name_list == ["Dinas Kesehatan Contoh"]
    back = address(home.health, "unit_rename", nama="Dinas Kesehatan Contoh")
    assert back in text(done)
    assert 'value="Dinas Kesehatan Contoh"' in text(desk.get(back))


@pytest.mark.parametrize("name", ["", "   ", "D" * 201])
def test_a_name_must_be_one(desk, cast, home, name):
    answer = desk.post(address(home.health, "unit_rename"), {"name": name, **WHY})

    assert 'id="id_name_error"' in text(answer, 422)
    assert fresh(home.health).name == "Dinas Kesehatan Contoh"


def test_a_unit_is_put_below_another_one(desk, cast, home):
    path = address(home.clinic, "unit_move", parent=home.district.slug)

    assert "Kecamatan Hulu Contoh" in text(desk.get(path))
    assert fresh(home.clinic).get_parent() == home.health
    done = text(desk.post(path, WHY, follow=True))

    assert fresh(home.clinic).get_parent() == home.district
    assert f"parent={home.health.slug}" in done


def test_a_unit_is_not_put_below_its_own_part(desk, cast, home):
    path = address(home.health, "unit_move", parent=home.clinic.slug)

    assert not offers_act(text(desk.get(path)))
    assert desk.post(path, WHY).status_code == 422


def test_a_unit_is_merged_after_it_was_said_what_becomes_of_whom(desk, cast, home):
    path = address(home.health, "unit_merge", into=home.district.slug, day=today().isoformat())

    html = text(desk.get(path))
    for part in ("Kecamatan Hulu Contoh", "Puskesmas Kota Contoh"):
        assert part in html
    assert fresh(home.health).valid_to is None
    done = text(desk.post(path, WHY, follow=True))

    assert fresh(home.health).valid_to == today() - timedelta(days=1)
    assert unit_of(cast.operator) == home.district
    assert fresh(home.clinic).get_parent() == home.district
    assert address(home.health, "unit_reopen") in done
    assert "unit.merged" in verbs()


def test_a_unit_is_split_and_each_goes_where_it_is_assigned(desk, cast, home):
    budi, siti = (make_person(name, home.health) for name in ("Budi", "Siti"))
    path = address(
        home.health, "unit_split", into_1=home.district.slug, into_2=home.section.slug,
        day=today().isoformat(),
    )  # fmt: skip

    html = text(desk.get(path))
    assert f'name="orang-{siti.uuid}"' in html
    assert f'name="unit-{home.clinic.slug}"' in html
    assigned = {
        f"orang-{member.person.uuid}": home.district.slug
        for member in home.health.memberships.select_related("person")
    }
    assigned |= {f"orang-{siti.uuid}": home.section.slug}
    assigned |= {f"unit-{home.clinic.slug}": home.section.slug}
    desk.post(path, {**assigned, **WHY})

    assert (unit_of(budi), unit_of(siti)) == (home.district, home.section)
    assert fresh(home.clinic).get_parent() == home.section
    carry_on = [succession.after for succession in fresh(home.health).successions.all()]
    assert carry_on == [home.district, home.section]
    assert "unit.split" in verbs()


@pytest.mark.parametrize("query", [
    {"into_1": "kecamatan-hulu-contoh"},
    {"into_1": "kecamatan-hulu-contoh", "into_2": "kecamatan-hulu-contoh"},
    {"into_1": "kecamatan-hulu-contoh", "into_2": "tidak-ada"},
    {"into_1": "kecamatan-hulu-contoh", "into_2": "inspektorat-contoh", "day": "kemarin"},
])  # fmt: skip
def test_a_split_needs_two_different_units_and_a_day(desk, cast, home, query):
    page = address(home.health, "unit_split", **{"day": today().isoformat(), **query})

    html = text(desk.get(page))
    assert 'class="error-summary"' in html
    assert not offers_act(html)
    assert desk.post(page, WHY).headers["Location"] == address(home.health, "unit_split")
    assert fresh(home.health).valid_to is None


def test_somebody_assigned_to_a_stranger_unit_changes_nothing(desk, cast, home):
    path = address(
        home.health, "unit_split", into_1=home.district.slug, into_2=home.section.slug,
        day=today().isoformat(),
    )  # fmt: skip
    name = f"orang-{cast.operator.uuid}"

    answer = desk.post(path, {name: home.inspectorate.slug, **WHY})

    assert f'id="id_{name}_error"' in text(answer, 422)
    assert fresh(home.health).valid_to is None


def test_a_unit_ends_without_a_successor_and_the_end_is_taken_back(desk, cast, home):
    path = address(home.district, "unit_end", last_day=today().isoformat())

    assert "3 orang" in text(desk.get(path))
    done = text(desk.post(path, WHY, follow=True))

    assert fresh(home.district).valid_to == today()
    back = address(home.district, "unit_reopen")
    assert back in done
    desk.post(back, WHY)
    assert fresh(home.district).valid_to is None
    assert {"unit.ended", "unit.reopened"} <= verbs()


def test_a_unit_with_parts_that_go_on_does_not_end(desk, cast, home):
    path = address(home.health, "unit_end", last_day=today().isoformat())

    assert not offers_act(text(desk.get(path)))
    assert desk.post(path, WHY).status_code == 422
    assert fresh(home.health).valid_to is None


def test_the_regency_does_not_end(desk, cast, home):
    path = address(home.root, "unit_end", last_day=today().isoformat())

    assert not offers_act(text(desk.get(path)))
    assert desk.post(path, WHY).status_code == 422


def test_what_goes_on_is_not_opened(desk, cast, home):
    assert not offers_act(text(desk.get(address(home.health, "unit_reopen"))))
    assert desk.post(address(home.health, "unit_reopen"), WHY).status_code == 409


def test_an_ended_unit_is_not_offered_as_a_target(desk, cast, home):
    end_unit(home.district, last_day=today() - timedelta(days=1), actor=None, reason="Perda")

    for name in ("unit_move", "unit_merge", "unit_split"):
        assert home.district.slug not in text(desk.get(address(home.health, name)))


def test_an_act_waits_for_the_password_and_comes_back_as_it_was_typed(browser, cast, home):
    path = address(home.health, "unit_merge", into=home.district.slug, day=today().isoformat())

    asked = browser.post(path, WHY).headers["Location"]

    assert asked.startswith("/akun/masuk/ulang/")
    assert fresh(home.health).valid_to is None
    assert browser.post(asked, {"password": PASSWORD}).headers["Location"] == path
    assert WHY["reason"] in text(browser.get(path))


@pytest.mark.parametrize("name", ["unit", *ACTS])
def test_no_other_role_opens_these_pages(cast, confirmed, home, name):
    for role, person in cast.by_role().items():
        if role == Role.ADMINISTRATOR:
            continue
        browser = confirmed(person.account)
        for method in (browser.get, browser.post):
            assert method(address(home.health, name)).status_code == 404, role


def test_a_page_asks_the_database_as_often_for_many_parts_as_for_few(
    desk, cast, home, django_assert_max_num_queries
):
    for number in range(20):
        fresh(home.health).add_child(slug=f"bagian-{number}", name=f"Bagian {number}", kind="lain")

    with django_assert_max_num_queries(16):
        text(desk.get(address(home.health)))
