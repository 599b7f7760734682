"""One row for every file that comes in: limits, preview, then apply once.

``receive`` checks in the request what needs no parser, keeps the file under a random name and
enters the job ``<kind>.read``. The importer's handler reads the file in the worker and returns
``record_report``; a person looks at the preview and ``apply`` writes, once, in one transaction.
"""

import hashlib
import shutil
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import PurePosixPath
from typing import Any, BinaryIO, cast
from uuid import uuid4

import structlog
from django.conf import settings
from django.core.files.base import File
from django.core.files.storage import FileSystemStorage
from django.db import models, transaction
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from clinic.lib.arithmetic.uploads import UploadLimits, check_upload
from clinic.lib.errors import Refused
from clinic.records import audit, jobs

NAME_LENGTH = 120
FREE_SHARE = 0.05
EXPIRY_JOB = "records.expire_import"

logger = structlog.get_logger(__name__)


def private_storage() -> FileSystemStorage:
    """Return the storage that no address serves."""
    return FileSystemStorage(
        location=settings.PRIVATE_ROOT,
        base_url=None,
        file_permissions_mode=0o600,
        directory_permissions_mode=0o700,
    )


def stored_name(_import: "Import", name: str) -> str:
    """Return a random name; the sender's name is data."""
    return f"imports/{uuid4().hex}{PurePosixPath(name).suffix.lower()}"


