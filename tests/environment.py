"""A data folder and a queue of the tests' own, set before settings load.

Loaded by ``-p tests.environment``: conftest would be too late, since pytest-django reads the
settings first.
"""

import atexit
import gc
import os
import shutil
import tempfile
from pathlib import Path

if "KLINIK_TEST_VAR" in os.environ:  # a pytest-xdist worker shares its parent's choice
    _folder = Path(os.environ["KLINIK_TEST_VAR"])
else:
    _memory = Path("/dev/shm")  # noqa: S108 - no test waits for a disk; kills are of processes
    _folder = Path(
        tempfile.mkdtemp(prefix="klinik-test-", dir=_memory if _memory.is_dir() else None)
    )
    os.environ["KLINIK_TEST_VAR"] = str(_folder)
    atexit.register(shutil.rmtree, _folder, ignore_errors=True)

_own = _folder / os.environ.get("PYTEST_XDIST_WORKER", "main")
for _name in ("queue/messages", "queue/control", "private", "media", "static"):
    (_own / _name).mkdir(parents=True, exist_ok=True)

os.environ["KLINIK_ENV"] = "test"
os.environ["KLINIK_VAR"] = str(_own)
os.environ["KLINIK_QUEUE"] = os.environ["KLINIK_CACHE_PREFIX"] = f"{_folder.name}-{_own.name}"

# Looking through everything that is loaded takes a tenth of the time of a run.
gc.set_threshold(200_000, 50, 100)
