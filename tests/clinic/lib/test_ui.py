from datetime import UTC, date, datetime
from decimal import Decimal
from fractions import Fraction

import pytest
from django.template import Context, Template
from django.utils import timezone, translation
from django.utils.html import format_html

from clinic.lib.templatetags import ui

MOMENT = datetime(2022, 5, 25, 1, 0, tzinfo=UTC)


def draw(template, **values):
    return Template("{% load ui %}" + template).render(Context(values))


@pytest.mark.parametrize(
    ("text", "value", "indonesian", "english"),
    [
        ("{{ value|decimals:1 }}", Decimal("1234.56"), "1.234,6", "1,234.6"),
        ("{{ value|decimals }}", Fraction(1, 3), "0,333", "0.333"),
        ("{{ value|decimals }}", Fraction(3, 8), "0,375", "0.375"),
        ("{{ value|decimals }}", Decimal("0.500000"), "0,5", "0.5"),
        ("{{ value|decimals }}", 1200, "1.200", "1,200"),
        ("{{ value|percent }}", Fraction(2, 5), "40%", "40%"),
        ("{{ value|megabytes }}", 250_000, "0,3 MB", "0.3 MB"),
        ("{{ value|megabytes }}", 70_400, "71 KB", "71 KB"),
        ("{{ value|day }}", date(2022, 5, 25), "25 Mei 2022", "25 May 2022"),
        ("{{ value|weekday }}", date(2022, 5, 25), "Rabu, 25 Mei 2022", "Wednesday, 25 May 2022"),
    ],
)
def test_figures_and_days_follow_the_language(text, value, indonesian, english):
    with translation.override("id"):
        assert draw(text, value=value) == indonesian
    with translation.override("en"):
        assert draw(text, value=value) == english


def test_points_are_named_and_counted():
    with translation.override("en"):
        assert draw("{{ value|points }}", value=Fraction(1, 3)) == "0.333 points"
        assert draw("{{ value|points:0 }}", value=1) == "1 point"


@pytest.mark.parametrize(
    "name", ["decimals", "points", "percent", "megabytes", "minutes", "day", "clock", "moment"]
)
def test_what_is_unknown_is_a_dash_and_never_zero(name):
    assert draw("{{ value|" + name + " }}", value=None) == "–"


def test_zero_is_a_figure():
    with translation.override("id"):
        assert draw("{{ value|decimals:0 }}", value=0) == "0"


def test_times_are_read_in_the_active_zone():
    with timezone.override("Asia/Makassar"), translation.override("id"):
        assert draw("{{ value|clock }}", value=MOMENT) == "09.00 WITA"
        assert draw("{{ value|moment }}", value=MOMENT) == "25 Mei 2022, 09.00 WITA"
    with timezone.override("Asia/Jakarta"):
        assert draw("{{ value|clock }}", value=MOMENT) == "08.00 WIB"


def test_the_day_of_a_moment_is_the_local_one():
    late = datetime(2026, 11, 23, 16, 30, tzinfo=UTC)
    with timezone.override("Asia/Makassar"), translation.override("id"):
        assert draw("{{ value|day }}", value=late) == "24 November 2026"


def test_an_icon_is_silent_and_comes_from_our_own_sprite():
    drawn = draw('{% icon "check" %}')
    assert 'aria-hidden="true"' in drawn
    assert f'href="/static/{ui.SPRITE}#check"' in drawn


def test_a_part_does_not_see_the_page():
    drawn = draw('{% part "notice" text="Isi" %}', title="Judul halaman", kind="err")
    assert "Isi" in drawn
    assert "Judul halaman" not in drawn
    assert "err" not in drawn


def test_what_people_typed_stays_text_inside_and_around_parts():
    hostile = "<script>alert(1)</script>"
    drawn = draw(
        '{% part "notice" text=text %}'
        '{% component "details" summary=text %}<b>{{ text }}</b>{% endcomponent %}',
        text=hostile,
    )
    assert hostile not in drawn
    assert drawn.count("&lt;script&gt;") == 3
    assert "<b>" in drawn


def test_a_part_with_the_same_values_is_drawn_once(monkeypatch):
    monkeypatch.setattr(ui, "_drawn", {})
    drawn = [draw('{% part "badge" label="Baru" %}') for _again in range(2)]
    assert drawn[0] == drawn[1]
    assert len(ui._drawn) == 1


def test_a_part_is_remembered_apart_for_each_language_and_each_value(monkeypatch):
    monkeypatch.setattr(ui, "_drawn", {})
    hostile, safe = "<b>", format_html("<{}>", "b")
    with translation.override("id"):
        shown = [draw('{% part "notice" text=text %}', text=text) for text in (hostile, safe)]
    with translation.override("en"):
        draw('{% part "notice" text=text %}', text=hostile)
    assert "&lt;b&gt;" in shown[0]
    assert "<b>" in shown[1]
    assert len(ui._drawn) == 3


def test_what_looks_at_the_page_or_at_rows_is_drawn_each_time(monkeypatch):
    monkeypatch.setattr(ui, "_drawn", {})
    form = Template('{% load ui %}{% part "check_question" id="a" stem="Apa?" name="x" %}')
    tokens = [form.render(Context({"csrf_token": token})) for token in ("satu", "dua")]
    assert [("satu" in text, "dua" in text) for text in tokens] == [(True, False), (False, True)]
    draw('{% part "notice" text=text %}', text=MOMENT)
    assert ui._drawn == {}


ONCE = (
    "{% load ui %}{% drawnonce key %}{{ draws.pop }} {{ page_address }} {% csrf_token %}"
    "{% enddrawnonce %}"
)


def test_what_is_drawn_once_is_filled_with_the_token_and_the_address_of_each_page():
    template, draws = Template(ONCE), ["drawn"]
    shown = [
        template.render(
            Context({"key": 1, "draws": draws, "page_address": here, "csrf_token": token})
        )
        for here, token in (("/a/?q=%22", "satu"), ('/b/"><script>', "dua"))
    ]
    assert draws == []
    assert "drawn /a/?q=%22" in shown[0]
    assert 'value="satu"' in shown[0]
    assert "drawn /b/&quot;&gt;&lt;script&gt;" in shown[1]
    assert 'value="dua"' in shown[1]


def test_another_key_or_language_is_drawn_anew():
    template, draws = Template(ONCE), ["third", "second", "first"]
    shown = []
    for key, language in ((1, "id"), (2, "id"), (2, "en"), (1, "id")):
        with translation.override(language):
            shown.append(template.render(Context({"key": key, "draws": draws})).split()[0])
    assert shown == ["first", "second", "third", "first"]
