"""Modules and the rules they cite, from content files.

A module comes as drafts of itself and its sections and is never published here; of each rule the
file says where its state was read.
"""

import tomllib
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils.translation import gettext as _

from clinic.assessments.models import Framework, Outcome
from clinic.lib.errors import Refused
from clinic.people.access import can
from clinic.people.models import Account
from clinic.records import audit
from courses.models import ModuleIndexPage, ModuleOutcome, ModulePage, Regulation, SectionPage

_FIELDS = ("number", "title", "year", "status", "source", "note")


@transaction.atomic
def load_regulations(text: str, *, actor: Account | None = None) -> list[Regulation]:
    """Write every regulation of the TOML text; loading the same text again changes nothing."""
    rows = tomllib.loads(text)["regulation"]
    for row in rows:
        values = {name: row[name] for name in _FIELDS}
        known = Regulation.objects.filter(slug=row["slug"]).first()
        if known and all(getattr(known, name) == value for name, value in values.items()):
            continue
        regulation, _made = Regulation.objects.update_or_create(slug=row["slug"], defaults=values)
        audit.record(
            "regulation.write",
            actor=actor,
            thing=regulation,
            values={"slug": regulation.slug, "status": regulation.status},
        )
    return list(Regulation.objects.filter(slug__in=[row["slug"] for row in rows]))


_MODULE_FIELDS = (
    "title",
    "slug",
    "promise",
    "level",
    "audience",
    "why_unit",
    "quality_note",
    "change_note",
)


@transaction.atomic
def load_module(text: str, *, author: Account) -> ModulePage:
    """Create a module and its sections as drafts of the author; a known slug is returned as is.

    An outcome that is not loaded, or named in a section and not in its module, is refused.
    """
    if not can(author, "write-module", ModulePage):
        raise PermissionDenied
    table = tomllib.loads(text)
    earlier = ModulePage.objects.filter(slug=table["slug"]).first()
    if earlier:
        return earlier
    outcomes = _find_outcomes(table)
    module = _create_module(table, author, outcomes)
    for entry in table["section"]:
        section = SectionPage(
            title=entry["title"],
            slug=entry["slug"],
            lead=entry["lead"],
            is_required=entry.get("required", True),
            outcome=outcomes[entry["outcome"]] if "outcome" in entry else None,
            owner=author,
            live=False,
        )
        section.body = section.body.stream_block.to_python(
            [_convert_block(block) for block in entry["block"]]
        )
        module.add_child(instance=section)
        section.save_revision(user=author)
    module.save_revision(user=author)
    audit.record("module.draft", actor=author, thing=module, values={"slug": module.slug})
    return module


def _find_outcomes(table: dict[str, Any]) -> dict[str, Outcome]:
    """Return the outcomes of the module by slug, in its order; its sections name no other."""
    loaded = Outcome.objects.in_bulk(table["outcomes"], field_name="slug")
    missing = [slug for slug in table["outcomes"] if slug not in loaded]
    if missing:
        raise Refused(
            _("The module %(module)s names an outcome that is not loaded: %(outcome)s.")
            % {"module": table["slug"], "outcome": missing[0]},
            code="module_file_refused",
            details={"outcomes": missing},
        )
    for entry in table["section"]:
        if "outcome" in entry and entry["outcome"] not in loaded:
            raise Refused(
                _("The section %(section)s names an outcome that its module lacks: %(outcome)s.")
                % {"section": entry["slug"], "outcome": entry["outcome"]},
                code="module_file_refused",
                details={"outcomes": [entry["outcome"]]},
            )
    return {slug: loaded[slug] for slug in table["outcomes"]}


def _create_module(
    table: dict[str, Any], author: Account, outcomes: dict[str, Outcome]
) -> ModulePage:
    module = ModulePage(
        area_id=table["area"],
        owner=author,
        live=False,
        **{name: table[name] for name in _MODULE_FIELDS if name in table},
    )
    module.legal_basis = module.legal_basis.stream_block.to_python(
        [{"type": "reference", "value": entry} for entry in table.get("legal_basis", ())]
    )
    module.outcome_rows = [
        ModuleOutcome(outcome=outcome, sort_order=index)
        for index, outcome in enumerate(outcomes.values())
    ]
    editions = table["frameworks"]
    module.frameworks = Framework.objects.filter(editions__slug__in=editions).distinct()
    ModuleIndexPage.objects.get().add_child(instance=module)
    return module


def _convert_block(block: dict[str, Any]) -> dict[str, Any]:
    """Turn a block of a content file into the raw form that a stream keeps."""
    fields = {name: value for name, value in block.items() if name != "type"}
    value = fields["html"].strip() if block["type"] == "text" else fields
    return {"type": block["type"], "value": value}
