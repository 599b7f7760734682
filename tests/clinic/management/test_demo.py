"""The demo region: deterministic, through services, once, and never beside real people."""

import hashlib
from datetime import date, time, timedelta
from uuid import uuid4

import pytest
from django.conf import settings
from django.core.management import call_command
from django.db import transaction
from django.utils import timezone

from attendance import checkin
from attendance.badges import token_of
from attendance.models import Event
from clinic.assessments.models import Answer, AreaScore, ChangeArea, Sheet
from clinic.insights import findings
from clinic.insights.arithmetic.diagnosis import Word
from clinic.insights.models import Finding
from clinic.lib.errors import Refused
from clinic.management.demo import events, loading, people
from clinic.people.models import Account, Grant, Person, Unit
from courses.models import ModuleEdition
from quizzes.models import Assignment, Credit
from tests.laws.test_words_and_numbers import contradictions

pytestmark = pytest.mark.django_db
# SHA-256 of all answers of the past clinic.
ANSWERS_OF_MAY = "775ffb1346ae5214e9de90e5735879fcad9120bdaefeeb4aff5bc917dcf48405"


def reviewed(edition):
    """The day on the module's page: last looked at."""
    return edition.module.last_reviewed_on


def silent(_line):
    return None


@pytest.fixture(scope="class")
def region(django_db_setup, django_db_blocker):
    """The demo, loaded once and undone after the last test that looks at it."""
    with django_db_blocker.unblock(), transaction.atomic():
        assert loading.load_demo(silent)
        yield
        transaction.set_rollback(True)


@pytest.mark.usefixtures("region")
@pytest.mark.xdist_group("demo-region")
class TestTheRegion:
    """What stands in the region once it is loaded."""

    def test_the_region_is_whole_and_the_second_loading_keeps_it(self):
        assert not loading.load_demo(silent)
        assert Unit.objects.filter(depth=2).count() == 41
        assert Sheet.objects.filter(edition__slug="pmprb-2020-unit", period=2021).count() == 41
        assert Sheet.objects.filter(edition__slug="akip-2021", period=2025).count() == 41
        editions = ModuleEdition.objects.select_related("module")
        assert {one.module.area_id for one in editions} == set(
            ChangeArea.objects.values_list("slug", flat=True)
        )
        assert all(one.published_by_id != one.module.owner_id for one in editions)
        dates = {
            (one.published_at.astimezone(events.ZONE).date(), reviewed(one)) for one in editions
        }
        assert dates == {(date(2026, 5, 4), date(2026, 5, 4))}
        assert {login.email for login in people.LOGINS} == set(
            Account.objects.exclude(email="").values_list("email", flat=True)
        )
        assert Account.objects.filter(is_demo=False).count() == 0

    def test_every_sample_person_is_marked_and_nobody_can_be_alive(self):
        assert not Person.objects.filter(is_demo=False).exists()
        assert not Person.objects.exclude(name__startswith="Contoh - ").exists()
        assert not Person.objects.exclude(nip__startswith="1900").exists()

    def test_every_machine_loads_the_same_quiz_answers(self):
        """Person, form and credit of each answer; a change of the bank's forms changes them."""
        answers = Credit.objects.values_list(
            "item__attempt__person__nip",
            "item__attempt__phase",
            "item__attempt__form",
            "item__question_version__question__slug",
            "credit_num",
            "credit_den",
        )
        drawn = hashlib.sha256(repr(sorted(answers)).encode()).hexdigest()
        assert drawn == ANSWERS_OF_MAY

    def test_the_same_seed_gives_the_same_letters(self):
        answers = Answer.objects.filter(sheet__unit__slug="dinas-sosial", sheet__period=2025)
        first = dict(answers.values_list("node__code", "text"))
        again = {
            code: row.text
            for sheet in Sheet.objects.filter(unit__slug="dinas-sosial", period=2025)
            for code, row in _made_up(sheet).items()
        }
        assert first == again

    def test_u59_no_word_of_the_demo_speaks_against_the_figures_beside_it(self):
        findings.store(findings.calibrate())
        for unit in Unit.objects.values_list("pk", flat=True):
            findings.refresh_unit(unit)()
        scores = {
            (row.sheet.unit_id, row.area_id, row.sheet.edition_id, row.sheet.period): row
            for row in AreaScore.objects.select_related("sheet")
        }
        lines = settings.KLINIK_GAP_THRESHOLD, settings.KLINIK_WEAK_THRESHOLD
        named = Finding.objects.exclude(word=Word.UNKNOWN.value)
        against = {}
        for finding in named:
            place = finding.unit_id, finding.area_id, finding.edition_id, finding.period
            score = scores[place]
            against[place] = contradictions(
                finding.word,
                estimate=finding.estimate,
                share=finding.share,
                printed=float(score.score / score.max_points),
                lines=lines,
            )
        assert len(against) > 100
        assert [place for place, names in against.items() if names] == []

    def test_every_role_of_the_demo_finds_something_to_do(self, client, settings):
        """One loading for all of them: it takes longest."""
        settings.KLINIK_SECOND_FACTOR = False

        _both_organisers_run_both_clinics_and_the_first_begins_at_the_coming_one(client)
        _the_quizzes_of_the_coming_clinic_frame_its_day()
        _at_the_rehearsal_of_today_a_person_of_the_list_is_let_in_green(client)
        _the_assessor_reads_the_assigned_units_of_the_year_and_no_other(client)
        _one_module_waits_for_the_reviewer_with_what_changed(client)


