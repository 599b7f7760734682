"""The first screen of the Wagtail admin by role, its menu, and a person's settings there.

Administrators begin with accounts, units, lists, slips and the state of the system; authors with
their own drafts, reviewers with what waits for a review.
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

from clinic.desks.acts import Text
from clinic.lib.templatetags.ui import moment
from clinic.people.access import can, roles_of, visible
from clinic.people.models import Account, Grant, Person, Unit
from clinic.records import backups, jobs
from clinic.records.notices import Notice
from courses import reviewing


@dataclass(frozen=True)
class HomePanel:
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
        return render_to_string("desks/editor/panel.html", {"panel": self})


@dataclass(frozen=True)
class MenuLink:
    """A page of an administrator in the menu; ``address`` is its URL name."""

    name: str
    label: Promise
    address: str
    icon: str

    @property
    def url(self) -> str:
        return reverse(self.address)


MENU_LINKS = (
    MenuLink("desk-setup", gettext_lazy("Setting up"), "setup", "list-ul"),
    MenuLink("desk-people", gettext_lazy("Accounts and people"), "people_list", "group"),
    MenuLink("desk-units", gettext_lazy("Work units"), "units_list", "folder-open-inverse"),
    MenuLink("desk-people-import", gettext_lazy("Import people"), "people_import", "upload"),
    MenuLink("desk-units-import", gettext_lazy("Import units"), "units_import", "upload"),
    MenuLink("desk-slips", gettext_lazy("Activation slips"), "account_slips", "key"),
)


def administers(account: Account) -> bool:
    """Say whether the account runs the system."""
    return can(account, "manage-account", Account) and can(account, "import-people", Person)


# --- Administrators -------------------------------------------------------------------------------
# Words for the checks of ``/readyz``.
CHECKS: dict[str, Promise] = {
    "database": gettext_lazy("Database"),
    "migrations": gettext_lazy("Structure of the database"),
    "broker": gettext_lazy("Queue of the work in the background"),
    "worker": gettext_lazy("Work in the background"),
    "jobs": gettext_lazy("Waiting work"),
    "disk": gettext_lazy("Room on the disk"),
}


def administrator_panels(account: Account, failing: Sequence[str]) -> list[HomePanel]:
    """Return the administrator's panels; none for other roles.

    Args:
        account: who looks.
        failing: names of the checks of readiness that do not hold.
    """
    if not administers(account):
        return []
    waiting = visible(account, "manage-account", Account.objects.never_signed_in()).count()
    numbers = {
        "people": visible(account, "see-person", Person.objects.unmerged()).count(),
        "active": Account.objects.filter(is_active=True).count(),
        "waiting": waiting,
    }
    units = Unit.objects.valid_on(timezone.localdate()).count()
    return [
        describe_health(failing),
        HomePanel(
            title=_("Accounts and people"),
            lead=_("People: %(people)d. Accounts: %(active)d; never signed in: %(waiting)d.")
            % numbers,
            links=[{"label": _("People and their accounts"), "url": reverse("people_list")}],
        ),
        HomePanel(
            title=_("Work units"),
            lead=ngettext("%(count)d unit today.", "%(count)d units today.", units)
            % {"count": units},
            links=[{"label": _("All work units"), "url": reverse("units_list")}],
        ),
        HomePanel(
            title=_("Import lists"),
            lead=_("A list is checked first; nothing is written before you apply it."),
            links=[
                {"label": _("Check a list of people"), "url": reverse("people_import")},
                {"label": _("Check a list of units"), "url": reverse("units_import")},
            ],
        ),
        HomePanel(
            title=_("Activation slips"),
            lead=ngettext(
                "%(count)d account waits to be taken into use.",
                "%(count)d accounts wait to be taken into use.",
                waiting,
            )
            % {"count": waiting},
            links=[{"label": _("Print activation slips"), "url": reverse("account_slips")}],
        ),
    ]


def describe_health(failing: Sequence[str]) -> HomePanel:
    """Say of each check, of failed work and of the mail whether it is in order."""

    def describe(label: Text, hint: str, *, is_well: bool, url: str = "") -> dict[str, Any]:
        word = _("In order") if is_well else _("Needs attention")
        state = "done" if is_well else "late"
        return {"label": str(label), "hint": hint, "word": word, "state": state, "url": url}

    rows = []
    for name, label in CHECKS.items():
        hint = ""
        if name == "worker":
            stamp = jobs.last_sweep()
            last = moment(stamp) if stamp else _("never yet")
            hint = _("last sign of life: %(moment)s") % {"moment": last}
        rows.append(describe(label, hint, is_well=name not in failing))
    failed = jobs.Job.objects.filter(state=jobs.Job.State.FAILED).count()
    hint = _("%(count)d given up") % {"count": failed}
    rows.append(describe(_("Failed work"), hint, is_well=not failed, url=reverse("failed_jobs")))
    unsent = Notice.objects.filter(state=Notice.State.FAILED).count()
    if settings.EMAIL_URL == "none":  # allowed: notices wait to be printed
        waiting = Notice.objects.to_print().count()
        hint = ngettext(
            "no mail server; %(count)d notice to print",
            "no mail server; %(count)d notices to print",
            waiting,
        ) % {"count": waiting}
    else:
        hint = ngettext("%(count)d message not sent", "%(count)d messages not sent", unsent) % {
            "count": unsent
        }
    rows.append(describe(_("Mail"), hint, is_well=not unsent))
    if settings.KLINIK_BACKUP_HOURS:
        newest, now = backups.newest_archive(), timezone.now()
        hint = moment(newest) if newest else _("none yet")
        rows.append(describe(_("Newest archive"), hint, is_well=not backups.is_overdue(now)))
    is_all_well = all(row["state"] == "done" for row in rows)
    lead = _("Everything runs.") if is_all_well else _("Something needs your attention.")
    checked = _("Seen on %(moment)s.") % {"moment": moment(timezone.now())}
    return HomePanel(
        title=_("How the system is"),
        lead=f"{lead} {checked}",
        rows=rows,
        links=[{"label": _("Setting up"), "url": reverse("setup")}],
    )


# --- Authors and reviewers ------------------------------------------------------------------------
# Word, and the state that the tag beside it draws.
WORDS: dict[str, tuple[Promise, str]] = {
    reviewing.RETURNED: (gettext_lazy("Please improve"), "late"),
    reviewing.CHANGED: (gettext_lazy("Draft"), "doing"),
    reviewing.NEW: (gettext_lazy("Draft"), "doing"),
    reviewing.WAITING: (gettext_lazy("Waiting for a reviewer"), "todo"),
    reviewing.PUBLISHED: (gettext_lazy("Published"), "done"),
}


def author_panels(account: Account) -> list[HomePanel]:
    """Return what waits for a reviewer, and an author's drafts; none for other roles."""
    roles = roles_of(account)
    panels = []
    if Grant.Role.REVIEWER in roles:
        waiting = reviewing.waiting_for(account)
        panels.append(
            HomePanel(
                title=_("To be reviewed"),
                lead=_describe_waiting(len(waiting)),
                rows=[describe_module(draft) for draft in waiting],
                links=[{"label": _("All modules in review"), "url": reverse("module_reviews")}],
            )
        )
    if Grant.Role.AUTHOR in roles:
        drafts = reviewing.stages_of(account)
        pages = reverse("wagtailadmin_explore_root")
        panels.append(
            HomePanel(
                title=_("My drafts"),
                lead=_describe_drafts(sum(draft.is_open for draft in drafts)),
                rows=[describe_module(draft) for draft in drafts],
                links=[{"label": _("Pages of the editor"), "url": pages}],
            )
        )
    return panels


def _describe_waiting(count: int) -> str:
    if not count:
        return _("No module waits for a review.")
    return ngettext(
        "%(count)d module waits for a review.", "%(count)d modules wait for a review.", count
    ) % {"count": count}


def _describe_drafts(count: int) -> str:
    if not count:
        return _("No draft is under way. Open a module to go on writing.")
    return ngettext("%(count)d draft is under way.", "%(count)d drafts are under way.", count) % {
        "count": count
    }


def describe_module(draft: reviewing.ModuleStage) -> dict[str, Any]:
    """Return a module's row: one that waits for a review leads to it, any other to the editor."""
    module, request = draft.module, draft.request
    url = reverse("wagtailadmin_pages:edit", args=[module.pk])
    hint = str(module.area)
    if request and draft.state == reviewing.WAITING:
        url = reverse("module_review", kwargs={"slug": module.slug})
        hint = _("%(name)s, sent on %(moment)s") % {
            "name": request.sent_by.person.name,
            "moment": moment(request.sent_at),
        }
    elif request and draft.state == reviewing.RETURNED:
        hint = request.comment
    word, state = WORDS[draft.state]
    return {"label": module.draft_title, "url": url, "hint": hint, "word": word, "state": state}


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
