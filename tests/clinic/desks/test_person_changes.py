"""What an administrator changes about a person: the account, the unit, two rows that are one."""

from datetime import timedelta
from uuid import uuid4

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal import auth as totp
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from clinic.people import accounts, granting
from clinic.people.access import grants_of
from clinic.people.merging import merge
from clinic.people.models import Account, Person, PersonMerge
from clinic.records.audit import AuditDetail, AuditEntry
from clinic.records.notices import Notice
from tests.clinic.people.test_signin import attempt
from tests.given import PASSWORD, Role, make_member, make_person

pytestmark = pytest.mark.usefixtures("one_factor")
WHY = {"reason": "Surat BKPSDM 800/1"}
NIP = "196608011988031001"


@pytest.fixture
def desk(cast, confirmed):
    """The administrator's browser, with a fresh password."""
    return confirmed(cast.admin.account)


def address(person, name, *more, **query):
    return reverse(name, args=[person.uuid, *more], query=query or None)


def text(answer, status=200):
    assert answer.status_code == status
    return answer.content.decode()


def offers_act(html):
    return 'name="reason"' in html


def verbs(person):
    return list(AuditEntry.objects.filter(subject=person.pk).values_list("verb", flat=True))


# --- accounts -------------------------------------------------------------------------------------
def test_an_account_is_closed_with_a_reason_and_the_way_back_is_offered(desk, cast):
    own = Client()
    attempt("operator@uji.test", browser=own)
    path = address(cast.operator, "person_close")

    html = text(desk.get(path))
    assert "1 sesi" in html
    done = desk.post(path, WHY, follow=True)

    assert not Account.objects.get(person=cast.operator).is_active
    assert own.get("/akun/profil/").headers["Location"].startswith("/akun/masuk/")
    assert address(cast.operator, "person_reopen") in text(done)
    assert verbs(cast.operator)[-1] == "account.retired"
    assert AuditDetail.objects.order_by("pk").last().reason == WHY["reason"]


def test_a_closed_account_is_opened_again(desk, cast):
    accounts.retire(cast.operator.account, actor=None, reason="keliru")
    path = address(cast.operator, "person_reopen")

    assert "Operator unit" in text(desk.get(path))
    done = desk.post(path, WHY)

    assert done.headers["Location"] == address(cast.operator, "person")
    assert attempt("operator@uji.test").status_code == 302
    assert verbs(cast.operator).count("account.reopened") == 1


def test_all_sessions_are_ended_and_the_person_may_log_in_again(desk, cast):
    own = Client()
    attempt("operator@uji.test", browser=own)

    desk.post(address(cast.operator, "person_sessions"), WHY)

    assert own.get("/akun/profil/").headers["Location"].startswith("/akun/masuk/")
    assert attempt("operator@uji.test").status_code == 302
    assert "account.sessions_ended" in verbs(cast.operator)


def test_a_lost_factor_is_taken_off_and_the_person_gets_a_notice(desk, cast):
    totp.TOTP.activate(cast.organiser.account, totp.generate_totp_secret())

    desk.post(address(cast.organiser, "person_factor"), WHY)

    assert not Authenticator.objects.filter(user=cast.organiser.account).exists()
    assert Notice.objects.filter(kind="factor_reset", person=cast.organiser.pk).exists()


@pytest.mark.parametrize(("name", "code"), [
    ("person_reopen", 409), ("person_factor", 409), ("person_sessions", 409),
])  # fmt: skip
def test_an_act_that_fits_no_longer_says_so_and_offers_no_button(desk, cast, name, code):
    path = address(cast.operator, name)

    assert not offers_act(text(desk.get(path)))
    assert desk.post(path, WHY).status_code == code
    assert Account.objects.get(person=cast.operator).is_active


@pytest.mark.parametrize("name", ["person_close", "person_factor", "person_sessions"])
def test_nobody_does_it_to_themselves(desk, cast, name):
    totp.TOTP.activate(cast.admin.account, totp.generate_totp_secret())
    path = address(cast.admin, name)

    assert not offers_act(text(desk.get(path)))
    assert desk.post(path, WHY).status_code == 403
    assert Account.objects.get(person=cast.admin).is_active
    assert Authenticator.objects.filter(user=cast.admin.account).exists()


