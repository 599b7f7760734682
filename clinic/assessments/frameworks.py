"""The framework files that ship with the product."""

from functools import cache
from pathlib import Path

from clinic.assessments.arithmetic.editions import FrameworkFile
from clinic.assessments.arithmetic.frameworks import parse_framework
from clinic.lib.errors import Refused

FILES = Path(__file__).parent / "framework_files"


class FrameworkUnknown(Refused):
    """No shipped framework has this id."""

    code = "framework_unknown"


def shipped_ids() -> tuple[str, ...]:
    """Return the ids of the shipped editions, in alphabetical order."""
    return tuple(sorted(path.stem for path in FILES.glob("*.toml")))


@cache
def shipped_framework(framework_id: str) -> FrameworkFile:
    """Read a shipped edition.

    Raises:
        FrameworkUnknown: if no file has this id.
    """
    if framework_id not in shipped_ids():
        raise FrameworkUnknown(details={"framework": framework_id, "known": shipped_ids()})
    return parse_framework((FILES / f"{framework_id}.toml").read_text(encoding="utf-8"))
