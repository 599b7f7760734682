"""``manage.py load_content``: the shipped modules, questions, rules, outcomes and glossary."""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from clinic.lib.errors import Refused
from clinic.management import content_loading
from clinic.people.arithmetic.matching import fold_login_name
from clinic.people.models import Account, Grant
from clinic.records.jobs import job_context
from clinic.records.shipped import Settled, Tally

REFUSED, BAD_USAGE = 1, 2
KINDS = ("regulations", "outcomes", "glossaries", "questions", "quizzes", "modules")


class Command(BaseCommand):
    """Loads as drafts of one author; a second time nothing changes, and local edits are kept.

    Exit 0: done; 1: refused; 2: no author is named where there is not exactly one.
    """

    help = "Load the shipped modules, questions, rules, outcomes and glossary; a dry run by itself."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--apply", action="store_true", help="write; without it a dry run")
        parser.add_argument(
            "--author", help="NIP or e-mail of the author; may be left out if alone"
        )
        parser.add_argument("--json", action="store_true", help="one JSON object as last line")

    def handle(self, *_args: Any, **options: Any) -> None:
        tally, problems = Tally(), []
        with job_context():
            author = _find_author(options["author"])
            try:
                with transaction.atomic():
                    tally = content_loading.load_content(
                        author=author, say=lambda line: None if options["json"] else self._say(line)
                    )
                    transaction.set_rollback(not options["apply"])
            except Refused as refused:
                message = refused.message or refused.code
                problems = [
                    {"where": "", "code": refused.code, "message": message, "level": "error"}
                ]
        is_ok = not problems
        problems += [
            {"where": f"{kind}/{name}", "code": "kept", "message": _say_kept(), "level": "warning"}
            for kind, name in tally.kept
        ]
        if options["json"]:
            report = {"ok": is_ok, "counts": _counts(tally), "problems": problems}
            self.stdout.write(json.dumps(report, ensure_ascii=False))
        elif is_ok:
            self._print(tally, author, applies=options["apply"])
        if not is_ok:
            raise CommandError(problems[0]["message"], returncode=REFUSED)

    def _say(self, line: str) -> None:
        self.stdout.write(line)

    def _print(self, tally: Tally, author: Account, *, applies: bool) -> None:
        for kind in KINDS:
            numbers = ", ".join(
                f"{tally.numbers[kind, how]} {how}" for how in Settled if tally.numbers[kind, how]
            )
            self.stdout.write(f"{kind}: {numbers}")
        for kind, name in tally.kept:
            self.stdout.write(f"{kind}/{name}: {_say_kept()}")
        if not applies:
            self.stdout.write(_("Dry run: nothing was written. Add --apply to write."))
        elif tally.changes:
            line = _("Applied. Drafts belong to %(name)s and wait for a reviewer.")
            self.stdout.write(line % {"name": author.person.name})
        else:
            self.stdout.write(_("Nothing to change: all is as in the file."))


def _say_kept() -> str:
    return _("changed here; the newer text that is shipped was not taken")


def _counts(tally: Tally) -> dict[str, int]:
    return {f"{kind}_{how}": tally.numbers[kind, how] for kind in KINDS for how in Settled}


def _find_author(named: str | None) -> Account:
    """Return the account of this name, or the only author.

    Raises:
        CommandError: there is no such account, or not exactly one author.
    """
    accounts = Account.objects.filter(is_active=True).select_related("person")
    if named:
        found = accounts.filter(Q(login_name=fold_login_name(named)) | Q(email__iexact=named))
    else:
        grants = Grant.objects.on(timezone.localdate()).filter(role=Grant.Role.AUTHOR)
        found = accounts.filter(person__in=grants.values("person"))
    if len(authors := list(found)) != 1:
        raise CommandError(
            _("Name one author by NIP or e-mail address: --author; found: %(count)d.")
            % {"count": len(authors)},
            returncode=BAD_USAGE,
        )
    return authors[0]
