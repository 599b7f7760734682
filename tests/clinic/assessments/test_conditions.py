"""Conditions of a proposal: stated by whom they belong to, shown with what is missing."""

from datetime import date, timedelta
from io import BytesIO

import pytest
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone
from openpyxl import load_workbook

from clinic.assessments import conditions
from clinic.assessments.models import ConditionStatement
from clinic.lib.errors import Refused
from clinic.people.zones import zone_of
from clinic.records.audit import AuditEntry

pytestmark = pytest.mark.django_db
YEAR = 2025


def state(unit, code, value, actor, **changed):
    given = {"source": "Surat contoh", "as_of": date(2026, 1, 5), **changed}
    return conditions.state_condition(unit, YEAR, code, value=value, actor=actor, **given)


@pytest.fixture
def root(regencies):
    return regencies[0].health.get_root()


def test_the_agency_states_once_for_all_its_units(cast, regencies, root):
    state(root, "spip", "3", cast.regency_official.account)
    for unit in (regencies[0].health, regencies[0].district):
        assert conditions.stated_values(unit, YEAR) == {"spip": "3"}
    assert conditions.stated_values(regencies[1].health, YEAR) == {}


def test_u62_a_unit_does_not_state_for_its_agency_nor_the_agency_for_a_unit(cast, regencies, root):
    with pytest.raises(Refused) as refused:
        state(root, "audit-follow-up", "100", cast.regency_official.account)
    assert refused.value.code == "condition_unknown"
    with pytest.raises(PermissionDenied):
        state(regencies[0].health, "audit-follow-up", "100", cast.regency_official.account)
    assert not ConditionStatement.objects.exists()


def test_a_value_that_the_condition_cannot_take_is_refused(cast, root):
    with pytest.raises(Refused) as refused:
        state(root, "sakip", "Z", cast.regency_official.account)
    assert refused.value.code == "condition_value_unknown"


def test_stating_anew_keeps_one_row_and_the_earlier_value_in_the_log(cast, root):
    actor = cast.regency_official.account
    state(root, "sakip", "CC", actor)
    state(root, "sakip", "B", actor)
    assert ConditionStatement.objects.get().value == "B"
    entries = AuditEntry.objects.filter(verb="condition.state").order_by("pk")
    assert [entry.detail.values["before"] for entry in entries] == ["", "CC"]


def test_the_database_keeps_a_statement_with_its_source(cast, root):
    row = state(root, "sakip", "B", cast.regency_official.account)
    for field in ("value", "source"):
        with pytest.raises(IntegrityError), transaction.atomic():
            ConditionStatement.objects.filter(pk=row.pk).update(**{field: ""})


def test_u61_part_of_the_conditions_is_never_called_fulfilled(cast, regencies, root):
    state(root, "spip", "3", cast.regency_official.account)
    page = conditions.page_of(regencies[0].health, YEAR, may_state=False)
    wbk = page["readiness"][0]
    assert (wbk.met, wbk.not_stated, wbk.not_met, wbk.asked) == (1, 9, 0, 10)


def test_the_page_states_through_its_form_and_shows_source_and_person(client, cast, regencies):
    official = cast.unit_official
    unit = official.memberships.get().unit
    client.force_login(official.account)
    at = {"slug": unit.slug, "period": YEAR}
    form = reverse("unit_condition", kwargs={**at, "code": "audit-follow-up"})
    shown = reverse("unit_conditions", kwargs=at)
    sent = {"value": "95", "source": "Rekap contoh", "as_of": "2026-01-05", "link": ""}
    assert client.post(form, sent).status_code == 302
    page = client.get(shown)
    assert (page.context["readiness"][0].not_met, "Rekap contoh" in page.content.decode()) == (
        1,
        True,
    )
    with timezone.override(zone_of()):
        tomorrow = timezone.localdate() + timedelta(days=1)
    for wrong in ({"value": "101"}, {"source": ""}, {"as_of": tomorrow.isoformat()}):
        assert client.post(form, {**sent, **wrong}).status_code == 422
    assert ConditionStatement.objects.get().value == "95"


def test_an_excepted_service_is_told_its_way_and_still_what_is_missing(client, cast):
    official = cast.unit_official
    unit = official.memberships.get().unit
    page = conditions.page_of(unit, YEAR, may_state=False)
    assert (page["exception"], page["affirmation"]) == ("", "")
    state(unit, "excepted-service", "Pendidikan", official.account)
    client.force_login(official.account)
    at = {"slug": unit.slug, "period": YEAR}
    shown = client.get(reverse("unit_conditions", kwargs=at)).content.decode()
    assert "WBK-AFIRMASI" in shown
    assert conditions.page_of(unit, YEAR, may_state=False)["readiness"][0].not_stated == 10


@pytest.mark.usefixtures("one_factor")
def test_the_table_holds_every_condition_with_what_is_missing(signed_in, cast, regencies, root):
    state(root, "spip", "2", cast.regency_official.account)
    unit = regencies[0].health
    answer = signed_in(cast.regency_official.account).get(
        reverse("unit_conditions", kwargs={"slug": unit.slug, "period": YEAR}), {"unduh": "xlsx"}
    )
    rows = list(load_workbook(BytesIO(answer.content)).active.values)
    assert len(rows) == 1 + 11 + 1  # heading, conditions, the question of the excepted services
    spip = next(row for row in rows if row[4] == "2")
    assert spip[2:4] == ("3", "3")


def test_the_page_asks_the_database_as_often_for_one_statement_as_for_many(
    cast, regencies, root, django_assert_num_queries
):
    unit, actor = regencies[0].health, cast.regency_official.account
    with django_assert_num_queries(2):
        conditions.page_of(unit, YEAR, may_state=True)
    for code, value in (("spip", "3"), ("sakip", "B"), ("rb-index", "CC")):
        state(root, code, value, actor)
    with django_assert_num_queries(2):
        conditions.page_of(unit, YEAR, may_state=True)
