"""Jobs of the records package."""

from collections.abc import Callable

import structlog
from django.utils import timezone

from clinic.records import imports, notices, retention, seals
from clinic.records.jobs import Job, enter, job

logger = structlog.get_logger(__name__)


@job("records.seal")
def seal_logs(_job: Job) -> None:
    """Seal each append-only log in which a bunch of rows waits, or one that waits long."""
    seals.seal_due(timezone.now())


@job("records.tidy")
def tidy(row: Job) -> Callable[[], None]:
    """Each day: delete what is kept no longer, note the head of every log outside the database.

    The heads go to the log and to the administrators. A warning is kept at every level of the log
    that we ship, the demo's too.
    """
    retention.purge_all(timezone.now())
    heads = {name: head.digest for name, head in seals.heads().items()}
    logger.warning("seal_heads", **heads)

    def pass_on() -> None:
        if heads:
            enter(seals.HEADS_JOB, row.key, Job.Kind.ONCE, payload={"heads": heads})

    return pass_on


@job(imports.EXPIRY_JOB)
def expire_import(row: Job) -> Callable[[], None]:
    """Let a file and its preview go when their time is over."""
    return lambda: imports.expire(row.key)


@job(notices.SENDING_JOB, back_off=notices.MAIL_BACK_OFF, given_up=notices.give_up_sending)
def send_notice(row: Job) -> Callable[[], None] | None:
    """Mail one notice."""
    return notices.send(row.key)
