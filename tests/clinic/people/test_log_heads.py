"""The heads of the sealed logs leave the database each night: by the log and by mail (S22)."""

import logging
from logging.handlers import BufferingHandler

import pytest
from django.core import mail
from django.utils import timezone

from clinic.records import audit, jobs, seals
from clinic.records.jobs import Job
from clinic.records.notices import Notice

pytestmark = pytest.mark.django_db


@pytest.fixture
def administrator(cast):
    return cast.admin


def a_night(key):
    """Write and seal something, and tidy up; return the digests of that night."""
    audit.record("test.act")
    seals.seal_all()
    Job.objects.create(name="records.tidy", key=key, kind="once", due_at=timezone.now())
    jobs.run_due()
    return {name: head.digest for name, head in seals.heads().items()}


@pytest.fixture
def warnings():
    """Records of the log from the demo's level up."""
    handler = BufferingHandler(capacity=1000)
    handler.setLevel(logging.WARNING)
    logging.getLogger().addHandler(handler)
    yield handler.buffer
    logging.getLogger().removeHandler(handler)


def test_s22_a_tidy_run_leaves_the_digests_in_the_log_at_the_demos_level(warnings):
    heads = a_night("2026-11-25")

    assert any(heads["records.auditentry"] in record.getMessage() for record in warnings)


def test_s22_a_tidy_run_mails_the_digests_to_each_administrator(administrator, settings):
    settings.EMAIL_URL = "smtp://127.0.0.1"
    administrator.email = "admin@contoh.test"
    administrator.save()

    heads = a_night("2026-11-25")

    (sent,) = mail.outbox
    assert sent.to == ["admin@contoh.test"]
    for name, digest in heads.items():
        assert f"{name}: {digest}\n" in sent.body
    notice = Notice.objects.get(kind="log_heads")
    assert (notice.person, notice.state) == (administrator.pk, Notice.State.DELIVERED)


def test_without_a_mail_server_only_the_newest_waits_in_the_list(administrator, settings):
    settings.EMAIL_URL = "none"
    first = a_night("2026-11-25")
    second = a_night("2026-11-26")

    (waiting,) = Notice.objects.to_print().filter(kind="log_heads")
    assert first != second
    assert second["records.auditentry"] in waiting.body
    assert "2026-11-26" in waiting.subject


def test_a_run_that_is_repeated_tells_nothing_twice(administrator, settings):
    settings.EMAIL_URL = "smtp://127.0.0.1"
    administrator.email = "admin@contoh.test"
    administrator.save()
    a_night("2026-11-25")

    Job.objects.filter(name=seals.HEADS_JOB).update(state="queued")
    jobs.run_due()

    assert len(mail.outbox) == 1


def test_nothing_sealed_tells_nobody(administrator):
    Job.objects.create(name="records.tidy", key="2026-11-25", kind="once", due_at=timezone.now())
    jobs.run_due()

    assert seals.heads() == {}
    assert not Notice.objects.filter(kind="log_heads").exists()
