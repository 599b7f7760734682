"""Who may read, upload and write assessment sheets, and who may look at a check."""

from django.db.models import Q

from clinic.assessments.many_sheets import BUNDLED, CHECK_MANY, MEMBER
from clinic.assessments.models import Sheet
from clinic.assessments.sheet_imports import PUBLIC_CHECK
from clinic.people.access import Reach, grants_of, rule
from clinic.people.models import Account, Grant, Unit
from clinic.records.imports import Import


@rule(
    "read-sheet",
    Sheet,
    "pejabat-unit:u operator:u kabupaten:k penilai:t",
    is_reading=True,
)
def sheets_read(reach: Reach) -> Q:
    """Sheets of the units of reach; an assessor's of the year of the assignment alone."""
    return reach.in_units("unit") | reach.assigned("unit", year="period")


@rule(
    "read-sheet",
    Unit,
    "pejabat-unit:u operator:u kabupaten:k penilai:t",
    is_reading=True,
)
def units_read(reach: Reach) -> Q:
    """Units of reach, with or without a sheet: the map and the profile."""
    return reach.in_units() | reach.assigned("")


def assigned_units(account: Account) -> set[int]:
    """Return the keys of the units that an assessor's grants name, without those below them."""
    roles = grants_of(account.person)
    return {each.unit_id for each in roles if each.role == Grant.Role.ASSESSOR and each.unit_id}


@rule("read-brief", Sheet, "pejabat-unit:u operator:u kabupaten:k", is_reading=True)
def briefs_read(reach: Reach) -> Q:
    """Letters and points, without notes and proof, of the units of reach."""
    return reach.in_units("unit")


@rule("read-brief", Sheet, "peserta:u", is_reading=True)
def own_briefs_read(reach: Reach) -> Q:
    """The same of the units in which the participant works."""
    return reach.in_own_units("unit")


@rule("write-sheet", Sheet, "pejabat-unit:u operator:u")
def sheets_written(reach: Reach) -> Q:
    """Sheets of the units of reach: type an answer, a note or proof."""
    return reach.in_units("unit")


@rule("state-condition", Unit, "kabupaten:k")
def agencies_stated_for(reach: Reach) -> Q:
    """The root of reach: what it states holds for all its units."""
    return reach.in_units() & Q(depth=1)


@rule("state-condition", Unit, "pejabat-unit:u operator:u")
def units_stated_for(reach: Reach) -> Q:
    """Units of reach, each for itself."""
    return reach.in_units() & Q(depth__gt=1)


@rule("upload-sheet", Unit, "pejabat-unit:u operator:u kabupaten:k")
def units_uploaded_for(reach: Reach) -> Q:
    """Units of reach for which a workbook may be sent in and applied."""
    return reach.in_units()


@rule(
    "check-workbook",
    Import,
    "publik:* peserta:* panitia:* pejabat-unit:* operator:* kabupaten:* penilai:* "
    "penyusun:* pengulas:* admin:*",
)
def checks_of_nobody(_reach: Reach) -> Q:
    """Checks without an account: whoever knows the random address."""
    return Q(kind=PUBLIC_CHECK, actor__isnull=True)


@rule(CHECK_MANY, Import, "kabupaten:o penilai:o")
def zips_sent(reach: Reach) -> Q:
    """Zips of worksheets that the person has sent, and what came in them."""
    return reach.own("actor__person") & Q(kind__in=[BUNDLED, MEMBER])
