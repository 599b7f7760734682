"""The end of what is personal of one person, and the register that outlives a restored archive.

What goes: mail address and phone, the way to log in, sessions, second factors, activations,
messages, reasons and values in the audit log. What stays where the agency's archive schedule asks
for it: name, NIP, presences, and answers in the sealed log, by the person's number alone.

The register ``erasures.jsonl`` lies beside the archives and holds ids only: whoever restores an
archive of an earlier day erases again what stands in it.
"""

import json
import os
from datetime import datetime
from pathlib import Path
from uuid import UUID

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.db import transaction
from django.utils import timezone

from clinic.people import accounts
from clinic.people.models import Account, Activation, Person
from clinic.records import audit
from clinic.records.audit import AuditDetail
from clinic.records.notices import Notice

REGISTER = "erasures.jsonl"


@transaction.atomic
def erase(person: Person) -> None:
    """Erase what is personal; a second time nothing is left to do."""
    Person.objects.filter(pk=person.pk).update(email="", phone="")
    account = Account.objects.filter(person=person).first()
    if account is not None:
        accounts.end_sessions(account)
        Authenticator.objects.filter(user=account).delete()
        EmailAddress.objects.filter(user=account).delete()
        Activation.objects.filter(account=account).delete()
        account.login_name, account.email, account.is_active = f"erased-{account.uuid}", "", False
        account.set_unusable_password()
        account.save(update_fields=["login_name", "email", "is_active", "password"])
    Notice.objects.filter(person=person.pk).delete()
    AuditDetail.objects.filter(entry__subject=person.pk).delete()
    audit.record("person.erase", thing=person, subject=person)


def register(person: Person, path: Path, *, now: datetime | None = None) -> None:
    """Add the person to the register, on disk before this returns."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    at = (now or timezone.now()).isoformat()
    line = json.dumps({"person": str(person.uuid), "at": at}) + "\n"
    number = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    with os.fdopen(number, "a") as stream:
        stream.write(line)
        stream.flush()
        os.fsync(stream.fileno())


def erase_again(path: Path) -> int:
    """Erase whoever stands in the register; return how many of them are in the database.

    Raises:
        ValueError: a line is none of the register's; names its number.
    """
    found = 0
    for number, line in enumerate(path.read_text().splitlines(), 1):
        try:
            uuid = UUID(json.loads(line)["person"])
        except (ValueError, KeyError, TypeError) as error:
            msg = f"{path.name}, line {number} cannot be read."
            raise ValueError(msg) from error
        person = Person.objects.filter(uuid=uuid).first()
        if person is not None:
            erase(person)
            found += 1
    return found
