"""From a plain HTML form to an answer as JSON; nothing here knows a key."""

from typing import Any

from django.http import QueryDict

from quizzes.arithmetic.public_items import PublicItem

ANSWER = "jawaban"


def posted_answer(public: PublicItem, data: QueryDict) -> Any:
    """Read the posted fields of a question by its type; nothing chosen is None."""
    match public.type_name:
        case "multiple":
            return data.getlist(ANSWER) or None
        case "numeric":
            return {"raw": data.get(ANSWER, "")}
        case "matching":
            pairs = {row.id: data.get(f"{ANSWER}-{row.id}", "") for row in public.prompts}
            return pairs if any(pairs.values()) else None
        case _:
            return data.get(ANSWER) or None
