"""``manage.py rebuild_presence``: presences anew from scans and corrections (I3)."""

import argparse
import json
from typing import Any

from django.core.management.base import BaseCommand

from attendance import presence


class Command(BaseCommand):
    """Fold every presence anew; ``--check`` changes nothing and exits 1 with the differences."""

    help = "Rebuild presences from scans and corrections, or compare them with --check."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("--check", action="store_true", help="compare, change nothing")
        parser.add_argument("--json", action="store_true", help="one JSON object as last line")

    def handle(self, *_args: Any, **options: Any) -> None:
        is_check = options["check"]
        differences = list(presence.differences()) if is_check else presence.rebuild()
        problems = [
            {
                "where": f"registration {difference.registration}, session {difference.session}",
                "code": "presence_differs",
                "message": f"stored {difference.stored}, should be {difference.folded}",
            }
            for difference in differences
        ]
        for problem in problems:
            self.stdout.write(f"{problem['where']}: {problem['message']}")
        is_bad = is_check and bool(problems)
        if options["json"]:
            report = {"ok": not is_bad, "counts": {"differences": len(problems)}}
            self.stdout.write(json.dumps({**report, "problems": problems}, ensure_ascii=False))
        else:
            self.stdout.write(f"{len(problems)} presences differed.")
        if is_bad:
            raise SystemExit(1)
