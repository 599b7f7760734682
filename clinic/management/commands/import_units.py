"""``manage.py import_units FILE``: the tree of units from a list."""

from collections.abc import Mapping
from typing import Any

from clinic.management.importing import ListCommand
from clinic.people.importing import ImportPlan, open_list
from clinic.people.importing_units import apply_units, plan_units, read_units


class Command(ListCommand):
    """Dry run unless ``--apply``; a second run of the same file changes nothing."""

    help = "Create and change units from a .csv or .xlsx list."

    def plan(self, content: bytes, name: str, options: Mapping[str, Any]) -> ImportPlan:
        self.rows, self.problems = read_units(open_list(content, name))
        return plan_units(self.rows, self.problems)

    def write(self, plan: ImportPlan, options: Mapping[str, Any]) -> None:
        apply_units(
            self.rows, self.problems, actor=None, partial=options["partial"],
            expected_digest=plan.digest,
        )  # fmt: skip
