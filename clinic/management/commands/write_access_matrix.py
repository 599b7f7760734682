"""``manage.py write_access_matrix``: who may do what, as the rules in code say it, for review."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand

from clinic.people.access import ROLES, registered

MATRIX = Path("clinic/people/access_matrix.toml")
HEAD = """\
# Who may do what, written from the rules in code by `manage.py write_access_matrix`: a changed rule
# shows here, to whoever reviews it. One table for each verb and model; `who` holds each role's
# letter, and a role that is absent has no access. Letters: o own, u own unit and below, e granted
# events, t units granted for one year, a what one wrote, k the root unit's whole subtree, * all.
"""


def matrix() -> str:
    """Return the file; the rules of several packages for one verb and model are one table."""
    rules: dict[tuple[str, str], dict[str, str]] = {}
    for rule in registered():
        rules.setdefault((rule.verb, rule.model._meta.label), {}).update(rule.letters)
    tables = []
    for (verb, model), letters in sorted(rules.items()):
        who = ", ".join(f'{role} = "{letters[role]}"' for role in ROLES if role in letters)
        tables.append(f'\n[[rule]]\nverb = "{verb}"\nmodel = "{model}"\nwho = {{ {who} }}\n')
    return HEAD + "".join(tables)


class Command(BaseCommand):
    """Write the file; what changed in it is seen by git."""

    help = "Write clinic/people/access_matrix.toml from the rules in code."

    def handle(self, **_options: Any) -> None:
        MATRIX.write_text(matrix())
