"""``/admin/unit/``: the units, one unit's page, and what is changed about a unit."""

from collections.abc import Iterable, Iterator
from typing import Any

from django import forms
from django.core.paginator import Paginator
from django.db.models import Count, Q, QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from clinic.desks.acts import AdministratorAct, Crumbs, OffersUnits, ReasonForm, Text
from clinic.desks.persons import DAY, ROWS_A_PAGE
from clinic.lib.templatetags.ui import day
from clinic.people import restructuring
from clinic.people.access import SignedInRequest, visible
from clinic.people.models import Grant, Membership, Person, Unit

MOST_SUCCESSORS = 4
MOST_NAMED = 8


class UnitSearchForm(forms.Form):
    """What the list of units is narrowed to."""

    q = forms.CharField(label=gettext_lazy("Name of the unit"), max_length=80, required=False)


# --- The list and one unit ------------------------------------------------------------------------
def visible_units(request: SignedInRequest) -> QuerySet[Unit]:
    return visible(request.user, "change-unit", Unit.objects.all())


@require_safe
@never_cache
def list_units(request: SignedInRequest) -> HttpResponse:
    """Units in official order, with how many people work there today."""
    form = UnitSearchForm(request.GET)
    units = visible_units(request)
    names = {unit.path: unit.name for unit in units}
    if form.is_valid() and form.cleaned_data["q"]:
        text = form.cleaned_data["q"].strip()
        units = units.filter(Q(name__icontains=text) | Q(former_names__icontains=text))
    working = Q(memberships__in=Membership.objects.on(timezone.localdate()))
    counted = units.annotate(people=Count("memberships__person", filter=working, distinct=True))
    page = Paginator(counted, ROWS_A_PAGE).get_page(request.GET.get("page"))
    labels = (_("Unit"), _("Kind"), _("Parent unit"), _("State"))
    context = {
        "form": form,
        "page_obj": page,
        "is_narrowed": bool(request.GET.get("q")),
        "columns": [
            *({"label": text} for text in labels),
            {"label": _("People"), "numeric": True},
        ],
        "rows": [build_cells(unit, names) for unit in page],
    }
    return render(request, "desks/units.html", context)


def build_cells(unit: Any, names: dict[str, str]) -> list[dict[str, Any]]:
    """Return the cells of a unit that was counted; ``names`` are those of all units by path."""
    return [
        {"value": unit.name, "url": reverse("unit", args=[unit.slug])},
        {"value": unit.get_kind_display(), "label": _("Kind")},
        {"value": names.get(unit.path[: -Unit.steplen], "–"), "label": _("Parent unit")},
        {"value": describe_state(unit), "label": _("State")},
        {
            "value": unit.people,
            "numeric": True,
            "label": _("People"),
            "url": f"{reverse('people_list')}?unit={unit.slug}" if unit.people else "",
        },
    ]


def describe_state(unit: Unit) -> str:
    """Say whether the unit is in force today."""
    if unit.valid_to and unit.has_ended(timezone.localdate()):
        return _("ended on %(day)s") % {"day": unit.valid_to.strftime("%d-%m-%Y")}
    return _("in force")


def find_unit(request: SignedInRequest, slug: str) -> Unit:
    return get_object_or_404(visible_units(request), slug=slug)


def build_crumbs(unit: Unit, here: Text = "") -> Crumbs:
    """Return the way from the list of units to a page of the unit."""
    crumbs: Crumbs = [{"label": _("Work units"), "url": reverse("units_list")}]
    if not here:
        return [*crumbs, {"label": unit.name}]
    own_page = reverse("unit", args=[unit.slug])
    return [*crumbs, {"label": unit.name, "url": own_page}, {"label": here}]


