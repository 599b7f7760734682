"""The table of what changes, with its filters, as the pages of an import and an undo show it."""

from typing import Any

from django.http import QueryDict

from clinic.assessments.sheet_differences import ALL, FILTERS, Differences

SHOWN_AT_FIRST = 25
EVERYTHING = "semua"


def differences_context(differences: Differences, query: QueryDict) -> dict[str, Any]:
    """Return what ``_differences.html`` shows: one filter's rows, at first the heaviest."""
    chosen = query.get("saring", ALL)
    chosen = chosen if chosen in FILTERS else ALL
    rows = [row for row in differences.rows if row.fits(chosen)]
    shown = rows if query.get("tampil") == EVERYTHING else rows[:SHOWN_AT_FIRST]
    counts = differences.counts
    return {
        "differences": differences,
        "difference_rows": shown,
        "hidden_differences": len(rows) - len(shown),
        "all_rows_query": f"?saring={chosen}&tampil={EVERYTHING}#perubahan",
        "difference_tabs": [
            {
                "label": f"{label} ({counts[name]})",
                "url": f"?saring={name}#perubahan",
                "current": name == chosen,
            }
            for name, label in FILTERS.items()
            if counts[name] or name == chosen
        ],
    }
