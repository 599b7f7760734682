"""``manage.py restore FILE``: an archive into an empty installation, then every invariant."""

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError

from clinic.lib.errors import Refused
from clinic.people import erasing
from clinic.records import restoring

REFUSED, BAD_USAGE = 1, 2


class Command(BaseCommand):
    """Restores, erases again whoever was erased, verifies, and prints ``RESTORE OK``.

    Exit 0: restored and whole; 1: refused, or something differs; 2: there is no such file.
    """

    help = "Restore an archive into an empty installation and check the result."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, metavar="FILE")
        parser.add_argument(
            "--erasures", type=Path, metavar="FILE", help="default: erasures.jsonl beside FILE"
        )
        parser.add_argument("--json", action="store_true", help="one JSON object as last line")

    def handle(self, *_args: Any, **options: Any) -> None:
        path: Path = options["file"]
        register: Path = options["erasures"] or path.parent / erasing.REGISTER
        if not path.is_file():
            raise CommandError(f"{path}: there is no such file.", returncode=BAD_USAGE)
        if options["erasures"] and not register.is_file():
            raise CommandError(f"{register}: there is no such file.", returncode=BAD_USAGE)
        counts: dict[str, int] = {}
        try:
            archive = restoring.open_archive(path)
            restoring.restore(archive)
            counts = dict(archive.counts)
        except Refused as refused:
            self._end(options, counts, [{"where": path.name, "code": refused.code,
                                         "message": refused.message}])  # fmt: skip
        problems = [
            {"where": name, "code": "differs", "message": f"Differs from the archive: {name}"}
            for name in restoring.differences(archive)
        ]
        problems += self._erase_again(register, counts)
        call_command("rebuild_references_index", verbosity=0)
        call_command("update_index", verbosity=0)
        self._end(options, counts, problems)

    def _erase_again(self, register: Path, counts: dict[str, int]) -> list[dict[str, str]]:
        if not register.is_file():
            self.stdout.write(f"There is no register of erasures: {register}")
            counts["erased"] = 0
            return []
        try:
            counts["erased"] = erasing.erase_again(register)
        except ValueError as error:
            return [{"where": register.name, "code": "register", "message": str(error)}]
        return []

    def _end(
        self, options: dict[str, Any], counts: dict[str, int], problems: list[dict[str, str]]
    ) -> None:
        """Verify what was restored; print and leave with the first difference, if there is one."""
        is_whole = not problems
        if is_whole:
            try:
                call_command("verify", stdout=self.stdout)
            except SystemExit:
                is_whole = False
                problems = [
                    {"where": "verify", "code": "breach", "message": "Invariants do not hold."}
                ]
        if options["json"]:
            self.stdout.write(json.dumps({"ok": is_whole, "counts": counts, "problems": problems}))
        if not is_whole:
            raise CommandError(problems[0]["message"], returncode=REFUSED)
        if not options["json"]:
            told = ", ".join(f"{number} {name}" for name, number in counts.items())
            self.stdout.write(f"RESTORE OK: {told}.")
