"""``manage.py import_people FILE``: persons and where they work, from a list."""

from collections.abc import Mapping
from typing import Any

from django.utils import timezone

from clinic.management.importing import ListCommand
from clinic.people.importing import ImportPlan, open_list
from clinic.people.importing_people import apply_people, plan_people, read_people


class Command(ListCommand):
    """Dry run unless ``--apply``; a second run of the same file changes nothing."""

    help = "Create and change persons and their memberships from a .csv or .xlsx list."

    def plan(self, content: bytes, name: str, options: Mapping[str, Any]) -> ImportPlan:
        self.rows, self.problems = read_people(open_list(content, name))
        self.today = timezone.localdate()
        return plan_people(self.rows, self.problems, today=self.today)

    def write(self, plan: ImportPlan, options: Mapping[str, Any]) -> None:
        apply_people(
            self.rows, self.problems, actor=None, today=self.today, partial=options["partial"],
            expected_digest=plan.digest,
        )  # fmt: skip
