"""The editor's own page of a person's settings, less what is kept elsewhere.

One box on the first screen of those who work in the editor.

Where an administrator begins: accounts, units, lists, slips, and how the system is.

Where authors and reviewers begin: their own drafts, and what waits for a review.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from django.forms import Media
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from wagtail.admin.auth import require_admin_access
from wagtail.admin.views.account import AccountView, NameEmailSettingsPanel

from clinic.lib.templatetags.ui import moment
from clinic.people.access import can, roles_of, visible
from clinic.people.models import Account, Grant, Person, Unit
from clinic.records import jobs
from clinic.records.notices import Notice
from courses import reviewing
from courses.reviewing import ModuleStage


@dataclass(frozen=True)
class DeskPanel:
    """A heading, a sentence, rows with their state in words, and links to go on.

    The editor's home page draws whatever has ``render_html``, ``media`` and ``order``; equal
    orders keep the order of the list.
    """

    title: str
    lead: str
    rows: Sequence[Mapping[str, Any]] = ()
    links: Sequence[Mapping[str, str]] = ()
    media: Media = field(default_factory=Media)
    order: int = 0

    def render_html(self, parent_context: Any = None) -> str:
        """Draw the box."""
        return render_to_string("desks/editor/panel.html", {"panel": self})


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


def administrator_panels(account: Account, failing: Sequence[str]) -> list[DeskPanel]:
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
    return _row(_("Failed work"), hint, is_well=count == 0) | {"url": reverse("failed_jobs")}


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


# Word, and the state that the tag beside it draws.
WORDS: dict[str, tuple[Promise, str]] = {
    reviewing.RETURNED: (gettext_lazy("Please improve"), "late"),
    reviewing.CHANGED: (gettext_lazy("Draft"), "doing"),
    reviewing.NEW: (gettext_lazy("Draft"), "doing"),
    reviewing.WAITING: (gettext_lazy("Waiting for a reviewer"), "todo"),
    reviewing.PUBLISHED: (gettext_lazy("Published"), "done"),
}


def author_panels(account: Account) -> list[DeskPanel]:
    """Return the panels of the roles that the account holds; none for other roles."""
    held = roles_of(account)
    found = []
    if Grant.Role.REVIEWER in held:
        found.append(_to_review(account))
    if Grant.Role.AUTHOR in held:
        found.append(_own_drafts(account))
    return found


def _to_review(account: Account) -> DeskPanel:
    waiting = reviewing.waiting_for(account)
    count = len(waiting)
    return DeskPanel(
        title=_("To be reviewed"),
        lead=ngettext(
            "%(count)d module waits for a review.", "%(count)d modules wait for a review.", count
        )
        % {"count": count}
        if count
        else _("No module waits for a review."),
        rows=[
            {
                "label": one.module.draft_title,
                "url": _review_page(one),
                "hint": _sent(one),
                "word": WORDS[one.state][0],
                "state": WORDS[one.state][1],
            }
            for one in waiting
        ],
        links=[{"label": _("All modules in review"), "url": reverse("module_reviews")}],
    )


def _own_drafts(account: Account) -> DeskPanel:
    standings = reviewing.stages_of(account)
    under_way = [one for one in standings if one.is_open]
    count = len(under_way)
    return DeskPanel(
        title=_("My drafts"),
        lead=ngettext("%(count)d draft is under way.", "%(count)d drafts are under way.", count)
        % {"count": count}
        if count
        else _("No draft is under way. Open a module to go on writing."),
        rows=[_own_row(one) for one in standings],
        links=[{"label": _("Pages of the editor"), "url": reverse("wagtailadmin_explore_root")}],
    )


def _own_row(one: ModuleStage) -> dict[str, Any]:
    word, state = WORDS[one.state]
    is_waiting = one.state == reviewing.WAITING
    edit = reverse("wagtailadmin_pages:edit", args=[one.module.pk])
    return {
        "label": one.module.draft_title,
        "url": _review_page(one) if is_waiting else edit,
        "hint": _hint(one),
        "word": word,
        "state": state,
    }


def _hint(one: ModuleStage) -> str:
    if one.state == reviewing.WAITING:
        return _sent(one)
    if one.state == reviewing.RETURNED and one.request:
        return one.request.comment
    return str(one.module.area)


def _sent(one: ModuleStage) -> str:
    request = one.request
    if request is None:
        return ""
    return _("%(name)s, sent on %(moment)s") % {
        "name": request.sent_by.person.name,
        "moment": moment(request.sent_at),
    }


def _review_page(one: ModuleStage) -> str:
    return reverse("module_review", kwargs={"slug": one.module.slug})


class EditorAccount(AccountView):
    """What a person sets in the editor: picture, notices, looks.

    Names and addresses belong to the list of persons; the editor's form would ask for a first and
    a last name and keep neither.
    """

    def get_panels(self) -> list[Any]:
        """Return the panels without the one of names."""
        panels = super().get_panels()
        return [panel for panel in panels if not isinstance(panel, NameEmailSettingsPanel)]


editor_account = require_admin_access(EditorAccount.as_view())
