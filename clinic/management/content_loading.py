"""The content that the product brings: rules, outcomes, glossary, questions, quizzes, modules.

The one way in, for a real installation and for the demo alike. Rules, outcomes and the glossary are
out at once; questions and modules arrive as drafts of one author and wait for a reviewer, quizzes
as drafts. What was changed here since it was loaded is kept (U122).
"""

import tomllib
from collections.abc import Callable
from pathlib import Path

from django.db import transaction
from django.utils.translation import gettext as _

from clinic.assessments.models import FrameworkEdition
from clinic.assessments.outcome_links import load_outcomes
from clinic.lib.errors import Refused
from clinic.people.access import can, remembering_grants
from clinic.people.models import Account
from clinic.records.shipped import Tally
from courses import importing, reviewing
from courses.models import ModulePage
from quizzes import authoring

CONTENT = Path(__file__).parent / "content"
BANK, MODULES, BLUEPRINT = CONTENT / "bank", CONTENT / "modules", "blueprint.toml"


@transaction.atomic
def load_content(
    *,
    author: Account,
    reviewer: Account | None = None,
    say: Callable[[str], object] = lambda _line: None,
) -> Tally:
    """Load everything that is new, whole or not at all; return what became of each thing.

    Args:
        author: who owns the drafts.
        reviewer: publishes questions and quizzes at once, in the demo alone; modules wait.
        say: gets a line for each step.

    Raises:
        Refused: the account is no author, or a framework that a module needs is not loaded.
    """
    if not can(author, "write-module", ModulePage):
        raise Refused(
            _("%(name)s is no author. Give the role first.") % {"name": author.person.name},
            code="not_an_author",
        )
    modules = [_read(path) for path in sorted(MODULES.glob("*.toml"))]
    _refuse_missing_frameworks(modules)
    tally = Tally()
    with remembering_grants():
        say(_("Rules, outcomes and glossary …"))
        importing.load_regulations(_read(CONTENT / "regulations.toml"), actor=author, tally=tally)
        load_outcomes(_read(CONTENT / "outcomes.toml"), actor=author, tally=tally)
        importing.load_glossary(_read(CONTENT / "glossary.toml"), author=author, tally=tally)
        say(_("Questions and quizzes …"))
        authoring.load_bank(
            [_read(path) for path in sorted(BANK.glob("*.toml")) if path.name != BLUEPRINT],
            _read(BANK / BLUEPRINT),
            author=author,
            reviewer=reviewer,
            tally=tally,
        )
        say(_("Modules …"))
        for text in modules:
            before = tally.changes
            module = importing.load_module(text, author=author, tally=tally)
            if tally.changes > before:
                reviewing.send_to_review(module, actor=author)
    return tally


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def _refuse_missing_frameworks(modules: list[str]) -> None:
    named = {slug for text in modules for slug in tomllib.loads(text)["frameworks"]}
    loaded = FrameworkEdition.objects.filter(slug__in=named).values_list("slug", flat=True)
    if missing := sorted(named - set(loaded)):
        raise Refused(
            _("Load these framework editions first (load_framework): %(editions)s.")
            % {"editions": ", ".join(missing)},
            code="framework_missing",
            details={"editions": missing},
        )
