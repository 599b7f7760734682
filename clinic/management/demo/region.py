"""What the demo stands on: editions, outcomes, units, regulations and the modules.

The units are those of the fictional Kabupaten Contoh. The modules are written by the author of the
demo and published by its reviewer, through the services of both. One waits for the reviewer again,
with a sentence more, so that reviewing can be tried. What looks random is drawn from ``SEED``, so
that it is the same on every machine.
"""

import random
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

from clinic.assessments import frameworks
from clinic.assessments.outcome_links import load_outcomes
from clinic.lib.arithmetic.tables import read_table
from clinic.people.importing_units import apply_units, read_units
from clinic.people.models import Account, Unit
from courses import importing, publishing, reviewing
from courses.models import ModulePage, SectionPage

SEED = "klinik-rb-contoh-1"


def seeded_uuid(name: str) -> UUID:
    """Return the UUID of the thing of this name; whoever draws lots by it draws the same ones."""
    drawn = random.Random(f"{SEED}:uuid:{name}").getrandbits(128)  # noqa: S311 - sample data
    return UUID(int=drawn, version=4)


FOLDER = Path(__file__).parent
CONTENT = FOLDER.parent / "content"
# As people of a regency call them; the map has little room for a name.
SHORT_NAMES = {
    "dinas-kesehatan": "Dinkes",
    "dinas-sosial": "Dinsos",
    "dinas-pertanian": "Distan",
    "dinas-dukcapil": "Dukcapil",
    "dpmptsp": "DPMPTSP",
    "bkpsdm": "BKPSDM",
    "puskesmas-contoh-kota": "PKM Contoh Kota",
    "puskesmas-contoh-hulu": "PKM Contoh Hulu",
    "kecamatan-contoh-kota": "Kec. Contoh Kota",
    "kecamatan-contoh-hilir": "Kec. Contoh Hilir",
}
UNITS_FILE = FOLDER / "units-contoh.csv"


def load_frameworks() -> None:
    """Load every shipped edition and the starter outcomes with their links."""
    for path in frameworks.shipped_files():
        frameworks.load_framework(path.read_text(encoding="utf-8"))
    load_outcomes((CONTENT / "outcomes.toml").read_text(encoding="utf-8"))


def load_units() -> dict[str, Unit]:
    """Load the units of the region; return them by slug."""
    rows, problems = read_units(read_table(UNITS_FILE.read_bytes(), UNITS_FILE.name))
    apply_units(rows, problems, actor=None)
    return {unit.slug: unit for unit in Unit.objects.all()}


def shorten_names() -> None:
    """Give units the names that people of a regency call them by."""
    for slug, short in SHORT_NAMES.items():
        Unit.objects.filter(slug=slug).update(short_name=short)


def top_units(units: dict[str, Unit]) -> list[Unit]:
    """Return the 41 units directly below the regency, in official order."""
    return [unit for unit in units.values() if unit.depth == 2]  # noqa: PLR2004 - root is 1


PUBLISHED = datetime(2026, 5, 4, 2, 0, tzinfo=UTC)
AUTHOR = "penyusun@demo.test"
REVIEWER = "pengulas@demo.test"
IN_REVIEW = "deregulasi-kebijakan"
ADDED = " Mulailah dari peraturan yang paling sering ditanyakan kepada unit Anda."


def load_modules() -> list[ModulePage]:
    """Load and publish every shipped module; return them in order of their files."""
    author = Account.objects.get(email=AUTHOR)
    reviewer = Account.objects.get(email=REVIEWER)
    importing.load_regulations(
        (CONTENT / "regulations.toml").read_text(encoding="utf-8"), actor=author
    )
    modules = []
    for path in sorted((CONTENT / "modules").glob("*.toml")):
        module = importing.load_module(path.read_text(encoding="utf-8"), author=author)
        reviewing.send_to_review(module, actor=author)
        publishing.publish(module, actor=reviewer, now=PUBLISHED)
        modules.append(module)
    return modules


def send_revised_module(modules: list[ModulePage]) -> None:
    """Let the author add a sentence to one published module and send it to review."""
    author = Account.objects.get(email=AUTHOR)
    module = next(module for module in modules if module.area_id == IN_REVIEW)
    section = SectionPage.objects.child_of(module).order_by("path").first()
    draft = section.get_latest_revision_as_object()
    draft.lead += ADDED
    draft.save_revision(user=author)
    reviewing.send_to_review(module, actor=author)
