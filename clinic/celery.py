"""The Celery application of web and workers; its tasks stand in ``clinic.records.jobs`` alone."""

import gc
import os
import signal
import warnings
from typing import Any

import django
from celery import Celery
from celery.exceptions import SecurityWarning
from celery.signals import worker_before_create_process, worker_init, worker_ready
from kombu.transport import TRANSPORT_ALIASES

from clinic.management.processes import end_with_parent

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "clinic.settings")

if os.environ.get("KLINIK_ENV") != "production":  # messages are JSON; a demo may run as root
    warnings.simplefilter("ignore", SecurityWarning)

TRANSPORT_ALIASES["filesystem"] = "clinic.records.queue_folder:Transport"

app = Celery("clinic")
app.config_from_object("django.conf:settings", namespace="CELERY")


@worker_init.connect
def refuse_to_start(**_signal: Any) -> None:
    """End a worker before it takes work on an unfit production database."""
    django.setup()
    from clinic import health

    health.refuse_to_start()


@worker_init.connect
def end_with_worker(**_signal: Any) -> None:
    """Let no process of the pool outlive its worker.

    Each asks for its end at its first step: a worker that is killed while it forks leaves locks
    behind on which a child would wait for ever.
    """
    worker = os.getpid()
    os.register_at_fork(after_in_child=lambda: end_with_parent(worker, by=signal.SIGKILL))


@worker_before_create_process.connect
def share_memory(**_signal: Any) -> None:
    """Leave what is loaded out of every later collection, which would copy its pages to a child."""
    gc.collect()
    gc.freeze()


@worker_ready.connect
def look_for_work(**_signal: Any) -> None:
    """Sweep at once: what got lost while no worker ran need not wait for the timer."""
    app.send_task("records.sweep", expires=15)
