"""Frameworks, sheets, outcomes and the links between them."""

from clinic.assessments.models.frameworks import (
    ChangeArea,
    Framework,
    FrameworkEdition,
    Node,
    NodeRevision,
)
from clinic.assessments.models.outcomes import Outcome, OutcomeLink
from clinic.assessments.models.sheets import Answer, AreaScore, Proof, Score, Sheet, SheetQuerySet

__all__ = [
    "Answer",
    "AreaScore",
    "ChangeArea",
    "Framework",
    "FrameworkEdition",
    "Node",
    "NodeRevision",
    "Outcome",
    "OutcomeLink",
    "Proof",
    "Score",
    "Sheet",
    "SheetQuerySet",
]
