"""The pseudonymous evidence package of the region, written to a folder.

Only here keys become names that nobody without the installation's secret can trace back. They begin
with the root unit's national code, and are the same in every package of an installation.
"""

import hashlib
import hmac
import tomllib
from datetime import date
from pathlib import Path
from typing import Any

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _

from clinic.assessments.models import FrameworkEdition, Sheet
from clinic.insights import evidence, findings, frames
from clinic.insights.evidence import Gathered
from clinic.insights.package import write_package
from clinic.lib.errors import Refused
from clinic.people.models import Person, Unit
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
    roots = _find_roots()
    edition = _choose_edition(today, period)
    gathered = evidence.gather(today, since=findings.first_day(today))
    units = {row["key"]: row["unit_id"] for row in gathered.units}
    rows = {
        **_name_rows(gathered),
        "areas": frames.area_rows(edition),
        "assessment": [
            {**row, "unit_id": units[row["unit"]]}
            for row in frames.read_newest(list(units), period=period)
        ],
    }
    project = (settings.BASE_DIR / "pyproject.toml").read_text(encoding="utf-8")
    described = {
        "as_of": today,
        "gap_threshold": settings.KLINIK_GAP_THRESHOLD,
        "weak_threshold": settings.KLINIK_WEAK_THRESHOLD,
        "source": {
            "code": ", ".join(root.national_code for root in roots),
            "name": ", ".join(root.name for root in roots),
            # Of the sender, as its project file says.
            "release": tomllib.loads(project)["project"]["version"],
        },
    }
    counts = write_package(folder, described, rows)
    audit.record("insights.export", actor=actor, values={"period": period, "rows": counts})
    return counts


def _name_rows(gathered: Gathered) -> dict[str, list[dict[str, Any]]]:
    """The rows of the package's files; whoever was in no unit has a name without a code."""
    units = {row["key"]: row for row in gathered.units}
    items = {row["key"]: row["item_id"] for row in gathered.items}
    homes = {row["person"]: units[row["unit"]]["group_id"] for row in gathered.memberships}
    uuids = Person.objects.filter(merged_into__isnull=True).order_by("pk").values_list("pk", "uuid")
    persons = {pk: _name(homes.get(pk, ""), "p", uuid) for pk, uuid in uuids}
    labels = evidence.labels_of_attempts()
    attempts = {
        row["attempt"]: _name(homes.get(row["person"], ""), "a", labels[row["attempt"]][0])
        for row in gathered.attempts
    }
    events = evidence.identifiers_of_events()
    answers = {
        (attempts[attempt], items[question]): credit
        for attempt, question, credit in zip(*gathered.asked.values(), strict=True)
        if credit >= 0
    }
    return {
        "units": gathered.units,
        "items": gathered.items,
        "persons": [{"person_id": name} for name in persons.values()],
        "memberships": [
            {**row, "person_id": persons[row["person"]], "unit_id": units[row["unit"]]["unit_id"]}
            for row in gathered.memberships
        ],
        "attendance": [
            {
                "event_id": _name(homes.get(row["person"], ""), "e", events[row["event"]]),
                "person_id": persons[row["person"]],
                "date": row["day"],
                "present": row["present"],
            }
            for row in gathered.attendance
        ],
        "attempts": [
            {
                **row,
                "attempt_id": attempts[row["attempt"]],
                "person_id": persons[row["person"]],
                "quiz_id": labels[row["attempt"]][1],
            }
            for row in gathered.attempts
        ],
        "responses": [
            {"attempt_id": attempt, "item_id": item, "credit": credit}
            for (attempt, item), credit in answers.items()
        ],
    }


def _name(code: str, letter: str, uuid: Any) -> str:
    key = settings.SECRET_KEY.encode()
    digest = hmac.new(key, f"evidence:{uuid}".encode(), hashlib.sha256).hexdigest()
    return f"{code}.{letter}.{digest[:20]}"


def _find_roots() -> list[Unit]:
    roots = list(Unit.get_root_nodes())
    nameless = [root.name for root in roots if not root.national_code]
    if nameless or not roots:
        raise ExportRefused(
            _("The regency has no national code. Ids of a package begin with it."),
            code="national_code_missing",
            details={"units": nameless},
        )
    return roots


def _choose_edition(today: date, period: int | None) -> FrameworkEdition:
    """The edition whose points the areas carry: the newest in force, or the year's own."""
    known = [
        frame
        for frame in frames.find_frames(today)
        if (period is None and not frame.edition.is_history) or frame.period == period
    ]
    has_sheets = period is None or Sheet.objects.filter(period=period).exists()
    if not known or not has_sheets:
        raise ExportRefused(
            _("There is no sheet of that year, or no framework yet."), code="no_sheet"
        )
    return known[0].edition
