"""A QR code as the path of one SVG, so that a page draws it without a picture file."""

import segno

QUIET_ZONE = 4  # modules around the code, asked for by ISO/IEC 18004


def draw_path(text: str, *, error: str = "m") -> tuple[str, int]:
    """Return the path data of the dark squares and the number of squares a side.

    The path is drawn with a stroke of width 1 in a view box of that size, quiet zone included.

    Args:
        text: what the code says.
        error: level of correction, ``l``, ``m``, ``q`` or ``h``.
    """
    code = segno.make_qr(text, error=error)
    rows = tuple(map(bytes, code.matrix_iter(border=QUIET_ZONE)))
    return "".join(_draw_strokes(row, y) for y, row in enumerate(rows)), len(rows)


def _draw_strokes(row: bytes, y: int) -> str:
    strokes = []
    x = 0
    while x < len(row):
        length = 0
        while x + length < len(row) and row[x + length]:
            length += 1
        if length:
            strokes.append(f"M{x} {y}.5h{length}")
        x += max(length, 1)
    return "".join(strokes)
