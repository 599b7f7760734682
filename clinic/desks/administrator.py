"""Where an administrator begins: accounts, units, lists, slips, and how the system is."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from clinic.desks.panel import DeskPanel
from clinic.lib.templatetags.ui import moment
from clinic.people.access import can, visible
from clinic.people.models import Account, Person, Unit
from clinic.records import jobs
from clinic.records.notices import Notice

CHECKS: dict[str, Promise] = {
    "database": gettext_lazy("Database"),
    "migrations": gettext_lazy("Structure of the database"),
    "broker": gettext_lazy("Queue of the work in the background"),
    "worker": gettext_lazy("Work in the background"),
    "jobs": gettext_lazy("Waiting work"),
    "disk": gettext_lazy("Room on the disk"),
}


@dataclass(frozen=True)
class Room:
    """One place where an administrator works: a name for the menu, and its address."""

    name: str
    label: Promise
    address: str
    icon: str

    @property
    def url(self) -> str:
        return reverse(self.address)


ROOMS = (
    Room("desk-people", gettext_lazy("Accounts and people"), "people_list", "group"),
    Room("desk-units", gettext_lazy("Work units"), "units_list", "folder-open-inverse"),
    Room("desk-people-import", gettext_lazy("Import people"), "people_import", "upload"),
    Room("desk-units-import", gettext_lazy("Import units"), "units_import", "upload"),
    Room("desk-slips", gettext_lazy("Activation slips"), "account_slips", "key"),
)


def administers(account: Account) -> bool:
    """Say whether the account runs the system."""
    return can(account, "manage-account", Account) and can(account, "import-people", Person)


def panels_of(account: Account, failing: Sequence[str]) -> list[DeskPanel]:
    """Return the administrator's panels; none for other roles.

    Args:
        account: who looks.
        failing: names of the checks of readiness that do not hold.
    """
    if not administers(account):
        return []
    waiting = visible(account, "manage-account", Account.objects.never_signed_in()).count()
    return [_health(failing), _accounts(account, waiting), _units(), _lists(), _slips(waiting)]


def _health(failing: Sequence[str]) -> DeskPanel:
    rows = [_check(name, label, failing) for name, label in CHECKS.items()]
    rows += [_failed_jobs(), _mail()]
    lead = _("Everything runs.") if _all_well(rows) else _("Something needs your attention.")
    seen = _("Seen on %(moment)s.") % {"moment": moment(timezone.now())}
    return DeskPanel(title=_("How the system is"), lead=f"{lead} {seen}", rows=rows)


def _all_well(rows: Sequence[dict[str, Any]]) -> bool:
    return all(row["state"] == "done" for row in rows)


def _check(name: str, label: Promise, failing: Sequence[str]) -> dict[str, Any]:
    holds = name not in failing
    hint = ""
    if name == "worker":
        stamp = jobs.last_sweep()
        last = moment(stamp) if stamp else _("never yet")
        hint = _("last sign of life: %(moment)s") % {"moment": last}
    return _row(str(label), hint, is_well=holds)


def _failed_jobs() -> dict[str, Any]:
    count = jobs.Job.objects.filter(state=jobs.Job.State.FAILED).count()
    hint = _("%(count)d given up") % {"count": count}
    return _row(_("Failed work"), hint, is_well=count == 0)


def _mail() -> dict[str, Any]:
    """Say how mail goes; without a mail server notices wait to be printed, which is allowed."""
    failed = Notice.objects.filter(state=Notice.State.FAILED).count()
    if settings.EMAIL_URL == "none":
        waiting = Notice.objects.to_print().count()
        hint = _("no mail server; %(count)d notices to print") % {"count": waiting}
    else:
        hint = _("%(count)d messages not sent") % {"count": failed}
    return _row(_("Mail"), hint, is_well=failed == 0)


def _row(label: str, hint: str, *, is_well: bool) -> dict[str, Any]:
    word = _("In order") if is_well else _("Needs attention")
    return {"label": label, "hint": hint, "word": word, "state": "done" if is_well else "late"}


def _accounts(account: Account, waiting: int) -> DeskPanel:
    people = visible(account, "see-person", Person.objects.unmerged()).count()
    active = Account.objects.filter(is_active=True).count()
    lead = _("%(people)d people, %(active)d accounts; %(waiting)d have never signed in.") % {
        "people": people,
        "active": active,
        "waiting": waiting,
    }
    links = [{"label": _("People and their accounts"), "url": reverse("people_list")}]
    return DeskPanel(title=_("Accounts and people"), lead=lead, links=links)


def _units() -> DeskPanel:
    count = Unit.objects.valid_on(timezone.localdate()).count()
    return DeskPanel(
        title=_("Work units"),
        lead=_("%(count)d units today.") % {"count": count},
        links=[{"label": _("All work units"), "url": reverse("units_list")}],
    )


def _lists() -> DeskPanel:
    return DeskPanel(
        title=_("Import lists"),
        lead=_("A list is checked first; nothing is written before you apply it."),
        links=[
            {"label": _("Check a list of people"), "url": reverse("people_import")},
            {"label": _("Check a list of units"), "url": reverse("units_import")},
        ],
    )


def _slips(waiting: int) -> DeskPanel:
    return DeskPanel(
        title=_("Activation slips"),
        lead=_("%(count)d accounts wait to be taken into use.") % {"count": waiting},
        links=[{"label": _("Print activation slips"), "url": reverse("account_slips")}],
    )
