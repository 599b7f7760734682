"""``manage.py load_framework FILE.toml``: one edition of an assessment framework."""

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from clinic.assessments import frameworks
from clinic.lib.errors import Refused

REFUSED, BAD_USAGE = 1, 2


class Command(BaseCommand):
    """Loads an edition; loading the same file again changes nothing.

    Exit 0: loaded or unchanged; 1: refused, as for a changed weight of an edition in use
    (``edition_locked``); 2: the file cannot be read.
    """

    help = "Load one framework edition from a TOML file."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, metavar="FILE.toml")
        parser.add_argument("--json", action="store_true", help="one JSON object as last line")

    def handle(self, *args: Any, **options: Any) -> None:
        path: Path = options["file"]
        try:
            text = path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise CommandError(f"{path}: {error}", returncode=BAD_USAGE) from error
        counts: dict[str, int] = {}
        problems = []
        try:
            loaded = frameworks.load_framework(text)
            counts = {
                "nodes": loaded.edition.nodes.count(),
                "created": loaded.created,
                "reworded": loaded.reworded,
                "removed": loaded.removed,
            }
        except Refused as refused:
            where = str(refused.details.get("node") or path.name)
            message = refused.message or refused.code
            problems = [{"where": where, "code": refused.code, "message": message}]
        if options["json"]:
            report = {"ok": not problems, "counts": counts, "problems": problems}
            self.stdout.write(json.dumps(report, ensure_ascii=False))
        else:
            for name, number in counts.items():
                self.stdout.write(f"{name}: {number}")
        if problems:
            raise CommandError(f"{path.name}: {problems[0]['message']}", returncode=REFUSED)
