"""House laws over templates, styles and what is served with them."""

import gzip
import re
import tomllib
from pathlib import Path

import pytest

from clinic.lib.templatetags.ui import SPRITE
from clinic.management.vendor import MOST_ICONS, sha256

ROOT = Path(__file__).resolve().parents[2]
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
PACKAGES = ("clinic", "courses", "quizzes", "attendance")
TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))
COMPONENTS = sorted((ROOT / "templates" / "components").glob("*.html"))
STYLES = sorted((ROOT / "clinic" / "static" / "clinic").rglob("*.css"))
SOURCES = sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))
SCRIPTS = sorted((ROOT / "clinic" / "static" / "clinic").rglob("*.js"))
VENDORED = sorted((ROOT / "clinic" / "static" / "vendor").glob("*/vendor.toml"))

COLUMNS = 120
# Copies of the editor's own, compared line by line in tests/laws/test_editor_texts.py.
COPIES = [ROOT / path for path in PYPROJECT["tool"]["djangofmt"]["extend-exclude"]]

# S7: what would let typed text out unescaped.
UNESCAPED_IN_TEMPLATES = re.compile(r"\|\s*safe(?:seq)?\b|autoescape\s+off|\|\s*striptags\s*\|")
UNESCAPED_IN_CODE = re.compile(r"\bmark_safe\b|\bSafeString\(|\bautoescape=False\b|\bhtml_safe\b")
INLINE_STYLE = re.compile(r"\sstyle\s*=", re.IGNORECASE)
MISQUOTED = re.compile(r"""='\{%[^%]*%\}\"""")
INLINE_SCRIPT = re.compile(
    r"<script(?![^>]*\b(?:src=|type=.application/json))|\son[a-z]+\s*=|hx-on|js:", re.IGNORECASE
)
FOREIGN = re.compile(
    r"(?:src|href|action|srcset)\s*=\s*[\"'](?:https?:)?//|@import|url\(\s*[\"']?(?:https?:)?//"
)

# Components that other components or the base page draw, each visible on /komponen/ by them.
DRAWN_BY_THE_FRAME = frozenset(
    {
        "account_menu", "breadcrumb", "demo_ribbon", "footer", "header", "language_switch", "logo",
        "messages", "nav", "print_header", "skip_link", "theme_switch", "toast_region",
    }
)  # fmt: skip
DRAWN_BY_OTHERS = frozenset({"field_notes", "refresh"})


def breaches(pattern, paths):
    """Each breach with the line it begins on; a tag may go over several lines."""
    found = []
    for path in paths:
        text = path.read_text()
        for breach in pattern.finditer(text):
            line = text.count("\n", 0, breach.start()) + 1
            found.append(f"{path.relative_to(ROOT)}:{line}: {breach.group()[:100]}")
    return found


@pytest.mark.parametrize(
    ("pattern", "bad", "good"),
    [
        (UNESCAPED_IN_TEMPLATES, "{{ text|safe }}", "{{ text|safename }}"),
        (UNESCAPED_IN_TEMPLATES, "{% autoescape off %}", "{% autoescape on %}"),
        (UNESCAPED_IN_CODE, "return mark_safe(text)", "return format_html(text)"),
        (INLINE_STYLE, '<p style="color:red">', '<style nonce="x">'),
        (INLINE_SCRIPT, '<a onclick="x()">', '<button name="on">'),
        (INLINE_SCRIPT, "<script>alert(1)</script>", '<script src="/x.js"></script>'),
        (MISQUOTED, """<a href='{% url 'x' %}">""", """<a href="{% url 'x' %}">"""),
        (FOREIGN, '<img src="//cdn.example/x.png">', '<img src="/static/x.png">'),
    ],
)
def test_the_patterns_know_bad_from_good(pattern, bad, good):
    assert pattern.search(bad)
    assert not pattern.search(good)


def test_no_line_of_a_template_is_longer_than_a_window_is_wide():
    too_long = [
        f"{path.relative_to(ROOT)}:{number}"
        for path in TEMPLATES
        if path not in COPIES
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if len(line) > COLUMNS
    ]
    assert too_long == []


def test_nothing_typed_leaves_unescaped():
    assert breaches(UNESCAPED_IN_TEMPLATES, TEMPLATES) == []
    assert breaches(UNESCAPED_IN_CODE, SOURCES) == []


def test_no_template_holds_a_style_attribute():
    assert breaches(INLINE_STYLE, TEMPLATES) == []


def test_an_attribute_ends_with_the_quote_it_began_with():
    assert breaches(MISQUOTED, TEMPLATES) == []


def test_no_template_holds_an_inline_script():
    assert breaches(INLINE_SCRIPT, TEMPLATES) == []


def test_nothing_of_ours_points_at_another_host():
    assert breaches(FOREIGN, [*TEMPLATES, *STYLES, *SCRIPTS]) == []


def test_styles_stay_within_16_kb():
    assert len(gzip.compress(b"".join(path.read_bytes() for path in STYLES))) <= 16 * 1024


def test_every_component_says_what_it_takes_and_has_an_example():
    page = (ROOT / "templates" / "desks" / "components.html").read_text()
    drawn = set(re.findall(r'{% (?:part|component) "(\w+)"', page))
    drawn |= set(re.findall(r"components/(\w+)\.html", page))
    names = {path.stem for path in COMPONENTS}
    assert names - drawn - DRAWN_BY_THE_FRAME - DRAWN_BY_OTHERS == set()
    assert drawn - names == set()


def test_every_icon_that_is_used_is_in_the_sprite():
    used = {
        name
        for path in TEMPLATES
        for name in re.findall(r'{% icon "([\w-]+)" %}|icon="([\w-]+)"', path.read_text())
        for name in name
        if name
    }
    sprite = (ROOT / "clinic" / "static" / SPRITE).read_text()
    assert used - set(re.findall(r'<symbol id="([\w-]+)"', sprite)) == set()


@pytest.mark.parametrize("listing", VENDORED, ids=lambda path: path.parent.name)
def test_vendored_files_are_listed_with_their_sums(listing):
    stated = tomllib.loads(listing.read_text())
    files = {path.name for path in listing.parent.iterdir()} - {"vendor.toml"}
    assert stated["sha256"] == {name: sha256(listing.parent / name) for name in files}
    assert stated["licence_file"] in files
    assert stated["version"] in listing.parent.name
    assert len(stated.get("icons", [])) <= MOST_ICONS
