import re

import segno
from hypothesis import given
from hypothesis import strategies as st

from clinic.lib.arithmetic.qr import QUIET_ZONE, draw_path

_STROKE = re.compile(r"M(\d+) (\d+)\.5h(\d+)")


def _squares(path):
    return {
        (int(x) + step, int(y))
        for x, y, length in _STROKE.findall(path)
        for step in range(int(length))
    }


@given(st.text(alphabet="ABCDEFGHJKMNPQRSTUVWXYZ23456789-", min_size=1, max_size=60))
def test_the_path_darkens_exactly_the_squares_of_the_code(text):
    path, size = draw_path(text)
    code = segno.make_qr(text, error="m")
    dark = {
        (x, y)
        for y, row in enumerate(code.matrix_iter(border=QUIET_ZONE))
        for x, square in enumerate(row)
        if square
    }
    assert size == code.symbol_size(border=QUIET_ZONE)[0]
    assert _squares(path) == dark
