"""Migrations on a database with rows in it: ``python -m tests.filled_migrations``.

Fills the database that the environment names, takes the tables back to their first shape, migrates
forward over the rows and prints what stood before and after as one JSON object.
"""

import json
import sys
from uuid import UUID

import django

django.setup()

from django.apps import apps  # noqa: E402
from django.core.files.uploadedfile import SimpleUploadedFile  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.db import connection  # noqa: E402
from django.db.migrations.recorder import MigrationRecorder  # noqa: E402
from django.db.models import QuerySet  # noqa: E402
from django.utils import timezone  # noqa: E402

from clinic.management.commands.verify import invariants  # noqa: E402
from clinic.people.models import Grant, Membership, Person, Unit  # noqa: E402
from clinic.records import imports, seals  # noqa: E402
from clinic.records.jobs import Job  # noqa: E402
from quizzes.models import Assignment  # noqa: E402
from tests import given  # noqa: E402
from tests.attendance import made as event_made  # noqa: E402
from tests.clinic.insights import made as insights_made  # noqa: E402
from tests.quizzes import made as quiz_made  # noqa: E402

# What can be taken back without the rows of others: all packages build on the third of people.
FIRST_SHAPE = {
    "assessments": "0003",
    "insights": "0001",
    "quizzes": "0001",
    "people": "0003",
    "attendance": "0001",
    "records": "0001",
}
LOST = UUID("00000000-0000-4000-8000-000000000000")


def fill() -> None:
    """Units, people, sheets, a quiz with answers, findings, an event with a guest, an upload."""
    regencies = given.REGENCIES.play()
    cast = given.CAST.play(*regencies)
    world = insights_made.weak_district(cast, regencies[0])
    insights_made.answered_by(world, cast, 2)
    event = event_made.event_of(cast.organiser)
    event_made.joined(event, cast.participant)
    quiz_made.assigned(quiz_made.published_quiz(cast), event)
    imports.receive("people.persons", SimpleUploadedFile("orang.csv", b"nip,nama\n"))
    Membership.objects.create(person=cast.participant, unit=regencies[0].health, start=given.SINCE)


def counts() -> dict[str, tuple[str, int]]:
    """The name of each table of the product, and how many rows it holds."""
    ours = [
        model
        for model in apps.get_models()
        if model.__module__.split(".")[0] in {"clinic", "courses", "quizzes", "attendance"}
    ]
    return {
        model._meta.label: (model._meta.db_table, model._base_manager.count()) for model in ours
    }


def within(tables: set[str], counted: dict[str, tuple[str, int]]) -> dict[str, int]:
    """How many rows the tables hold that stand in the first shape already."""
    return {label: number for label, (table, number) in counted.items() if table in tables}


def events_named() -> list[list[str]]:
    """Which event each grant and assignment names."""
    grants = Grant.objects.filter(event__isnull=False).values_list("uuid", "event__uuid")
    given_quizzes = Assignment.objects.filter(event__isnull=False).values_list(
        "uuid", "event__uuid"
    )
    return sorted([str(one), str(event)] for one, event in [*grants, *given_quizzes])


def taken_out(rows: QuerySet[Job]) -> list[list[str]]:
    """State, name and unit of these jobs, which go."""
    slugs = dict(Unit.objects.values_list("pk", "slug"))
    found = [[row.state, row.name, slugs.get(int(row.key), "")] for row in rows.order_by("pk")]
    rows.delete()
    return found


def enter_refresh_of_person(name: str, state: str) -> None:
    """As an earlier release entered it."""
    Job.objects.create(
        name="insights.refresh_person",
        key=str(Person.objects.get(name=name).pk),
        kind=Job.Kind.REFRESH,
        state=state,
        due_at=timezone.now(),
        lease_until=timezone.now() if state == Job.State.RUNNING else None,
    )


def refusals() -> dict[str, str]:
    """What is said where a row of the first shape names an event that does not exist."""
    found = {}
    for package, table in (("people", "people_grant"), ("quizzes", "quizzes_assignment")):
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT MIN(id) FROM {table} WHERE event IS NOT NULL")
            (key,) = cursor.fetchone()
            cursor.execute(f"SELECT event FROM {table} WHERE id = %s", [key])
            (event,) = cursor.fetchone()
            lost = LOST.hex if connection.vendor == "sqlite" else LOST
            cursor.execute(f"UPDATE {table} SET event = %s WHERE id = %s", [lost, key])
        try:
            call_command("migrate", package, interactive=False, verbosity=0)
        except RuntimeError as error:
            found[package] = str(error)
        with connection.cursor() as cursor:
            cursor.execute(f"UPDATE {table} SET event = %s WHERE id = %s", [event, key])
    return found


def main() -> None:
    fill()
    before, applied = counts(), set(MigrationRecorder(connection).applied_migrations())
    events = events_named()
    for package, first in FIRST_SHAPE.items():
        call_command("migrate", package, first, interactive=False, verbosity=0)
    stood = set(connection.introspection.table_names())
    taken_back = applied - set(MigrationRecorder(connection).applied_migrations())
    with connection.cursor() as cursor:
        cursor.execute("SELECT COUNT(*) FROM quizzes_admission")
        (admissions,) = cursor.fetchone()
    refused = refusals()
    last = Job.objects.latest("pk").pk
    enter_refresh_of_person("Peserta", Job.State.QUEUED)
    enter_refresh_of_person("Rekan", Job.State.RUNNING)
    enter_refresh_of_person("Orang Lain", Job.State.DONE)
    call_command("migrate", interactive=False, verbosity=0)
    refreshes = taken_out(Job.objects.filter(pk__gt=last))
    problems = [str(breach) for _number, check in invariants() for breach in check()]
    found = {
        "taken_back": sorted(".".join(one) for one in taken_back),
        "before": within(stood, before),
        "events": [events, events_named()],
        "admissions": admissions,
        "refused": refused,
        "refreshes": refreshes,
        "after": within(stood, counts()),
        "problems": problems,
        "unsealed": seals.missing_triggers(),
    }
    sys.stdout.write(json.dumps(found) + "\n")


if __name__ == "__main__":
    main()
