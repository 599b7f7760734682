"""House laws over the documentation: what is there is written down, and links lead somewhere."""

import re
from pathlib import Path

import pytest

from clinic.records.jobs import HANDLERS

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
REFERENCE = ROOT / "docs" / "reference"
COMMANDS = ROOT / "clinic" / "management" / "commands"
LINK = re.compile(r"(?<!!)\[[^\]]+\]\(([^)#\s]+)[^)]*\)")
SETTING = re.compile(r"""\benv(?:_int|_bool)?\(\s*f?["']([A-Z_]+)["']""")
FOREIGN = ("http://", "https://")


def links(text):
    return [target for target in LINK.findall(text) if not target.startswith(FOREIGN)]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_links_lead_to_a_page(page):
    assert [to for to in links(page.read_text()) if not (page.parent / to).exists()] == []


def test_every_command_is_described():
    text = (REFERENCE / "commands.md").read_text()
    commands = {path.stem for path in COMMANDS.glob("*.py")} - {"__init__"}
    assert commands - set(re.findall(r"^\| `(\w+)", text, re.MULTILINE)) == set()


def test_every_make_target_is_described():
    targets = re.findall(r"^([a-z-]+):.*##", (ROOT / "Makefile").read_text(), re.MULTILINE)
    text = (REFERENCE / "commands.md").read_text()
    assert [target for target in targets if f"`make {target}`" not in text] == []


def test_every_setting_is_described():
    text = (REFERENCE / "settings.md").read_text()
    settings = set(SETTING.findall((ROOT / "clinic" / "settings.py").read_text()))
    assert {name for name in settings if f"`{name}`" not in text} == set()


def test_every_job_is_described():
    text = (REFERENCE / "jobs.md").read_text()
    ours = [name for name in sorted(HANDLERS) if not name.startswith("test")]
    assert ours
    assert [name for name in ours if f"| `{name}`" not in text] == []


def test_the_link_reader_knows_pages_from_pictures_and_hosts():
    text = "![x](a.png) [b](b.md#part) [c](https://example.test/) [d](d/)"
    assert links(text) == ["b.md", "d/"]
