"""``manage.py import_people FILE``: persons and where they work, from a list."""

from collections.abc import Mapping
from typing import Any

from django.utils import timezone

from clinic.management.importing import ListCommand
from clinic.people.arithmetic.import_plan import Plan
from clinic.people.importing_people import apply_people, plan_people, read_people
from clinic.people.list_imports import open_list


class Command(ListCommand):
    """Dry run unless ``--apply``; a second run of the same file changes nothing."""

    help = "Create and change persons and their memberships from a .csv or .xlsx list."

    def plan(self, content: bytes, name: str, options: Mapping[str, Any]) -> Plan:
        rows, problems = read_people(open_list(content, name))
        return plan_people(rows, problems, today=timezone.localdate())

    def write(self, plan: Plan, options: Mapping[str, Any]) -> None:
        apply_people(plan, actor=None, today=timezone.localdate(), partial=options["partial"])
