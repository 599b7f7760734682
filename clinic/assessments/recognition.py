"""Which framework a workbook was made for, told by the rows that it holds."""

from collections.abc import Iterable

from clinic.assessments.arithmetic.editions import FrameworkFile
from clinic.assessments.workbook import read_grid
from clinic.assessments.workbook_grid import UnreadableWorkbook, Workbook

LEAST_SHARE = 0.5


def recognise(workbook: Workbook, frameworks: Iterable[FrameworkFile]) -> FrameworkFile | None:
    """Return the framework most of whose rows stand in a workbook; None where none has half.

    Args:
        workbook: from ``read_grids``.
        frameworks: those that it may belong to.
    """
    shares = [(_share_found(workbook, framework), framework) for framework in frameworks]
    share, found = max(shares, key=lambda pair: pair[0], default=(0.0, None))
    return found if share >= LEAST_SHARE else None


def _share_found(workbook: Workbook, framework: FrameworkFile) -> float:
    try:
        reading = read_grid(workbook, framework)
    except UnreadableWorkbook:
        return 0.0
    found = sum(node.code in reading.rows for node in framework.scored)
    return found / max(1, len(framework.scored))
