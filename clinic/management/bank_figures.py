"""``python -m clinic.management.bank_figures``: what the shipped questions ask, in figures.

`make check` prints them; the laws on the bank hold their limits.
"""

import re
import tomllib
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

from clinic.management.processes import write_line

CONTENT = Path(__file__).parent / "content"
BLUEPRINT = "blueprint"
DECISIONS = ("next", "order", "document")
LETTER = re.compile(r"Huruf ([A-E])\b")
HISTORY = "(sejarah)"  # how a source says that its rule is no longer in force
WEIGHT = re.compile(r"\b(ber)?bobot", re.IGNORECASE)
VERDICT = re.compile(r"^(Benar|Tepat|Salah|Keliru)\b")
TOLD_WORDS = 2  # fewer words than this beside the verdict tell nothing
ENOUGH_QUESTIONS = 3

Question = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class BankFigures:
    """Counts over the questions of the bank.

    Attributes:
        by_file: change area, and the general questions on proposals and rules.
        longest_keys: single choices where the key is the only longest option.
        longest_by_chance: how many there would be if the key were drawn.
        letters: keys of single choices whose options all name a letter of the sheet.
        decisions: questions on the next step, on an order, or between documents.
        untold: options whose feedback gives no reason, as "question: option".
        thin_outcomes: outcomes with fewer than three quiz questions.
        on_history: questions that rest on rules no longer in force alone.
        history_weights: those of them that ask for a weight.
    """

    by_file: Counter[str]
    by_use: Counter[str]
    by_type: Counter[str]
    by_difficulty: Counter[int]
    longest_keys: int
    longest_by_chance: Fraction
    letters: Counter[str]
    truths: Counter[str]
    decisions: Counter[str]
    untold: list[str]
    thin_outcomes: list[str]
    on_history: list[str]
    history_weights: list[str]


def read_bank() -> dict[str, list[dict[str, Any]]]:
    """Return the questions of each file of the bank, by the name of the file."""
    paths = sorted((CONTENT / "bank").glob("*.toml"))
    return {path.stem: _read(path)["question"] for path in paths if path.stem != BLUEPRINT}


def _read(path: Path) -> dict[str, Any]:
    return tomllib.loads(path.read_text(encoding="utf-8"))


def count_bank(bank: Mapping[str, list[dict[str, Any]]], outcomes: Iterable[str]) -> BankFigures:
    """Count; ``outcomes`` are all that a question may serve."""
    questions = [question for rows in bank.values() for question in rows]
    single = [question for question in questions if question["type"] == "single"]
    served = Counter(row["outcome"] for row in questions if row["use"] == "quiz")
    on_history = [question for question in questions if is_on_history(question)]
    return BankFigures(
        by_file=Counter({name: len(rows) for name, rows in bank.items()}),
        by_use=Counter(question["use"] for question in questions),
        by_type=Counter(question["type"] for question in questions),
        by_difficulty=Counter(question["difficulty"] for question in questions),
        longest_keys=sum(map(is_key_longest, single)),
        longest_by_chance=sum(
            (Fraction(1, len(question["options"])) for question in single), Fraction(0)
        ),
        letters=Counter(filter(None, map(find_letter, single))),
        truths=Counter(find_key(row) for row in questions if row["type"] == "truefalse"),
        decisions=Counter(row["asks"] for row in questions if "asks" in row),
        untold=[
            f"{question['slug']}: {option['text']}"
            for question in questions
            for option in question.get("options", ())
            if not tells_why(option.get("feedback", ""))
        ],
        thin_outcomes=[slug for slug in outcomes if served[slug] < ENOUGH_QUESTIONS],
        on_history=[question["slug"] for question in on_history],
        history_weights=[row["slug"] for row in on_history if WEIGHT.search(_asked(row))],
    )


def find_key(question: Question) -> str:
    """Return the right option of a question that has one."""
    return next(option["text"] for option in question["options"] if option["correct"])


def is_key_longest(question: Question) -> bool:
    """Say whether the right option is longer than every other."""
    others = [len(option["text"]) for option in question["options"] if not option["correct"]]
    return len(find_key(question)) > max(others)


def find_letter(question: Question) -> str:
    """Return the letter that is the key, or "" where not all options name one."""
    if not all(LETTER.match(option["text"]) for option in question["options"]):
        return ""
    found = LETTER.match(find_key(question))
    return found[1] if found else ""


def tells_why(feedback: str) -> bool:
    """Say whether a feedback gives a reason, not the verdict alone."""
    return len(re.findall(r"\w+", VERDICT.sub("", feedback))) > TOLD_WORDS


def is_on_history(question: Question) -> bool:
    """Say whether every source of the question is a rule that is no longer in force."""
    return all(HISTORY in source["label"] for source in question["source"])


def _asked(question: Question) -> str:
    options = [option["text"] for option in question.get("options", ())]
    pairs = [f"{pair['prompt']} {pair['target']}" for pair in question.get("pairs", ())]
    return " ".join([question["stem"], *options, *pairs])


def _show(counted: Counter[Any], *names: Any) -> str:
    return ", ".join(f"{name} {counted[name]}" for name in names or sorted(counted))


def _share(part: int | Fraction, whole: int) -> str:
    return f"{round(part)} of {whole} ({part / whole:.0%})"


def describe(figures: BankFigures) -> list[str]:
    """Return the figures as the lines that `make check` prints."""
    total = figures.by_use.total()
    single = figures.by_type["single"]
    decisions = f"{_share(figures.decisions.total(), total)}: {_show(figures.decisions)}"
    return [
        f"Question bank: {total}: {_show(figures.by_use)}",
        f"  by file: {_show(figures.by_file)}",
        f"  by type: {_show(figures.by_type)}",
        f"  by difficulty: {_show(figures.by_difficulty)}",
        f"  next step, order, document: {decisions}",
        f"  key is the only longest option: {_share(figures.longest_keys, single)}, "
        f"by chance {figures.longest_by_chance / single:.0%}",
        f"  letters as keys: {_show(figures.letters)}",
        f"  true and false: {_show(figures.truths, 'Benar', 'Salah')}",
        f"  options whose feedback gives no reason: {len(figures.untold)}",
        f"  outcomes with fewer than {ENOUGH_QUESTIONS} quiz questions: "
        f"{len(figures.thin_outcomes)}",
        f"  on rules no longer in force alone: {_share(len(figures.on_history), total)}, "
        f"on their weights {len(figures.history_weights)}",
    ]


def main() -> None:
    """Print the figures of the bank beside this module."""
    outcomes = [row["slug"] for row in _read(CONTENT / "outcomes.toml")["outcome"]]
    write_line("\n".join(describe(count_bank(read_bank(), outcomes))))


if __name__ == "__main__":
    main()
