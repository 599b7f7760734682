"""``manage.py verify``: every invariant that can be read from the database."""

import argparse
import json
from typing import Any

from django.apps import apps
from django.core.management.base import BaseCommand
from django.utils.module_loading import autodiscover_modules, module_has_submodule

from clinic.lib.breaches import Invariant


def invariants() -> list[Invariant]:
    """Collect ``INVARIANTS`` of every package's ``invariants`` module."""
    autodiscover_modules("invariants")
    found: list[Invariant] = []
    for config in apps.get_app_configs():
        if config.module is not None and module_has_submodule(config.module, "invariants"):
            found += getattr(config.module, "invariants").INVARIANTS  # noqa: B009 - loaded by name
    return found


class Command(BaseCommand):
    """Print each breach with its number; exit 1 if there is one."""

    help = "Check every invariant that can be read from the database, by its number."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="one JSON object as last line")

    def handle(self, *_args: Any, **options: Any) -> None:
        checked = invariants()
        problems = [
            {"where": breach.where, "code": number, "message": breach.message}
            for number, check in checked
            for breach in check()
        ]
        for problem in problems:
            self.stdout.write(f"{problem['code']} {problem['where']}: {problem['message']}")
        counts = {"invariants": len(checked), "breaches": len(problems)}
        if options["json"]:
            report = {"ok": not problems, "counts": counts, "problems": problems}
            self.stdout.write(json.dumps(report, ensure_ascii=False))
        else:
            self.stdout.write(f"{len(checked)} invariants checked, {len(problems)} breaches.")
        if problems:
            raise SystemExit(1)
