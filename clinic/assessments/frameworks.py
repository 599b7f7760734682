"""Framework editions: loaded from their files, found by name, read back for scoring.

A file that breaks the schema is refused with a sentence for its author.
"""

import hashlib
import json
import re
import tomllib
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from fractions import Fraction
from functools import lru_cache
from pathlib import Path
from typing import Any

from django.db import transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _

from clinic.assessments.arithmetic.editions import EditionNode, FrameworkFile
from clinic.assessments.arithmetic.frameworks import FrameworkFault, parse_framework
from clinic.assessments.arithmetic.scoring import points_per_node
from clinic.assessments.models import (
    ChangeArea,
    Framework,
    FrameworkEdition,
    Node,
    NodeRevision,
)
from clinic.lib.arithmetic.messages import gettext_noop
from clinic.lib.arithmetic.numbers import to_scale
from clinic.lib.errors import Refused
from clinic.lib.remembering import until_publication
from clinic.records import audit

SENTENCES = {
    "not_toml": gettext_noop("The file is no valid TOML: %(what)s."),
    "schema_unknown": gettext_noop("The file must say schema = 1; it says %(schema)s."),
    "framework_malformed": gettext_noop("A field is missing or cannot be read: %(what)s."),
    "source_missing": gettext_noop("The source lacks these fields: %(fields)s."),
    "tree_empty": gettext_noop("The framework has no node."),
    "duplicate_code": gettext_noop("The code %(node)s is used more than once."),
    "kind_unknown": gettext_noop("%(node)s is of the kind “%(kind)s”, which does not exist."),
    "parent_missing": gettext_noop(
        "%(node)s belongs under %(parent)s, which does not stand before it."
    ),
    "scale_invalid": gettext_noop(
        "The scale %(scale)s is not sound: letters fall from 1 to 0, a value has a maximum above 0."
    ),
    "scale_missing": gettext_noop("%(node)s earns points and needs a scale."),
    "input_is_scored": gettext_noop("%(node)s only counts and may have no scale that is scored."),
    "rubric_invalid": gettext_noop(
        "The rubric of %(node)s explains the letter %(letter)s, which its scale lacks."
    ),
    "formula_invalid": gettext_noop(
        "The formula of %(node)s is missing, is one too many or does not fit the counts below it."
    ),
    "weight_negative": gettext_noop("The weight of %(node)s is below 0."),
    "weights_do_not_sum": gettext_noop("The weights below %(node)s do not make up its own weight."),
    "aggregate_missing": gettext_noop(
        "%(node)s does not say how points below it add up: sum, mean or weight."
    ),
    "two_change_areas": gettext_noop("%(node)s stands in more than one change area: %(areas)s."),
    "change_area_unknown": gettext_noop(
        "%(node)s names a change area that does not exist: %(areas)s."
    ),
    "threshold_invalid": gettext_noop(
        "The test %(threshold)s asks for something that is not in the framework."
    ),
    "categories_unordered": gettext_noop("The categories do not fall from the highest minimum."),
}
# Where the details say more than the plain sentence of the code does.
_CLOSER = {
    ("scale_missing", "scale"): gettext_noop(
        "%(node)s names the scale %(scale)s, which does not exist."
    ),
    ("formula_invalid", "same_as"): gettext_noop(
        "%(node)s is said to be the same as %(same_as)s, which does not exist."
    ),
    ("weights_do_not_sum", "expected"): gettext_noop(
        "The weights below %(node)s are %(found)s; they should be %(expected)s."
    ),
    ("threshold_invalid", "line"): gettext_noop(
        "The line %(line)s of the test %(threshold)s measures something unknown."
    ),
    ("threshold_invalid", "node"): gettext_noop(
        "The test %(threshold)s asks for %(node)s, which is not in the framework."
    ),
}
_WHOLE = gettext_noop("The weights of the framework are %(found)s; they should be %(expected)s.")


SHIPPED = Path(__file__).parent / "framework_files"
MOST_FILES = 16
_files: dict[tuple[int, str, datetime], FrameworkFile] = {}
_OUT_OF_THE_WAY = 1_000_000
_WORDING = {"name", "name_en", "label", "meaning", "rubric", "guidance", "unverified"}
_NOT_STRUCTURE = {"name", "name_en", "source", "unverified", "valid_from", "valid_to", "status"}


@dataclass(frozen=True)
class LoadedEdition:
    """What loading a file did: nodes made, reworded and removed.

    The edition counts as one more that is reworded where words outside its nodes changed.
    """

    edition: FrameworkEdition
    created: int
    reworded: int
    removed: int

    @property
    def changed(self) -> bool:
        return bool(self.created or self.reworded or self.removed)


def shipped_files() -> list[Path]:
    """Return the framework files that come with the product, by name."""
    return sorted(SHIPPED.glob("*.toml"))