@require_safe
@never_cache
def show_unit(request: SignedInRequest, slug: str) -> HttpResponse:
    """What is known of the unit, who carries on for whom, and what can be done."""
    unit = find_unit(request, slug)
    today = timezone.localdate()
    context = {
        "unit": unit,
        "parent": unit.get_parent(),
        "state": describe_state(unit),
        "since": unit.valid_from and _("since %(first)s") % {"first": day(unit.valid_from)},
        "is_root": unit.is_root(),
        "has_last_day": unit.valid_to is not None,
        "parts": unit.get_children(),
        "people": unit.memberships.on(today).values("person").distinct().count(),
        "successors": restructuring.successors_on(unit, today) if unit.has_ended(today) else [],
        "predecessors": restructuring.predecessors_of(unit),
        "acts": list_acts(unit),
        "crumbs": build_crumbs(unit),
    }
    return render(request, "desks/unit.html", context)


def list_acts(unit: Unit) -> list[dict[str, Text]]:
    """Return what can be done with the unit in its state, with a sentence on when to choose it."""
    renaming = ("unit_rename", RenameUnit.title, _("The same unit gets another name."))
    opening = ("unit_reopen", ReopenUnit.title, _("It ended by mistake and goes on."))
    changing = [
        ("unit_move", MoveUnit.title, _("It lies below another unit, with all its parts.")),
        ("unit_merge", MergeUnit.title, _("It ends, and one unit carries on for it.")),
        ("unit_split", SplitUnit.title, _("It ends, and several units carry on for it.")),
        ("unit_end", EndUnit.title, _("It ends, and nobody carries on for it.")),
    ]
    acts = [renaming]
    if unit.valid_to is not None:
        acts.append(opening)
    elif not unit.is_root():
        acts += changing
    return [
        {"url": reverse(name, args=[unit.slug]), "title": title, "hint": hint}
        for name, title, hint in acts
    ]


# --- What is changed ------------------------------------------------------------------------------
class UnitAct(AdministratorAct):
    """An act on a unit, from its page and back to it."""

    def find(self) -> None:
        self.unit = find_unit(self.request, self.kwargs["slug"])
        self.subject = self.unit.name
        self.back = reverse("unit", args=[self.unit.slug])
        self.crumbs = build_crumbs(self.unit, self.title)

    def offer_units(self) -> QuerySet[Unit]:
        """Return the units of today and tomorrow, but for this one and the regency's."""
        today = timezone.localdate()
        return visible_units(self.request).exclude(valid_to__lt=today).exclude(pk=self.unit.pk)

    def describe_people(self) -> Text:
        count = self.unit.memberships.on(timezone.localdate()).values("person").distinct().count()
        return ngettext(
            "%(count)d person works in this unit today.",
            "%(count)d people work in this unit today.",
            count,
        ) % {"count": count}

    def describe_parts(self) -> Text:
        parts = list(self.unit.get_children().valid_on(timezone.localdate()))
        names = ", ".join(part.name for part in parts[:MOST_NAMED])
        if len(parts) > MOST_NAMED:
            names += ", …"
        return _("Units directly below it: %(names)s.") % {"names": names or _("none")}

    def describe_roles(self) -> Iterator[Text]:
        roles = Grant.objects.on(timezone.localdate()).filter(unit=self.unit).count()
        if roles:
            yield ngettext(
                "%(count)d role in this unit is not moved; give it anew where it is needed.",
                "%(count)d roles in this unit are not moved; give them anew where needed.",
                roles,
            ) % {"count": roles}


class UnitEndingAct(UnitAct):
    """An act that ends the unit; opening it again takes the end back."""

    is_danger = True

    def undo(self) -> tuple[str, Text]:
        return reverse("unit_reopen", args=[self.unit.slug]), _("Take the end back")


class NameForm(ReasonForm):
    """The new name of a unit."""

    name = forms.CharField(
        label=gettext_lazy("New name"), max_length=Unit._meta.get_field("name").max_length
    )
    field_order = ("name", "reason")


