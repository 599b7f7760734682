"""What the environment says about this instance, for processes with Django and without.

``KLINIK_ENV`` is ``demo`` (default), ``test`` or ``production``; ``NAME_FILE`` may name a file that
holds the value of ``NAME``. Everything else that the environment decides stands in
``clinic.settings``.
"""

import os
import stat
from pathlib import Path
from typing import Any

BASE_DIR = Path(__file__).resolve().parent.parent


def env(name: str, default: str = "") -> str:
    """Return a variable, or the content of the file that ``NAME_FILE`` points at."""
    file_name = os.environ.get(f"{name}_FILE")
    if file_name:
        path = Path(file_name)
        if path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
            msg = f"{name}_FILE must be readable by its owner only (mode 0600)."
            raise ValueError(msg)
        return path.read_text().strip()
    return os.environ.get(name, default)


def env_bool(name: str, *, default: bool) -> bool:
    """Return a switch; anything but on/off words stops the start."""
    value = env(name, "on" if default else "off").lower()
    if value in {"1", "true", "on", "yes"}:
        return True
    if value in {"0", "false", "off", "no"}:
        return False
    msg = f"{name} must be on or off, not {value!r}."
    raise ValueError(msg)


def env_int(name: str, default: int) -> int:
    """Return a whole number; anything else stops the start."""
    value = env(name, str(default))
    if not value.isdigit():
        msg = f"{name} must be a whole number, not {value!r}."
        raise ValueError(msg)
    return int(value)


KLINIK_ENV = env("KLINIK_ENV", "demo")
if KLINIK_ENV not in {"demo", "test", "production"}:
    msg = f"KLINIK_ENV must be demo, test or production, not {KLINIK_ENV!r}."
    raise ValueError(msg)
IS_PRODUCTION = KLINIK_ENV == "production"
DATA_DIR = Path(env("KLINIK_VAR", str(BASE_DIR / "var"))).resolve()

# --- the queue of jobs --------------------------------------------------------------------------
QUEUE_DIR = DATA_DIR / "queue"
QUEUE = env("KLINIK_QUEUE", "klinik")
BROKER_URL = env("CELERY_BROKER_URL", "filesystem://localhost")
BROKER_FOLDER_OPTIONS: dict[str, Any] = {
    "data_folder_in": str(QUEUE_DIR / "messages"),
    "data_folder_out": str(QUEUE_DIR / "messages"),
    "control_folder": str(QUEUE_DIR / "control"),
    "polling_interval": 0.1,
}
# A request tells the broker after its commit: one try, and short (R5). Without ``max_retries`` a
# refused connection costs two seconds of sleep, without ``socket_timeout`` a broker that has hung
# holds the request for good; it is longer than the one second for which a worker's BRPOP waits.
BROKER_SERVER_OPTIONS: dict[str, Any] = {
    "socket_connect_timeout": 1,
    "socket_timeout": 2,
    "max_retries": 0,
    "visibility_timeout": 3600,
}
BROKER_OPTIONS = (
    BROKER_FOLDER_OPTIONS if BROKER_URL.startswith("filesystem") else BROKER_SERVER_OPTIONS
)
