"""What a remark beside an answer says: which rubric line it repeats, which amount it names.

A remark that names facts of its own says nothing here; only a clear contradiction is told.
"""

import re
from collections.abc import Mapping
from fractions import Fraction

from clinic.assessments.arithmetic.wording import plain, word_likeness
from clinic.lib.arithmetic.numbers import NotANumber, parse_number

REPEATS = 0.8
CLEARLY = 0.05
_TURNS = {"belum", "tidak", "tanpa", "hanya", "sebagian", "kecil"}  # a line means less without one
_NONE = re.compile(r"^(tidak|belum) (ada|terdapat)\b|^nihil\b|^0 ")
_PERCENT = re.compile(r"([0-9]+(?:[.,][0-9]+)?) ?(?:%|persen\b)")
_LISTED = re.compile(r"^\s*([0-9]{1,3})[.)](?![0-9])", re.MULTILINE)
_NUMBER = re.compile(r"(?<![\w.,])([0-9]{1,6})(?![\w%]|[.,][0-9])")


def closer_letter(remark: str, rubric: Mapping[str, str], claimed: str) -> str | None:
    """Return the letter whose rubric line the remark repeats, if it is not the claimed one."""
    said = set(plain(remark).split())
    likeness = {
        letter: word_likeness(_bare(remark), _bare(text))
        for letter, text in rubric.items()
        if letter == claimed or _TURNS & set(plain(text).split()) <= said
    }
    if claimed not in likeness:
        return None
    best = max(likeness, key=lambda letter: likeness[letter])
    repeats = likeness[best] >= REPEATS and likeness[best] - likeness[claimed] >= CLEARLY
    return best if best != claimed and repeats else None


def _bare(text: str) -> str:
    return re.sub(r"^(jika|bila|ya|telah) ", "", plain(text))


def says_none(remark: str) -> bool:
    """Tell whether a remark says that there is nothing to count."""
    return _NONE.search(plain(remark)) is not None


def amount_in(remark: str) -> int | None:
    """Return the amount that a remark names: the length of its list, or its only number."""
    listed = [int(number) for number in _LISTED.findall(remark)]
    if listed:
        in_order = listed == list(range(1, len(listed) + 1))
        return len(listed) if in_order else None
    numbers = _NUMBER.findall(remark)
    return int(numbers[0]) if len(numbers) == 1 else None


def share_in(remark: str) -> Fraction | None:
    """Return the only percentage that a remark names, as a share."""
    found = _PERCENT.findall(remark)
    if len(found) != 1:
        return None
    try:
        return Fraction(parse_number(found[0])) / 100
    except NotANumber:
        return None
