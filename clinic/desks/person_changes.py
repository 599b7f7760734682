"""A person moves to another unit; two rows of one person are merged and taken apart again."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django import forms
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from clinic.desks.acts import OffersUnits, Text
from clinic.desks.persons import (
    DAY,
    PersonAct,
    build_crumbs,
    describe_grant,
    find_person,
    search_people,
)
from clinic.lib.errors import Refused
from clinic.lib.templatetags.ui import day
from clinic.people import merging, moving
from clinic.people.access import SignedInRequest, rows_of, visible
from clinic.people.accounts import state_of
from clinic.people.arithmetic.matching import normalise_name
from clinic.people.arithmetic.nip import mask_email, mask_nip, mask_phone
from clinic.people.models import Membership, Person, PersonMerge, Unit
from clinic.people.moving import ONE_DAY
from clinic.people.wording import column_label

MOST_FOUND = 20


# --- Moving ---------------------------------------------------------------------------------------
class MoveForm(OffersUnits, forms.ModelForm):
    """Where the person works then, from which day and in which post."""

    unit = forms.ModelChoiceField(
        Unit.objects.none(),
        to_field_name="slug",
        label=gettext_lazy("New work unit"),
        empty_label=gettext_lazy("Choose a unit"),
    )

    class Meta:
        model = Membership
        fields = ("unit", "start", "position", "position_kind")
        labels = {"start": gettext_lazy("First day there")}
        widgets = {"start": DAY}


class MovePerson(PersonAct):
    """Move a person to another unit or post from a day on."""

    title = gettext_lazy("Move to another unit")
    label = gettext_lazy("Move the person")
    choice_class = MoveForm

    def choice_options(self) -> dict[str, Any]:
        units = visible(self.request.user, "import-people", Unit.objects.all())
        today = timezone.localdate()
        return {"units": units.exclude(valid_to__lt=today), "initial": {"start": today}}

    def check(self) -> None:
        today = timezone.localdate()
        self.placement = moving.plan_move(self.person, today=today, **self.chosen)
        if self.placement.act == "none":
            raise Refused(
                _("The person has this place already. Nothing would change."),
                code="nothing_to_change",
            )

    def changes(self) -> Iterable[Text]:
        last, after = self.placement.last, self.placement.after
        params = {
            "unit": self.chosen["unit"].name,
            "position": after.position or _("no post stated"),
            "first": day(after.start),
        }
        if last is not None and self.placement.act == "move":
            ended = {"unit": last.unit.name, "last": day(after.start - ONE_DAY)}
            yield _("The place in %(unit)s ends on %(last)s.") % ended
        if last is not None and self.placement.act == "correct":
            old = {"unit": last.unit.name, "first": day(last.start)}
            yield _("The place in %(unit)s since %(first)s is corrected, not ended.") % old
        yield _("From %(first)s the person works in %(unit)s (%(position)s).") % params
        for grant in moving.roles_that_end(self.person, self.placement):
            yield _("This role ends: %(role)s, %(scope)s.") % describe_grant(grant)

    def unchanged(self) -> Iterable[Text]:
        yield _("The history is not changed: what was done so far counts for the unit of that day.")
        yield _("The account and roles for the whole programme stay.")

    def perform(self, reason: str) -> str:
        moving.move_person(
            self.person,
            today=timezone.localdate(),
            actor=self.request.user,
            reason=reason,
            **self.chosen,
        )
        return _("%(name)s works in %(unit)s from %(first)s.") % {
            "name": self.person.name,
            "unit": self.chosen["unit"].name,
            "first": day(self.chosen["start"]),
        }


# --- Merging --------------------------------------------------------------------------------------
class TwinForm(forms.Form):
    """Whom to look for."""

    q = forms.CharField(label=gettext_lazy("Name or NIP"), max_length=80, required=False)


@require_safe
@never_cache
def find_twin(request: SignedInRequest, uuid: UUID) -> HttpResponse:
    """List rows that may be the same person: those of the same name, or those that are searched."""
    person = find_person(request, uuid)
    form = TwinForm(request.GET)
    text = form.cleaned_data["q"].strip() if form.is_valid() else ""
    others = visible(request.user, "change-person", Person.objects.unmerged())
    others = others.exclude(pk=person.pk).order_by("name", "pk")
    if text:
        people = search_people(others, text)
    else:
        name = normalise_name(person.name)
        alike = [key for key, other in others.values_list("pk", "name")
                 if normalise_name(other) == name]  # fmt: skip
        people = others.filter(pk__in=alike)
    rows = list(people.select_related("account")[: MOST_FOUND + 1])
    context = {
        "person": person,
        "form": form,
        "is_searched": bool(text),
        "heading": _("Found") if text else _("Of the same name"),
        "rows": [describe_row(row) for row in rows[:MOST_FOUND]],
        "has_more": len(rows) > MOST_FOUND,
        "crumbs": build_crumbs(person, _("Merge with another row")),
    }
    return render(request, "desks/person_merge.html", context)


def describe_row(row: Person) -> dict[str, Any]:
    """Return what tells one row of a person from another, no number in full."""
    members = Membership.objects.filter(person__in=rows_of(row)).select_related("unit")
    nip, email, account = mask_nip(row.nip), mask_email(row.email), state_of(row).label
    facts = {"nip": nip or "–", "email": email or "–", "account": account}
    return {
        "uuid": row.uuid,
        "name": row.name,
        "nip": nip,
        "email": email,
        "facts": _("NIP %(nip)s, e-mail %(email)s, account: %(account)s") % facts,
        "phone": mask_phone(row.phone),
        "places": [
            f"{member.unit.name}, {member.position}" if member.position else member.unit.name
            for member in members
        ],
        "account": account,
    }


class MergePersons(PersonAct):
    """Let one row stand for another of the same person."""

    title = gettext_lazy("Merge two rows of one person")
    label = gettext_lazy("Merge the rows")
    template_name = "desks/person_merge_act.html"

    def find(self) -> None:
        super().find()
        self.other = find_person(self.request, self.kwargs["other"])

    def check(self) -> None:
        merging.check_merge(self.person, self.other, actor=self.request.user)

    def changes(self) -> Iterable[Text]:
        names = {"kept": self.person.name, "other": self.other.name}
        yield _("The row “%(other)s” leaves the lists; “%(kept)s” stands for both.") % names
        filled = merging.blanks_filled(self.person, self.other)
        if filled:
            labels = [column_label(name) for name in filled]
            yield _("Empty fields are filled from it: %(fields)s.") % {"fields": ", ".join(labels)}
        else:
            yield _("No field is taken from it; nothing is overwritten.")
        yield _("Roles of both rows hold for the one person.")

    def unchanged(self) -> Iterable[Text]:
        yield _(
            "The history is not changed: attendance, answers, certificates and places stay with "
            "the row they were made for and are read together."
        )
        yield _("The merger can be taken apart again.")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        compared = [
            {"role": _("stays in the lists"), **describe_row(self.person)},
            {"role": _("leaves the lists"), **describe_row(self.other)},
        ]
        return super().get_context_data(compared=compared, **kwargs)

    def perform(self, reason: str) -> str:
        merging.merge(self.person, self.other, actor=self.request.user, reason=reason)
        names = {"kept": self.person.name, "other": self.other.name}
        return _("“%(kept)s” stands for “%(other)s” as well.") % names

    def undo(self) -> tuple[str, Text]:
        rows = [self.person.uuid, self.other.uuid]
        return reverse("person_unmerge", args=rows), _("Take them apart")


class UnmergePersons(PersonAct):
    """Take two merged rows apart again."""

    title = gettext_lazy("Take the rows apart")
    label = gettext_lazy("Take the rows apart")
    is_danger = True

    def find(self) -> None:
        super().find()
        merges = PersonMerge.objects.filter(kept=self.person, undone_at__isnull=True)
        in_force = merges.select_related("other")
        self.other = get_object_or_404(in_force, other__uuid=self.kwargs["other"]).other

    def changes(self) -> Iterable[Text]:
        names = {"kept": self.person.name, "other": self.other.name}
        yield _("“%(other)s” is a person of their own again, in the lists.") % names
        yield _("What “%(kept)s” was given from it and still has, it gives back.") % names
        yield _("Roles hold for the row that they were given to.")

    def unchanged(self) -> Iterable[Text]:
        yield _("The history is not changed: everything stays with the row it was made for.")

    def perform(self, reason: str) -> str:
        merging.undo_merge(self.other, actor=self.request.user, reason=reason)
        names = {"kept": self.person.name, "other": self.other.name}
        return _("“%(kept)s” and “%(other)s” are two persons again.") % names

    def undo(self) -> tuple[str, Text]:
        rows = [self.person.uuid, self.other.uuid]
        return reverse("person_merge", args=rows), _("Merge them again")
