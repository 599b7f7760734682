"""Reads a file of settings as systemd does, which is not what a shell does.

The rules are those of ``EnvironmentFile=`` (systemd.exec): a comment is a line of its own, quotes
end where they began, a backslash means itself but before a few letters, and nothing is expanded.
"""

import re

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_ESCAPED_IN_DOUBLE_QUOTES = '"\\`$'


def read_as_systemd(text: str) -> dict[str, str]:
    """Return the variables that a unit would get.

    Raises:
        ValueError: a quote is not closed.
    """
    values: dict[str, str] = {}
    at = 0
    while at < len(text):
        end = text.find("\n", at)
        end = len(text) if end < 0 else end
        line = text[at:end].strip()
        name, equals, _rest = line.partition("=")
        if not line or line[0] in "#;" or not equals or not _NAME.fullmatch(name.strip()):
            at = end + 1
            continue
        value, at = _read_value(text, text.index("=", at) + 1)
        values[name.strip()] = value
    return values


def _read_value(text: str, at: int) -> tuple[str, int]:
    """Return the value that begins here and where the next line begins."""
    while at < len(text) and text[at] in " \t":
        at += 1
    kept, bare_end = [], 0  # white space after the last bare letter is dropped
    while at < len(text) and text[at] != "\n":
        letter = text[at]
        if letter in "'\"":
            piece, at = _read_quoted(text, at)
            kept.append(piece)
            bare_end = len(kept)
        elif letter == "\\" and at + 1 < len(text):
            kept += [] if text[at + 1] == "\n" else [text[at + 1]]
            bare_end = len(kept)
            at += 2
        else:
            kept.append(letter)
            bare_end = bare_end if letter in " \t" else len(kept)
            at += 1
    return "".join(kept[:bare_end]), at + 1


def _read_quoted(text: str, at: int) -> tuple[str, int]:
    quote, kept = text[at], ""
    at += 1
    while at < len(text) and text[at] != quote:
        if quote == '"' and text[at] == "\\" and at + 1 < len(text):
            following = text[at + 1]
            if following in _ESCAPED_IN_DOUBLE_QUOTES:
                kept += following
            elif following != "\n":
                kept += "\\" + following
            at += 2
            continue
        kept += text[at]
        at += 1
    if at >= len(text):
        msg = "A quote is not closed."
        raise ValueError(msg)
    return kept, at + 1
