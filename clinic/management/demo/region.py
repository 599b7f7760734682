"""What the demo stands on: editions, units, and the content that the product brings.

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
from clinic.lib.arithmetic.tables import read_table
from clinic.management import content_loading
from clinic.people.importing_units import apply_units, read_units
from clinic.people.models import Account, Unit
from courses import publishing, reviewing
from courses.models import ModulePage, SectionPage
from quizzes.models import Quiz

SEED = "klinik-rb-contoh-1"


def seeded_uuid(name: str) -> UUID:
    """Return the UUID of the thing of this name; whoever draws lots by it draws the same ones."""
    drawn = random.Random(f"{SEED}:uuid:{name}").getrandbits(128)  # noqa: S311 - sample data
    return UUID(int=drawn, version=4)


FOLDER = Path(__file__).parent
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
    """Load every shipped edition."""
    for path in frameworks.shipped_files():
        frameworks.load_framework(path.read_text(encoding="utf-8"))


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


def load_content() -> list[ModulePage]:
    """Load what the product brings, as any region does, and let the reviewer publish all of it.

    Returns:
        The modules in the order of their files. Who meets which form of a quiz first is drawn from
        its UUID and the person's.
    """
    author = Account.objects.get(email=AUTHOR)
    reviewer = Account.objects.get(email=REVIEWER)
    content_loading.load_content(author=author, reviewer=reviewer)
    for quiz in Quiz.objects.all():
        Quiz.objects.filter(pk=quiz.pk).update(uuid=seeded_uuid(f"quiz:{quiz.slug}"))
    modules = list(ModulePage.objects.order_by("path"))
    for module in modules:
        publishing.publish(module, actor=reviewer, now=PUBLISHED)
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
