"""``manage.py import_units FILE``: the tree of units from a list."""

from collections.abc import Mapping
from typing import Any

from clinic.management.importing import ListCommand
from clinic.people.arithmetic.import_plan import Plan
from clinic.people.importing_units import apply_units, plan_units, read_units
from clinic.people.list_imports import open_list


class Command(ListCommand):
    """Dry run unless ``--apply``; a second run of the same file changes nothing."""

    help = "Create and change units from a .csv or .xlsx list."

    def plan(self, content: bytes, name: str, options: Mapping[str, Any]) -> Plan:
        return plan_units(*read_units(open_list(content, name)))

    def write(self, plan: Plan, options: Mapping[str, Any]) -> None:
        apply_units(plan, actor=None, partial=options["partial"])
