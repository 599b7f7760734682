"""Two rows of one person: joined without repointing any history, and taken apart again (D12)."""

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from clinic.lib.errors import Refused
from clinic.people.access import require, rows_of
from clinic.people.granting import standing_grants
from clinic.people.models import Account, Person, PersonMerge
from clinic.records import audit

FILLED = ("nip", "rank", "sex", "email", "phone")


@transaction.atomic
def merge(keep: Person, other: Person, *, actor: Account | None, reason: str) -> PersonMerge:
    """Let ``keep`` stand for ``other``; blanks of ``keep`` are filled from it.

    Scans, attempts, memberships and certificates stay with the row they were made for: readers
    use ``Person.resolved`` and ``Person.objects.rows_of``. Merging twice returns the first merge.
    """
    keep, other = _lock(Person.objects.kept_row(keep), other)
    _require(actor, keep, other)
    earlier = PersonMerge.objects.filter(other=other, undone_at__isnull=True).first()
    if earlier and other.resolved == keep:
        return earlier
    _refuse_without_reason(reason)
    check_merge(keep, other, actor=actor)
    other.merged_into = keep
    other.save(update_fields=["merged_into"])
    filled = blanks_filled(keep, other)
    for name in filled:
        setattr(keep, name, getattr(other, name))
    keep.save(update_fields=filled or ["name"])
    merged = PersonMerge.objects.create(
        kept=keep, other=other, filled={"schema": 1, "fields": filled}
    )
    _record("person.merged", merged, actor=actor, reason=reason)
    return merged


def blanks_filled(keep: Person, other: Person) -> list[str]:
    """Return the fields that ``keep`` would get from ``other``."""
    return [name for name in FILLED if getattr(other, name) and not getattr(keep, name)]


def check_merge(keep: Person, other: Person, *, actor: Account | None) -> None:
    """Refuse to let ``keep`` stand for ``other``: one row, one merged already, or an account lost.

    An account in use is never left behind with the row that is given up, and nobody gets a role of
    another row by merging it into their own.
    """
    if keep == other:
        raise Refused(_("Choose two different persons."), code="same_person")
    if other.merged_into_id is not None:
        raise Refused(
            _("This person is already merged into another. Undo that first."),
            code="already_merged",
        )
    is_own = actor is not None and actor.person_id in rows_of(keep)
    if is_own and standing_grants(other).exists():
        raise Refused(
            _("Nobody can give a role to themselves. Ask another administrator."),
            code="own_grant",
            status=403,
        )
    accounts = {
        account.person_id: account for account in Account.objects.filter(person__in=[keep, other])
    }
    if other.pk not in accounts:
        return
    if keep.pk not in accounts:
        raise Refused(
            _("Keep the person who has the account, and merge the other one into it."),
            code="keep_the_one_with_the_account",
        )
    if accounts[other.pk].is_active:
        raise Refused(
            _("Both have an account. Close the account that is no longer used first."),
            code="both_have_accounts",
        )


@transaction.atomic
def undo_merge(other: Person, *, actor: Account | None, reason: str) -> Person:
    """Take two rows apart again: what ``keep`` got from ``other`` and still has, it gives back."""
    merged = PersonMerge.objects.filter(other=other, undone_at__isnull=True).first()
    if merged is None:
        raise Refused(_("This person is not merged into another."), code="not_merged", status=409)
    _refuse_without_reason(reason)
    keep, other = _lock(merged.kept, other)
    _require(actor, keep, other)
    cleared = [
        name for name in merged.filled["fields"] if getattr(keep, name) == getattr(other, name)
    ]
    for name in cleared:
        setattr(keep, name, "")
    keep.save(update_fields=cleared or ["name"])
    unmerged = Person.objects.unmerged().exclude(pk=other.pk)
    if other.nip and unmerged.filter(nip=other.nip).exists():
        raise Refused(
            _("Another person has this NIP now. Correct the NIP first."), code="nip_taken"
        )
    other.merged_into = None
    other.save(update_fields=["merged_into"])
    merged.undone_at = timezone.now()
    merged.save(update_fields=["undone_at"])
    _record("person.merge_undone", merged, actor=actor, reason=reason)
    return other


def _lock(keep: Person, other: Person) -> tuple[Person, Person]:
    """Read both rows anew, locked in one order so that two merges never wait for each other."""
    rows = Person.objects.select_for_update().filter(pk__in=[keep.pk, other.pk]).order_by("pk")
    by_key = {row.pk: row for row in rows}
    return by_key[keep.pk], by_key[other.pk]


def _require(actor: Account | None, *rows: Person) -> None:
    """Ask whether the actor may change the persons; commands on the server have none."""
    if actor is not None:
        for row in rows:
            require(actor, "change-person", row)


def _refuse_without_reason(reason: str) -> None:
    if not reason.strip():
        raise Refused(_("Give a reason; it is kept in the audit log."), code="reason_missing")


def _record(verb: str, merged: PersonMerge, *, actor: Account | None, reason: str) -> None:
    audit.record(
        verb,
        actor=actor,
        thing=merged.kept,
        subject=merged.kept,
        reason=reason,
        values={"other": str(merged.other.uuid), "filled": merged.filled["fields"]},
    )
