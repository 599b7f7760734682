"""U49: the contrast that the tokens really have, recomputed from the style sheet."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TOKENS = (ROOT / "clinic" / "static" / "clinic" / "tokens.css").read_text()
ERROR_PAGE = (ROOT / "templates" / "errors" / "style.css").read_text()

_TOKEN = re.compile(r"--([\w-]+):\s*(#[0-9A-Fa-f]{6})")
LIGHT_BLOCK, *DARK_BLOCKS = TOKENS.split("color-scheme: dark;")
LIGHT = dict(_TOKEN.findall(LIGHT_BLOCK))
DARK = [{**LIGHT, **dict(_TOKEN.findall(block))} for block in DARK_BLOCKS]
SCHEMES = {"light": LIGHT, "dark by device": DARK[0], "dark by choice": DARK[1]}


def luminance(colour):
    channels = (int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5))
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one, other):
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


STATED = [
    # ink, ground, light, dark: the figures of the design
    ("text", "bg", 15.2, 15.6),
    ("text", "card", 15.9, 14.1),
    ("text", "surface", 13.9, 16.3),
    ("muted", "bg", 6.7, 9.4),
    ("muted", "card", 7.0, 8.5),
    ("muted", "surface", 6.1, 9.8),
    ("border", "bg", 4.1, 5.5),
    ("border", "card", 4.3, 4.9),
    ("border", "surface", 3.7, 5.7),
    ("link", "bg", 8.0, 10.3),
    ("visited", "bg", 8.3, 9.3),
    ("on-primary", "primary", 7.6, 9.1),
    ("primary-deep", "primary-tint", 9.5, 9.5),
    ("ok", "ok-bg", 5.6, 8.2),
    ("warn", "warn-bg", 7.1, 9.2),
    ("err", "err-bg", 6.5, 7.9),
    ("m-ink", "m-bg", 9.8, 10.0),
    ("b-ink", "b-bg", 10.9, 10.5),
    ("d-ink", "d-bg", 10.4, 9.0),
    ("v-ink", "v-bg", 9.5, 9.8),
    ("u-ink", "u-bg", 6.4, 8.3),
]


@pytest.mark.parametrize(("ink", "ground", "light", "dark"), STATED)
def test_contrast_is_what_the_design_states(ink, ground, light, dark):
    assert contrast(LIGHT[ink], LIGHT[ground]) == pytest.approx(light, abs=0.06)
    for scheme in DARK:
        assert contrast(scheme[ink], scheme[ground]) == pytest.approx(dark, abs=0.06)


@pytest.mark.parametrize("scheme", SCHEMES.values(), ids=SCHEMES)
def test_text_on_any_ground_it_meets_is_readable(scheme):
    for ink in ("text", "muted", "link", "visited", "primary", "ok", "warn", "err"):
        for ground in ("bg", "card", "surface"):
            assert contrast(scheme[ink], scheme[ground]) >= 4.5, (ink, ground)
    for ground in ("ok-bg", "warn-bg", "err-bg"):
        for ink in ("text", "primary", "link", "err"):
            assert contrast(scheme[ink], scheme[ground]) >= 4.5, (ink, ground)


def test_the_focus_ring_is_seen_on_every_ground():
    assert contrast(LIGHT["focus"], LIGHT["text"]) == pytest.approx(10.0, abs=0.06)
    assert contrast(DARK[0]["focus"], DARK[0]["bg"]) == pytest.approx(11.3, abs=0.06)


def test_both_ways_into_the_dark_are_the_same():
    assert DARK[0] == DARK[1]
    assert len(DARK) == 2


@pytest.mark.parametrize("scheme", SCHEMES.values(), ids=SCHEMES)
def test_bar_and_letter_of_a_word_are_seen_on_its_ground(scheme):
    """Grey paper and colour-blind eyes read letter and shape, not the hue."""
    for letter in "mbdvu":
        ground = scheme[f"{letter}-bg"]
        assert contrast(scheme[f"{letter}-ink"], ground) >= 4.5, letter
        assert contrast(scheme[f"{letter}-bar"], ground) >= 3, letter


def test_the_page_of_an_error_has_the_same_colours():
    light, dark = ERROR_PAGE.split("@media screen and (prefers-color-scheme:dark)")
    assert dict(_TOKEN.findall(light)).items() <= LIGHT.items()
    own = dict(_TOKEN.findall(dark.split("*{")[0]))
    assert own.items() <= DARK[0].items()
    assert set(own) == set(dict(_TOKEN.findall(light))) - {"focus"}


@pytest.mark.parametrize("scheme", SCHEMES.values(), ids=SCHEMES)
def test_each_series_of_a_chart_is_seen_on_the_page(scheme):
    for number in (1, 2, 3):
        for ground in ("bg", "card"):
            assert contrast(scheme[f"series-{number}"], scheme[ground]) >= 3, number