@pytest.mark.parametrize("name", [
    "person_close", "person_reopen", "person_factor", "person_sessions",
])  # fmt: skip
def test_who_has_no_account_has_none_of_these_pages(desk, cast, name):
    assert desk.get(address(cast.walk_in, name)).status_code == 404
    assert desk.post(address(cast.walk_in, name), WHY).status_code == 404


ACTS = ["person_close", "person_sessions", "person_move", "person_twin"]


@pytest.mark.parametrize("name", ACTS)
def test_no_other_role_opens_these_pages(cast, confirmed, name):
    for role, person in cast.by_role().items():
        if role == Role.ADMINISTRATOR:
            continue
        browser = confirmed(person.account)
        assert browser.get(address(cast.walk_in, name)).status_code == 404, role
        assert browser.post(address(cast.walk_in, name), WHY).status_code == 404, role


@pytest.mark.parametrize("typed", [{}, {"reason": "   "}, {"reason": "x" * 301}])
def test_an_act_needs_a_reason(desk, cast, typed):
    answer = desk.post(address(cast.operator, "person_close"), typed)

    assert 'id="id_reason_error"' in text(answer, 422)
    assert Account.objects.get(person=cast.operator).is_active


def test_an_act_waits_for_the_password_and_the_reason_comes_back(browser, cast):
    path = address(cast.operator, "person_close")

    asked = browser.post(path, WHY).headers["Location"]

    assert asked.startswith("/akun/masuk/ulang/")
    assert Account.objects.get(person=cast.operator).is_active
    assert browser.post(asked, {"password": PASSWORD}).headers["Location"] == path
    assert WHY["reason"] in text(browser.get(path))


# --- moving ---------------------------------------------------------------------------------------
@pytest.fixture
def home(regencies):
    return regencies[0]


def moving(person, unit, start=None, **query):
    day = (start or timezone.localdate()).isoformat()
    return address(person, "person_move", unit=unit.slug, start=day, **query)


def places(person):
    found = person.memberships.order_by("start").values_list("unit__slug", "end", "position")
    return list(found)


def test_a_move_is_described_before_it_is_done(desk, cast, home):
    path = moving(cast.operator, home.district, position="Camat", position_kind="administrator")

    html = text(desk.get(path))

    for part in ("Dinas Kesehatan Contoh", "Kecamatan Hulu Contoh", "Camat", "Operator unit"):
        assert part in html
    assert len(places(cast.operator)) == 1
    assert desk.post(path, WHY).headers["Location"] == address(cast.operator, "person")
    yesterday = timezone.localdate() - timedelta(days=1)
    assert places(cast.operator) == [
        (home.health.slug, yesterday, ""), (home.district.slug, None, "Camat"),
    ]  # fmt: skip
    assert grants_of(cast.operator) == []
    assert "person.moved" in verbs(cast.operator)


def test_a_choice_that_is_not_made_or_wrong_is_asked_again(desk, cast, home):
    page = address(cast.operator, "person_move")

    assert 'method="get"' in text(desk.get(page))
    assert 'id="id_unit_error"' in text(desk.get(page + "?unit=tidak-ada&start=2026-01-01"))
    assert 'id="id_start_error"' in text(desk.get(page + f"?unit={home.district.slug}&start=x"))
    assert desk.post(page, WHY).headers["Location"] == page
    assert len(places(cast.operator)) == 1


def test_a_choice_can_be_changed_again(desk, cast, home):
    html = text(desk.get(moving(cast.operator, home.district) + "&ubah=1"))

    assert f'<option value="{home.district.slug}" selected>' in html


def test_a_move_to_where_somebody_is_already_offers_no_button(desk, cast, home):
    path = moving(cast.operator, home.health)

    assert not offers_act(text(desk.get(path)))
    assert desk.post(path, WHY).status_code == 422
    assert len(places(cast.operator)) == 1


