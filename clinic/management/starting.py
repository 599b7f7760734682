"""Whether production may start, said in one sentence: ``python -m clinic.management.starting``.

Asked once, before anything listens or takes work. The exit codes let systemd tell what to mend
(``EX_CONFIG``, no second try) from what passes by itself (``EX_TEMPFAIL``).
"""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn

UNFIT, NOT_YET = os.EX_CONFIG, os.EX_TEMPFAIL


def stop(sentence: str, code: int) -> NoReturn:
    """End this process with one sentence on standard error."""
    sys.stderr.write(f"{sentence}\n")
    raise SystemExit(code)


@contextmanager
def faults_in_one_sentence(code: int = UNFIT) -> Iterator[None]:
    """End this process where the environment cannot be read or is unsafe, without a traceback.

    Args:
        code: the exit code of what has to be mended.
    """
    from django.core.exceptions import ImproperlyConfigured

    try:
        yield
    except (ImproperlyConfigured, ValueError, OSError) as error:
        stop(_one_line(str(error)), code)


def refuse_unfit(code: int = UNFIT) -> None:
    """Read the settings and look at the database once; end this process if production is unfit.

    Args:
        code: the exit code of what has to be mended.
    """
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "clinic.settings")
    with faults_in_one_sentence(code):
        import clinic.settings  # noqa: F401 - reading them is the question
    import django
    from django.db import OperationalError

    django.setup()
    from clinic import health

    try:
        health.refuse_to_start()
    except OperationalError as error:
        stop(f"The database does not answer: {_one_line(str(error))}", NOT_YET)
    except SystemExit as refusal:
        stop(str(refusal.code), code)


def _one_line(text: str) -> str:
    return " ".join(text.split())


if __name__ == "__main__":
    refuse_unfit()
