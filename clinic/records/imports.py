"""One row for every file that comes in: limits, preview, then apply once.

``receive`` checks in the request what needs no parser, keeps the file under a random name and
enters the job ``<kind>.read``. The importer's handler reads the file in the worker and returns
``record_report``; a person looks at the preview and ``apply`` writes, once, in one transaction.
"""

import hashlib
import shutil
from collections.abc import Callable, Collection, Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from django.conf import settings
from django.core.files.base import ContentFile, File
from django.core.files.storage import FileSystemStorage
from django.db import models, transaction
from django.utils import timezone
from django.utils.translation import gettext, gettext_noop
from django.utils.translation import gettext_lazy as _

from clinic.lib.arithmetic.uploads import (
    TEXTS,
    WORKBOOK,
    UploadLimits,
    check_content,
    check_size,
    suffix_of,
)
from clinic.lib.errors import Refused
from clinic.records import audit, jobs

NAME_LENGTH = 120
FREE_SHARE = 0.05
EXPIRY_JOB = "records.expire_import"


class PrivateStorage(FileSystemStorage):
    """Files that no address serves."""

    def url(self, name: str | None) -> str:
        raise ValueError("A private file has no URL.")


def private_storage() -> PrivateStorage:
    """Return the storage of received files."""
    return PrivateStorage(
        location=settings.PRIVATE_ROOT,
        file_permissions_mode=0o600,
        directory_permissions_mode=0o700,
    )


def stored_name(_import: "Import", name: str) -> str:
    """Return a random name; the sender's name is data."""
    return f"imports/{uuid4().hex}{suffix_of(name)}"


