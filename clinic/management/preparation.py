"""Everything between an installed ``.venv`` and the first page: folders, tables, demo data.

``python -m clinic.management.preparation``; the supervisor runs it with ``--prepare``. Run again,
it changes nothing that is there. With ``--without-demo`` nobody is loaded, so that an archive fits.
"""

import os
import sys
import time
from pathlib import Path

import django

from clinic.management.processes import write_line

FOLDERS = ("queue/messages", "queue/control", "private", "media", "static")
WELCOME = "welcome.txt"


def make_folders(root: Path) -> None:
    """Make the data folder, which only its owner reads.

    Raises:
        SystemExit: it cannot be made; says why and what to do.
    """
    try:
        for name in FOLDERS:
            (root / name).mkdir(parents=True, exist_ok=True)
        root.chmod(0o700)
    except OSError as error:
        raise SystemExit(
            f"The data folder {root} cannot be used ({error.strerror}). "
            "Choose another: KLINIK_VAR=/path/to/a/folder make demo"
        ) from None


def migrate() -> None:
    """Bring the database up to this release; no migration makes the table of the cache."""
    from django.core.management import call_command

    call_command("migrate", interactive=False, verbosity=0)
    call_command("createcachetable", verbosity=0)


def load_demo() -> None:
    """Load the demo region; a second time nothing is changed."""
    from django.core.management import call_command

    call_command("load_demo")


def welcome_text() -> str:
    """Return the demo accounts as the terminal shows them beside the address."""
    from django.conf import settings

    from clinic.management.demo.people import LOGINS

    width = max(len(login.email) for login in LOGINS)
    accounts = [f"  {login.email:<{width}}  {login.position}" for login in LOGINS]
    return "\n".join([*accounts, f"Password of each: {settings.DEMO_PASSWORD}\n"])


def main() -> None:
    """Prepare, saying each step and how long the whole took."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "clinic.settings")
    began = time.monotonic()
    django.setup()
    from django.conf import settings

    is_first = not (settings.DATA_DIR / FOLDERS[0]).exists()
    write_line(f"Data lives under {settings.DATA_DIR}.")
    make_folders(settings.DATA_DIR)
    write_line("Preparing the database …" if is_first else "Checking the database …")
    migrate()
    if settings.IS_DEMO and "--without-demo" not in sys.argv:
        write_line("Loading the demo region …" if is_first else "Checking the demo region …")
        load_demo()
        (settings.DATA_DIR / WELCOME).write_text(welcome_text())
    write_line(f"Ready after {time.monotonic() - began:.0f} s.")


if __name__ == "__main__":
    main()
