"""Jobs of people."""

from collections.abc import Callable

from clinic.people.activation import write_reset_link
from clinic.people.list_imports import PERSONS, UNITS, read_list
from clinic.people.log_heads import send_heads
from clinic.people.signin import RESET_LINK_JOB
from clinic.records import imports, seals
from clinic.records.jobs import Job, job


@job(RESET_LINK_JOB)
def send_reset_link(row: Job) -> Callable[[], None] | None:
    """Write the mail with the link for a forgotten password."""
    return write_reset_link(row.key)


@job(seals.HEADS_JOB)
def send_log_heads(row: Job) -> Callable[[], None]:
    """Send the administrators the heads of the logs of one day."""
    return send_heads(row)


@job(
    f"{UNITS}.read",
    aliases=(f"{PERSONS}.read",),
    reads_file=True,
    given_up=imports.refuse_job,
)
def read_uploaded_list(row: Job) -> Callable[[], None]:
    """Read a list of units or persons and make it ready to look at."""
    return read_list(imports.start_reading(row))
