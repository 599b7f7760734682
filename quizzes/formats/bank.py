"""The shipped question bank: TOML text to questions and quizzes as values.

Ids of options are not written in the file: they are drawn at the first reading and found again by
their wording at every later one, so that a reworded file gives a new version with the old ids.
"""

import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any
from uuid import uuid4

from clinic.lib.arithmetic.numbers import parse_number
from clinic.lib.errors import Refused
from quizzes.arithmetic.question_types import (
    FULL,
    NOTHING,
    Content,
    Matching,
    MultipleChoice,
    Numeric,
    NumericAnswer,
    Option,
    Prompt,
    SingleChoice,
    Target,
    Text,
    TrueFalse,
)

# Options that name letters of the sheet stay in the sheet's order; other ladders say "keep_order".
LETTERED = "Huruf "


@dataclass(frozen=True, kw_only=True)
class BankQuestion:
    """One question of the file."""

    slug: str
    use: str
    outcome: str
    difficulty: int
    sources: list[dict[str, Any]]
    content: Content


@dataclass(frozen=True)
class BankForm:
    """One form of a quiz: its letter, the phase that gets it, its questions by slug."""

    form: str
    phase: str
    questions: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class BankQuiz:
    """One quiz of the blueprint file; ``pass_mark`` is a share of the full mark."""

    slug: str
    title: str
    title_en: str
    minutes: int | None
    pass_mark: Fraction
    forms: tuple[BankForm, ...]


def read_questions(text: str, *, known: Mapping[str, Content]) -> list[BankQuestion]:
    """Read the questions of one file; ``known`` gives today's content by slug.

    Raises:
        Refused: naming the question whose fields are missing or of an unknown type.
    """
    return [_read_question(row, known) for row in _read_rows(text, "question")]


def read_quizzes(text: str) -> list[BankQuiz]:
    """Read the quizzes of the blueprint file.

    Raises:
        Refused: naming the quiz that cannot be read.
    """
    return [_read_quiz(row) for row in _read_rows(text, "quiz")]


def _read_rows(text: str, name: str) -> list[dict[str, Any]]:
    try:
        return tomllib.loads(text)[name]
    except (tomllib.TOMLDecodeError, KeyError) as error:
        raise Refused(code="bank_unreadable", details={"name": name}) from error


def _read_question(row: dict[str, Any], known: Mapping[str, Content]) -> BankQuestion:
    try:
        ids = _Ids(known.get(row["slug"]))
        head = {
            "stem": Text(row["stem"], row.get("stem_en", "")),
            "explanation": Text(row["explanation"]),
        }
        return BankQuestion(
            slug=row["slug"],
            use=row["use"],
            outcome=row["outcome"],
            difficulty=row["difficulty"],
            sources=[dict(source) for source in row["source"]],
            content=_READERS[row["type"]](row, head, ids),
        )
    except (KeyError, TypeError, Refused) as error:
        raise Refused(code="bank_unreadable", details={"name": str(row.get("slug", ""))}) from error


def _read_quiz(row: dict[str, Any]) -> BankQuiz:
    try:
        return BankQuiz(
            slug=row["slug"],
            title=row["title"],
            title_en=row.get("title_en", ""),
            minutes=row.get("minutes"),
            pass_mark=Fraction(row["pass_mark"]),
            forms=tuple(
                BankForm(form["form"], form["phase"], tuple(form["questions"]))
                for form in row["form"]
            ),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise Refused(code="bank_unreadable", details={"name": str(row.get("slug", ""))}) from error


class _Ids:
    """Gives each wording the id that it had, else a new random one."""

    def __init__(self, earlier: Content | None) -> None:
        self._known: dict[tuple[str, str], str] = {}
        for kind in ("options", "answers", "prompts", "targets"):
            for row in getattr(earlier, kind, ()):
                is_number = isinstance(row, NumericAnswer)
                name = f"{row.value:f}" if is_number else row.text.id
                self._known[kind, name] = row.id

    def of(self, kind: str, name: str) -> str:
        return self._known.get((kind, name)) or str(uuid4())


def _read_options(row: dict[str, Any], ids: _Ids) -> tuple[Option, ...]:
    is_lettered = all(option["text"].startswith(LETTERED) for option in row["options"])
    keeps_order = row.get("keep_order", is_lettered)
    return tuple(
        Option(
            id=ids.of("options", option["text"]),
            text=Text(option["text"]),
            credit=FULL if option["correct"] else NOTHING,
            feedback=Text(option.get("feedback", "")),
            pinned=keeps_order,
        )
        for option in row["options"]
    )


def _make_choice_reader(
    kind: type[SingleChoice | TrueFalse | MultipleChoice],
) -> Callable[[dict[str, Any], dict[str, Any], _Ids], Content]:
    def read(row: dict[str, Any], head: dict[str, Any], ids: _Ids) -> Content:
        return kind(**head, options=_read_options(row, ids))

    return read


def _read_numeric(row: dict[str, Any], head: dict[str, Any], ids: _Ids) -> Content:
    value = Decimal(parse_number(row["answer"]))
    answer = NumericAnswer(
        id=ids.of("answers", f"{value:f}"),
        value=value,
        margin=Decimal(parse_number(row.get("tolerance", "0"))),
    )
    return Numeric(**head, answers=(answer,), unit=Text(row.get("unit", "")))


def _read_matching(row: dict[str, Any], head: dict[str, Any], ids: _Ids) -> Content:
    names = [pair["target"] for pair in row["pairs"]] + list(row.get("extra_targets", ()))
    targets = {
        name: Target(id=ids.of("targets", name), text=Text(name)) for name in dict.fromkeys(names)
    }
    prompts = tuple(
        Prompt(
            id=ids.of("prompts", pair["prompt"]),
            text=Text(pair["prompt"]),
            target=targets[pair["target"]].id,
        )
        for pair in row["pairs"]
    )
    in_use = [prompt.target for prompt in prompts]
    return Matching(
        **head,
        prompts=prompts,
        targets=tuple(targets[name] for name in sorted(targets)),
        reuse=len(set(in_use)) < len(in_use),
    )


_READERS: dict[str, Callable[[dict[str, Any], dict[str, Any], _Ids], Content]] = {
    "single": _make_choice_reader(SingleChoice),
    "truefalse": _make_choice_reader(TrueFalse),
    "multiple": _make_choice_reader(MultipleChoice),
    "numeric": _read_numeric,
    "matching": _read_matching,
}
