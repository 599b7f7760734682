"""``manage.py backup``: one archive of data and files."""

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from clinic.records import backups, restoring


class Command(BaseCommand):
    """Writes an archive while people write, reads it once more, and prints its path."""

    help = "Write one archive of data and files, with checksums, while people go on working."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--to", type=Path, metavar="FOLDER", help="default: backups of KLINIK_VAR"
        )
        parser.add_argument(
            "--keep", type=int, default=0, metavar="N", help="delete all but the newest N archives"
        )
        parser.add_argument("--json", action="store_true", help="one JSON object as last line")

    def handle(self, *_args: Any, **options: Any) -> None:
        try:
            path = backups.write_archive(options["to"])
        except OSError as error:
            raise CommandError(f"{error.filename}: {error.strerror}", returncode=1) from error
        counts = restoring.open_archive(path).counts
        removed = backups.remove_old(options["keep"], options["to"])
        if options["json"]:
            report = {"ok": True, "counts": counts, "problems": [], "archive": str(path)}
            self.stdout.write(json.dumps(report))
            return
        size = path.stat().st_size / 1e6
        self.stdout.write(
            f"{path}: {counts['rows']} rows of {counts['tables']} tables, {counts['files']} files, "
            f"{size:.1f} MB."
        )
        for old in removed:
            self.stdout.write(f"Deleted: {old.name}")
