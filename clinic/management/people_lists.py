"""What the two commands for lists of this package's own columns share."""

from clinic.management.importing import ImportCommand, Outcome, Told
from clinic.people.arithmetic.import_plan import Plan
from clinic.people.wording import place, say


class ListCommand(ImportCommand):
    """A command whose plan is a ``Plan`` of rows."""

    def outcome(self, plan: Plan) -> Outcome:
        told = [
            Told(place(problem), problem.code, " ".join(say(problem)), problem.level == "error")
            for problem in plan.problems
        ]
        return Outcome(plan.counts, told, changes=len(plan.to_do()))
