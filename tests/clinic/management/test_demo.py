"""The demo region: deterministic, through services, once, and never beside real people."""

import pytest
from django.core.management import call_command

from clinic.assessments.models import Answer, ChangeArea, Sheet
from clinic.management.demo import cast, loading
from clinic.people.models import Account, Person, Unit
from courses.models import ModuleEdition

pytestmark = pytest.mark.django_db


def silent(_line):
    return None


def test_the_region_is_whole_and_the_second_loading_keeps_it():
    assert loading.load_demo(silent)
    assert not loading.load_demo(silent)
    assert Unit.objects.filter(depth=2).count() == 41
    assert Sheet.objects.filter(edition__slug="pmprb-2020-unit", period=2021).count() == 41
    assert Sheet.objects.filter(edition__slug="akip-2021", period=2025).count() == 41
    editions = ModuleEdition.objects.select_related("module")
    assert {one.module.area_id for one in editions} == set(
        ChangeArea.objects.values_list("slug", flat=True)
    )
    assert all(one.published_by_id != one.module.owner_id for one in editions)
    assert {login.email for login in cast.LOGINS} == set(
        Account.objects.exclude(email="").values_list("email", flat=True)
    )
    assert Account.objects.filter(is_demo=False).count() == 0


def test_every_sample_person_is_marked_and_nobody_can_be_alive():
    loading.load_demo(silent)
    assert not Person.objects.filter(is_demo=False).exists()
    assert not Person.objects.exclude(name__startswith="Contoh - ").exists()
    assert not Person.objects.exclude(nip__startswith="1900").exists()


def test_the_same_seed_gives_the_same_answers():
    loading.load_demo(silent)
    answers = Answer.objects.filter(sheet__unit__slug="dinas-sosial", sheet__period=2025)
    first = dict(answers.values_list("node__code", "text"))
    again = {
        code: row.text
        for sheet in Sheet.objects.filter(unit__slug="dinas-sosial", period=2025)
        for code, row in _made_up(sheet).items()
    }
    assert first == again


def _made_up(sheet):
    from clinic.assessments.frameworks import edition_file
    from clinic.management.demo.sheets import made_up_rows

    return made_up_rows(edition_file(sheet.edition), sheet.unit.slug)


def test_the_demo_is_refused_where_a_real_person_is():
    Person.objects.create(name="Seseorang")
    with pytest.raises(loading.DemoRefused):
        loading.load_demo(silent)
    with pytest.raises(SystemExit):
        call_command("load_demo")
    assert not Unit.objects.exists()
