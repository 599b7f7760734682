"""Migrations on a database with rows in it: ``python -m tests.filled_migrations``.

Fills the database that the environment names, takes the tables back to their first shape, migrates
forward over the rows and prints what stood before and after as one JSON object.
"""

import json
import sys

import django

django.setup()

from django.apps import apps  # noqa: E402
from django.core.files.uploadedfile import SimpleUploadedFile  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.db import connection  # noqa: E402
from django.db.migrations.recorder import MigrationRecorder  # noqa: E402

from clinic.management.commands.verify import invariants  # noqa: E402
from clinic.records import imports, seals  # noqa: E402
from tests import given  # noqa: E402
from tests.attendance import made as event_made  # noqa: E402
from tests.clinic.insights import made as insights_made  # noqa: E402

# What can be taken back without the rows of others: quizzes and courses build on the later people.
FIRST_SHAPE = {"insights": "0001", "attendance": "0001", "records": "0001"}


def fill() -> None:
    """Units, people, sheets, a quiz with answers, findings, an event with a guest, an upload."""
    regencies = given.REGENCIES.play()
    cast = given.CAST.play(*regencies)
    world = insights_made.weak_district(cast, regencies[0])
    insights_made.answered_by(world, cast, 2)
    event_made.joined(event_made.event_of(cast.organiser), cast.participant)
    imports.receive("people.persons", SimpleUploadedFile("orang.csv", b"nip,nama\n"))


def counts() -> dict[str, int]:
    """How many rows each table of the product holds."""
    ours = [
        model
        for model in apps.get_models()
        if model.__module__.split(".")[0] in {"clinic", "courses", "quizzes", "attendance"}
    ]
    return {model._meta.label: model._base_manager.count() for model in ours}


def main() -> None:
    fill()
    before, applied = counts(), set(MigrationRecorder(connection).applied_migrations())
    for package, first in FIRST_SHAPE.items():
        call_command("migrate", package, first, interactive=False, verbosity=0)
    taken_back = applied - set(MigrationRecorder(connection).applied_migrations())
    call_command("migrate", interactive=False, verbosity=0)
    problems = [str(breach) for _number, check in invariants() for breach in check()]
    found = {
        "taken_back": sorted(".".join(one) for one in taken_back),
        "before": before,
        "after": counts(),
        "problems": problems,
        "unsealed": seals.missing_triggers(),
    }
    sys.stdout.write(json.dumps(found) + "\n")


if __name__ == "__main__":
    main()