class Import(models.Model):
    """A received file on its way: received, reading, ready or refused, applied or expired.

    ``actor`` is empty for "Periksa LKE" without an account: such a row, its file and its jobs go
    together when they expire (S25). ``parent`` is the zip that a file came in.
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
    parent = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, related_name="members", editable=False
    )
    parsed = models.JSONField(default=dict)
    report = models.JSONField(default=dict)
    counts = models.JSONField(default=dict)
    problem_count = models.PositiveIntegerField(default=0)
    refusal_code = models.CharField(max_length=60, blank=True)
    refusal_message = models.TextField(blank=True)
    refusal_details = models.JSONField(default=dict)
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
            ),
            models.UniqueConstraint(
                name="a_zip_gives_each_content_once", fields=["parent", "sha256"]
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.uuid}"

    @property
    def refusal(self) -> str:
        """Why the file was refused, in the language of the reader."""
        return translate_refusal(self.refusal_message, self.refusal_details)


def receive(
    kind: str,
    upload: File[Any],
    *,
    actor: Any = None,
    options: dict[str, Any] | None = None,
    expires_at: datetime | None = None,
    parent: Import | None = None,
    suffixes: Collection[str] = frozenset({WORKBOOK, *TEXTS}),
) -> Import:
    """Check the limits, keep the file and enter the job ``<kind>.read``.

    Args:
        kind: names the importer; the job is ``<kind>.read`` with the import's uuid as its key.
        upload: a file with ``name`` and ``size``.
        actor: account that sends it, None for an anonymous check.
        options: JSON values that the importer needs, such as unit and period.
        expires_at: when file and preview go; by default after ``KLINIK_IMPORT_DAYS``.
        parent: the zip that the file came in.
        suffixes: kinds of files that this importer reads.
    """
    name = str(upload.name or "")
    try:
        content = _read_checked(name, upload, suffixes=suffixes)
    except Refused as refused:
        refused.message = translate_refusal(refused.message, refused.details)
        raise
    import_ = Import(
        kind=kind,
        original_name=name[-NAME_LENGTH:],
        size=len(content),
        sha256=digest_of(content),
        options={"schema": 1, **(options or {})},
        actor=actor,
        parent=parent,
        expires_at=expires_at or timezone.now() + timedelta(days=settings.KLINIK_IMPORT_DAYS),
    )
    import_.file.save(name, ContentFile(content), save=False)
    try:
        with transaction.atomic():
            import_.save()
            key = str(import_.uuid)
            jobs.enter(f"{kind}.read", key, jobs.Job.Kind.ONCE)
            jobs.enter(EXPIRY_JOB, key, jobs.Job.Kind.ONCE, due_at=import_.expires_at)
            if actor is not None:
                audit.record("import.received", actor=actor, thing=import_)
    except BaseException:  # without the row the file goes again
        import_.file.delete(save=False)
        raise
    return import_


def digest_of(content: bytes) -> str:
    """Return the fingerprint by which a content is known again."""
    return hashlib.sha256(content).hexdigest()


def upload_limits() -> UploadLimits:
    """Return the sizes that the settings allow."""
    return UploadLimits(**settings.KLINIK_UPLOAD_LIMITS)


def _read_checked(name: str, upload: File[Any], *, suffixes: Collection[str]) -> bytes:
    limits = upload_limits()
    check_size(name, upload.size, suffixes=suffixes, limits=limits)
    settings.PRIVATE_ROOT.mkdir(parents=True, exist_ok=True)
    usage = shutil.disk_usage(settings.PRIVATE_ROOT)
    if usage.free < FREE_SHARE * usage.total:
        raise Refused(
            gettext_noop("The storage is nearly full. Tell the administrator."),
            code="disk_nearly_full",
            status=503,
        )
    upload.seek(0)
    content = bytes(upload.read())
    check_content(name, content, limits=limits)
    return content


def translate_refusal(sentence: str, details: dict[str, Any]) -> str:
    """Put a stored refusal into the language of the reader."""
    return gettext(sentence) % details if sentence else ""


def start_reading(job: jobs.Job) -> Import:
    """Mark the import of a ``<kind>.read`` job as being read, and return it."""
    states = [Import.State.RECEIVED, Import.State.READING]
    waiting = Import.objects.filter(uuid=job.key, state__in=states)
    if not waiting.update(state=Import.State.READING):
        raise Refused(code="import_gone")
    return Import.objects.get(uuid=job.key)


def refuse_job(job: jobs.Job, refused: Refused) -> None:
    """End a ``<kind>.read`` job as a refused import: pass it as ``given_up`` to ``@job``."""
    row = Import.objects.filter(uuid=job.key).first()
    if row is not None:
        message = refused.message or gettext_noop("The file could not be read.")
        refuse(row, refused.code, message, details=refused.details)


def choose_options(import_: Import, **options: Any) -> None:
    """Keep what the reading found out about a file that its sender left open."""
    import_.options = {**import_.options, **options}
    Import.objects.filter(pk=import_.pk, state=Import.State.READING).update(options=import_.options)


def record_report(
    import_: Import, *, parsed: dict[str, Any], report: dict[str, Any], counts: Mapping[str, float]
) -> None:
    """Keep what was read; the import is ready to look at.

    Args:
        import_: the row that ``start_reading`` gave.
        parsed: what ``apply`` will write; the importer adds its schema number.
        report: what the preview shows; ``report["problems"]`` is counted.
        counts: numbers for the summary.
    """
    Import.objects.filter(pk=import_.pk, state=Import.State.READING).update(
        state=Import.State.READY,
        parsed={"schema": 1, **parsed},
        report={"schema": 1, **report},
        counts=dict(counts),
        problem_count=len(report.get("problems", [])),
    )


def refuse(
    import_: Import, code: str, message: str, *, details: dict[str, Any] | None = None
) -> None:
    """End the import without effect; the file goes, the row says why.

    Args:
        import_: a row that is not applied.
        code: stable word for programs.
        message: sentence, untranslated where it has been marked for translation.
        details: values of the sentence's named placeholders.
    """
    changed = Import.objects.filter(
        pk=import_.pk,
        state__in=[Import.State.RECEIVED, Import.State.READING, Import.State.READY],
    ).update(
        state=Import.State.REFUSED,
        refusal_code=code[:60],
        refusal_message=message,
        refusal_details=details or {},
        parsed={},
        file="",
    )
    if changed:
        _delete_file_after_commit(import_)


def apply(
    import_: Import, applier: Callable[[Import], dict[str, int]], *, actor: Any
) -> dict[str, int]:
    """Write what was read, once: ``applier(import_)`` returns its counts, all or nothing."""
    with transaction.atomic():
        changed = Import.objects.filter(pk=import_.pk, state=Import.State.READY).update(
            state=Import.State.APPLIED, applied_at=timezone.now(), applied_by=actor
        )
        import_.refresh_from_db()
        if not changed:
            if import_.state == Import.State.APPLIED:
                raise Refused(
                    gettext("This import was applied before; nothing was changed."),
                    code="import_applied",
                    status=409,
                )
            raise Refused(
                gettext("This import is not ready to be applied."),
                code="import_not_ready",
                status=409,
            )
        counts = applier(import_)
        Import.objects.filter(pk=import_.pk).update(counts=counts)
        audit.record("import.applied", actor=actor, thing=import_, values={"counts": counts})
    import_.refresh_from_db()
    return counts


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

    jobs.after_commit(delete)
