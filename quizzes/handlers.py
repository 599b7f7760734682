"""Jobs of the quizzes: attempts whose time is over are ended each minute."""

from clinic.records.jobs import Job, job
from quizzes import delivery


@job("quizzes.expire")
def expire_overdue(_row: Job) -> None:
    """End what has run out of time; never needed for correctness, since every access does so."""
    delivery.expire_due()
