"""Whether this instance lives, whether it is ready, and whether it may start at all."""

import shutil
import socket
from collections.abc import Callable
from datetime import timedelta
from functools import cache as remember
from pathlib import Path
from urllib.parse import urlsplit

import structlog
from django.conf import settings
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.http import HttpRequest, JsonResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from clinic.people.access import policy
from clinic.people.models import Account
from clinic.records import jobs, seals

HEARTBEAT_LIMIT = timedelta(minutes=2)
OLDEST_JOB_LIMIT = timedelta(minutes=5)
FREE_SHARE = 0.05
REDIS_PORT = 6379
BROKER_PATIENCE = 0.5  # seconds to open a connection; nothing is sent and nothing is awaited

logger = structlog.get_logger(__name__)


def _database_answers() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
        return bool(cursor.fetchone() == (1,))


@remember
def _migrations_of_this_release() -> frozenset[tuple[str, str]]:
    return frozenset(MigrationLoader(None).graph.nodes)


def pending_migrations() -> list[str]:
    """Name the migrations of this release that the database lacks."""
    applied = MigrationRecorder(connection).applied_migrations()
    return sorted(".".join(key) for key in _migrations_of_this_release() if key not in applied)


def _broker_is_reachable() -> bool:
    broker = urlsplit(settings.CELERY_BROKER_URL)
    if broker.scheme == "filesystem":
        return Path(settings.CELERY_BROKER_TRANSPORT_OPTIONS["data_folder_out"]).is_dir()
    address = (broker.hostname or "localhost", broker.port or REDIS_PORT)
    with socket.create_connection(address, timeout=BROKER_PATIENCE):
        return True


def _worker_beats() -> bool:
    stamp = jobs.last_sweep()
    return stamp is not None and timezone.now() - stamp <= HEARTBEAT_LIMIT


def _no_job_waits_long() -> bool:
    return not jobs.Job.objects.claimable(timezone.now() - OLDEST_JOB_LIMIT).exists()


def _disk_has_room() -> bool:
    usage = shutil.disk_usage(settings.DATA_DIR)
    return usage.free >= FREE_SHARE * usage.total


CHECKS: dict[str, Callable[[], bool]] = {
    "database": _database_answers,
    "migrations": lambda: not pending_migrations(),
    "broker": _broker_is_reachable,
    "worker": _worker_beats,
    "jobs": _no_job_waits_long,
    "disk": _disk_has_room,
}


def failing() -> list[str]:
    """Name the checks that do not hold; the reason goes to the log, never to the answer."""
    broken = []
    for name, holds in CHECKS.items():
        try:
            if not holds():
                broken.append(name)
        except Exception:
            logger.warning("readiness_check_failed", check=name, exc_info=True)
            broken.append(name)
    return broken


@policy("public")
@require_safe
@never_cache
def healthz(_request: HttpRequest) -> JsonResponse:
    """Answer that the process is up; asks nobody."""
    return JsonResponse({"status": "ok"})


@policy("public")
@require_safe
@never_cache
def readyz(_request: HttpRequest) -> JsonResponse:
    """Answer 200 when every check holds, else 503 with the names of those that do not."""
    broken = failing()
    checks = {name: "failing" if name in broken else "ok" for name in CHECKS}
    answer = {"status": "failing" if broken else "ok", "checks": checks}
    return JsonResponse(answer, status=503 if broken else 200)


def start_problems() -> list[str]:
    """Return what the database shows that forbids a production start."""
    pending = pending_migrations()
    if pending:
        return [f"{len(pending)} migrations are not applied ({pending[0]}, …): run migrate"]
    problems = [
        f"the append-only table {table} has no triggers: run migrate"
        for table in seals.missing_triggers()
    ]
    if settings.CACHE_TABLE["LOCATION"] not in connection.introspection.table_names():
        problems.append("the table of the cache is missing: run createcachetable")
    if Account.objects.filter(is_demo=True).exists():
        problems.append("a demo account is in the database")
    return problems


def refuse_to_start() -> None:
    """End this process when production would run on an unfit database.

    Raises:
        SystemExit: Celery's signals would swallow any other exception.
    """
    if not settings.IS_PRODUCTION:
        return
    problems = start_problems()
    connection.close()
    if problems:
        raise SystemExit("Production does not start: " + "; ".join(problems) + ".")