def load_framework(text: str, *, actor: Any = None) -> LoadedEdition:
    """Load one edition from TOML text; loading the same file again changes nothing.

    Raises:
        FrameworkFault: for a file that breaks the schema, with a sentence for its author.
        Refused: if a sheet uses the edition and something other than wording changed (D4).
    """
    try:
        framework_file = parse_framework(text)
    except FrameworkFault as fault:
        raise _put_into_words(fault) from fault
    with transaction.atomic():
        edition, is_reworded = _write_edition(framework_file, text)
        loaded = _write_nodes(edition, framework_file)
        loaded = replace(loaded, reworded=loaded.reworded + is_reworded)
        if loaded.changed:
            counts = {
                "created": loaded.created,
                "reworded": loaded.reworded,
                "removed": loaded.removed,
            }
            audit.record("framework.load", actor=actor, thing=edition, values=counts)
    return loaded


def _put_into_words(fault: FrameworkFault) -> FrameworkFault:
    details = {
        name: ", ".join(map(str, value)) if isinstance(value, list) else str(value)
        for name, value in fault.details.items()
    }
    closer = [
        text for (code, name), text in _CLOSER.items() if code == fault.code and name in details
    ]
    if fault.code == "weights_do_not_sum" and "node" not in details:
        closer = [_WHOLE]
    message = _((closer or [SENTENCES[fault.code]])[0]) % details
    return FrameworkFault(message, code=fault.code, details=fault.details)


def find_edition(slug: str) -> FrameworkEdition:
    """Return a loaded edition; one that comes with the product is loaded when first asked for.

    Raises:
        Refused: no edition of that name is loaded or comes along.
    """
    edition = FrameworkEdition.objects.filter(slug=slug).first()
    return edition or load_framework(_read_shipped(slug)).edition


def find_framework(slug: str) -> FrameworkFile:
    """Return an edition for reading alone; nothing is loaded into the database.

    Raises:
        Refused: as for ``find_edition``.
    """
    edition = FrameworkEdition.objects.filter(slug=slug).first()
    return edition_file(edition) if edition else _parse(_read_shipped(slug))


def known_frameworks() -> list[FrameworkFile]:
    """Return every edition that is loaded or comes with the product."""
    shipped = {path.stem for path in shipped_files()}
    loaded = set(FrameworkEdition.objects.values_list("slug", flat=True))
    return [find_framework(slug) for slug in sorted(shipped | loaded)]


def _read_shipped(slug: str) -> str:
    path = next((each for each in shipped_files() if each.stem == slug), None)
    if path is None:
        raise Refused(
            _("The framework edition “%(slug)s” is not known.") % {"slug": slug},
            code="edition_unknown",
            details={"framework": slug},
        )
    return path.read_text()


def edition_file(edition: FrameworkEdition) -> FrameworkFile:
    """Return the edition in the shape that scoring takes.

    A process reads the text of an edition once and again only after a load; ``stored_file`` looks
    at what is in the database now.
    """
    if edition._state.adding:
        return stored_file(edition)
    key = (edition.pk, edition.digest, edition.loaded_at)
    if key not in _files:
        while len(_files) >= MOST_FILES:
            _files.pop(next(iter(_files)), None)
        _files[key] = stored_file(edition)
    return _files[key]


def stored_file(edition: FrameworkEdition) -> FrameworkFile:
    """Return the edition as its stored text says now."""
    return _parse(edition.definition["toml"])


@lru_cache(maxsize=MOST_FILES)
def _parse(text: str) -> FrameworkFile:
    return parse_framework(text)


def structure_digest(framework_file: FrameworkFile) -> str:
    """Return a digest of all that scoring rests on: tree, weights, scales, formulas, limits."""
    shape = {
        key: _drop_words(value)
        for key, value in asdict(framework_file).items()
        if key not in {*_NOT_STRUCTURE, "by_code", "by_scale"}
    }
    return hashlib.sha256(json.dumps(shape, sort_keys=True, default=str).encode()).hexdigest()


def _drop_words(value: Any) -> Any:
    """Drop what may be put in other words at any depth."""
    if isinstance(value, dict):
        return {key: _drop_words(each) for key, each in value.items() if key not in _WORDING}
    return [_drop_words(each) for each in value] if isinstance(value, list | tuple) else value


