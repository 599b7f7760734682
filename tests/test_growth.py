"""The years that are added for measuring are whole, and what they cost is counted right."""

import io

import pytest
from django.core.management import call_command
from django.db import connection

from attendance import presence
from attendance.models import Event, Presence
from clinic.assessments.models import Sheet
from clinic.insights.models import Finding
from clinic.people.arithmetic.nip import read_nip
from clinic.people.models import Person
from clinic.records.audit import AuditEntry
from clinic.records.jobs import Job
from clinic.records.seals import Seal
from quizzes.models import Attempt, ResponseEvent
from scripts.bench import grow, growth
from tests.clinic.insights import made

TINY = grow.Amounts(
    clinics=2,
    seats=4,
    entries=90,
    calibrations=3,
    joining=(5,),
    joining_later=2,
    days_of_jobs=0,
)


@pytest.fixture
def region(cast, regencies, settings):
    """Two sheets and a quiz that nobody has taken yet."""
    settings.CELERY_BROKER_URL = "memory://localhost/"
    return made.weak_district(cast, regencies[0])


def test_two_grown_years_hold_every_invariant_and_all_jobs_done(region):
    persons = Person.objects.count()

    grow.grow(2, amounts=TINY)

    out = io.StringIO()
    call_command("verify", stdout=out)  # exits where it finds a breach
    assert "0 breaches" in out.getvalue()
    assert list(presence.differences()) == []
    assert Event.objects.filter(code__startswith=grow.PREFIX).count() == 4
    assert Attempt.objects.count() == 4 * 4 * 3
    assert Presence.objects.count() == 4 * 4 * 2
    assert Person.objects.count() == persons + 5 + 2
    assert sorted(Sheet.objects.values_list("period", flat=True)) == [
        made.PERIOD - back for back in (2, 2, 1, 1, 0, 0)
    ]
    assert not Job.objects.exclude(state=Job.State.DONE).exists()
    assert Finding.objects.filter(answers__gt=0).exists()
    with pytest.raises(SystemExit):
        grow.grow(1, amounts=TINY)


def test_the_same_years_are_written_every_time(region, undone):
    digests = []
    for _time in range(2):
        with undone():
            grow.grow(1, amounts=TINY)
            logs = Seal.objects.exclude(log=AuditEntry._meta.label_lower)
            digests.append(list(logs.values_list("log", "last", "digest")))

    assert digests[0] == digests[1]
    assert ResponseEvent._meta.label_lower in {log for log, _last, _digest in digests[0]}


@pytest.mark.parametrize(("whole", "parts"), [(250, 12), (3, 5), (0, 4), (12, 12)])
def test_a_whole_is_cut_into_nearly_equal_parts(whole, parts):
    cut = [grow.share(whole, number, parts) for number in range(parts)]

    assert sum(cut) == whole
    assert max(cut) - min(cut) <= 1


def test_sample_numbers_are_well_formed_and_nobody_has_two():
    numbers = [grow.sample_nip(number) for number in range(4000)]

    assert len(set(numbers)) == len(numbers)
    assert {read_nip(nip).warnings for nip in numbers} == {()}
    assert all(nip.startswith("1900") for nip in numbers)


@pytest.mark.django_db
def test_statements_and_rows_are_counted_and_nothing_stays():
    def act():
        Person.objects.create(name="Contoh")
        list(Person.objects.all())
        Person.objects.filter(name="Contoh").first()
        return 2048

    cost = growth.cost_of(growth.MeasuredAct(name="uji", run=act), runs=2)

    assert (cost.statements, cost.rows, cost.kib) == (3, 3, 2.0)
    assert (cost.steps is None) == (connection.vendor == "postgresql")
    assert not Person.objects.exists()


@pytest.mark.django_db
def test_a_plan_that_reads_a_whole_table_is_shown():
    Person.objects.bulk_create(Person(name=f"Contoh {number}") for number in range(growth.MANY))

    def look():
        list(Person.objects.filter(rank="Penata"))
        list(Person.objects.filter(pk=1))
        return 0

    cost = growth.cost_of(growth.MeasuredAct(name="uji", run=look), runs=1, explain=True)

    assert len(cost.reads) == 1
    assert "people_person" in cost.reads[0]


def test_the_table_sets_each_level_beside_the_first():
    first = _report(0, cpu_ms=2.0, rows=10)
    second = _report(5, cpu_ms=9.0, rows=10)

    assert "4.5" not in growth.table(first, first)
    assert growth.table(second, first).splitlines()[-1].split()[-2:] == ["4.5", "1.0"]


def _report(years, **cost):
    usual = {"clock_ms": 1.0, "statements": 1, "kib": 0.0, "steps": None, "reads": []}
    return {
        "years": years,
        "engine": "sqlite",
        "mib": 1,
        "migrate_s": 0.5,
        "acts": {"uji": {**usual, **cost}},
        "calibrate_alone": None,
    }
