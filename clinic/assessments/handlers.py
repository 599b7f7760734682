"""Jobs of assessments."""

from collections.abc import Callable

from clinic.assessments import many_sheets
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


@job(f"{many_sheets.BUNDLED}.read", reads_file=True, given_up=imports.refuse_job)
def take_zip_apart(row: Job) -> Callable[[], None]:
    """Make an import of each workbook in a zip."""
    return many_sheets.take_apart(imports.start_reading(row))


@job(f"{many_sheets.MEMBER}.read", reads_file=True, given_up=imports.refuse_job)
def read_workbook_of_zip(row: Job) -> Callable[[], None]:
    """Read one workbook of a zip."""
    return many_sheets.read_one(imports.start_reading(row))