def _write_edition(framework_file: FrameworkFile, text: str) -> tuple[FrameworkEdition, bool]:
    """Write the edition's own row; say whether words outside its nodes are other ones now."""
    digest = structure_digest(framework_file)
    stored = FrameworkEdition.objects.select_for_update().filter(slug=framework_file.id).first()
    before = stored_file(stored) if stored else framework_file
    # The stored digest may be of an earlier release, which counted some words as structure.
    if stored and stored.locked_at and structure_digest(before) != digest:
        raise Refused(
            _(
                "Sheets already use the edition %(edition)s: its weights, scales and formulas "
                "can no longer change. Load the new rule as an edition of its own."
            )
            % {"edition": framework_file.id},
            code="edition_locked",
            details={"edition": framework_file.id},
            status=409,
        )
    source = tomllib.loads(text)["source"]
    family, _created = Framework.objects.get_or_create(
        slug=re.sub(r"-\d{4}", "", framework_file.id),
        defaults={"name": framework_file.name, "name_en": framework_file.name_en},
    )
    edition, _created = FrameworkEdition.objects.update_or_create(
        slug=framework_file.id,
        defaults={
            "framework": family,
            "name": framework_file.name,
            "name_en": framework_file.name_en,
            "level": framework_file.level,
            "status": framework_file.status,
            "max_score": to_scale(framework_file.maximum),
            "valid_from": framework_file.valid_from,
            "valid_to": framework_file.valid_to,
            "source": json.loads(json.dumps(source, default=str)),  # dates of TOML become text
            "unverified": list(framework_file.unverified),
            "definition": {"schema": 1, "toml": text},
            "digest": digest,
        },
    )
    return edition, replace(before, nodes=()) != replace(framework_file, nodes=())


def _write_nodes(edition: FrameworkEdition, framework_file: FrameworkFile) -> LoadedEdition:
    nodes = {node.code: node for node in edition.nodes.all()}
    removed = [node for code, node in nodes.items() if code not in framework_file.by_code]
    # Positions are unique: move every stored row out of the way before the new order is written.
    edition.nodes.update(position=F("position") + _OUT_OF_THE_WAY)
    Node.objects.filter(pk__in=[node.pk for node in removed]).delete()
    points = points_per_node(framework_file)
    new = [entry for entry in framework_file.nodes if entry.code not in nodes]
    old = [entry for entry in framework_file.nodes if entry.code in nodes]
    _write_new_nodes(edition, new, nodes, points)
    reworded = [entry for entry in old if _rewrite_node(entry, nodes, points)]
    NodeRevision.objects.bulk_create(
        NodeRevision(
            node=nodes[entry.code],
            number=nodes[entry.code].revision,
            name=entry.name,
            name_en=entry.name_en,
            rubric=_make_rubric(entry),
        )
        for entry in new + reworded
    )
    return LoadedEdition(edition, len(new), len(reworded), len(removed))


def _write_new_nodes(
    edition: FrameworkEdition,
    entries: list[EditionNode],
    nodes: dict[str, Node],
    points: dict[str, Fraction],
) -> None:
    """Write the nodes that the edition did not have, level by level: a child names its parent."""
    depth: dict[str, int] = {}
    for entry in entries:
        depth[entry.code] = depth.get(entry.parent, 0) + 1
    for level in sorted(set(depth.values())):
        created = Node.objects.bulk_create(
            Node(edition=edition, code=entry.code, **_make_node_fields(entry, nodes, points))
            for entry in entries
            if depth[entry.code] == level
        )
        nodes.update((node.code, node) for node in created)


def _rewrite_node(entry: EditionNode, nodes: dict[str, Node], points: dict[str, Fraction]) -> bool:
    """Write a node again as the file has it now; say whether its wording is another one."""
    node = nodes[entry.code]
    definition = node.definition
    before = (node.name, node.name_en, definition.get("rubric"), definition.get("guidance"))
    is_reworded = before != (entry.name, entry.name_en, _make_rubric(entry), entry.guidance)
    for name, value in _make_node_fields(entry, nodes, points).items():
        setattr(node, name, value)
    node.revision += is_reworded
    node.save()
    return is_reworded


def _make_node_fields(
    entry: EditionNode, nodes: dict[str, Node], points: dict[str, Fraction]
) -> dict[str, Any]:
    return {
        "parent": nodes[entry.parent] if entry.parent else None,
        "position": entry.position,
        "kind": entry.kind,
        "area_id": entry.area or None,
        "weight": to_scale(points[entry.code]) if entry.code in points else None,
        "name": entry.name,
        "name_en": entry.name_en,
        "definition": {
            "schema": 1,
            "scale": entry.scale,
            "aggregate": entry.aggregate,
            "guidance": entry.guidance,
            "rubric": _make_rubric(entry),
            "unverified": list(entry.unverified),
        },
    }


def _make_rubric(entry: EditionNode) -> list[list[str]]:
    """Return (letter, text) pairs: a JSON object would lose their order."""
    return [[line.letter, line.text] for line in entry.rubric]


def lock(edition: FrameworkEdition) -> None:
    """Lock the edition at its first sheet; a second call changes nothing."""
    FrameworkEdition.objects.filter(pk=edition.pk, locked_at__isnull=True).update(
        locked_at=timezone.now()
    )


@until_publication
def change_areas() -> dict[str, ChangeArea]:
    """Return the change areas in their order, by slug."""
    return {area.slug: area for area in ChangeArea.objects.all()}


@until_publication
def editions_by_key() -> dict[int, FrameworkEdition]:
    """Return every edition by its key, without its definition."""
    return FrameworkEdition.objects.defer("definition").in_bulk()
