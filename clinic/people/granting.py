"""Giving a role and taking it back; the account's groups in the editor follow."""

from dataclasses import dataclass
from datetime import date

from django.contrib.auth.models import Group
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Model, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from clinic.lib.errors import Refused
from clinic.people.access import can, forget_grants, grants_of, rows_of
from clinic.people.accounts import end_sessions
from clinic.people.models import Account, Grant, Membership, Person, Unit
from clinic.records import audit

Role = Grant.Role
UNIT_ROLES = frozenset({Role.UNIT_OFFICIAL, Role.OPERATOR, Role.REGENCY_OFFICIAL, Role.ASSESSOR})
EVENT_ROLES = frozenset({Role.ORGANISER})
# Who may open the editor, by the name of the group that the migration made.
GROUP_OF_ROLE = {
    Role.AUTHOR.value: "Penyusun",
    Role.REVIEWER.value: "Pengulas",
    Role.ADMINISTRATOR.value: "Admin",
}


@dataclass(frozen=True)
class Scope:
    """Where a role holds: a unit's subtree (for an assessor in one year), an event, or nothing.

    Events belong to attendance, which lies above.
    """

    unit: Unit | None = None
    event: Model | None = None
    year: int | None = None

    @property
    def fields(self) -> dict[str, Model | int | None]:
        """What a row of this scope holds."""
        return {"unit": self.unit, "event": self.event, "year": self.year}

    def fits(self, role: str) -> bool:
        """Say whether the role may have this scope."""
        return (
            role in Role.values
            and (self.unit is not None) == (role in UNIT_ROLES)
            and (self.event is None or role in EVENT_ROLES)
            and (self.year is not None) == (role == Role.ASSESSOR)
            and (role != Role.REGENCY_OFFICIAL or (self.unit is not None and self.unit.is_root()))
        )


NO_SCOPE = Scope()


@transaction.atomic
def grant(
    person: Person,
    role: str,
    *,
    actor: Account | None,
    scope: Scope = NO_SCOPE,
    starts_on: date | None = None,
    ends_on: date | None = None,
) -> Grant:
    """Give the person a role, or return the same grant that is in force already.

    A unit official, operator and assessor get a unit, the assessor also a year, the regency
    official the root, an organiser an event (or nothing: they may open events). ``actor`` is who
    grants, None only for commands run on the server; the last day may stay open. Nobody grants a
    role to themselves, and nobody reviews their own unit.
    """
    starts_on = starts_on or timezone.localdate()
    if actor is not None and actor.person_id in rows_of(person):
        raise Refused(
            _("Nobody can give a role to themselves. Ask another administrator."),
            code="own_grant",
            status=403,
        )
    if actor is not None and not can(actor, "grant-role", Grant):
        raise PermissionDenied
    if not scope.fits(role):
        raise Refused(
            _(
                "This role needs another scope: a unit for unit roles, a unit and a year for an "
                "assessor, the regency for the regency official, an event or nothing for an "
                "organiser, nothing for the others."
            ),
            code="scope_does_not_fit",
        )
    own = Membership.objects.on(starts_on).filter(person__in=rows_of(person))
    if role == Role.ASSESSOR and own.filter(unit=scope.unit).exists():
        raise Refused(
            _("An assessor does not review their own unit. Choose another one."), code="own_unit"
        )
    return _give(person, role, actor, scope, starts_on, ends_on)


def _give(  # noqa: PLR0917 - the columns of a grant
    person: Person,
    role: str,
    actor: Account | None,
    scope: Scope,
    starts_on: date,
    ends_on: date | None,
) -> Grant:
    earlier = find_grant(person, role, scope=scope, day=starts_on)
    if earlier:
        return earlier
    row = Grant.objects.create(
        person=person, role=role, starts_on=starts_on, ends_on=ends_on, granted_by=actor,
        **scope.fields,
    )  # fmt: skip
    _record("grant.given", row, actor=actor)
    _update_accounts(person)
    return row


