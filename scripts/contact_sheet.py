"""Thirty screens of a running demo on two sheets: ``python -m scripts.contact_sheet before``.

The demo at ``--url`` is only read: pages are opened as its sample accounts. Each screen is cut at
one height, so that the sheet shows what a person sees first. What an earlier version does not have
stays an empty place with its name, so that two sheets can be laid side by side.
"""

import argparse
import os
import shutil
import sys
from collections.abc import Iterable, Iterator
from io import BytesIO
from itertools import groupby
from pathlib import Path
from typing import NamedTuple

from PIL import Image, ImageDraw, ImageFont
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

ROOT = Path(__file__).resolve().parent.parent
BROWSERS = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
SIZES = {1280: 1000, 360: 740}  # width and height that are seen, in CSS pixels
SHOWN_WIDTH = {1280: 480, 360: 240}
COLUMNS = 6
GAP, CAPTION = 16, 28
PAPER, INK, LINE = "#E7E5DF", "#1A232B", "#807A6C"
OK = 200


class Screen(NamedTuple):
    """One picture: its caption, who looks (empty: nobody), the page, and a link to follow there."""

    caption: str
    login: str
    address: str
    link: str = ""


PARTICIPANT, ORGANISER = "peserta@demo.test", "panitia@demo.test"
SECRETARIAT, OFFICIAL = "kabupaten@demo.test", "pejabat@demo.test"
AUTHOR, REVIEWER, ADMINISTRATOR = "penyusun@demo.test", "pengulas@demo.test", "admin@demo.test"
EVENT = "/panitia/klinik-pengawasan/"
UNIT = "/pemetaan/unit/dinas-kesehatan/"
SCREENS = (
    Screen("Depan", "", "/"),
    Screen("Masuk", "", "/akun/masuk/"),
    Screen("Lupa kata sandi", "", "/akun/sandi/lupa/"),
    Screen("Modul", "", "/modul/"),
    Screen("Satu modul", "", "/modul/pengawasan/"),
    Screen("Bagian modul", "", "/modul/pengawasan/", "a[href^='/modul/pengawasan/g']"),
    Screen("Periksa LKE", "", "/periksa-lke/"),
    Screen("Bantuan", "", "/bantuan/"),
    Screen("Tidak ditemukan", "", "/tidak-ada/"),
    Screen("Beranda peserta", PARTICIPANT, "/belajar/"),
    Screen("Kuis", PARTICIPANT, "/kuis/"),
    Screen("Sebelum kuis", PARTICIPANT, "/kuis/", "main a[href^='/kuis/'][href$='/']"),
    Screen("Hasil kuis", PARTICIPANT, "/kuis/kuis-rb/", "a[href$='/hasil/'] >> nth=-1"),
    Screen("Kegiatan", PARTICIPANT, "/kegiatan/"),
    Screen("Satu kegiatan", PARTICIPANT, "/kegiatan/klinik-pengawasan/"),
    Screen("Kursi dan kode", PARTICIPANT, "/kegiatan/klinik-pengawasan/saya"),
    Screen("Profil saya", PARTICIPANT, "/akun/profil/"),
    Screen("Kepanitiaan", ORGANISER, "/panitia/"),
    Screen("Papan kegiatan", ORGANISER, EVENT),
    Screen("Peserta", ORGANISER, f"{EVENT}peserta"),
    Screen("Absen", ORGANISER, f"{EVENT}absen"),
    Screen("Rencana", ORGANISER, f"{EVENT}atur/waktu"),
    Screen("Undang", ORGANISER, f"{EVENT}undang"),
    Screen("Peta", SECRETARIAT, "/pemetaan/"),
    Screen("Lembar", SECRETARIAT, "/penilaian/"),
    Screen("Profil unit", OFFICIAL, UNIT),
    Screen("Satu lembar", OFFICIAL, "/penilaian/", "main a[href^='/penilaian/unit/']"),
    Screen("Tinjauan", REVIEWER, "/admin/tinjau/"),
    Screen("Editor", AUTHOR, "/admin/"),
    Screen("Orang", ADMINISTRATOR, "/admin/orang/"),
)


