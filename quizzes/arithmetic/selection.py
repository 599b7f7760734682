"""Which questions an attempt gets, in which order, and on which form: pure and repeatable.

A blueprint is a list of cells, each asking for n questions on one outcome. Everything random comes
from one seed, so that a stored seed gives the same draw again. Hard rules: cell counts, a question
at most once, enemies never together. Soft: first what this person has not seen, then what was shown
least, then by lot.
"""

import hashlib
import hmac
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from clinic.lib.errors import Refused
from quizzes.arithmetic.question_types import (
    Choice,
    Content,
    TrueFalse,
    movable_ids,
)

FEWEST_COMMON = 5
COMMON_SHARE = Fraction(1, 5)


class DrawImpossible(Refused):
    """The pool cannot fill the blueprint; publishing should have refused it."""

    code = "draw_impossible"
    status = 409


@dataclass(frozen=True, kw_only=True)
class Cell:
    """One line of a blueprint: ``count`` questions on ``outcome``."""

    key: str
    outcome: str
    count: int


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """A question that may be drawn, in its published version.

    Attributes:
        outcomes: what it serves; it may fill a cell of any of them, but only one.
        seen: this person met it in an earlier attempt.
        exposure: how often it was shown to anybody in the last 90 days.
        enemies: questions that it gives away or that give it away. Enemies are kept apart along
            the whole chain: if A and B, and B and C are enemies, A and C never meet either.
    """

    question: str
    outcomes: frozenset[str]
    seen: bool = False
    exposure: int = 0
    enemies: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Drawn:
    """A question and the cell it fills."""

    cell: str
    question: str


@dataclass(frozen=True)
class DrawNote:
    """A soft rule that was given up for want of questions."""

    code: str
    question: str


@dataclass(frozen=True)
class Draw:
    """What an attempt gets, in cell order and then by lot, with what was given up."""

    items: tuple[Drawn, ...]
    notes: tuple[DrawNote, ...]


@dataclass(frozen=True)
class Shortfall:
    """A cell that the pool cannot fill, by how many questions."""

    cell: str
    missing: int


def attempt_seed(secret: bytes, attempt_id: str) -> bytes:
    """Derive the seed of an attempt; without the secret nobody can foretell a draw."""
    return hmac.digest(secret, f"attempt|{attempt_id}".encode(), "sha256")


def draw(
    cells: Sequence[Cell],
    pool: Iterable[Candidate],
    seed: bytes,
    *,
    fixed: Collection[str] = (),
    no_repeat: bool = False,
) -> Draw:
    """Fill every cell from the pool.

    Args:
        cells: the blueprint.
        pool: candidates, in any order.
        seed: of ``attempt_seed``.
        fixed: questions that stand in the quiz anyway; they and their enemies are left out.
        no_repeat: leave out what this person has seen, instead of taking it last.

    Raises:
        DrawImpossible: naming the cells that stayed short.
    """
    candidates = sorted(pool, key=lambda one: _preference(one, seed))
    groups = _groups_without(candidates, fixed)
    if no_repeat:
        groups = _only_unseen(groups)
    filled = _fill(cells, groups, {cell.key: cell.count for cell in cells})
    missing = _missing(cells, filled, {cell.key: cell.count for cell in cells})
    if missing:
        raise DrawImpossible(details={one.cell: one.missing for one in missing})
    return _as_draw(cells, groups, filled, seed)


def shortfalls(
    cells: Sequence[Cell],
    pool: Iterable[Candidate],
    *,
    fixed: Collection[str] = (),
    attempts: int = 1,
    no_repeat: bool = False,
) -> list[Shortfall]:
    """Tell which cells could stay short for the worst person; empty means no start can fail.

    The worst person has used all attempts but one, and where nothing may be repeated each earlier
    attempt has taken, for every cell, whatever cells that share questions with it could take. The
    answer is exact for one attempt and for cells that share nothing, and cautious otherwise.
    """
    groups = _groups_without(sorted(pool, key=lambda one: one.question), fixed)
    earlier = attempts - 1 if no_repeat else 0
    wanted = {
        cell.key: cell.count
        + earlier * sum(other.count for other in cells if _share(cell, other, groups))
        for cell in cells
    }
    return _missing(cells, _fill(cells, groups, wanted), wanted)


def option_order(content: Content, seed: bytes, index: int) -> tuple[str, ...]:
    """Shuffle options, or the targets of a matching; pinned stay last, true/false as written."""
    ids = movable_ids(content)
    if isinstance(content, TrueFalse):
        return ids
    pinned: tuple[str, ...] = ()
    if isinstance(content, Choice):
        pinned = tuple(option.id for option in content.options if option.pinned)
    loose = [one for one in ids if one not in pinned]
    return (*sorted(loose, key=lambda one: _lot(seed, f"order|{index}|{one}")), *pinned)


