"""One row to be typed: its place in the sheet, and what is said of two entries that differ."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from clinic.assessments.frameworks import edition_file
from clinic.assessments.models import OutcomeLink, Sheet
from clinic.assessments.sheet_page import ALL, BLANK, FILTERS, RowState
from clinic.assessments.sheets import sheet_url
from clinic.assessments.typed_rows import FieldEdit
from clinic.lib.templatetags.ui import clock, moment
from clinic.people.models import Account

NEXT_LABELS: dict[str, Promise] = {
    BLANK: gettext_lazy("Save and next blank row"),
    "tanpa-bukti": gettext_lazy("Save and next row without proof"),
    "belum-diraih": gettext_lazy("Save and next row with points left"),
}


@dataclass(frozen=True)
class PlaceInSheet:
    """Where a row stands among those that a filter keeps.

    Attributes:
        filter_name: of the list that one came from.
        aim: the filter whose rows "save and next" goes through: blank ones, where all are listed.
        number, total: the row's place among all rows of the sheet.
        before, after: codes of the neighbours within the filter; empty at an end.
        next_aim: the next row of ``aim``, from the start again after the last; empty for none.
        left: how many rows of ``aim`` there are beside this one.
    """

    filter_name: str
    aim: str
    number: int
    total: int
    before: str
    after: str
    next_aim: str
    left: int

    @property
    def next_label(self) -> Promise:
        return NEXT_LABELS[self.aim]

    @property
    def before_in_words(self) -> str:
        return _("Previous: %(code)s") % {"code": self.before}

    @property
    def after_in_words(self) -> str:
        return _("Next: %(code)s") % {"code": self.after}

    @property
    def left_in_words(self) -> str:
        """Say how many rows of the aim are left beside this one."""
        if not self.left:
            return str(_NONE_LEFT[self.aim])
        sentences = {
            BLANK: ngettext("%(n)s other row is blank.", "%(n)s other rows are blank.", self.left),
            "tanpa-bukti": ngettext(
                "%(n)s other row lacks a link to proof.",
                "%(n)s other rows lack a link to proof.",
                self.left,
            ),
            "belum-diraih": ngettext(
                "%(n)s other row has points left.", "%(n)s other rows have points left.", self.left
            ),
        }
        return sentences[self.aim] % {"n": self.left}


_NONE_LEFT: dict[str, Promise] = {
    BLANK: gettext_lazy("No other row is blank."),
    "tanpa-bukti": gettext_lazy("No other row lacks a link to proof."),
    "belum-diraih": gettext_lazy("No other row has points left."),
}


def list_states(sheet: Sheet) -> list[RowState]:
    """Return what the filters ask of each scored row, in the order of the sheet."""
    framework = edition_file(sheet.edition)
    linked = {
        framework.row_of(code)
        for code in sheet.proofs.exclude(link="").values_list("node__code", flat=True)
    }
    names = ("node__code", "score", "max_points", "unanswered")
    scores = {code: rest for code, *rest in sheet.scores.values_list(*names)}
    return [
        RowState(node.code, score, maximum, bool(unanswered), has_link=node.code in linked)
        for node in framework.scored
        if node.code in scores
        for score, maximum, unanswered in [scores[node.code]]
    ]


def place_of(code: str, filter_name: str, states: list[RowState]) -> PlaceInSheet:
    """Find a row's neighbours within a filter, and the next one to fill in."""
    filter_name = filter_name if filter_name in FILTERS else ALL
    aim = BLANK if filter_name == ALL else filter_name
    codes = [each.code for each in states]
    place = codes.index(code)
    before = [each.code for each in states[:place] if each.fits(filter_name)]
    after = [each.code for each in states[place + 1 :] if each.fits(filter_name)]
    round_about = [*states[place + 1 :], *states[:place]]
    aims = [each.code for each in round_about if each.fits(aim)]
    return PlaceInSheet(
        filter_name=filter_name,
        aim=aim,
        number=place + 1,
        total=len(states),
        before=before[-1] if before else "",
        after=after[0] if after else "",
        next_aim=aims[0] if aims else "",
        left=len(aims),
    )


def list_url(sheet: Sheet, code: str, filter_name: str) -> str:
    """Return the address of the list at a row, which is shown even where the filter drops it."""
    query = f"butir={code}" if filter_name == ALL else f"saring={filter_name}&butir={code}"
    return f"{sheet_url(sheet)}?{query}#{code}"


def outcomes_on(sheet: Sheet, code: str) -> list[str]:
    """Return the slugs of the outcomes that bear on a row or what stands above, strongest first."""
    above = [node.code for node in edition_file(sheet.edition).path(code)]
    links = OutcomeLink.objects.filter(
        node__edition=sheet.edition_id, node__code__in=above, outcome__retired_at__isnull=True
    )
    return list(links.order_by("-weight", "outcome__order").values_list("outcome__slug", flat=True))


def say_who(
    changes: Mapping[str, FieldEdit], fields: Iterable[str], reader: Account
) -> dict[str, str]:
    """Say for each field who changed it and when, to the reader."""
    fields = list(fields)
    actors = {changes[name].actor for name in fields if name in changes}
    names = {
        account.pk: str(account.person)
        for account in Account.objects.filter(pk__in=actors - {None}).select_related("person")
    }
    return {name: _say_one(changes.get(name), names, reader) for name in fields}


def _say_one(change: FieldEdit | None, names: Mapping[int, str], reader: Account) -> str:
    if change is None or change.actor not in {*names, reader.pk}:
        return _("It has changed since you opened this row.")
    is_today = timezone.localdate(change.at) == timezone.localdate()
    at = clock(change.at) if is_today else moment(change.at)
    if change.actor == reader.pk:
        if is_today:
            return _("You changed it in another window at %(at)s.") % {"at": at}
        return _("You changed it in another window on %(at)s.") % {"at": at}
    params = {"name": names[change.actor], "at": at}
    if is_today:
        return _("Changed by %(name)s at %(at)s.") % params
    return _("Changed by %(name)s on %(at)s.") % params