class RenameUnit(UnitAct):
    """Give a unit another name."""

    title = gettext_lazy("Change the name")
    label = gettext_lazy("Change the name")
    form_class = NameForm

    def get_initial(self) -> dict[str, Any]:
        return super().get_initial() or {"name": self.request.GET.get("nama", self.unit.name)}

    def changes(self) -> Iterable[Text]:
        yield _("Every page and list shows the new name, for the past as well.")
        yield _("“%(name)s” stays among the former names: old sheets and lists still find the unit."
               ) % {"name": self.unit.name}  # fmt: skip

    def unchanged(self) -> Iterable[Text]:
        yield _("It is the same unit: people, roles, sheets, results and its address stay.")
        yield _("For a unit that is founded anew, merge it into the new one instead.")

    def perform(self, reason: str) -> str:
        self.before, name = self.unit.name, self.form.cleaned_data["name"]
        restructuring.rename_unit(self.unit, name, actor=self.request.user, reason=reason)
        return _("The unit is called “%(name)s” now.") % {"name": name}

    def undo(self) -> tuple[str, Text]:
        own = reverse("unit_rename", args=[self.unit.slug], query={"nama": self.before})
        return own, _("Give it back its name")


class ParentForm(OffersUnits, forms.Form):
    """The unit that a unit is to lie below."""

    parent = forms.ModelChoiceField(
        Unit.objects.none(),
        to_field_name="slug",
        label=gettext_lazy("New parent unit"),
        empty_label=gettext_lazy("Choose a unit"),
    )


class MoveUnit(UnitAct):
    """Put a unit with all its parts below another one."""

    title = gettext_lazy("Move below another unit")
    label = gettext_lazy("Move the unit")
    choice_class = ParentForm

    def choice_options(self) -> dict[str, Any]:
        return {"units": self.offer_units()}

    def check(self) -> None:
        restructuring.check_parent(self.unit, self.chosen["parent"], timezone.localdate())

    def changes(self) -> Iterable[Text]:
        names = {"unit": self.unit.name, "parent": self.chosen["parent"].name}
        yield _("“%(unit)s” lies below “%(parent)s”, at once and for the past as well.") % names
        yield _("All units below it go along.")
        yield _("Who has a role in the unit above sees it; who has one in the old one does not.")

    def unchanged(self) -> Iterable[Text]:
        yield _("People, roles in the unit itself, sheets and results stay with it.")

    def perform(self, reason: str) -> str:
        self.before = self.unit.get_parent()
        restructuring.move_unit(
            self.unit, self.chosen["parent"], today=timezone.localdate(),
            actor=self.request.user, reason=reason,
        )  # fmt: skip
        return _("“%(unit)s” lies below “%(parent)s” now.") % {
            "unit": self.unit.name,
            "parent": self.chosen["parent"].name,
        }

    def undo(self) -> tuple[str, Text]:
        query = {"parent": self.before.slug}
        return reverse("unit_move", args=[self.unit.slug], query=query), _("Move it back")


class SuccessorForm(OffersUnits, forms.Form):
    """The unit that carries on, and its first day."""

    into = forms.ModelChoiceField(
        Unit.objects.none(),
        to_field_name="slug",
        label=gettext_lazy("Unit that carries on"),
        empty_label=gettext_lazy("Choose a unit"),
        help_text=gettext_lazy("A unit that is new is brought in with a list of units first."),
    )
    day = forms.DateField(
        label=gettext_lazy("First day of the new state"),
        widget=DAY,
        help_text=gettext_lazy("This unit ends the day before."),
    )


