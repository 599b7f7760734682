"""Modules and sections in the shape that components take, and states in words (ux 5.5)."""

from collections.abc import Mapping
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from clinic.assessments.models import ChangeArea
from courses.models import ModuleEdition
from courses.progress import Standing

STATE_WORDS = {
    "todo": gettext_lazy("Not started"),
    "doing": gettext_lazy("In progress"),
    "done": gettext_lazy("Finished"),
}
# Modules state which kind of framework they serve; one of the past is learnt as a method.
BADGES = {"berlaku": "in-force", "sejarah": "history", "diubah": "amended"}


def module_card(
    edition: ModuleEdition, areas: Mapping[str, ChangeArea], standing: Standing | None
) -> dict[str, Any]:
    """Return a module as ``components/module_card.html`` takes it."""
    head = edition.head
    return {
        "title": head["title"],
        "url": reverse("module", kwargs={"slug": head["slug"]}),
        "promise": head["promise"],
        "area": str(areas[head["area"]]),
        "minutes": head["minutes"],
        "sections": len(edition.sections),
        "status": version_status(head),
        "state": standing.state if standing else "",
        "word": STATE_WORDS[standing.state] if standing else "",
    }


def version_status(head: Mapping[str, Any]) -> str:
    """Say how firm the ground is: the state of the first rule that the module rests on."""
    basis = head["legal_basis"]
    return BADGES.get(basis[0]["badge"], "unverified") if basis else "unverified"


def section_rows(
    edition: ModuleEdition, standing: Standing | None, *, current: str = ""
) -> list[dict[str, Any]]:
    """Return the sections as ``components/section_list.html`` takes them."""
    return [
        {
            "title": one["title"],
            "url": section_url(edition, one),
            "minutes": one["minutes"],
            "current": one["slug"] == current,
            "state": standing.state_of(one) if standing else "todo",
            "word": _word(one, standing),
        }
        for one in edition.sections
    ]


def section_url(edition: ModuleEdition, section: Mapping[str, Any]) -> str:
    """Return the address of a section."""
    names = {"slug": edition.head["slug"], "bagian": section["slug"]}
    return reverse("module_section", kwargs=names)


def _word(section: dict[str, Any], standing: Standing | None) -> str:
    if standing is None:
        return _("Required") if section["is_required"] else _("Optional")
    return STATE_WORDS[standing.state_of(section)]
