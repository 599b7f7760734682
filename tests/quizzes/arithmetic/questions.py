"""Questions for the tests of this folder: one of each type, and strategies that vary them."""

import uuid
from decimal import Decimal
from fractions import Fraction

from hypothesis import strategies as st

from quizzes.arithmetic.question_types import (
    FULL,
    Matching,
    MultipleChoice,
    MultipleRule,
    Numeric,
    NumericAnswer,
    Option,
    Prompt,
    SingleChoice,
    Target,
    Text,
    Tolerance,
    TrueFalse,
)

STEM = Text("Apa yang dinilai pada baris ini?", "What does this row assess?")
EXPLANATION = Text("Rubrik menilai tindak lanjut.", "The rubric assesses follow-up.")


def uid(number: int) -> str:
    """Give a UUIDv4 that is the same in every run."""
    return str(uuid.UUID(int=(number * 0x9E3779B97F4A7C15) % 2**128, version=4))


def option(number: int, credit: str = "0", **kwargs) -> Option:
    return Option(
        id=uid(number),
        text=Text(f"Pilihan {number}", f"Option {number}"),
        credit=Fraction(credit),
        feedback=Text(f"Petunjuk {number}"),
        **kwargs,
    )


def single(*shares: str) -> SingleChoice:
    options = tuple(option(n, credit) for n, credit in enumerate(shares or ("0", "1", "1/3"), 1))
    return SingleChoice(stem=STEM, explanation=EXPLANATION, options=options)


def true_false(*, answer: bool = True) -> TrueFalse:
    labels = (Text("Benar", "True"), Text("Salah", "False"))
    options = tuple(
        Option(
            id=uid(number),
            text=label,
            credit=Fraction(int((number == 1) == answer)),
            feedback=Text("Lihat rubrik."),
        )
        for number, label in enumerate(labels, 1)
    )
    return TrueFalse(stem=STEM, explanation=EXPLANATION, options=options)


def multiple(keys: int = 2, wrong: int = 3, **kwargs) -> MultipleChoice:
    shares = ["1"] * keys + ["0"] * wrong
    options = tuple(option(n, credit) for n, credit in enumerate(shares, 1))
    return MultipleChoice(**{"stem": STEM, "explanation": EXPLANATION, "options": options} | kwargs)


def numeric(value: str = "56.84", margin: str = "0", **kwargs) -> Numeric:
    answer = NumericAnswer(
        id=uid(1),
        value=Decimal(value),
        margin=Decimal(margin),
        tolerance=kwargs.pop("tolerance", Tolerance.ABSOLUTE),
    )
    return Numeric(**{"stem": STEM, "explanation": EXPLANATION, "answers": (answer,)} | kwargs)


def matching(prompts: int = 3, targets: int = 4, **kwargs) -> Matching:
    return Matching(
        stem=STEM,
        explanation=EXPLANATION,
        prompts=tuple(
            Prompt(id=uid(n), text=Text(f"Baris {n}"), target=uid(100 + n), feedback=Text("Cek."))
            for n in range(1, prompts + 1)
        ),
        targets=tuple(
            Target(id=uid(100 + n), text=Text(f"Bukti {n}")) for n in range(1, targets + 1)
        ),
        **kwargs,
    )


ONE_OF_EACH = (
    single(),
    true_false(),
    multiple(max_select=4),
    numeric(unit=Text("%"), ratio_ok=True),
    matching(reuse=True),
)

rules = st.sampled_from(list(MultipleRule))
paying_partly = st.sampled_from([MultipleRule.BALANCED, MultipleRule.NET])


@st.composite
def multiples(draw, which=rules):
    keys, wrong = draw(st.integers(1, 4)), draw(st.integers(1, 4))
    return multiple(keys, wrong, rule=draw(which))


@st.composite
def singles(draw):
    partial = draw(st.lists(st.fractions(0, Fraction(5, 6), max_denominator=6), max_size=4))
    shares = [*map(str, partial), "1", "0"]
    return single(*draw(st.permutations(shares)))


def key_of(content):
    """Give the answer that the author marked as earning everything, as the client sends it."""
    if isinstance(content, Matching):
        return {prompt.id: prompt.target for prompt in content.prompts}
    if isinstance(content, Numeric):
        return {"raw": str(content.answers[0].value)}
    keys = [one.id for one in content.options if one.credit == FULL]
    return keys if isinstance(content, MultipleChoice) else keys[0]
