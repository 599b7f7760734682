"""What ``manage.py verify`` reads of the courses (D10)."""

from collections.abc import Iterator

from django.db.models import Max

from clinic.lib.breaches import Breach, Invariant
from courses.models import ModuleEdition
from courses.publishing import digest_of


def _find_changed_editions() -> Iterator[Breach]:
    for edition in ModuleEdition.objects.iterator(chunk_size=50):
        if digest_of({"head": edition.head, "bodies": edition.bodies}) != edition.digest:
            yield Breach(f"module edition {edition.uuid}", "was changed once published")


def _find_mixed_editions() -> Iterator[Breach]:
    for edition in ModuleEdition.objects.iterator(chunk_size=50):
        bodies = {
            str(row["page"]): digest_of(
                [row["title"], row["lead"], edition.bodies.get(str(row["page"]))]
            )
            for row in edition.sections
        }
        digests = {str(row["page"]): row["digest"] for row in edition.sections}
        if bodies != digests or set(edition.bodies) != set(digests):
            yield Breach(f"module edition {edition.uuid}", "mixes sections of several drafts")


def _find_readers_of_older() -> Iterator[Breach]:
    newest = dict(ModuleEdition.objects.order_by().values_list("module").annotate(Max("number")))
    current = dict(ModuleEdition.objects.filter(is_current=True).values_list("module", "number"))
    for module, number in newest.items():
        if current.get(module) != number:
            yield Breach(f"module {module}", f"edition {number} is the newest, not the one read")


INVARIANTS: list[Invariant] = [
    ("D10", _find_changed_editions),
    ("D10", _find_mixed_editions),
    ("D10", _find_readers_of_older),
]
