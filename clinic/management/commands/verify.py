"""``manage.py verify``: every invariant that can be read from the database."""

import argparse
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.apps import apps
from django.conf import settings
from django.core.management.base import BaseCommand
from django.utils.module_loading import autodiscover_modules, module_has_submodule

from clinic.lib.breaches import Breach, Invariant
from clinic.records import seals
from clinic.records.seals import LogHead

VERIFIED = "verified.json"


def invariants() -> list[Invariant]:
    """Collect ``INVARIANTS`` of every package's ``invariants`` module."""
    autodiscover_modules("invariants")
    collected: list[Invariant] = []
    for config in apps.get_app_configs():
        if config.module is not None and module_has_submodule(config.module, "invariants"):
            collected += getattr(config.module, "invariants").INVARIANTS  # noqa: B009 - loaded by name
    return collected


class Command(BaseCommand):
    """Print each breach with its number; exit 1 if there is one."""

    help = "Check every invariant that can be read from the database, by its number."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="one JSON object as last line")
        parser.add_argument(
            "--since",
            action="store_true",
            help="walk the logs from the heads at which the last run found no breach in them",
        )

    def handle(self, *_args: Any, **options: Any) -> None:
        since = read_heads() if options["since"] else {}
        heads = seals.heads()

        def walk_logs() -> Iterator[Breach]:
            return seals.breaches(since)

        checked = invariants()
        problems = [
            {
                "where": breach.where,
                "code": breach.number or number,
                "message": breach.message,
            }
            for number, check in checked
            for breach in (walk_logs if check is seals.breaches else check)()
        ]
        for problem in problems:
            self.stdout.write(f"{problem['code']} {problem['where']}: {problem['message']}")
        counts = {"invariants": len(checked), "breaches": len(problems)}
        if options["json"]:
            report = {"ok": not problems, "counts": counts, "problems": problems}
            self.stdout.write(json.dumps(report, ensure_ascii=False))
        else:
            self.stdout.write(f"{len(checked)} invariants checked, {len(problems)} breaches.")
        if "S22" not in {problem["code"] for problem in problems}:
            heads_file().write_text(json.dumps(heads))
        if problems:
            raise SystemExit(1)


def heads_file() -> Path:
    """Return where the heads stand, outside the database that they speak for."""
    return Path(settings.DATA_DIR / VERIFIED)


def read_heads() -> dict[str, LogHead]:
    """Return the heads at which the logs were last found whole; none before the first time."""
    if not heads_file().exists():
        return {}
    return {name: LogHead(*head) for name, head in json.loads(heads_file().read_text()).items()}
