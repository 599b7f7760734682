"""``manage.py load_demo``: the fictional Kabupaten Contoh."""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from clinic.lib.errors import Refused
from clinic.management.demo import loading
from clinic.people.models import Person, Unit


class Command(BaseCommand):
    """Loads the demo region once; running it again keeps what is there."""

    help = "Load the fictional Kabupaten Contoh (refused in production)."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", dest="as_json")

    def handle(self, *args: Any, **options: Any) -> None:
        problems = []
        try:
            loaded = loading.load_demo(self.stdout.write)
            self.stdout.write(
                "Kabupaten Contoh siap." if loaded else "Kabupaten Contoh sudah ada; tetap dipakai."
            )
        except Refused as refused:
            problems = [{"where": "", "code": refused.code, "message": refused.message}]
            self.stderr.write(refused.message)
        if options["as_json"]:
            counts = {"units": Unit.objects.count(), "persons": Person.objects.count()}
            self.stdout.write(
                json.dumps({"ok": not problems, "counts": counts, "problems": problems})
            )
        if problems:
            raise SystemExit(1)
