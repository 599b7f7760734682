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
    # Whoever confirms that proof goes has seen which.
    first = [row for n, row in enumerate(rows) if n < SHOWN_AT_FIRST or row.proofs_lost]
    shown = rows if query.get("tampil") == EVERYTHING else first
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
