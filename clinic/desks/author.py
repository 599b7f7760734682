"""Where authors and reviewers begin: their own drafts, and what waits for a review."""

from typing import Any

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from clinic.desks.panel import DeskPanel
from clinic.lib.templatetags.ui import moment
from clinic.people.access import roles_of
from clinic.people.models import Account, Grant
from courses import drafts
from courses.drafts import Standing

# Word, and the state that the tag beside it draws.
WORDS: dict[str, tuple[Promise, str]] = {
    drafts.RETURNED: (gettext_lazy("Please improve"), "late"),
    drafts.CHANGED: (gettext_lazy("Draft"), "doing"),
    drafts.NEW: (gettext_lazy("Draft"), "doing"),
    drafts.WAITING: (gettext_lazy("Waiting for a reviewer"), "todo"),
    drafts.PUBLISHED: (gettext_lazy("Published"), "done"),
}


def panels_of(account: Account) -> list[DeskPanel]:
    """Return the panels of the roles that the account holds; none for other roles."""
    held = roles_of(account)
    found = []
    if Grant.Role.REVIEWER in held:
        found.append(_to_review(account))
    if Grant.Role.AUTHOR in held:
        found.append(_own_drafts(account))
    return found


def _to_review(account: Account) -> DeskPanel:
    waiting = drafts.waiting_for(account)
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
    standings = drafts.standings_of(account)
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


def _own_row(one: Standing) -> dict[str, Any]:
    word, state = WORDS[one.state]
    is_waiting = one.state == drafts.WAITING
    edit = reverse("wagtailadmin_pages:edit", args=[one.module.pk])
    return {
        "label": one.module.draft_title,
        "url": _review_page(one) if is_waiting else edit,
        "hint": _hint(one),
        "word": word,
        "state": state,
    }


def _hint(one: Standing) -> str:
    if one.state == drafts.WAITING:
        return _sent(one)
    if one.state == drafts.RETURNED and one.request:
        return one.request.comment
    return str(one.module.area)


def _sent(one: Standing) -> str:
    request = one.request
    if request is None:
        return ""
    return _("%(name)s, sent on %(moment)s") % {
        "name": request.sent_by.person.name,
        "moment": moment(request.sent_at),
    }


def _review_page(one: Standing) -> str:
    return reverse("module_review", kwargs={"slug": one.module.slug})
