"""How alike two wordings are: sheets in the wild reword, double and misspell the rule's rows."""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping
from functools import lru_cache

_NOT_WORD = re.compile(r"[^0-9a-z]+")


@lru_cache(maxsize=50_000)
def plain(text: str) -> str:
    """Fold case, accents and punctuation, and drop a word that repeats the one before it."""
    folded = unicodedata.normalize("NFKD", text).casefold()
    words: list[str] = []
    for word in _NOT_WORD.sub(" ", folded).split():
        if not words or words[-1] != word:
            words.append(word)
    return " ".join(words)


@lru_cache(maxsize=50_000)
def _count_trigrams(text: str) -> tuple[Mapping[str, int], int]:
    padded = f"  {text} "
    counts = Counter(padded[start : start + 3] for start in range(len(padded) - 2))
    return counts, sum(counts.values())


def likeness(text: str, other: str) -> float:
    """Compare two wordings by their letter triples: 1 is the same, 0 is nothing in common."""
    first, second = plain(text), plain(other)
    if first == second:
        return 1.0 if first else 0.0
    (left, left_size), (right, right_size) = _count_trigrams(first), _count_trigrams(second)
    if 2 * min(left_size, right_size) < (left_size + right_size) / 2:
        return 0.0
    shared = sum(min(count, right[triple]) for triple, count in left.items() if triple in right)
    return 2 * shared / (left_size + right_size)


def word_likeness(text: str, other: str) -> float:
    """Compare two wordings by their words, so that a single different number shows."""
    left, right = Counter(plain(text).split()), Counter(plain(other).split())
    size = left.total() + right.total()
    return 2 * (left & right).total() / size if size else 0.0


class NameIndex:
    """Names to look up by wording, with a key each."""

    def __init__(self, names: Iterable[tuple[str, str]]) -> None:
        self._names = [(key, name, set(plain(name).split())) for key, name in names]
        self._by_word: dict[str, set[int]] = {}
        for number, (_key, _name, words) in enumerate(self._names):
            for word in words:
                self._by_word.setdefault(word, set()).add(number)
        self._compared = lru_cache(maxsize=5_000)(self._compare)

    def alike(self, text: str) -> dict[str, float]:
        """Return the likeness of every name that shares a third of its words with the text."""
        return self._compared(plain(text))

    def _compare(self, text: str) -> dict[str, float]:
        shared: Counter[int] = Counter()
        for word in set(text.split()):
            shared.update(self._by_word.get(word, ()))
        return {
            self._names[number][0]: likeness(text, self._names[number][1])
            for number, count in shared.items()
            if 3 * count >= len(self._names[number][2])
        }