class MergeUnit(UnitEndingAct):
    """End a unit that another one carries on."""

    title = gettext_lazy("Merge into another unit")
    label = gettext_lazy("Merge the unit")
    choice_class = SuccessorForm

    def choice_options(self) -> dict[str, Any]:
        return {"units": self.offer_units(), "initial": {"day": timezone.localdate()}}

    def check(self) -> None:
        restructuring.check_successor(self.unit, self.chosen["into"], self.chosen["day"])

    def changes(self) -> Iterable[Text]:
        names = {"unit": self.unit.name, "into": self.chosen["into"].name}
        names |= {"first": day(self.chosen["day"])}
        names |= {"last": day(self.chosen["day"] - restructuring.ONE_DAY)}
        yield _("“%(unit)s” ends on %(last)s; “%(into)s” carries on for it.") % names
        yield self.describe_people()
        yield _("Its people work in “%(into)s” from %(first)s, in the same post.") % names
        yield self.describe_parts()
        yield _("They lie below “%(into)s”, at once.") % names

    def unchanged(self) -> Iterable[Text]:
        yield _("The history is not changed: sheets and results of before stay with this unit.")
        yield _("Old sheets and lists that name it are led to the unit that carries on.")
        yield from self.describe_roles()
        yield _("The end can be taken back; people and parts are then moved back by hand.")

    def perform(self, reason: str) -> str:
        restructuring.merge_unit(
            self.unit, self.chosen["into"], day=self.chosen["day"],
            actor=self.request.user, reason=reason,
        )  # fmt: skip
        names = {"unit": self.unit.name, "into": self.chosen["into"].name}
        return _("“%(into)s” carries on for “%(unit)s”.") % names


