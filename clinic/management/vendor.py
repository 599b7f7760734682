"""Refreshing the files of others that we serve ourselves: one SVG sprite of icons.

Run as ``python -m clinic.management.vendor UNPACKED_PACKAGE FOLDER``: reads the names of the icons
from the ``vendor.toml`` in the folder, writes ``sprite.svg`` and the licence, and puts the new sums
into ``vendor.toml``. The package is unpacked beforehand (``npm pack`` and ``tar``); nothing here
opens a connection.
"""

import hashlib
import re
import sys
import tomllib
from pathlib import Path

MOST_ICONS = 40

_BODY = re.compile(r"<svg[^>]*>(.*)</svg>", re.DOTALL)
_GROUND = re.compile(r'\s*<path stroke="none" d="M0 0h24v24H0z" fill="none"\s*/>')
_SUM = re.compile(r'^"(?P<name>[^"]+)" = "[0-9a-f]{64}"$', re.MULTILINE)


def draw_sprite(icons: dict[str, str]) -> str:
    """Return one SVG file that holds each icon as a symbol of its name.

    Args:
        icons: name of each icon with its SVG text, all on a ground of 24 x 24.

    Raises:
        ValueError: more icons than ``MOST_ICONS``, or a text that is no SVG.
    """
    if len(icons) > MOST_ICONS:
        msg = f"{len(icons)} icons are more than {MOST_ICONS}."
        raise ValueError(msg)
    symbols = (_draw_symbol(name, text) for name, text in sorted(icons.items()))
    return '<svg xmlns="http://www.w3.org/2000/svg">\n' + "\n".join(symbols) + "\n</svg>\n"


def _draw_symbol(name: str, text: str) -> str:
    body = _BODY.search(text)
    if body is None:
        msg = f"{name} is no SVG."
        raise ValueError(msg)
    shapes = re.sub(r"\s*\n\s*", "", _GROUND.sub("", body[1]))
    return (
        f'<symbol id="{name}" viewBox="0 0 24 24" fill="none" stroke="currentColor" '
        f'stroke-width="2" stroke-linecap="round" stroke-linejoin="round">{shapes}</symbol>'
    )


def sha256(path: Path) -> str:
    """Return the SHA-256 of a file as hexadecimal text."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def refresh(package: Path, folder: Path) -> None:
    """Write sprite, licence and sums of one vendored icon package.

    Args:
        package: the unpacked npm package ``@tabler/icons``.
        folder: the folder of our own that holds ``vendor.toml``.
    """
    listing = folder / "vendor.toml"
    names = tomllib.loads(listing.read_text())["icons"]
    icons = {name: (package / "icons" / "outline" / f"{name}.svg").read_text() for name in names}
    (folder / "sprite.svg").write_text(draw_sprite(icons))
    (folder / "LICENSE").write_bytes((package / "LICENSE").read_bytes())
    listing.write_text(
        _SUM.sub(
            lambda hit: f'"{hit["name"]}" = "{sha256(folder / hit["name"])}"', listing.read_text()
        )
    )


if __name__ == "__main__":
    refresh(Path(sys.argv[1]), Path(sys.argv[2]))
