"""The heads of the sealed logs go to the administrators, so that a rewrite shows (S22)."""

from collections.abc import Callable

from django.conf import settings
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from clinic.people.models import Grant, Person
from clinic.records import notices
from clinic.records.jobs import Job
from clinic.records.notices import Notice

KIND = "log_heads"


def send_heads(row: Job) -> Callable[[], None]:
    """Return the write of one notice to each administrator with the heads in the job's payload.

    A notice that still waits to be printed gives way to the new one: each head rests on all
    earlier ones, so that the newest is enough, and without a mail server nights would pile up.
    """
    heads = "\n".join(f"{name}: {digest}" for name, digest in row.payload["heads"].items())
    with translation.override(settings.LANGUAGE_CODE):
        subject = _("Digests of the logs, %(day)s") % {"day": row.key}
        body = _(
            "Dear %(name)s,\n\nPlease keep this message. Each line names a log and the digest of "
            "its newest seal. All of them must stay in the table of seals; where one is missing "
            "later, the log has been rewritten.\n\n%(heads)s\n"
        )

    def write() -> None:
        Notice.objects.to_print().filter(kind=KIND).delete()
        grants = Grant.objects.on(timezone.localdate()).filter(role=Grant.Role.ADMINISTRATOR)
        for person in Person.objects.filter(pk__in=grants.values("person")).order_by("pk"):
            notices.notify(
                KIND,
                f"{KIND}:{row.key}:{person.pk}",
                locale=settings.LANGUAGE_CODE,
                subject=subject,
                body=body % {"name": person.name, "heads": heads},
                person=person.pk,
                to_name=person.name,
                to_email=person.email,
            )

    return write
