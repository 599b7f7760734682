"""Jobs of assessments."""

from collections.abc import Callable

from clinic.assessments.sheet_imports import PUBLIC_CHECK, SHEET, read_import
from clinic.records import imports
from clinic.records.jobs import Job, job


@job(
    f"{SHEET}.read",
    aliases=(f"{PUBLIC_CHECK}.read",),
    reads_file=True,
    given_up=imports.refuse_job,
)
def read_uploaded_workbook(row: Job) -> Callable[[], None]:
    """Read a workbook and make its report ready to look at."""
    return read_import(imports.start_reading(row))
