"""Modules and the rules they cite, from content files.

A module comes as drafts of itself and its sections and is never published here; of each rule the
file says where its state was read.
"""

import tomllib
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils.html import escape
from django.utils.translation import gettext as _

from clinic.assessments.models import Framework, Outcome
from clinic.lib.errors import Refused
from clinic.people.access import can
from clinic.people.models import Account
from clinic.records import audit, shipped
from clinic.records.shipped import Settled, Tally
from courses.models import (
    HomePage,
    ModuleIndexPage,
    ModuleOutcome,
    ModulePage,
    Regulation,
    SectionPage,
    StandardPage,
)

_FIELDS = ("number", "title", "year", "status", "source", "note")
GLOSSARY_SLUG, GLOSSARY_TITLE = "istilah", "Istilah"


@transaction.atomic
def load_regulations(
    text: str, *, actor: Account | None = None, tally: Tally | None = None
) -> list[Regulation]:
    """Write every regulation of the TOML text but those that were changed here.

    Loading the same text again changes nothing.
    """
    rows = tomllib.loads(text)["regulation"]
    known = {rule.slug: rule for rule in Regulation.objects.all()}
    written = shipped.last_written(Regulation._meta.label_lower)
    for row in rows:
        values = {name: row[name] for name in _FIELDS}
        earlier = known.get(row["slug"])
        settled = shipped.settle(
            shipped=shipped.digest_of(values),
            current=shipped.digest_of({name: getattr(earlier, name) for name in _FIELDS})
            if earlier
            else None,
            written=written.get(str(earlier.pk)) if earlier else None,
        )
        if tally is not None:
            tally.count("regulations", row["slug"], settled)
        if settled in {Settled.UNCHANGED, Settled.KEPT}:
            continue
        regulation, _made = Regulation.objects.update_or_create(slug=row["slug"], defaults=values)
        shipped.remember(regulation, shipped.digest_of(values), actor=actor)
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
def load_module(text: str, *, author: Account, tally: Tally | None = None) -> ModulePage:
    """Create a module and its sections as drafts of the author; a known slug is returned as is.

    An outcome that is not loaded, or named in a section and not in its module, is refused. A known
    module whose text is a newer one now counts as kept.
    """
    if not can(author, "write-module", ModulePage):
        raise PermissionDenied
    table = tomllib.loads(text)
    digest = shipped.digest_of(table)
    earlier = ModulePage.objects.filter(slug=table["slug"]).first()
    if earlier:
        written = shipped.last_written(ModulePage._meta.label_lower).get(str(earlier.pk))
        if tally is not None:
            is_same = written == digest
            how = Settled.UNCHANGED if is_same else Settled.KEPT
            tally.count("modules", earlier.slug, how)
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
    shipped.remember(module, digest, actor=author)
    if tally is not None:
        tally.count("modules", module.slug, Settled.ADDED)
    return module


@transaction.atomic
def load_glossary(text: str, *, author: Account, tally: Tally | None = None) -> StandardPage:
    """Write the terms as the plain page ``/istilah/``, unless the page was changed here.

    A plain page knows no review: like rules and outcomes it is out at once.
    """
    if not can(author, "write-module", ModulePage):
        raise PermissionDenied
    terms = tomllib.loads(text)["term"]
    body = "".join(_describe_term(term) for term in sorted(terms, key=_term_in_order))
    page = StandardPage.objects.filter(slug=GLOSSARY_SLUG).first()
    newest = page and page.get_latest_revision_as_object()
    settled = shipped.settle(
        shipped=shipped.digest_of(body),
        current=newest and shipped.digest_of(newest.body),
        written=page and shipped.last_written(StandardPage._meta.label_lower).get(str(page.pk)),
    )
    if tally is not None:
        tally.count("glossaries", GLOSSARY_SLUG, settled)
    if page is None:
        page = StandardPage(title=GLOSSARY_TITLE, slug=GLOSSARY_SLUG, body=body, owner=author)
        HomePage.objects.get().add_child(instance=page)
    if settled in {Settled.ADDED, Settled.CHANGED}:
        page.body = body
        page.save_revision(user=author).publish(user=author, skip_permission_checks=True)
        shipped.remember(page, shipped.digest_of(body), actor=author)
    return page


def _term_in_order(term: dict[str, Any]) -> str:
    return str(term["term"]).casefold()


def _describe_term(term: dict[str, Any]) -> str:
    """Return a paragraph: the term, what it is short for, what it means, what else it is called."""
    long_form = f" ({term['long_form']})" if term["long_form"] else ""
    others = "; ".join(term["synonyms"])
    others = f" Juga: {others}." if others else ""
    meaning = escape(f"{long_form}: {term['meaning']}{others}")
    return f"<p><b>{escape(term['term'])}</b>{meaning}</p>"


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