@transaction.atomic
def grant_beside(person: Person, event: Model, *, actor: Account) -> Grant:
    """Let the person run an event together with the actor, who is its organiser today.

    Raises:
        PermissionDenied: the actor does not run the event.
    """
    today = timezone.localdate()
    if not any(grant.event_id == event.pk for grant in grants_of(actor.person, today)):
        raise PermissionDenied
    return _give(person, Role.ORGANISER, actor, Scope(event=event), today, None)


def find_grant(person: Person, role: str, *, scope: Scope, day: date) -> Grant | None:
    """Return the person's grant of this role and scope in force on the day, or None."""
    in_force = Grant.objects.on(day).filter(person__in=rows_of(person), role=role, **scope.fields)
    return in_force.first()


def standing_grants(person: Person) -> QuerySet[Grant]:
    """Return the person's grants that are in force or begin later, oldest first."""
    open_ended = Q(ends_on__isnull=True) | Q(ends_on__gte=timezone.localdate())
    standing = Grant.objects.filter(open_ended, person__in=rows_of(person), ended_at__isnull=True)
    return standing.select_related("unit", "person").order_by("starts_on", "pk")


@transaction.atomic
def grant_drafted(person: Person, event: Model) -> Grant:
    """Make who has drafted an event its organiser.

    No role is new by it, so that the sessions go on: nobody is logged out by their own click.

    Raises:
        PermissionDenied: the person is no organiser.
    """
    today = timezone.localdate()
    if not any(grant.role == Role.ORGANISER for grant in grants_of(person, today)):
        raise PermissionDenied
    grant = Grant.objects.create(
        person=person, role=Role.ORGANISER, starts_on=today, granted_by=None,
        **Scope(event=event).fields,
    )  # fmt: skip
    _record("grant.given", grant, actor=None)
    forget_grants()
    return grant


@transaction.atomic
def end_grants_in(event: Model) -> None:
    """End every role in an event that is archived.

    Nobody is logged out by it: who held such a role is asked anew at their next request.
    """
    for grant in Grant.objects.filter(event=event.pk, ended_at__isnull=True):
        grant.ended_at = timezone.now()
        grant.save(update_fields=["ended_at"])
        _record("grant.ended", grant, actor=None)
    forget_grants()


@transaction.atomic
def end_grant(grant: Grant, *, actor: Account | None, last_day: date | None = None) -> Grant:
    """End a role: at once, unless a later last day is named.

    One that ends at once is gone at the person's next request (S24); the row stays. Nobody takes
    back their own role: the last administrator would shut everybody out.
    """
    if actor is not None and not can(actor, "grant-role", grant):
        raise PermissionDenied
    if actor is not None and actor.person_id in rows_of(grant.person):
        raise Refused(
            _("Nobody can take back their own role. Ask another administrator."),
            code="own_grant",
            status=403,
        )
    if last_day is None:
        grant.ended_at = timezone.now()
    else:
        grant.ends_on = last_day
    grant.save(update_fields=["ended_at", "ends_on"])
    _record("grant.ended", grant, actor=actor)
    _update_accounts(grant.person)
    return grant


def _update_accounts(person: Person) -> None:
    """Give the person's accounts the editor groups of the roles in force; their sessions end."""
    forget_grants()
    for account in Account.objects.filter(person__in=rows_of(person)).select_related("person"):
        groups = {GROUP_OF_ROLE.get(grant.role) for grant in grants_of(account.person)}
        account.groups.set(Group.objects.filter(name__in=groups - {None}))
        end_sessions(account)


def _record(verb: str, grant: Grant, *, actor: Account | None) -> None:
    values = {
        "role": grant.role,
        "unit": grant.unit.slug if grant.unit else None,
        "event": str(grant.event.uuid) if grant.event else None,
        "year": grant.year,
        "ends_on": grant.ends_on.isoformat() if grant.ends_on else None,
    }
    audit.record(verb, actor=actor, thing=grant, subject=grant.person_id, values=values)
