"""Running text holds what the editor's buttons make, and nothing else (S7)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from courses.arithmetic.markup import ALLOWED, foreign_markup

HOSTILE = [
    "<script>alert(1)</script>",
    '<img src=x onerror="alert(1)">',
    '<p id="isi">x</p>',
    '<p onclick="x()">x</p>',
    '<a href="javascript:alert(1)">x</a>',
    '<a href=" javascript:alert(1)">x</a>',
    '<a href="data:text/html,x">x</a>',
    '<p style="x">x</p>',
    "<svg/onload=alert(1)>",
    "<!-- x -->",
    "<iframe src=//x>",
    "<p><scr",
    "<img src=x onerror=alert(1) ",
    "<a href='javascript:alert(1)",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_what_could_do_harm_is_found(text):
    assert foreign_markup(f"<p>Awal</p>{text}") != []


@pytest.mark.parametrize(
    "text",
    [
        "<h3>Judul</h3><p data-block-key='a1'>Isi <b>tebal</b> dan <i>miring</i></p>",
        '<ul><li>a</li></ul><ol><li>b</li></ol><p><a href="/modul/">modul</a></p>',
        '<p><a linktype="page" id="3">halaman</a> 5 &lt; 6 &amp; 7</p>',
        "",
    ],
)
def test_what_the_editor_makes_passes(text):
    assert foreign_markup(text) == []


@given(st.sampled_from(sorted(ALLOWED)), st.text("abc ", max_size=9))
def test_every_allowed_tag_passes_around_plain_text(tag, words):
    assert foreign_markup(f"<{tag}>{words}</{tag}>") == []
