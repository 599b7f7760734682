"""The ground of the demo: editions, outcomes, the units of the fictional Kabupaten Contoh."""

from pathlib import Path

from clinic.assessments import frameworks
from clinic.assessments.outcome_links import load_outcomes
from clinic.lib.arithmetic.tables import read_table
from clinic.people.importing_units import apply_units, plan_units, read_units
from clinic.people.models import Unit

FOLDER = Path(__file__).parent
CONTENT = FOLDER.parent / "content"
UNITS_FILE = FOLDER / "units-contoh.csv"


def load_ground() -> None:
    """Load every shipped edition and the starter outcomes with their links."""
    for path in frameworks.shipped_files():
        frameworks.load_framework(path.read_text(encoding="utf-8"))
    load_outcomes((CONTENT / "outcomes.toml").read_text(encoding="utf-8"))


def load_units() -> dict[str, Unit]:
    """Load the units of the region; return them by slug."""
    rows, problems = read_units(read_table(UNITS_FILE.read_bytes(), UNITS_FILE.name))
    apply_units(plan_units(rows, problems), actor=None)
    return {unit.slug: unit for unit in Unit.objects.all()}


def top_units(units: dict[str, Unit]) -> list[Unit]:
    """Return the 41 units directly below the regency, in official order."""
    return [unit for unit in units.values() if unit.depth == 2]  # noqa: PLR2004 - root is 1
