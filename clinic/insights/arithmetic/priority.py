"""Expected recoverable points: what teaching a unit in an area may bring back.

Figures that rest on ``RECOVERABLE`` appear in the planner alone, with the assumption named.
"""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

RECOVERABLE = 0.5
"""Part of the linked points that knowing better can bring back (rho; judged)."""


def priority(*, max_points: Floats, link_share: Floats, share: Floats, gap: Floats) -> Floats:
    """Points that may be won back, elementwise; NaN where the gap or the share is not known.

    Args:
        max_points: points of the area's sheet.
        link_share: share of those points whose indicators are linked to an outcome, 0 to 1.
        share: expected share of points that true practice is worth.
        gap: chance of a knowledge gap.
    """
    return max_points * link_share * (1 - share) * gap * RECOVERABLE
