"""Every message to a person: written with the act, sent or printed later.

Mail cannot be exactly-once: a crash between sending and marking may send one mail twice, never
lose it. Without a mail server, or without an address, a notice waits in the list to print.
"""

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any
from uuid import uuid4

from django.conf import settings
from django.core.mail import EmailMessage
from django.db import models, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from clinic.lib.errors import Refused
from clinic.records import jobs

SENDING_JOB = "records.send_notice"
# Seconds between attempts: a mail server that is down is tried for three days.
MAIL_BACK_OFF = (60, 300, 1800, 3600, 6 * 3600, 12 * 3600, 24 * 3600, 24 * 3600)


class NoticeQuerySet(models.QuerySet["Notice"]):
    """Reads of notices by what is to be done with them."""

    def to_print(self) -> "NoticeQuerySet":
        """Keep notices that no mail can carry and nobody has printed yet."""
        return self.filter(state=Notice.State.TO_PRINT)


class Notice(models.Model):
    """One message, in the language of its reader. ``key`` is unique: one act, one message.

    ``person`` is the id of a person, without a foreign key: the package of people lies above.
    A body that holds a secret, such as an activation link, is emptied once it is delivered.
    """

    class State(models.TextChoices):
        WAITING = "waiting", _("waiting")
        TO_PRINT = "to_print", _("to be printed")
        DELIVERED = "delivered", _("delivered")
        FAILED = "failed", _("could not be sent")

    uuid = models.UUIDField(default=uuid4, unique=True, editable=False)
    kind = models.CharField(_("kind"), max_length=40)
    key = models.CharField(max_length=200, unique=True)
    locale = models.CharField(_("language"), max_length=5)
    person = models.BigIntegerField(_("person"), null=True)
    to_name = models.CharField(_("name"), max_length=160, blank=True)
    to_email = models.EmailField(_("e-mail"), blank=True)
    subject = models.CharField(_("subject"), max_length=200)
    body = models.TextField(_("text"))
    is_secret = models.BooleanField(default=False)
    state = models.CharField(max_length=9, choices=State.choices, default=State.WAITING)
    created_at = models.DateTimeField(auto_now_add=True)
    delivered_at = models.DateTimeField(null=True)

    objects = NoticeQuerySet.as_manager()

    class Meta:
        verbose_name = _("notice")
        verbose_name_plural = _("notices")
        indexes = [models.Index(fields=["person", "created_at"], name="notice_by_person")]

    def __str__(self) -> str:
        return f"{self.kind} {self.uuid}"


def notify(  # noqa: PLR0913 - the columns of a message, all by keyword
    kind: str,
    key: str,
    *,
    locale: str,
    subject: str,
    body: str,
    person: int | None = None,
    to_name: str = "",
    to_email: str = "",
    is_secret: bool = False,
    due_at: datetime | None = None,
) -> Notice:
    """Write the message in the act's transaction; the same key returns the first message.

    Args:
        kind: such as ``activation`` or ``invitation``.
        key: unique per message, such as ``invitation:<registration uuid>``.
        locale: language in which subject and body were written.
        subject: one line.
        body: plain text.
        person: id of the person.
        to_name: name as shown on a printed list.
        to_email: empty: the message is printed.
        is_secret: empty the body once it is delivered.
        due_at: not mailed before, so that the act may still be undone.
    """
    is_mailed = to_email and settings.EMAIL_URL != "none"
    fields: dict[str, Any] = {
        "kind": kind,
        "locale": locale,
        "subject": subject,
        "body": body,
        "person": person,
        "to_name": to_name,
        "to_email": to_email,
        "is_secret": is_secret,
        "state": Notice.State.WAITING if is_mailed else Notice.State.TO_PRINT,
    }
    notice, created = Notice.objects.get_or_create(fields, key=key)
    if created and notice.state == Notice.State.WAITING:
        jobs.enter(SENDING_JOB, str(notice.uuid), jobs.Job.Kind.ONCE, due_at=due_at)
    return notice


def take_back(keys: Iterable[str]) -> int:
    """Remove messages of an act that was undone before anybody was given them."""
    unread = [Notice.State.WAITING, Notice.State.TO_PRINT]
    return Notice.objects.filter(key__in=list(keys), state__in=unread).delete()[0]


def send(uuid: str) -> Callable[[], None] | None:
    """Mail a waiting notice now; return the write that marks it as delivered."""
    notice = Notice.objects.filter(uuid=uuid, state=Notice.State.WAITING).first()
    if notice is None:
        return None
    EmailMessage(
        subject=notice.subject,
        body=notice.body,
        to=[notice.to_email],
        headers={"Message-ID": f"<{notice.uuid}@klinik>"},
    ).send()

    def mark() -> None:
        mark_delivered([notice])

    return mark


def mark_delivered(notices: list[Notice]) -> int:
    """Mark notices as mailed or printed; secrets leave the database."""
    waiting = [Notice.State.WAITING, Notice.State.TO_PRINT, Notice.State.FAILED]
    rows = Notice.objects.filter(pk__in=[each.pk for each in notices], state__in=waiting)
    with transaction.atomic():
        rows.filter(is_secret=True).update(body="")
        return rows.update(state=Notice.State.DELIVERED, delivered_at=timezone.now())


def give_up_sending(job: jobs.Job, _refused: Refused) -> None:
    """Show a notice as failed after three days; it can still be printed."""
    Notice.objects.filter(uuid=job.key, state=Notice.State.WAITING).update(
        state=Notice.State.FAILED
    )
