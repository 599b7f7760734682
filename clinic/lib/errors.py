"""The one shape in which a rule says no."""

from typing import Any


class Refused(Exception):
    """An act that a rule does not allow, told to a person and to a program.

    Attributes:
        code: stable word for programs and tests, such as ``event_full``.
        message: translated sentence that says what to do next; empty in arithmetic, where the
            service that called it supplies the sentence.
        details: plain values that name the row, field or limit.
        status: HTTP status with which an edge answers.
    """

    code = "refused"
    status = 422

    def __init__(
        self,
        message: str = "",
        *,
        code: str | None = None,
        details: dict[str, Any] | None = None,
        status: int | None = None,
    ) -> None:
        super().__init__(message or code or self.code)
        self.code = code or self.code
        self.message = message
        self.details = details or {}
        self.status = status or self.status
