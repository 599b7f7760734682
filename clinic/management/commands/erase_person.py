"""``manage.py erase_person ID``: the end of what is personal of one person."""

import json
from argparse import ArgumentParser
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError

from clinic.people import erasing
from clinic.people.models import Person
from clinic.records import backups

REFUSED = 1


class Command(BaseCommand):
    """Writes the person into the register beside the archives, then erases."""

    help = "Erase what is personal of one person, and note it for archives that are restored."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("person", type=UUID, metavar="ID", help="as in the person's address")
        parser.add_argument("--json", action="store_true", help="one JSON object as last line")

    def handle(self, *_args: Any, **options: Any) -> None:
        person = Person.objects.filter(uuid=options["person"]).first()
        if person is None:
            raise CommandError("There is no person of this id.", returncode=REFUSED)
        erasing.register(person, backups.folder() / erasing.REGISTER)
        erasing.erase(person)
        if options["json"]:
            self.stdout.write(json.dumps({"ok": True, "counts": {"erased": 1}, "problems": []}))
        else:
            self.stdout.write("Erased: mail address, phone, log-in, messages. Kept: name, NIP.")