def _made_up(sheet):
    from clinic.assessments.frameworks import edition_file
    from clinic.management.demo.sheets import made_up_rows

    return made_up_rows(edition_file(sheet.edition), sheet.unit.slug)


def test_the_demo_is_refused_where_a_real_person_is():
    Person.objects.create(name="Seseorang")
    with pytest.raises(Refused) as refused:
        loading.load_demo(silent)
    assert refused.value.code == "demo_refused"
    with pytest.raises(SystemExit):
        call_command("load_demo")
    assert not Unit.objects.exists()


@pytest.mark.parametrize("day", range(1, 15))
def test_the_coming_clinic_lies_on_a_working_day(day):
    wanted = date(2026, 12, day)
    found = events.working_day(wanted)

    assert found.weekday() < events.SATURDAY
    assert 0 <= (found - wanted).days <= 2


def _both_organisers_run_both_clinics_and_the_first_begins_at_the_coming_one(client):
    clinics = set(Event.objects.filter(code__startswith="klinik-").values_list("pk", flat=True))
    coming = Event.objects.get(state=Event.State.OPEN)

    assert len(clinics) == 2
    for email in ("panitia@demo.test", "panitia2@demo.test"):
        grants = Grant.objects.filter(person__email=email, role=Grant.Role.ORGANISER)
        assert clinics <= set(grants.values_list("event", flat=True))
    client.force_login(Account.objects.get(email="panitia@demo.test"))
    assert client.get("/beranda/").headers["Location"] == f"/panitia/{coming.code}/"


def _the_quizzes_of_the_coming_clinic_frame_its_day():
    coming = Event.objects.get(state=Event.State.OPEN)
    sessions = list(coming.sessions.order_by("starts_at"))
    before, after = Assignment.objects.filter(event=coming).order_by("opens_at")

    assert before.closes_at == sessions[0].starts_at + timedelta(minutes=15)
    assert before.opens_at.astimezone(events.ZONE).time() == time(0, 0)
    assert before.opens_at <= timezone.now(), "whatever the hour, a quiz can be begun at once"
    assert after.opens_at == sessions[-1].ends_at
    assert {coming.place} == {session.room for session in sessions}


def _at_the_rehearsal_of_today_a_person_of_the_list_is_let_in_green(client):
    rehearsal = Event.objects.get(code="gladi-pindai")
    organiser = Account.objects.get(email="panitia2@demo.test")
    held = rehearsal.registrations.select_related("person")

    assert rehearsal.state == Event.State.RUNNING
    assert len(held) == 12
    assert not held.filter(person__email__startswith="peserta").exists()
    client.force_login(organiser)
    assert client.get("/beranda/").headers["Location"] == "/panitia/gladi-pindai/"
    scan = {
        "uid": str(uuid4()),
        "kind": "badge",
        "group": "d1",
        "direction": "in",
        "token": token_of(held[0]),
        "shown": "green",
    }
    with timezone.override(events.ZONE):  # as in a request: grants begin on the regency's day
        (answer,) = checkin.record_scans(rehearsal, [scan], by=organiser)
    assert (answer.verdict, answer.level) == ("accepted", "ok")


def _the_assessor_reads_the_assigned_units_of_the_year_and_no_other(client):
    client.force_login(Account.objects.get(email="penilai@demo.test"))

    assert client.get("/beranda/").headers["Location"] == "/penilaian/"
    listed = client.get("/penilaian/").context["sheets"]
    assert {item["sheet"].unit.slug for item in listed} >= {
        "dinas-kesehatan",
        "kecamatan-contoh-kota",
    }
    assert {item["sheet"].period for item in listed} == {2025}
    assert client.get("/penilaian/unit/dinas-kesehatan/zi-2021/2025/").status_code == 200
    for elsewhere in (
        "inspektorat/zi-2021/2025",
        "dinas-sosial/zi-2021/2025",
        "dinas-kesehatan/pmprb-2020-unit/2021",
    ):
        assert client.get(f"/penilaian/unit/{elsewhere}/").status_code == 404


def _one_module_waits_for_the_reviewer_with_what_changed(client):
    client.force_login(Account.objects.get(email="pengulas@demo.test"))
    (panel,) = client.get("/admin/").context["panels"]
    (row,) = panel.rows
    changes = client.get(row["url"]).context["changes"]
    assert len(changes) == 1, changes
    (change,) = changes
    assert change.kind == "changed"
