"""Links to proof: which addresses a browser may be led to, and which lead to the same place."""

import re
from urllib.parse import parse_qsl, urlencode, urlsplit

_WEB = re.compile(r"(https?)(://[^\s/?#\x00-\x1f\"'<>\\]+[^\x00-\x1f\"'<>]*)", re.IGNORECASE)
_GOOGLE = {"drive.google.com", "docs.google.com"}
_GOOGLE_FILE = re.compile(r"/(?:d|folders)/(?!e/)([\w-]{10,})")
_SHARING = re.compile(r"usp|utm_.*", re.IGNORECASE)


def web_address(address: str) -> str:
    """Return an http or https address, its scheme in small letters; empty for anything else.

    ``javascript:``, ``file:``, ``mailto:`` and relative addresses open nothing for an assessor,
    and the first would run on our page.
    """
    match = _WEB.fullmatch(address.strip())
    return match[1].lower() + match[2] if match else ""


def destination(link: str) -> str:
    """Return what is the same for all ways to write a link to one document; only to compare.

    The scheme, a trailing slash, the place within the page and how the link was shared (``usp``,
    ``utm_source``) tell nothing; of an address at Google Drive its file alone does.
    """
    try:
        parts = urlsplit(link.strip())
        host = parts.netloc.lower()
        query = parse_qsl(parts.query, keep_blank_values=True)
    except ValueError:
        return link.strip()
    if host in _GOOGLE:
        match = _GOOGLE_FILE.search(parts.path)
        file = match[1] if match else dict(query).get("id", "")
        if file:
            return f"google:{file}"
    kept = urlencode([(name, value) for name, value in query if not _SHARING.fullmatch(name)])
    return f"{host}{parts.path.rstrip('/')}?{kept}".rstrip("?")
