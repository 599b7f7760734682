"""Links to proof: which addresses a browser may be led to."""

import re

_WEB = re.compile(r"(https?)(://[^\s/?#\x00-\x1f\"'<>\\]+[^\x00-\x1f\"'<>]*)", re.IGNORECASE)


def web_address(address: str) -> str:
    """Return an http or https address, its scheme in small letters; empty for anything else.

    ``javascript:``, ``file:``, ``mailto:`` and relative addresses open nothing for an assessor,
    and the first would run on our page.
    """
    found = _WEB.fullmatch(address.strip())
    return found[1].lower() + found[2] if found else ""
