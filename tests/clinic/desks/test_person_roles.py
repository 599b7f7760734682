"""Roles given and taken back on a person's page."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.urls import reverse
from django.utils import timezone

from clinic.people.access import grants_of
from clinic.people.models import Grant
from clinic.records.audit import AuditEntry
from tests.given import PASSWORD, YEAR, Role

pytestmark = pytest.mark.usefixtures("one_factor")
HEALTH, CLINIC, ROOT = "dinas-kesehatan-contoh", "puskesmas-kota-contoh", "kabupaten-Contoh"


@pytest.fixture
def desk(cast, confirmed):
    """The administrator's browser, with a fresh password."""
    return confirmed(cast.admin.account)


def giving(person):
    return reverse("person_role", args=[person.uuid])


def ending(person, given=None):
    given = given or grants_of(person)[0]
    return reverse("person_role_end", args=[person.uuid, given.uuid])


def wish(role, **fields):
    return {"role": role, "starts_on": timezone.localdate().isoformat(), **fields}


def refused(desk, person, told, field):
    before = (Grant.objects.count(), AuditEntry.objects.count())
    answer = desk.post(giving(person), told)
    now = (Grant.objects.count(), AuditEntry.objects.count())
    is_beside_field = f'id="id_{field}_error"' in answer.content.decode()
    return answer.status_code == 422 and is_beside_field and now == before


@pytest.mark.parametrize(("role", "fields"), [
    (Role.OPERATOR, {"unit": CLINIC}),
    (Role.UNIT_OFFICIAL, {"unit": HEALTH}),
    (Role.REGENCY_OFFICIAL, {"unit": ROOT}),
    (Role.ASSESSOR, {"unit": HEALTH, "year": YEAR}),
    (Role.ORGANISER, {}),
    (Role.AUTHOR, {}),
    (Role.REVIEWER, {}),
    (Role.ADMINISTRATOR, {}),
])  # fmt: skip
def test_each_role_is_given_with_the_scope_it_needs(desk, cast, role, fields):
    answer = desk.post(giving(cast.walk_in), wish(role, **fields))

    assert answer.headers["Location"] == reverse("person", args=[cast.walk_in.uuid])
    given = Grant.objects.get(person=cast.walk_in)
    assert (given.role, given.granted_by) == (role, cast.admin.account)
    assert (given.unit.slug if given.unit else None) == fields.get("unit")
    assert given.year == fields.get("year")
    assert AuditEntry.objects.filter(verb="grant.given", subject=cast.walk_in.pk).count() == 1


def test_the_days_are_kept(desk, cast):
    last = timezone.localdate() + timedelta(days=30)

    desk.post(giving(cast.walk_in), wish(Role.AUTHOR, ends_on=last.isoformat()))

    assert Grant.objects.get(person=cast.walk_in).ends_on == last


@pytest.mark.parametrize(("role", "fields", "field"), [
    ("", {}, "role"),
    ("raja", {}, "role"),
    (Role.PARTICIPANT, {}, "role"),
    (Role.OPERATOR, {}, "unit"),
    (Role.OPERATOR, {"unit": "tidak-ada"}, "unit"),
    (Role.OPERATOR, {"unit": HEALTH, "year": YEAR}, "year"),
    (Role.REGENCY_OFFICIAL, {"unit": HEALTH}, "unit"),
    (Role.ASSESSOR, {"unit": HEALTH}, "year"),
    (Role.ASSESSOR, {"unit": HEALTH, "year": "99999999999"}, "year"),
    (Role.ASSESSOR, {"unit": CLINIC, "year": YEAR}, "unit"),
    (Role.AUTHOR, {"unit": HEALTH}, "unit"),
    (Role.AUTHOR, {"starts_on": "2026-13-40"}, "starts_on"),
    (Role.AUTHOR, {"starts_on": ""}, "starts_on"),
    (Role.AUTHOR, {"starts_on": "2026-01-02", "ends_on": "2026-01-01"}, "ends_on"),
    (Role.AUTHOR, {"starts_on": "2020-01-02", "ends_on": "2020-02-01"}, "ends_on"),
])  # fmt: skip
def test_a_wish_that_does_not_fit_says_so_beside_the_field(desk, cast, role, fields, field):
    """The walk-in works in the health centre, so that not even an assessor of it fits."""
    assert refused(desk, cast.walk_in, {**wish(role), **fields}, field)


def test_a_role_that_is_held_already_is_not_given_twice(desk, cast):
    assert refused(desk, cast.operator, wish(Role.OPERATOR, unit=HEALTH), "role")


def test_nobody_gives_or_takes_a_role_of_their_own(desk, cast):
    before = Grant.objects.filter(ended_at=None).count()

    assert desk.post(giving(cast.admin), wish(Role.AUTHOR)).status_code == 403
    assert desk.post(ending(cast.admin)).status_code == 403

    assert Grant.objects.filter(ended_at=None).count() == before
    html = desk.get(reverse("person", args=[cast.admin.uuid])).content.decode()
    assert "Ini Anda sendiri" in html
    assert "peran/" not in html.split("<main")[1]


def test_a_role_waits_for_the_password_and_comes_back_filled_in(browser, cast):
    asked = browser.post(giving(cast.walk_in), wish(Role.OPERATOR, unit=CLINIC)).headers["Location"]

    assert asked.startswith("/akun/masuk/ulang/")
    assert not Grant.objects.filter(person=cast.walk_in).exists()
    assert browser.post(asked, {"password": PASSWORD}).headers["Location"] == giving(cast.walk_in)
    html = browser.get(giving(cast.walk_in)).content.decode()
    assert f'<option value="{CLINIC}" selected>' in html
    assert '<option value="operator" selected>' in html


def test_a_role_is_taken_back_after_its_name_was_shown(desk, cast, signed_in):
    path = ending(cast.operator)
    held = signed_in(cast.operator.account)
    html = desk.get(path).content.decode()
    assert "Operator, Operator unit: Dinas Kesehatan Contoh" in html
    assert grants_of(cast.operator) != []

    assert desk.post(path).headers["Location"] == reverse("person", args=[cast.operator.uuid])

    assert grants_of(cast.operator) == []
    assert held.get("/beranda/").status_code == 302, "the session has ended"
    assert desk.post(path).headers["Location"] == reverse("person", args=[cast.operator.uuid])
    assert AuditEntry.objects.filter(verb="grant.ended", subject=cast.operator.pk).count() == 1


def test_taking_back_waits_for_the_password(browser, cast):
    assert browser.post(ending(cast.operator)).headers["Location"].startswith("/akun/masuk/ulang/")
    assert grants_of(cast.operator) != []


def test_a_role_is_found_through_its_person_alone(desk, cast):
    strange = ending(cast.operator, grants_of(cast.author)[0])

    assert desk.get(strange).status_code == 404
    assert desk.post(strange).status_code == 404
    assert (
        desk.get(reverse("person_role_end", args=[cast.operator.uuid, uuid4()])).status_code == 404
    )
    assert grants_of(cast.author) != []


def test_no_other_role_gives_or_takes(cast, confirmed):
    path = ending(cast.operator)
    for person in (cast.regency_official, cast.unit_official, cast.other_regency_official):
        browser = confirmed(person.account)
        assert browser.post(giving(cast.walk_in), wish(Role.AUTHOR)).status_code == 404
        assert browser.post(path).status_code == 404
    assert not Grant.objects.filter(person=cast.walk_in).exists()
    assert grants_of(cast.operator) != []