def test_a_move_before_the_last_one_says_which_day_stands_in_the_way(desk, cast, home):
    path = moving(cast.operator, home.district, start=timezone.localdate().replace(year=2019))

    assert "1 Januari 2020" in text(desk.get(path))
    assert desk.post(path, WHY).status_code == 422


def test_the_choice_comes_back_after_the_password(browser, cast, home):
    path = moving(cast.operator, home.district)

    asked = browser.post(path, WHY).headers["Location"]

    assert browser.post(asked, {"password": PASSWORD}).headers["Location"] == path
    assert WHY["reason"] in text(browser.get(path))


# --- merging --------------------------------------------------------------------------------------
@pytest.fixture
def twins(cast, home):
    keep = make_member("Budi Santoso", home.health, email="budi@uji.test")
    other = make_person("Budi Santoso, S.E.", home.district, nip=NIP)
    return keep, other


def test_rows_of_the_same_name_are_offered_and_others_are_found(desk, twins, cast):
    keep, other = twins
    page = address(keep, "person_twin")

    html = text(desk.get(page))
    assert address(keep, "person_merge", other.uuid) in html
    assert "Tamu tanpa akun" not in html
    assert NIP not in html
    assert "Tamu tanpa akun" in text(desk.get(page + "?q=tamu"))
    assert "Budi Santoso, S.E." in text(desk.get(page + f"?q={NIP}"))
    assert 'class="empty"' in text(desk.get(page + "?q=tidak ada orangnya"))
    assert 'class="empty"' in text(desk.get(address(cast.author, "person_twin")))


def test_two_rows_are_compared_merged_and_taken_apart(desk, twins):
    keep, other = twins
    path = address(keep, "person_merge", other.uuid)

    html = text(desk.get(path))
    assert "19********1001" in html
    assert NIP not in html
    done = text(desk.post(path, WHY, follow=True))

    other.refresh_from_db()
    assert other.merged_into == keep
    assert Person.objects.get(pk=keep.pk).nip == NIP
    apart = address(keep, "person_unmerge", other.uuid)
    assert apart in done
    assert "Budi Santoso, S.E." in text(desk.get(apart))

    assert desk.post(apart, WHY).headers["Location"] == address(keep, "person")
    assert Person.objects.get(pk=other.pk).merged_into is None
    assert PersonMerge.objects.get().undone_at is not None
    assert desk.get(apart).status_code == 404


def test_the_one_with_the_account_is_kept(desk, twins):
    keep, other = twins
    path = address(other, "person_merge", keep.uuid)

    html = text(desk.get(path))

    assert not offers_act(html)
    assert desk.post(path, WHY).status_code == 422
    assert not PersonMerge.objects.exists()


def test_a_row_is_not_merged_with_itself_or_with_a_row_that_is_gone(desk, twins, cast):
    keep, other = twins
    merge(keep, other, actor=None, reason="satu orang")

    assert desk.post(address(keep, "person_merge", keep.uuid), WHY).status_code == 422
    assert desk.get(address(cast.author, "person_merge", other.uuid)).status_code == 404
    assert desk.get(address(keep, "person_merge", uuid4())).status_code == 404
    assert PersonMerge.objects.count() == 1


def test_nobody_takes_a_role_by_merging(desk, cast, home):
    holder = make_person("Admin, S.E.", home.section)
    granting.grant(holder, Role.AUTHOR, actor=None)
    path = address(cast.admin, "person_merge", holder.uuid)

    assert desk.post(path, WHY).status_code == 403
    assert not PersonMerge.objects.exists()


def test_names_are_escaped(desk, cast, home):
    keep = make_person("Eko <b>tebal</b>", home.health)
    other = make_person("Eko <b>tebal</b>", home.district)

    done = text(desk.post(address(keep, "person_merge", other.uuid), WHY, follow=True))
    pages = [address(keep, "person_unmerge", other.uuid), address(keep, "person_move")]

    for html in (done, *(text(desk.get(page)) for page in pages)):
        assert "<b>tebal" not in html
