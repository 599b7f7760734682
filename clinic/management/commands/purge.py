"""``manage.py purge``: delete what is over its time, as the daily job does."""

import argparse
import json
from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from clinic.records import retention


class Command(BaseCommand):
    """Apply every rule of retention now; prints the deleted rows by kind."""

    help = "Delete what is kept no longer: expired sessions, old notices, jobs and the like."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="one JSON object as last line")

    def handle(self, *_args: Any, **options: Any) -> None:
        counts = retention.purge_all(timezone.now())
        for kind, count in counts.items():
            self.stdout.write(f"{kind}: {count}")
        if options["json"]:
            self.stdout.write(json.dumps({"ok": True, "counts": counts, "problems": []}))
