"""The audit log: who did what to which thing, written in the same transaction as the act.

Actor and subject are ids without a foreign key: SET_NULL would be an UPDATE, which the trigger
refuses, and PROTECT would stop an erasure. Reason and values stand in a side row that may be
deleted; its salted digest stays in the chain.
"""

import hashlib
import ipaddress
import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import structlog
from django.db import models, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from clinic.records.seals import AppendOnlyModel, append_only, canonical

NETWORK_BITS = {4: 24, 6: 48}


class AuditEntry(AppendOnlyModel):
    """One act. ``actor`` is an account's id, ``subject`` the id of the person it concerns."""

    at = models.DateTimeField(_("time"), default=timezone.now)
    actor = models.BigIntegerField(_("account"), null=True)
    role = models.CharField(_("role"), max_length=16, blank=True)
    scope = models.CharField(_("scope"), max_length=120, blank=True)
    verb = models.CharField(_("act"), max_length=80)
    thing_type = models.CharField(_("kind of thing"), max_length=80, blank=True)
    thing_id = models.CharField(_("thing"), max_length=80, blank=True)
    subject = models.BigIntegerField(_("person concerned"), null=True)
    request_id = models.CharField(_("request"), max_length=64, blank=True)
    network = models.CharField(_("network"), max_length=43, blank=True)
    digest = models.CharField(max_length=64, blank=True)

    class Meta:
        verbose_name = _("audit entry")
        verbose_name_plural = _("audit entries")
        indexes = [
            models.Index(fields=["subject", "at"], name="audit_by_subject"),
            models.Index(fields=["thing_type", "thing_id"], name="audit_by_thing"),
            models.Index(fields=["actor", "at"], name="audit_by_actor"),
        ]

    def __str__(self) -> str:
        return f"{self.verb} {self.thing_type} {self.thing_id}"


append_only(AuditEntry)


class AuditDetail(models.Model):
    """Reason and values of one entry; an erasure may delete it."""

    entry = models.OneToOneField(AuditEntry, on_delete=models.CASCADE, related_name="detail")
    reason = models.TextField(_("reason"), blank=True)
    values = models.JSONField(_("values"), default=dict)
    salt = models.CharField(max_length=32)

    class Meta:
        verbose_name = _("audit detail")
        verbose_name_plural = _("audit details")

    def __str__(self) -> str:
        return f"#{self.entry_id}"

    def digest(self) -> str:
        """Return what the entry keeps of this row; the salt makes guessing useless."""
        content = {"reason": self.reason, "values": self.values, "salt": self.salt}
        return hashlib.sha256(canonical(content)).hexdigest()


def network_of(address: str) -> str:
    """Return the network of an address, /24 or /48; an unreadable address gives nothing."""
    try:
        version = ipaddress.ip_address(address).version
    except ValueError:
        return ""
    return str(ipaddress.ip_network(f"{address}/{NETWORK_BITS[version]}", strict=False))


def _get_id(row: Any) -> int | None:
    return getattr(row, "pk", row)


def _name_thing(thing: Any) -> tuple[str, str]:
    """Return kind and id of a model instance or of a (type, id) pair."""
    if thing is None:
        return "", ""
    if isinstance(thing, models.Model):
        return thing._meta.label_lower, str(getattr(thing, "uuid", thing.pk))
    kind, key = thing
    return kind, str(key)


def record(
    verb: str,
    *,
    actor: Any = None,
    role: str = "",
    scope: str = "",
    thing: Any = None,
    subject: Any = None,
    reason: str = "",
    values: dict[str, Any] | None = None,
) -> AuditEntry:
    """Write one entry; request id and network come from the request that is being answered.

    Args:
        verb: such as ``person.nip_revealed``.
        actor: account or its id; None for the system itself.
        role: role in which the actor acted.
        scope: scope of the grant that allowed it.
        thing: model instance or (type, id) pair.
        subject: person concerned or the person's id.
        reason: what the actor gave as reason.
        values: JSON values such as ``{"before": …, "after": …}``.
    """
    thing_type, thing_id = _name_thing(thing)
    entry = AuditEntry(
        actor=_get_id(actor),
        role=role,
        scope=scope,
        verb=verb,
        thing_type=thing_type,
        thing_id=thing_id,
        subject=_get_id(subject),
        **_describe_request(),
    )
    if not reason and not values:
        entry.save()
        return entry
    detail = AuditDetail(
        reason=reason, values={"schema": 1, **(values or {})}, salt=secrets.token_hex(16)
    )
    entry.digest = detail.digest()
    with transaction.atomic():
        entry.save()
        detail.entry = entry
        detail.save()
    return entry


@dataclass(frozen=True, kw_only=True)
class AuditNote:
    """What one entry of ``record_each`` says beside verb and actor."""

    thing: Any
    subject: Any = None
    values: dict[str, Any] = field(default_factory=dict)


def record_each(verb: str, notes: Iterable[AuditNote], *, actor: Any = None) -> None:
    """Write one entry for each note with two inserts, for acts on many things such as an import."""
    entries, details = [], []
    request = _describe_request()
    for note in notes:
        thing_type, thing_id = _name_thing(note.thing)
        detail = AuditDetail(values={"schema": 1, **note.values}, salt=secrets.token_hex(16))
        details.append(detail)
        entries.append(
            AuditEntry(
                actor=_get_id(actor),
                verb=verb,
                thing_type=thing_type,
                thing_id=thing_id,
                subject=_get_id(note.subject),
                digest=detail.digest(),
                **request,
            )
        )
    with transaction.atomic():
        AuditEntry.objects.bulk_create(entries, batch_size=500)
        for entry, detail in zip(entries, details, strict=True):
            detail.entry = entry
        AuditDetail.objects.bulk_create(details, batch_size=500)


def _describe_request() -> dict[str, str]:
    """Return which request is being answered and from which network it came."""
    context = structlog.contextvars.get_contextvars()
    return {
        "request_id": str(context.get("request_id", ""))[:64],
        "network": network_of(str(context.get("ip", ""))),
    }
