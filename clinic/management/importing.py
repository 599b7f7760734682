"""What every import command has in common: dry run, exit codes, the JSON line.

A command reads one file and writes only with ``--apply``. Exit 0: done; 1: refused, or some rows
rejected; 2: bad usage. ``ListCommand`` is the base of the two for lists of people and units.
"""

import argparse
import json
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _

from clinic.lib.errors import Refused
from clinic.people.importing import ImportPlan
from clinic.people.wording import explain, locate
from clinic.records.jobs import job_context

MOST_BYTES = 64 * 1024 * 1024
REFUSED, BAD_USAGE = 1, 2


@dataclass(frozen=True)
class ImportProblem:
    """One problem: where it stands, its stable code, and a sentence."""

    where: str
    code: str
    message: str
    rejects: bool = True


@dataclass(frozen=True)
class ImportOutcome:
    """What reading a file came to.

    Attributes:
        counts: numbers by name.
        problems: all of them, warnings included.
        changes: how many things were, or in a dry run would be, written.
        extra: further keys of the JSON object.
        summary: sentences for people, printed last of all that was read.
    """

    counts: Mapping[str, int]
    problems: Sequence[ImportProblem] = ()
    changes: int = 0
    extra: Mapping[str, Any] = field(default_factory=dict)
    summary: Sequence[str] = ()

    @property
    def has_rejected(self) -> bool:
        return any(problem.rejects for problem in self.problems)


class ImportCommand(BaseCommand, ABC):
    """Base of the import commands; a subclass implements ``plan`` and ``write``.

    The object that ``plan`` returns is handed to ``write``; it is a dry run until then.
    """

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("file", type=Path, metavar="FILE", help=self.file_help)
        parser.add_argument("--apply", action="store_true", help="write; without it a dry run")
        parser.add_argument("--partial", action="store_true", help="write the good rows only")
        parser.add_argument("--json", action="store_true", help="one JSON object as last line")

    file_help = ".csv or .xlsx"

    @abstractmethod
    def plan(self, content: bytes, name: str, options: Mapping[str, Any]) -> Any:
        """Read the file and say what it would change.

        Raises:
            Refused: the file as a whole cannot be read.
        """

    @abstractmethod
    def outcome(self, plan: Any) -> ImportOutcome:
        """Put the plan into counts and problems."""

    @abstractmethod
    def write(self, plan: Any, options: Mapping[str, Any]) -> None:
        """Write the plan in one transaction.

        Raises:
            Refused: rows are rejected and ``--partial`` is off, or the data have changed.
        """

    def handle(self, *_args: Any, **options: Any) -> None:
        content = _read_file(options["file"])
        with job_context():
            outcome, is_written = self._run(content, options)
        is_ok = not outcome.has_rejected
        if options["json"]:
            self._print_json(outcome, is_ok=is_ok)
        else:
            self._print(outcome, is_written=is_written, applies=options["apply"])
        if not is_ok:
            closing = _describe_rejection(outcome, is_written=is_written)
            raise CommandError(closing, returncode=REFUSED)

    def _run(self, content: bytes, options: Mapping[str, Any]) -> tuple[ImportOutcome, bool]:
        """Plan, and write if that is asked for and allowed; say whether it was written."""
        try:
            plan = self.plan(content, options["file"].name, options)
            outcome = self.outcome(plan)
            if not options["apply"] or (outcome.has_rejected and not options["partial"]):
                return outcome, False
            self.write(plan, options)
        except Refused as refused:
            problem = ImportProblem(
                options["file"].name, refused.code, refused.message or refused.code
            )
            return ImportOutcome({}, [problem]), False
        return self.outcome(plan), True

    def _print(self, outcome: ImportOutcome, *, is_written: bool, applies: bool) -> None:
        for problem in outcome.problems:
            self.stdout.write(f"{problem.where}: {problem.message} [{problem.code}]")
        for name, number in outcome.counts.items():
            self.stdout.write(f"{name}: {number}")
        for sentence in outcome.summary:
            self.stdout.write(sentence)
        if is_written and outcome.changes:
            self.stdout.write(_("Applied."))
        elif is_written and not outcome.has_rejected:
            self.stdout.write(_("Nothing to change: all is as in the file."))
        elif not applies:
            self.stdout.write(_("Dry run: nothing was written. Add --apply to write."))

    def _print_json(self, outcome: ImportOutcome, *, is_ok: bool) -> None:
        report = {
            "ok": is_ok,
            "counts": dict(outcome.counts),
            "problems": [
                {
                    "where": problem.where,
                    "code": problem.code,
                    "message": problem.message,
                    "level": "error" if problem.rejects else "warning",
                }
                for problem in outcome.problems
            ],
            **outcome.extra,
        }
        self.stdout.write(json.dumps(report, ensure_ascii=False))


def _read_file(path: Path) -> bytes:
    try:
        with path.open("rb") as stream:
            content = stream.read(MOST_BYTES + 1)
    except OSError as error:
        raise CommandError(f"{path}: {error.strerror}", returncode=BAD_USAGE) from error
    return content


def _describe_rejection(outcome: ImportOutcome, *, is_written: bool) -> str:
    if is_written and outcome.changes:
        return _("Some rows were rejected; the others were written.")
    if is_written:
        return _("Some rows were rejected; the others are as in the file already.")
    return _("Nothing was written.")


class ListCommand(ImportCommand):
    """A command whose plan is a ``ImportPlan``."""

    def outcome(self, plan: ImportPlan) -> ImportOutcome:
        problems = [
            ImportProblem(
                locate(problem), problem.code, " ".join(explain(problem)), problem.level == "error"
            )
            for problem in plan.problems
        ]
        return ImportOutcome(plan.counts, problems, changes=len(plan.to_do))
