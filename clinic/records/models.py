"""The tables of this package; without this module Django would plan to delete them."""

from clinic.records.audit import AuditDetail, AuditEntry
from clinic.records.imports import Import
from clinic.records.jobs import Job
from clinic.records.notices import Notice
from clinic.records.seals import Seal

__all__ = ["AuditDetail", "AuditEntry", "Import", "Job", "Notice", "Seal"]