def crosses(*, person: str, quiz: str) -> bool:
    """Whether a person takes the forms of before and after in reverse, as half of them do.

    So a form that is the easier one raises no gain (``quizzes.md`` 8). It holds for good: whoever
    had one form before has the other after.
    """
    return hashlib.sha256(f"form|{quiz}|{person}".encode()).digest()[0] % 2 == 1


def common_missing(form_a: Collection[str], form_b: Collection[str]) -> int:
    """Count the common questions that two forms lack: at least five, and a fifth of the longer."""
    longer = max(len(form_a), len(form_b))
    needed = max(FEWEST_COMMON, -(-longer * COMMON_SHARE.numerator // COMMON_SHARE.denominator))
    return max(0, needed - len(set(form_a) & set(form_b)))


Group = tuple[Candidate, ...]


def _lot(seed: bytes, label: str) -> bytes:
    return hmac.digest(seed, label.encode(), hashlib.sha256)


def _preference(candidate: Candidate, seed: bytes) -> tuple[bool, int, bytes]:
    return candidate.seen, candidate.exposure, _lot(seed, f"draw|{candidate.question}")


def _groups_without(candidates: Sequence[Candidate], fixed: Collection[str]) -> list[Group]:
    """Gather enemies into groups of which one may be drawn, in the order of their best member."""
    leader = {one.question: one.question for one in candidates} | {one: one for one in fixed}

    def find(question: str) -> str:
        while leader[question] != question:
            question = leader[question]
        return question

    for one in candidates:
        for enemy in one.enemies & leader.keys():
            leader[find(enemy)] = find(one.question)
    taken = {find(one) for one in fixed}
    groups: dict[str, list[Candidate]] = {}
    for one in candidates:
        groups.setdefault(find(one.question), []).append(one)
    return [tuple(group) for head, group in groups.items() if head not in taken]


def _only_unseen(groups: Iterable[Group]) -> list[Group]:
    unseen = (tuple(one for one in group if not one.seen) for group in groups)
    return [group for group in unseen if group]


def _serves(group: Group, cell: Cell) -> bool:
    return any(cell.outcome in one.outcomes for one in group)


def _share(cell: Cell, other: Cell, groups: Iterable[Group]) -> bool:
    return cell == other or any(_serves(one, cell) and _serves(one, other) for one in groups)


def _fill(
    cells: Sequence[Cell], groups: Sequence[Group], wanted: Mapping[str, int]
) -> dict[str, list[int]]:
    """Match groups to cells, as many as possible, earlier groups first.

    Each group in turn is placed by an augmenting path, which may move groups placed before it but
    never drops one: the result is a largest matching and takes the most preferred groups for it.
    """
    filled: dict[str, list[int]] = {cell.key: [] for cell in cells}
    for index in range(len(groups)):
        _place(index, cells, groups, (filled, wanted, set()))
    return filled


def _place(
    index: int,
    cells: Sequence[Cell],
    groups: Sequence[Group],
    board: tuple[dict[str, list[int]], Mapping[str, int], set[str]],
) -> bool:
    filled, wanted, tried = board
    for cell in cells:
        if cell.key in tried or not _serves(groups[index], cell):
            continue
        tried.add(cell.key)
        if len(filled[cell.key]) < wanted[cell.key]:
            filled[cell.key].append(index)
            return True
        for place, other in enumerate(filled[cell.key]):
            if _place(other, cells, groups, board):
                filled[cell.key][place] = index
                return True
    return False


def _missing(
    cells: Sequence[Cell], filled: Mapping[str, Sequence[int]], wanted: Mapping[str, int]
) -> list[Shortfall]:
    gaps = ((cell.key, wanted[cell.key] - len(filled[cell.key])) for cell in cells)
    return [Shortfall(key, gap) for key, gap in gaps if gap]


def _as_draw(
    cells: Sequence[Cell],
    groups: Sequence[Group],
    filled: Mapping[str, Sequence[int]],
    seed: bytes,
) -> Draw:
    items: list[Drawn] = []
    notes: list[DrawNote] = []
    for cell in cells:
        chosen = [
            next(one for one in groups[index] if cell.outcome in one.outcomes)
            for index in filled[cell.key]
        ]
        chosen.sort(key=lambda one: _lot(seed, f"place|{one.question}"))
        items += [Drawn(cell.key, one.question) for one in chosen]
        notes += [DrawNote("seen_again", one.question) for one in chosen if one.seen]
    return Draw(tuple(items), tuple(notes))
