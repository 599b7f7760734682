"""The pseudonymous evidence package of the region, written to a folder."""

import tomllib
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _

from clinic.assessments.models import FrameworkEdition, Sheet
from clinic.insights import evidence, findings, frames
from clinic.insights.package import write_package
from clinic.lib.errors import Refused
from clinic.people.models import Unit
from clinic.records import audit


class ExportRefused(Refused):
    """The region cannot be exported yet."""

    code = "export_refused"


def export_evidence(
    folder: Path, *, period: int | None = None, actor: Any = None
) -> dict[str, int]:
    """Write the package; gives the number of rows of each file.

    Args:
        folder: absent or empty.
        period: year of the sheets; by default each unit's newest among editions in force.
        actor: who asked for it.

    Raises:
        ExportRefused: no national code, no framework, or no sheet of the year.
        FolderTaken: the folder exists and is not empty.
        FaultyPackage: there are no people, questions or attempts yet.
    """
    today = timezone.localdate()
    roots = _named_roots()
    edition = _edition_of(today, period)
    gathered = evidence.gather(today)
    rows = {
        **gathered.rows,
        "areas": frames.area_rows(edition),
        "assessment": frames.newest_rows(gathered.units, period=period),
    }
    described = {**findings.manifest(today), "source": _source(roots)}
    counts = write_package(folder, described, rows)
    audit.record("insights.export", actor=actor, values={"period": period, "rows": counts})
    return counts


def _named_roots() -> list[Unit]:
    roots = list(Unit.get_root_nodes())
    nameless = [root.name for root in roots if not root.national_code]
    if nameless or not roots:
        raise ExportRefused(
            _("The regency has no national code. Ids of a package begin with it."),
            code="national_code_missing",
            details={"units": nameless},
        )
    return roots


def _edition_of(today: date, period: int | None) -> FrameworkEdition:
    """The edition whose points the areas carry: the newest in force, or the year's own."""
    known = [
        frame
        for frame in frames.frames(today)
        if (period is None and not frame.edition.is_history) or frame.period == period
    ]
    has_sheets = period is None or Sheet.objects.filter(period=period).exists()
    if not known or not has_sheets:
        raise ExportRefused(
            _("There is no sheet of that year, or no framework yet."), code="no_sheet"
        )
    return known[0].edition


def _source(roots: list[Unit]) -> Mapping[str, Any]:
    return {
        "code": ", ".join(root.national_code for root in roots),
        "name": ", ".join(root.name for root in roots),
        "release": _release(),
    }


def _release() -> str:
    """The release of the sender, as its project file says."""
    project = tomllib.loads((settings.BASE_DIR / "pyproject.toml").read_text(encoding="utf-8"))
    return project["project"]["version"]
