"""``manage.py estimate_gaps``: the diagnosis engine on an evidence package, without a database."""

import argparse
import json
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand

from clinic.insights.estimating import estimate_package, write_estimates
from clinic.insights.package import FaultyPackage

REFUSED, BAD_USAGE = 1, 2


class Command(BaseCommand):
    """Read a package, write one row for every unit and area.

    Exit 0 with warnings on stderr; 1 when the output cannot be written; 2 when the package is
    faulty, with one line for each kind of fault on stderr and no output file.
    """

    help = "Estimate the knowledge gap of every unit and area from an evidence package."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("folder", metavar="DIR", type=Path, help="evidence package")
        parser.add_argument("--out", metavar="FILE.csv", type=Path, required=True)
        parser.add_argument("--json", action="store_true", help="one JSON object as last line")

    def handle(self, *_args: Any, **options: Any) -> None:
        try:
            estimated = estimate_package(options["folder"])
        except FaultyPackage as refusal:
            problems = [
                {
                    "where": f"{fault.file}:{fault.line}",
                    "code": refusal.code,
                    "message": f"{fault.column}: {fault.message}",
                }
                for fault in refusal.faults
            ]
            self._warn(refusal.message.splitlines())
            self._report(options, {"faults": len(problems)}, problems)
            raise SystemExit(BAD_USAGE) from None
        self._warn(estimated.warnings)
        out: Path = options["out"]
        try:
            write_estimates(out, estimated.rows)
        except OSError as error:
            message = f"cannot be written: {error.strerror}"
            self._warn([f"{out}: {message}"])
            problem = {"where": str(out), "code": "not_written", "message": message}
            self._report(options, dict(estimated.counts), [problem])
            raise SystemExit(REFUSED) from None
        self._report(options, dict(estimated.counts), [], warnings=list(estimated.warnings))

    def _warn(self, lines: list[str] | tuple[str, ...]) -> None:
        for line in lines:
            self.stderr.write(line)

    def _report(
        self,
        options: dict[str, Any],
        counts: dict[str, int],
        problems: list[dict[str, str]],
        *,
        warnings: list[str] | None = None,
    ) -> None:
        if options["json"]:
            report = {"ok": not problems, "counts": counts, "problems": problems}
            if warnings is not None:
                report["warnings"] = warnings
            self.stdout.write(json.dumps(report, ensure_ascii=False))
        elif not problems:
            summary = ", ".join(f"{number} {name}" for name, number in counts.items())
            self.stdout.write(f"{options['out']}: {summary}.")
