"""What a region has set up: read from the data, what holds up others first (U124)."""

from dataclasses import replace

import pytest
from django.urls import reverse
from django.utils import timezone, translation

from clinic.assessments import frameworks
from clinic.desks import setup
from clinic.desks.setup import NEXT, OPEN, READY, WAITING, SetupStep, settle
from clinic.people import granting
from clinic.people.granting import Scope
from clinic.people.models import Grant
from clinic.records import backups
from tests.courses import made as courses_made
from tests.given import SINCE

MOST_QUERIES = 36


def step(name, *, is_done=False, needs=()):
    return SetupStep(name=name, label=name, hint="", url="/", link="", is_done=is_done, needs=needs)


def states():
    return {each.name: each.state for each in setup.list_steps(reads_sheets=True)}


class TestU124Settling:
    def test_u124_the_first_that_waits_for_nothing_is_next_and_what_needs_it_waits(self):
        steps = settle(
            [
                step("a", is_done=True),
                step("c", needs=("b",)),
                step("b", needs=("a",)),
                step("d", needs=("a",)),
            ]
        )

        assert [each.state for each in steps] == [READY, WAITING, NEXT, OPEN]

    def test_all_done_nothing_is_next(self):
        assert [each.state for each in settle([step("a", is_done=True)])] == [READY]

    def test_the_title_counts_what_waits(self):
        steps = settle([step("b"), step("c", needs=("b",)), step("d", needs=("b",))])
        with translation.override("en"):
            assert setup.describe(steps) == "b comes next: 2 other things wait for it"
            assert setup.describe([replace(steps[0], state=READY)]) == "Everything is set up"


@pytest.mark.django_db
class TestU124FromTheData:
    def test_u124_an_empty_installation_begins_with_its_units(self):
        found = states()

        assert found["units"] == NEXT
        assert found["quiz"] == found["people"] == found["zone"] == WAITING
        assert found["mail"] == READY
        assert found["backup"] == OPEN

    def test_what_is_there_is_ready(self, cast):
        found = states()

        assert {found[name] for name in ("units", "zone", "people", "roles")} == {READY}
        assert found["frameworks"] == NEXT
        for path in frameworks.shipped_files():
            frameworks.load_framework(path.read_text(encoding="utf-8"))
        assert states()["frameworks"] == READY

    def test_u124_what_is_no_longer_ready_comes_back(self, cast):
        assert states()["roles"] == READY

        Grant.objects.filter(role=Grant.Role.REVIEWER).delete()

        roles = next(each for each in setup.list_steps(reads_sheets=True) if each.name == "roles")
        assert not roles.is_done
        assert str(Grant.Role.REVIEWER.label) in roles.hint

    def test_one_person_cannot_be_author_and_only_reviewer(self, cast):
        Grant.objects.filter(role=Grant.Role.REVIEWER).delete()
        granting.grant(cast.author, Grant.Role.REVIEWER, scope=Scope(), starts_on=SINCE, actor=None)

        assert states()["roles"] != READY

    def test_a_published_module_makes_content_ready(self, cast):
        assert states()["content"] != READY

        courses_made.small(cast)

        assert states()["content"] == READY

    def test_an_archive_is_ready_until_it_is_old(self, settings, tmp_path):
        settings.DATA_DIR, settings.KLINIK_BACKUP_HOURS = tmp_path, 48
        backups.folder().mkdir()
        name = timezone.now().strftime(f"klinik-{backups.STAMP}.tar")
        (backups.folder() / name).touch()
        assert states()["backup"] == READY

        (backups.folder() / name).rename(backups.folder() / "klinik-20200101T000000Z.tar")
        assert states()["backup"] != READY


@pytest.mark.django_db
@pytest.mark.usefixtures("one_factor")
class TestThePage:
    def test_the_administrator_sees_one_button_and_a_link_for_each_line(
        self, cast, signed_in, django_assert_max_num_queries
    ):
        client = signed_in(cast.admin.account)
        with django_assert_max_num_queries(MOST_QUERIES):
            page = client.get(reverse("setup"))

        text = page.content.decode()
        steps = setup.list_steps(reads_sheets=False)
        assert page.status_code == 200
        assert text.count('<li class="is-') == len(steps) == 12
        assert text.count('class="setup-mark"') == len(steps)
        assert [each.name for each in steps if each.state == NEXT] == ["frameworks"]

    def test_nobody_else_opens_it(self, cast, signed_in):
        for person in (cast.participant, cast.regency_official, cast.author):
            assert signed_in(person.account).get(reverse("setup")).status_code in {302, 403, 404}

    def test_the_menu_leads_there(self, cast, signed_in):
        page = signed_in(cast.admin.account).get("/admin/")

        assert reverse("setup") in page.content.decode()