class Import(models.Model):
    """A received file on its way: received, reading, ready or refused, applied or expired.

    ``actor`` is empty for "Periksa LKE" without an account: such a row, its file and its jobs go
    together when they expire (S25).
    """

    class State(models.TextChoices):
        RECEIVED = "received", _("waiting to be read")
        READING = "reading", _("being read")
        READY = "ready", _("ready to look at")
        REFUSED = "refused", _("refused")
        APPLIED = "applied", _("applied")
        EXPIRED = "expired", _("expired")

    uuid = models.UUIDField(default=uuid4, unique=True, editable=False)
    kind = models.CharField(_("kind"), max_length=40)
    state = models.CharField(max_length=8, choices=State.choices, default=State.RECEIVED)
    original_name = models.CharField(_("file name"), max_length=NAME_LENGTH)
    size = models.PositiveIntegerField(_("size in bytes"))
    sha256 = models.CharField(max_length=64)
    file = models.FileField(upload_to=stored_name, storage=private_storage, blank=True)
    options = models.JSONField(default=dict)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="imports"
    )
    parsed = models.JSONField(default=dict)
    report = models.JSONField(default=dict)
    counts = models.JSONField(default=dict)
    problem_count = models.PositiveIntegerField(default=0)
    progress = models.PositiveSmallIntegerField(_("progress in percent"), default=0)
    refusal_code = models.CharField(max_length=60, blank=True)
    refusal_message = models.TextField(blank=True)
    expires_at = models.DateTimeField()
    created_at = models.DateTimeField(auto_now_add=True)
    applied_at = models.DateTimeField(null=True)
    applied_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )

    class Meta:
        verbose_name = _("import")
        verbose_name_plural = _("imports")
        constraints = [
            models.CheckConstraint(
                name="an_applied_import_says_when",
                condition=~models.Q(state="applied") | models.Q(applied_at__isnull=False),
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.uuid}"


def refusal_sentence(code: str, details: dict[str, Any]) -> str:
    """Return the sentence for a file that was refused before or while it was read."""
    sentences = {
        "file_empty": gettext("The file is empty. Choose another file."),
        "file_kind": gettext("This kind of file cannot be read here."),
        "file_too_big": gettext("The file is larger than %(megabytes)s MB."),
        "file_not_a_workbook": gettext("The file is not an Excel workbook (.xlsx)."),
        "file_damaged": gettext("The workbook is damaged. Save it again in Excel and retry."),
        "file_encrypted_or_old": gettext(
            "The workbook is protected by a password or has the old .xls format. "
            "Save it as .xlsx without a password."
        ),
        "file_active_content": gettext(
            "The workbook holds macros, embedded objects or links to other workbooks. "
            "Save a copy without them."
        ),
        "file_too_many_sheets": gettext("The workbook has more than %(limit)s sheets."),
        "file_too_heavy": gettext(
            "The file needs more memory or time to read than one file may take. "
            "Delete unused sheets and rows, then retry."
        ),
        "disk_nearly_full": gettext("The storage is nearly full. Ask the administrator."),
    }
    usual = gettext("The workbook is built in a way that is not safe to open. Save it as new.")
    return sentences.get(code, usual) % details


def receive(
    kind: str,
    upload: File[Any],
    *,
    actor: Any = None,
    options: dict[str, Any] | None = None,
    expires_at: datetime | None = None,
) -> Import:
    """Check the limits, keep the file and enter the job ``<kind>.read``.

    Args:
        kind: names the importer; the job is ``<kind>.read`` with the import's uuid as its key.
        upload: a file with ``name`` and ``size``.
        actor: account that sends it, None for an anonymous check.
        options: JSON values that the importer needs, such as unit and period.
        expires_at: when file and preview go; by default after ``KLINIK_IMPORT_DAYS``.

    Raises:
        Refused: a limit is passed; no row and no file is left.
    """
    name = str(upload.name or "")
    stream = cast("BinaryIO", upload)
    try:
        check_upload(
            name, upload.size, stream, limits=UploadLimits(**settings.KLINIK_UPLOAD_LIMITS)
        )
        _check_disk()
    except Refused as refused:
        refused.message = refusal_sentence(refused.code, refused.details)
        raise
    row = Import(
        kind=kind,
        original_name=name[-NAME_LENGTH:],
        size=upload.size,
        sha256=_sha256(upload),
        options={"schema": 1, **(options or {})},
        actor=actor,
        expires_at=expires_at or timezone.now() + timedelta(days=settings.KLINIK_IMPORT_DAYS),
    )
    row.file.save(name, upload, save=False)
    try:
        _enter(row)
    except BaseException:
        row.file.delete(save=False)
        raise
    return row


def _enter(row: Import) -> None:
    with transaction.atomic():
        row.save()
        jobs.enter(f"{row.kind}.read", str(row.uuid), jobs.Job.Kind.ONCE)
        jobs.enter(EXPIRY_JOB, str(row.uuid), jobs.Job.Kind.ONCE, due_at=row.expires_at)
        if row.actor_id is not None:
            audit.record("import.received", actor=row.actor, thing=row)


def _check_disk() -> None:
    settings.PRIVATE_ROOT.mkdir(parents=True, exist_ok=True)
    usage = shutil.disk_usage(settings.PRIVATE_ROOT)
    if usage.free < FREE_SHARE * usage.total:
        raise Refused(code="disk_nearly_full", status=503)


def _sha256(upload: File[Any]) -> str:
    digest = hashlib.sha256()
    for chunk in upload.chunks():
        digest.update(chunk)
    return digest.hexdigest()


def of_job(job: jobs.Job) -> Import:
    """Return the import that a ``<kind>.read`` job is about, and mark it as being read.

    Raises:
        Refused: the row is gone or no longer waits (``import_gone``).
    """
    states = [Import.State.RECEIVED, Import.State.READING]
    waiting = Import.objects.filter(uuid=job.key, state__in=states)
    if not waiting.update(state=Import.State.READING):
        raise Refused(code="import_gone")
    return Import.objects.get(uuid=job.key)


def refuse_job(job: jobs.Job, refused: Refused) -> None:
    """End a ``<kind>.read`` job as a refused import: pass it as ``given_up`` to ``@job``."""
    row = Import.objects.filter(uuid=job.key).first()
    if row is not None:
        message = refused.message or refusal_sentence(refused.code, refused.details)
        refuse(row, refused.code, message)


def report_progress(import_: Import, percent: int) -> None:
    """Show how far the reading is, 0 to 100."""
    Import.objects.filter(pk=import_.pk, state=Import.State.READING).update(progress=percent)


def record_report(
    import_: Import, *, parsed: dict[str, Any], report: dict[str, Any], counts: dict[str, int]
) -> None:
    """Keep what was read; the import is ready to look at.

    Args:
        import_: the row that ``of_job`` gave.
        parsed: what ``apply`` will write; the importer adds its schema number.
        report: what the preview shows; ``report["problems"]`` is counted.
        counts: numbers for the summary.
    """
    Import.objects.filter(pk=import_.pk, state=Import.State.READING).update(
        state=Import.State.READY,
        parsed={"schema": 1, **parsed},
        report={"schema": 1, **report},
        counts=counts,
        problem_count=len(report.get("problems", [])),
        progress=100,
    )


def refuse(import_: Import, code: str, message: str) -> None:
    """End the import without effect; the file goes, the row says why."""
    changed = Import.objects.filter(
        pk=import_.pk,
        state__in=[Import.State.RECEIVED, Import.State.READING, Import.State.READY],
    ).update(
        state=Import.State.REFUSED,
        refusal_code=code[:60],
        refusal_message=message,
        parsed={},
        file="",
    )
    if changed:
        _delete_file_after_commit(import_)


def apply(
    import_: Import, applier: Callable[[Import], dict[str, int]], *, actor: Any
) -> dict[str, int]:
    """Write what was read, once: ``applier(import_)`` returns its counts, all or nothing.

    Raises:
        Refused: ``import_applied`` (409) when it was applied before, ``import_not_ready`` (409)
            when it is not ready.
    """
    with transaction.atomic():
        changed = Import.objects.filter(pk=import_.pk, state=Import.State.READY).update(
            state=Import.State.APPLIED, applied_at=timezone.now(), applied_by=actor
        )
        import_.refresh_from_db()
        if not changed:
            raise _not_ready(import_)
        counts = applier(import_)
        Import.objects.filter(pk=import_.pk).update(counts=counts)
        audit.record("import.applied", actor=actor, thing=import_, values={"counts": counts})
    import_.refresh_from_db()
    return counts


def _not_ready(import_: Import) -> Refused:
    if import_.state == Import.State.APPLIED:
        return Refused(
            gettext("This import was applied before; nothing was changed."),
            code="import_applied",
            status=409,
        )
    return Refused(
        gettext("This import is not ready to be applied."), code="import_not_ready", status=409
    )


def expire(uuid: str) -> None:
    """Let file and preview go; without an account the row and its jobs go as well (S25)."""
    row = Import.objects.filter(uuid=uuid).first()
    if row is None:
        return
    _delete_file_after_commit(row)
    if row.actor_id is None:
        jobs.Job.objects.filter(
            name__in=[f"{row.kind}.read", EXPIRY_JOB], key=str(row.uuid)
        ).delete()
        row.delete()
        return
    Import.objects.filter(pk=row.pk).update(file="", parsed={}, report={})
    Import.objects.filter(pk=row.pk).exclude(state=Import.State.APPLIED).update(
        state=Import.State.EXPIRED
    )


def _delete_file_after_commit(import_: Import) -> None:
    name = import_.file.name

    def delete() -> None:
        if name:
            private_storage().delete(name)

    jobs.afterwards(delete)
