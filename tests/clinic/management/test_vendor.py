import tomllib

import pytest

from clinic.management import vendor

ICON = """<svg
  xmlns="http://www.w3.org/2000/svg"
  width="24"
>
  <path stroke="none" d="M0 0h24v24H0z" fill="none" />
  <path d="M5 12l5 5l10 -10" />
</svg>
"""
LISTING = """name = "icons"
icons = ["check"]

[sha256]
"LICENSE" = "{0}"
"sprite.svg" = "{0}"
""".format("0" * 64)


def test_a_refresh_writes_sprite_licence_and_sums(tmp_path):
    package, folder = tmp_path / "package", tmp_path / "ours"
    (package / "icons" / "outline").mkdir(parents=True)
    folder.mkdir()
    (package / "icons" / "outline" / "check.svg").write_text(ICON)
    (package / "LICENSE").write_text("MIT")
    (folder / "vendor.toml").write_text(LISTING)

    vendor.refresh(package, folder)

    sums = tomllib.loads((folder / "vendor.toml").read_text())["sha256"]
    assert sums == {name: vendor.sha256(folder / name) for name in ("LICENSE", "sprite.svg")}
    sprite = (folder / "sprite.svg").read_text()
    assert '<symbol id="check" viewBox="0 0 24 24"' in sprite
    assert '<path d="M5 12l5 5l10 -10" />' in sprite
    assert "M0 0h24v24H0z" not in sprite


def test_the_sprite_stays_small():
    with pytest.raises(ValueError, match="41 icons"):
        vendor.draw_sprite({f"icon-{number}": ICON for number in range(41)})


def test_what_is_no_picture_is_refused():
    with pytest.raises(ValueError, match="check is no SVG"):
        vendor.draw_sprite({"check": "<html>"})
