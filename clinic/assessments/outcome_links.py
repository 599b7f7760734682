"""Outcomes and the rows they bear on: the only bridge between learning and assessment."""

import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import F, Sum
from django.utils.translation import gettext as _

from clinic.assessments.models import FrameworkEdition, Node, Outcome, OutcomeLink
from clinic.lib.errors import Refused
from clinic.records import audit, shipped
from clinic.records.shipped import Settled, Tally


@dataclass(frozen=True)
class LinkEntry:
    """One link to be made: edition and node by their names, weight above 0 and at most 1."""

    edition: str
    node: str
    weight: Decimal


def link_outcome(
    outcome: Outcome, entries: Iterable[LinkEntry], *, actor: Any = None
) -> list[OutcomeLink]:
    """Make ``entries`` the outcome's links; links of editions that are not loaded are left out.

    Raises:
        Refused: for a weight outside 0..1, a node that its edition does not have, or weights of
            one node that sum to more than 1 over all outcomes.
    """
    entries = list(entries)
    slugs = {entry.edition for entry in entries}
    loaded = set(FrameworkEdition.objects.filter(slug__in=slugs).values_list("slug", flat=True))
    with transaction.atomic():
        weights: dict[int, Decimal] = {}
        for entry in entries:
            if entry.edition not in loaded:
                continue
            node = Node.objects.filter(edition__slug=entry.edition, code=entry.node).first()
            if node is None or not 0 < entry.weight <= 1:
                raise Refused(
                    _(
                        "%(outcome)s cannot be linked to row %(node)s of %(edition)s "
                        "with weight %(weight)s."
                    )
                    % {
                        "outcome": outcome.slug,
                        "node": entry.node,
                        "edition": entry.edition,
                        "weight": entry.weight,
                    },
                    code="link_invalid",
                    details={"outcome": outcome.slug, "node": entry.node},
                )
            weights[node.pk] = entry.weight
        outcome.links.exclude(node__in=weights).delete()
        written = [
            OutcomeLink.objects.update_or_create(
                outcome=outcome, node_id=node, defaults={"weight": weight}
            )
            for node, weight in weights.items()
        ]
        links_of_nodes = OutcomeLink.objects.filter(node__in=weights).values("node__code")
        heavy = links_of_nodes.annotate(total=Sum("weight")).filter(total__gt=1)
        overweight = heavy.order_by("node__code").first()
        if overweight:
            raise Refused(
                _("The outcomes linked to row %(node)s bear on more than the whole of it.")
                % {"node": overweight["node__code"]},
                code="link_weights_over_one",
                details={"node": overweight["node__code"]},
            )
        if any(created for _row, created in written):
            audit.record("outcome.link", actor=actor, thing=outcome, values={"links": len(weights)})
    return [row for row, _created in written]


def points_by_outcome(sheet: int) -> list[tuple[str, Decimal, Decimal]]:
    """Return outcomes with the points of the sheet that are left on their rows, the most first.

    Each comes with what these rows are worth together; ``sheet`` is the sheet's key.
    """
    links = OutcomeLink.objects.filter(outcome__retired_at__isnull=True, node__scores__sheet=sheet)
    sums = (
        links.order_by()
        .values_list("outcome__slug")
        .annotate(
            left=Sum(F("weight") * (F("node__scores__max_points") - F("node__scores__score"))),
            full=Sum(F("weight") * F("node__scores__max_points")),
        )
    )
    return sorted((row for row in sums if row[1] > 0), key=lambda row: (-row[1], row[0]))


def write_outcome(
    *, slug: str, area: str, statement: str, statement_en: str, order: int, actor: Any = None
) -> Outcome:
    """Write an outcome under its slug; writing the same again changes nothing."""
    fields = {
        "area_id": area,
        "statement": statement,
        "statement_en": statement_en,
        "order": order,
    }
    outcome, created = Outcome.objects.update_or_create(slug=slug, defaults=fields)
    if created:
        audit.record("outcome.create", actor=actor, thing=outcome)
    return outcome


def load_outcomes(text: str, *, actor: Any = None, tally: Tally | None = None) -> list[Outcome]:
    """Write outcomes and their links from TOML text, in the file's order, all or nothing.

    An outcome that was changed here is kept with its links.

    Raises:
        Refused: see ``link_outcome``.
    """
    outcomes = []
    with transaction.atomic():
        standing = _digests_of_outcomes()
        written = shipped.last_written(Outcome._meta.label_lower)
        editions = set(FrameworkEdition.objects.values_list("slug", flat=True))
        for order, entry in enumerate(tomllib.loads(text)["outcome"], 1):
            links = [
                LinkEntry(link["edition"], link["node"], Decimal(link["weight"]))
                for link in entry.get("link", ())
            ]
            fields = (entry["area"], entry["statement"], entry.get("statement_en", ""), order)
            digest = _digest_of_outcome(fields, [one for one in links if one.edition in editions])
            earlier, current = standing.get(entry["slug"], (None, None))
            settled = shipped.settle(
                shipped=digest,
                current=current,
                written=written.get(str(earlier.uuid)) if earlier else None,
            )
            if tally is not None:
                tally.count("outcomes", entry["slug"], settled)
            if earlier and settled in {Settled.UNCHANGED, Settled.KEPT}:
                outcomes.append(earlier)
                continue
            area, statement, statement_en, _order = fields
            outcome = write_outcome(
                slug=entry["slug"],
                area=area,
                statement=statement,
                statement_en=statement_en,
                order=order,
                actor=actor,
            )
            link_outcome(outcome, links, actor=actor)
            shipped.remember(outcome, digest, actor=actor)
            outcomes.append(outcome)
    return outcomes


def _digests_of_outcomes() -> dict[str, tuple[Outcome, str]]:
    """Return every outcome that stands, with its digest, by slug."""
    rows = Outcome.objects.prefetch_related("links__node__edition")
    return {
        row.slug: (
            row,
            _digest_of_outcome(
                (row.area_id, row.statement, row.statement_en, row.order),
                [
                    LinkEntry(link.node.edition.slug, link.node.code, link.weight)
                    for link in row.links.all()
                ],
            ),
        )
        for row in rows
    }


def _digest_of_outcome(fields: tuple[str, str, str, int], links: Iterable[LinkEntry]) -> str:
    weights = sorted([link.edition, link.node, f"{link.weight:.6f}"] for link in links)
    return shipped.digest_of([*fields, weights])
