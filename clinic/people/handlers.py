"""Jobs of the people room."""

from collections.abc import Callable

from clinic.people.reset_links import write_reset_link
from clinic.people.signin import RESET_LINK_JOB
from clinic.records.handling import job
from clinic.records.jobs import Job


@job(RESET_LINK_JOB)
def send_reset_link(row: Job) -> Callable[[], None] | None:
    """Write the mail with the link for a forgotten password."""
    return write_reset_link(row.key)
