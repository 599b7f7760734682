"""What ``manage.py verify`` reads of the courses (D10)."""

from collections.abc import Iterator

from django.db.models import Max

from clinic.lib.breaches import Breach, Invariant
from courses.models import ModuleEdition
from courses.publishing import digest_of


def _changed_editions() -> Iterator[Breach]:
    for edition in ModuleEdition.objects.iterator(chunk_size=50):
        if digest_of({"head": edition.head, "bodies": edition.bodies}) != edition.digest:
            yield Breach(f"module edition {edition.uuid}", "was changed once published")


def _sections_off_their_bodies() -> Iterator[Breach]:
    for edition in ModuleEdition.objects.iterator(chunk_size=50):
        bodies = {
            str(one["page"]): digest_of(
                [one["title"], one["lead"], edition.bodies.get(str(one["page"]))]
            )
            for one in edition.sections
        }
        told = {str(one["page"]): one["digest"] for one in edition.sections}
        if bodies != told or set(edition.bodies) != set(told):
            yield Breach(f"module edition {edition.uuid}", "mixes sections of several drafts")


def _readers_without_the_newest() -> Iterator[Breach]:
    newest = dict(ModuleEdition.objects.order_by().values_list("module").annotate(Max("number")))
    current = dict(ModuleEdition.objects.filter(is_current=True).values_list("module", "number"))
    for module, number in newest.items():
        if current.get(module) != number:
            yield Breach(f"module {module}", f"edition {number} is the newest, not the one read")


INVARIANTS: list[Invariant] = [
    ("D10", _changed_editions),
    ("D10", _sections_off_their_bodies),
    ("D10", _readers_without_the_newest),
]
