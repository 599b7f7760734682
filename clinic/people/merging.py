"""Two rows of one person: joined without repointing any history, and taken apart again (D12)."""

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from clinic.lib.errors import Refused
from clinic.people.models import Account, Person, PersonMerge
from clinic.records import audit

FILLED = ("nip", "rank", "sex", "email", "phone")


class NotMergeable(Refused):
    """Two rows that cannot be joined as asked."""

    code = "not_mergeable"


class NotMerged(Refused):
    """A row that no merge in force has given up."""

    code = "not_merged"
    status = 409


@transaction.atomic
def merge(keep: Person, other: Person, *, actor: Account | None, reason: str) -> PersonMerge:
    """Let ``keep`` stand for ``other``; blanks of ``keep`` are filled from it.

    Scans, attempts, memberships and certificates stay with the row they were made for: readers
    use ``Person.resolved`` and ``Person.objects.rows_of``. Merging twice returns the first merge.

    Raises:
        NotMergeable: the two are one row, ``other`` stands for somebody else's row already,
            an account would be left behind, or no reason is given.
    """
    keep, other = _locked(Person.objects.kept_row(keep), other)
    earlier = PersonMerge.objects.filter(other=other, undone_at__isnull=True).first()
    if earlier and other.resolved == keep:
        return earlier
    _refuse_unfit(keep, other, reason=reason)
    other.merged_into = keep
    other.save(update_fields=["merged_into"])
    filled = [name for name in FILLED if getattr(other, name) and not getattr(keep, name)]
    for name in filled:
        setattr(keep, name, getattr(other, name))
    keep.save(update_fields=filled or ["name"])
    done = PersonMerge.objects.create(
        kept=keep, other=other, filled={"schema": 1, "fields": filled}
    )
    _record("person.merged", done, actor=actor, reason=reason)
    return done


@transaction.atomic
def undo_merge(other: Person, *, actor: Account | None, reason: str) -> Person:
    """Take two rows apart again: what ``keep`` got from ``other`` and still has, it gives back.

    Raises:
        NotMerged: no merge of this row is in force.
        NotMergeable: meanwhile a third row has the NIP, or no reason is given.
    """
    done = PersonMerge.objects.filter(other=other, undone_at__isnull=True).first()
    if done is None:
        raise NotMerged(_("This person is not merged into another."))
    _refuse_without_reason(reason)
    keep, other = _locked(done.kept, other)
    given_back = [
        name for name in done.filled["fields"] if getattr(keep, name) == getattr(other, name)
    ]
    for name in given_back:
        setattr(keep, name, "")
    keep.save(update_fields=given_back or ["name"])
    _refuse_taken_nip(other)
    other.merged_into = None
    other.save(update_fields=["merged_into"])
    done.undone_at = timezone.now()
    done.save(update_fields=["undone_at"])
    _record("person.merge_undone", done, actor=actor, reason=reason)
    return other


def _locked(keep: Person, other: Person) -> tuple[Person, Person]:
    """Read both rows anew, locked in one order so that two merges never wait for each other."""
    rows = Person.objects.select_for_update().filter(pk__in=[keep.pk, other.pk]).order_by("pk")
    by_key = {row.pk: row for row in rows}
    return by_key[keep.pk], by_key[other.pk]


def _refuse_unfit(keep: Person, other: Person, *, reason: str) -> None:
    _refuse_without_reason(reason)
    if keep == other:
        raise NotMergeable(_("Choose two different persons."), code="same_person")
    if other.merged_into_id is not None:
        raise NotMergeable(
            _("This person is already merged into another. Undo that first."),
            code="already_merged",
        )
    accounts = {
        account.person_id: account for account in Account.objects.filter(person__in=[keep, other])
    }
    if other.pk not in accounts:
        return
    if keep.pk not in accounts:
        raise NotMergeable(
            _("Keep the person who has the account, and merge the other one into it."),
            code="keep_the_one_with_the_account",
        )
    if accounts[other.pk].is_active:
        raise NotMergeable(
            _("Both have an account. Retire the account that is no longer used first."),
            code="both_have_accounts",
        )


def _refuse_without_reason(reason: str) -> None:
    if not reason.strip():
        raise NotMergeable(_("Give a reason; it is kept in the audit log."), code="reason_missing")


def _refuse_taken_nip(other: Person) -> None:
    holders = Person.objects.unmerged().filter(nip=other.nip).exclude(pk=other.pk)
    if other.nip and holders.exists():
        raise NotMergeable(
            _("Another person has this NIP now. Correct the NIP first."), code="nip_taken"
        )


def _record(verb: str, done: PersonMerge, *, actor: Account | None, reason: str) -> None:
    audit.record(
        verb,
        actor=actor,
        thing=done.kept,
        subject=done.kept,
        reason=reason,
        values={"other": str(done.other.uuid), "filled": done.filled["fields"]},
    )
