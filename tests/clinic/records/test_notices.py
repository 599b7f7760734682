"""Every message to a person: written with the act, mailed or printed, never twice by one key."""

import smtplib

import pytest
from django.core import mail
from django.db import transaction

from clinic.records import jobs, notices
from clinic.records.jobs import Job
from clinic.records.notices import Notice


@pytest.fixture
def mailing(settings):
    settings.EMAIL_URL = "smtp://mail.invalid:25"
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"


def notify(key="activation:1", **changes):
    with transaction.atomic():
        return notices.notify(
            "activation",
            key,
            **{
                "locale": "id",
                "subject": "Aktifkan akun Anda",
                "body": "Buka tautan ini: https://contoh/…",
                "to_name": "Contoh",
                "to_email": "contoh@contoh.test",
                **changes,
            },
        )


@pytest.mark.django_db
def test_it_is_mailed_once_and_a_secret_leaves_the_database(mailing):
    notice = notify(is_secret=True)

    jobs.run_due()
    jobs.run_due()

    notice.refresh_from_db()
    assert [message.to for message in mail.outbox] == [["contoh@contoh.test"]]
    assert "https://contoh/" in mail.outbox[0].body
    assert (notice.state, notice.body) == ("delivered", "")
    assert notice.delivered_at is not None


@pytest.mark.django_db
def test_the_same_key_is_the_same_message(mailing):
    assert notify() == notify(subject="Lain")
    assert Job.objects.count() == 1


@pytest.mark.django_db
@pytest.mark.parametrize("changes", [{"to_email": ""}, {}])
def test_without_address_or_mail_server_it_waits_to_be_printed(settings, mailing, changes):
    if not changes:
        settings.EMAIL_URL = "none"
    notice = notify(**changes)

    assert list(Notice.objects.to_print()) == [notice]
    assert not Job.objects.exists()
    assert notices.mark_delivered([notice]) == 1
    assert notices.mark_delivered([notice]) == 0
    assert not Notice.objects.to_print().exists()


@pytest.mark.django_db
def test_a_mail_server_that_is_down_is_tried_for_three_days_then_shown(mailing, monkeypatch):
    def fail(message):
        raise smtplib.SMTPServerDisconnected

    monkeypatch.setattr(notices.EmailMessage, "send", fail)
    notice = notify(is_secret=True)

    assert 2.5 * 86400 < sum(notices.MAIL_BACK_OFF) <= 3 * 86400
    for attempt in range(len(notices.MAIL_BACK_OFF) + 1):
        notice.refresh_from_db()
        assert notice.state == "waiting", attempt
        job = Job.objects.get()
        Job.objects.update(due_at=job.created_at)
        jobs.run(job.pk)

    notice.refresh_from_db()
    assert (notice.state, notice.body != "") == ("failed", True)
