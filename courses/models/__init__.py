"""Guidance modules, their editions, and what a person has read."""

from courses.models.editions import ModuleEdition
from courses.models.pages import (
    HomePage,
    ModuleIndexPage,
    ModuleOutcome,
    ModulePage,
    SectionPage,
    StandardPage,
)
from courses.models.progress import SectionProgress

__all__ = [
    "HomePage",
    "ModuleEdition",
    "ModuleIndexPage",
    "ModuleOutcome",
    "ModulePage",
    "SectionPage",
    "SectionProgress",
    "StandardPage",
]
