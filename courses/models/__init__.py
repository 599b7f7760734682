"""Guidance modules, their editions and reviews, and what a person has read."""

from courses.models.editions import ModuleEdition
from courses.models.pages import (
    RESERVED_SLUGS,
    HomePage,
    ModuleIndexPage,
    ModuleOutcome,
    ModulePage,
    SectionPage,
    StandardPage,
)
from courses.models.progress import ModuleCompletion, SectionProgress
from courses.models.regulations import Regulation
from courses.models.reviews import ReviewRequest

__all__ = [
    "RESERVED_SLUGS",
    "HomePage",
    "ModuleCompletion",
    "ModuleEdition",
    "ModuleIndexPage",
    "ModuleOutcome",
    "ModulePage",
    "Regulation",
    "ReviewRequest",
    "SectionPage",
    "SectionProgress",
    "StandardPage",
]