def sign_in(context: BrowserContext, login: str) -> Page:
    """Open a page as a sample account of the demo."""
    page = context.new_page()
    if login:
        page.goto("/akun/masuk/")
        page.locator(f"li:has-text('{login}') button").first.click()
        page.wait_for_load_state()
    return page


def take(page: Page, screen: Screen) -> bytes | None:
    """Return the picture of a screen, or None where the demo has no such page."""
    answer = page.goto(screen.address)
    if screen.link:
        link = page.locator(screen.link).first
        if not link.count():
            return None
        answer = page.goto(link.get_attribute("href") or "/")
    found = answer is not None and (answer.status == OK or screen.address == "/tidak-ada/")
    return page.screenshot() if found else None


def take_all(
    browser: Browser, url: str, width: int, scheme: str
) -> Iterator[tuple[str, bytes | None]]:
    """Yield caption and picture of every screen at one width."""
    for login, screens in groupby(SCREENS, key=lambda screen: screen.login):
        context = browser.new_context(
            base_url=url,
            viewport={"width": width, "height": SIZES[width]},
            color_scheme="dark" if scheme == "dark" else "light",
        )
        context.add_cookies([{"name": "django_language", "value": "id", "url": url}])
        page = sign_in(context, login)
        for screen in screens:
            yield screen.caption, take(page, screen)
        context.close()


def lay_out(pictures: Iterable[tuple[str, bytes | None]], width: int) -> Image.Image:
    """Put the pictures on one sheet, row by row, each under its caption."""
    shown = SHOWN_WIDTH[width]
    height = SIZES[width] * shown // width
    rows = -(-len(SCREENS) // COLUMNS)
    size = (GAP + COLUMNS * (shown + GAP), GAP + rows * (height + CAPTION + GAP))
    sheet = Image.new("RGB", size, PAPER)
    pen, face = ImageDraw.Draw(sheet), ImageFont.load_default(16)
    for place, (caption, picture) in enumerate(pictures):
        row, column = divmod(place, COLUMNS)
        left = GAP + column * (shown + GAP)
        top = GAP + row * (height + CAPTION + GAP)
        pen.text((left, top + 4), caption, INK, font=face)
        corner = (left, top + CAPTION)
        if picture is not None:
            image = Image.open(BytesIO(picture)).convert("RGB")
            sheet.paste(image.resize((shown, height), Image.Resampling.LANCZOS), corner)
        pen.rectangle((*corner, left + shown - 1, corner[1] + height - 1), outline=LINE)
    return sheet


def find_browser() -> str:
    """Return the path of a Chromium; ``scripts/chromium.sh`` installs one."""
    found = os.environ.get("CHROME") or next(filter(None, map(shutil.which, BROWSERS)), None)
    if found is None:
        sys.exit("No browser: apt install chromium, or set CHROME to one.")
    return found


def main() -> None:
    """Read the options, take the pictures, write one sheet a width."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("name", help="what the sheets are called, such as before")
    parser.add_argument("--url", default="http://127.0.0.1:8000")
    parser.add_argument("--scheme", choices=("light", "dark"), default="light")
    options = parser.parse_args()
    var = Path(os.environ.get("KLINIK_VAR") or ROOT / "var")
    var.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as driver:
        flags = ["--no-sandbox"] if os.geteuid() == 0 else []
        browser = driver.chromium.launch(executable_path=find_browser(), args=flags)
        for width in SIZES:
            sheet = lay_out(take_all(browser, options.url, width, options.scheme), width)
            path = var / f"contact-sheet-{options.name}-{width}.png"
            sheet.save(path, optimize=True)
            sys.stdout.write(f"{path}\n")
        browser.close()


if __name__ == "__main__":
    main()
