"""What to read after a quiz: each outcome is understood, to be repeated, or not measured.

Where keys may be seen, the lane of an outcome follows from its answers. Where they may not, it
rests on three questions at least and on a line between two right answers and all of them: then
every single question may have been right, and may have been wrong (U75).
"""

from collections.abc import Iterable, Sequence
from enum import StrEnum
from fractions import Fraction
from math import ceil

UNDERSTOOD_FROM = Fraction(2, 3)
LEAST_WITHOUT_KEY = 3


class Lane(StrEnum):
    """Where an outcome stands after a quiz."""

    AGAIN = "again"
    UNDERSTOOD = "understood"
    UNMEASURED = "unmeasured"


def find_lane(earned: Sequence[Fraction]) -> Lane:
    """Place an outcome by what each of its questions earned."""
    if not earned:
        return Lane.UNMEASURED
    is_understood = sum(earned) >= UNDERSTOOD_FROM * len(earned)
    return Lane.UNDERSTOOD if is_understood else Lane.AGAIN


def find_lane_without_key(earned: Sequence[Fraction | None]) -> Lane:
    """Place an outcome so that no single answer can be told from it; a blank is None.

    With so many blanks that only right answers would reach the line, it is to be repeated
    whatever was answered.
    """
    if len(earned) < LEAST_WITHOUT_KEY:
        return Lane.UNMEASURED
    line = ceil(UNDERSTOOD_FROM * len(earned))
    answered = [credit for credit in earned if credit is not None]
    is_understood = len(answered) > line and sum(answered) >= line
    return Lane.UNDERSTOOD if is_understood else Lane.AGAIN


def join_thin(counts: Iterable[int]) -> list[list[int]]:
    """Join neighbours until each group has enough questions to be placed without the key.

    ``counts`` are the questions of each outcome; returned are the places of the joined ones. What
    is left at the end joins the group before it.
    """
    groups: list[list[int]] = []
    waiting: list[int] = []
    asked = 0
    for place, count in enumerate(counts):
        waiting.append(place)
        asked += count
        if asked >= LEAST_WITHOUT_KEY:
            groups.append(waiting)
            waiting, asked = [], 0
    if waiting and groups:
        groups[-1] += waiting
    elif waiting:
        groups.append(waiting)
    return groups