class SuccessorsForm(forms.Form):
    """The units that carry on after a split, the main one first, and their first day."""

    day = forms.DateField(
        label=gettext_lazy("First day of the new state"),
        widget=DAY,
        help_text=gettext_lazy("This unit ends the day before."),
    )

    def __init__(self, *args: Any, units: QuerySet[Unit], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for number in range(1, MOST_SUCCESSORS + 1):
            self.fields[f"into_{number}"] = forms.ModelChoiceField(
                units,
                to_field_name="slug",
                required=number <= 2,  # noqa: PLR2004 a split has two parts at least
                label=_("Unit %(number)d that carries on") % {"number": number},
                empty_label=_("Choose a unit"),
                help_text=_("Who and what is not assigned goes there.") if number == 1 else "",
            )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        names = [f"into_{number}" for number in range(1, MOST_SUCCESSORS + 1)]
        units: list[Unit] = []
        for name, unit in [(name, cleaned[name]) for name in names if cleaned.get(name)]:
            if unit in units:
                self.add_error(name, _("This unit is chosen twice."))
            units.append(unit)
        cleaned["into"] = units
        return cleaned


class AssignmentForm(ReasonForm):
    """Where each person and each part of a split unit goes."""

    def __init__(
        self, *args: Any, into: list[Unit], people: list[Person], parts: list[Unit], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        choices = [(unit.slug, unit.name) for unit in into]
        self.targets = {unit.slug: unit for unit in into}
        self.assignees: dict[str, Person | Unit] = {
            **{f"orang-{person.uuid}": person for person in people},
            **{f"unit-{part.slug}": part for part in parts},
        }
        for name, assignee in self.assignees.items():
            self.fields[name] = forms.ChoiceField(
                choices=choices, label=assignee.name, initial=into[0].slug
            )
        self.order_fields([*self.assignees, "reason"])

    def targets_of(self, kind: type[Person | Unit]) -> dict[int, Unit]:
        """Return the chosen unit by id of the persons, or of the parts."""
        return {
            assignee.pk: self.targets[self.cleaned_data[name]]
            for name, assignee in self.assignees.items()
            if isinstance(assignee, kind)
        }


class SplitUnit(UnitEndingAct):
    """End a unit that several carry on."""

    title = gettext_lazy("Split the unit")
    label = gettext_lazy("Split the unit")
    choice_class = SuccessorsForm
    form_class = AssignmentForm

    def choice_options(self) -> dict[str, Any]:
        return {"units": self.offer_units(), "initial": {"day": timezone.localdate()}}

    def get_form_kwargs(self) -> dict[str, Any]:
        first = self.chosen["day"]
        members = restructuring.memberships_from(self.unit, first)
        people = {member.person_id: member.person for member in members}
        return {
            **super().get_form_kwargs(),
            "into": self.chosen["into"],
            "people": sorted(people.values(), key=lambda person: person.name),
            "parts": list(self.unit.get_children().valid_on(first)),
        }

    def check(self) -> None:
        for successor in self.chosen["into"]:
            restructuring.check_successor(self.unit, successor, self.chosen["day"])

    def changes(self) -> Iterable[Text]:
        names = {"unit": self.unit.name, "last": day(self.chosen["day"] - restructuring.ONE_DAY)}
        names |= {"into": ", ".join(unit.name for unit in self.chosen["into"])}
        yield _("“%(unit)s” ends on %(last)s. These carry on for it: %(into)s.") % names
        yield _("Each person and each unit below goes where you choose here.")
        yield _("Units below move at once, people from the first day on, in the same post.")

    def unchanged(self) -> Iterable[Text]:
        yield _("The history is not changed: sheets and results of before stay with this unit.")
        yield from self.describe_roles()
        yield _("The end can be taken back; people and parts are then moved back by hand.")

    def perform(self, reason: str) -> str:
        form = self.form
        restructuring.split_unit(
            self.unit, self.chosen["into"], day=self.chosen["day"], actor=self.request.user,
            reason=reason, persons=form.targets_of(Person), parts=form.targets_of(Unit),
        )  # fmt: skip
        names = {"unit": self.unit.name}
        names |= {"into": ", ".join(unit.name for unit in self.chosen["into"])}
        return _("“%(unit)s” is split. These carry on for it: %(into)s.") % names


class LastDayForm(forms.Form):
    """The last day of a unit."""

    last_day = forms.DateField(label=gettext_lazy("Last day of the unit"), widget=DAY)


class EndUnit(UnitEndingAct):
    """End a unit that nobody carries on."""

    title = gettext_lazy("End without a successor")
    label = gettext_lazy("End the unit")
    choice_class = LastDayForm

    def choice_options(self) -> dict[str, Any]:
        return {"initial": {"last_day": timezone.localdate()}}

    def check(self) -> None:
        restructuring.check_end(self.unit, self.chosen["last_day"])

    def changes(self) -> Iterable[Text]:
        names = {"unit": self.unit.name, "last": day(self.chosen["last_day"])}
        yield _("“%(unit)s” ends on %(last)s and nobody carries on for it.") % names
        yield self.describe_people()
        yield _("Who still works there on that day has no unit from the next day on.")

    def unchanged(self) -> Iterable[Text]:
        yield _("The history is not changed: sheets and results of before stay with this unit.")
        yield _("The end can be taken back; people are then moved back by hand.")

    def perform(self, reason: str) -> str:
        last_day = self.chosen["last_day"]
        restructuring.end_unit(self.unit, last_day=last_day, actor=self.request.user, reason=reason)
        names = {"unit": self.unit.name, "last": day(last_day)}
        return _("“%(unit)s” ends on %(last)s.") % names


class ReopenUnit(UnitAct):
    """Take back the end of a unit."""

    title = gettext_lazy("Take the end back")
    label = gettext_lazy("Open the unit again")

    def check(self) -> None:
        restructuring.check_reopening(self.unit, timezone.localdate())

    def changes(self) -> Iterable[Text]:
        yield _("The unit has no last day any more.")
        successors = ", ".join(unit.name for unit in self.unit.succeeded_by.all())
        if successors:
            yield _("These no longer carry on for it: %(names)s.") % {"names": successors}

    def unchanged(self) -> Iterable[Text]:
        yield _("People and units below stay where they are now. Move them back where needed.")

    def perform(self, reason: str) -> str:
        today = timezone.localdate()
        restructuring.reopen_unit(self.unit, today=today, actor=self.request.user, reason=reason)
        return _("“%(unit)s” is open again.") % {"unit": self.unit.name}
