"""``manage.py export_evidence DIR``: the region's evidence as a pseudonymous package."""

import argparse
import json
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone, translation

from clinic.insights.exporting import export_evidence
from clinic.lib.errors import Refused
from clinic.people.zones import zone_of

REFUSED = 1


class Command(BaseCommand):
    """Write the package of today; exit 1 and no folder when it is refused."""

    help = "Write a pseudonymous evidence package that estimate_gaps reads."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("folder", metavar="DIR", type=Path, help="absent or empty")
        parser.add_argument("--period", type=int, help="year of the sheets")
        parser.add_argument("--json", action="store_true", help="one JSON object as last line")

    def handle(self, *_args: Any, **options: Any) -> None:
        try:
            with timezone.override(zone_of()), translation.override("en"):
                counts = export_evidence(options["folder"], period=options["period"])
        except (Refused, OSError) as refusal:
            code = refusal.code if isinstance(refusal, Refused) else "not_written"
            reason = getattr(refusal, "message", "") or getattr(refusal, "strerror", "")
            message = str(reason or code)
            for line in message.splitlines():
                self.stderr.write(line)
            if options["json"]:
                problem = {"where": str(options["folder"]), "code": code, "message": message}
                self.stdout.write(json.dumps({"ok": False, "counts": {}, "problems": [problem]}))
            raise SystemExit(REFUSED) from None
        summary = ", ".join(f"{number} {name}" for name, number in counts.items())
        if options["json"]:
            summary = json.dumps({"ok": True, "counts": counts, "problems": []})
        self.stdout.write(summary)
