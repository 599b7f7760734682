"""Nothing of "Periksa LKE" is left after 60 minutes, with the real worker and beat (S25)."""

from datetime import timedelta
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from clinic.records import imports
from clinic.records.audit import AuditEntry
from clinic.records.imports import Import
from clinic.records.jobs import Job
from tests.clinic.assessments.made_workbooks import SAMPLE
from tests.processes import wait_until

HOUR = timedelta(minutes=60)
SWEPT_WITHIN = 60  # seconds; the sweep comes every 15


def files():
    root = Path(Import._meta.get_field("file").storage.location)
    return {path for path in root.rglob("*") if path.is_file()}


def let_an_hour_pass():
    """Make every row of the check one hour older, as if it had come in an hour ago."""
    Import.objects.update(
        expires_at=Import.objects.get().expires_at - HOUR,
        created_at=Import.objects.get().created_at - HOUR,
    )
    for job in Job.objects.all():
        Job.objects.filter(pk=job.pk).update(due_at=job.due_at - HOUR)


@pytest.mark.django_db(transaction=True)
def test_s25_an_hour_later_address_rows_and_file_are_gone(scheduler):
    before, browser = files(), Client()
    audited = AuditEntry.objects.count()
    upload = SimpleUploadedFile("lke-rahasia.xlsx", SAMPLE.read_bytes())
    address = browser.post(
        "/periksa-lke/", {"file": upload, "framework": "zi-2021"}
    ).headers["Location"]  # fmt: skip
    wait_until(
        lambda: Import.objects.get().state == Import.State.READY, 60, what="the report is made"
    )
    assert browser.get(address).status_code == 200
    assert len(files() - before) == 1
    assert Job.objects.filter(name=imports.EXPIRY_JOB, due_at__gt=timezone.now()).count() == 1

    let_an_hour_pass()

    assert browser.get(address).status_code == 404
    wait_until(lambda: not Import.objects.exists(), SWEPT_WITHIN, what="the row is gone")
    wait_until(lambda: files() == before, 10, what="the file is gone")
    names = [f"{imports.EXPIRY_JOB}", "assessments.check.read"]
    assert not Job.objects.filter(name__in=names).exists()
    uuid = address.strip("/").rsplit("/", 1)[-1]
    assert not Job.objects.filter(key=uuid).exists()
    assert browser.get(address).status_code == 404
    assert AuditEntry.objects.count() == audited
