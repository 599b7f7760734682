"""``/admin/orang/`` and ``/admin/unit/``: who and what there is, and lists that come in."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.core.paginator import Page, Paginator
from django.db.models import Count, Prefetch, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from clinic.desks.imports import attachment
from clinic.lib.errors import Refused
from clinic.people.access import visible
from clinic.people.accounts import CONDITIONS, AccountState, state_of
from clinic.people.arithmetic.nip import clean_nip, mask_nip
from clinic.people.blank_lists import blank_person_list, blank_unit_list
from clinic.people.list_imports import PERSONS, UNITS
from clinic.people.models import Membership, Person, Unit
from clinic.records import imports

ROWS_A_PAGE = 50


class SearchForm(forms.Form):
    """What a list is narrowed to."""

    q = forms.CharField(label=gettext_lazy("Name or NIP"), max_length=80, required=False)
    unit = forms.ModelChoiceField(
        Unit.objects.none(),
        to_field_name="slug",
        label=gettext_lazy("Work unit"),
        empty_label=gettext_lazy("All units"),
        required=False,
    )
    akun = forms.ChoiceField(
        choices=[("", gettext_lazy("All")), *AccountState.choices],
        label=gettext_lazy("Account"),
        required=False,
    )


class UnitSearchForm(forms.Form):
    """What the list of units is narrowed to."""

    q = forms.CharField(label=gettext_lazy("Name of the unit"), max_length=80, required=False)


class ListForm(forms.Form):
    """A list to be checked."""

    file = forms.FileField(
        label=gettext_lazy("File"), widget=forms.FileInput(attrs={"accept": ".xlsx,.csv"})
    )


@require_GET
@never_cache
def people(request: HttpRequest) -> HttpResponse:
    """People by name, with their unit of today and a masked NIP."""
    form = SearchForm(request.GET)
    form.fields["unit"].queryset = _units(request)
    everyone = visible(request.user, "see-person", Person.objects.unmerged())
    found = _narrowed(everyone, form.cleaned_data) if form.is_valid() else everyone
    here = Membership.objects.on(timezone.localdate()).select_related("unit")
    ordered = (
        found.order_by("name", "pk")
        .select_related("account")
        .prefetch_related(Prefetch("memberships", queryset=here, to_attr="places_of_today"))
    )
    page = Paginator(ordered, ROWS_A_PAGE).get_page(request.GET.get("page"))
    context = {
        "form": form,
        "page_obj": page,
        "is_narrowed": any(request.GET.get(name) for name in form.fields),
        "without_account": _without_account(form, page),
        "columns": [
            {"label": text}
            for text in (_("Name"), _("NIP"), _("Work unit"), _("Position"), _("Account"))
        ],
        "rows": [_person_cells(person) for person in page],
    }
    return render(request, "desks/people.html", context)


def _without_account(form: SearchForm, page: Page) -> list[Person]:
    """Return the shown people if the list is narrowed to those without an account."""
    is_asked = form.is_valid() and form.cleaned_data["akun"] == AccountState.NONE
    return list(page) if is_asked else []


def _narrowed(found: QuerySet[Person], wanted: dict[str, Any]) -> QuerySet[Person]:
    """Search in names, and for a whole NIP; a part of a NIP finds nobody."""
    if wanted["q"]:
        text = wanted["q"].strip()
        nip = clean_nip(text)
        condition = Q(name__icontains=text)
        found = found.filter(condition | Q(nip=nip) if nip else condition)
    if wanted["unit"]:
        here = Membership.objects.on(timezone.localdate())
        members = here.filter(unit__in=Unit.objects.under(wanted["unit"]))
        found = found.filter(pk__in=members.values("person"))
    if wanted["akun"]:
        found = found.filter(CONDITIONS[wanted["akun"]])
    return found


def _person_cells(person: Person) -> list[dict[str, str]]:
    places = person.places_of_today
    return [
        {"value": person.name, "url": reverse("person", args=[person.uuid])},
        {"value": mask_nip(person.nip) or "–", "label": _("NIP")},
        {"value": "; ".join(p.unit.name for p in places) or "–", "label": _("Work unit")},
        {
            "value": "; ".join(p.position for p in places if p.position) or "–",
            "label": _("Position"),
        },
        {"value": state_of(person).label, "label": _("Account")},
    ]


@require_GET
@never_cache
def units(request: HttpRequest) -> HttpResponse:
    """Units in official order, with how many people work there today."""
    form = UnitSearchForm(request.GET)
    today = timezone.localdate()
    found = _units(request)
    names = {unit.path: unit.name for unit in found}
    if form.is_valid() and form.cleaned_data["q"]:
        text = form.cleaned_data["q"].strip()
        found = found.filter(Q(name__icontains=text) | Q(former_names__icontains=text))
    working = Q(memberships__in=Membership.objects.on(today))
    counted = found.annotate(people=Count("memberships__person", filter=working, distinct=True))
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
        "rows": [_unit_cells(unit, names) for unit in page],
    }
    return render(request, "desks/units.html", context)


def _units(request: HttpRequest) -> QuerySet[Unit]:
    return visible(request.user, "import-people", Unit.objects.all())


def _unit_cells(unit: Unit, names: dict[str, str]) -> list[dict[str, Any]]:
    state = _("in force")
    if unit.valid_to and unit.valid_to < timezone.localdate():
        state = _("ended on %(day)s") % {"day": unit.valid_to.strftime("%d-%m-%Y")}
    return [
        {"value": unit.name},
        {"value": unit.get_kind_display(), "label": _("Kind")},
        {"value": names.get(unit.path[: -Unit.steplen], "–"), "label": _("Parent unit")},
        {"value": state, "label": _("State")},
        {
            "value": unit.people,
            "numeric": True,
            "label": _("People"),
            "url": f"{reverse('people_list')}?unit={unit.slug}" if unit.people else "",
        },
    ]


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def import_people(request: HttpRequest) -> HttpResponse:
    """Take in a list of people and lead to its check."""
    crumbs = [
        {"label": _("People"), "url": reverse("people_list")},
        {"label": _("Check a list of people")},
    ]
    return _take_in(request, PERSONS, template="desks/people_import.html", crumbs=crumbs)


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def import_units(request: HttpRequest) -> HttpResponse:
    """Take in a list of units and lead to its check."""
    crumbs = [
        {"label": _("Work units"), "url": reverse("units_list")},
        {"label": _("Check a list of units")},
    ]
    return _take_in(request, UNITS, template="desks/units_import.html", crumbs=crumbs)


def _take_in(
    request: HttpRequest, kind: str, *, template: str, crumbs: list[dict[str, str]]
) -> HttpResponse:
    if request.method != "POST":
        return render(request, template, {"form": ListForm(), "crumbs": crumbs})
    form = ListForm(request.POST, request.FILES)
    status = 422
    if form.is_valid():
        try:
            received = imports.receive(kind, form.cleaned_data["file"], actor=request.user)
        except Refused as refused:
            form.add_error("file", refused.message)
            status = refused.status
        else:
            return redirect(reverse("import_preview", kwargs={"uuid": received.uuid}))
    return render(request, template, {"form": form, "crumbs": crumbs}, status=status)


@require_GET
def blank_people(request: HttpRequest) -> HttpResponse:
    """Give the empty list of people, with the units of today to choose from."""
    today = list(_units(request).valid_on(timezone.localdate()))
    return _blank(blank_person_list, today, "templat-orang.xlsx")


@require_GET
def blank_units(request: HttpRequest) -> HttpResponse:
    """Give the empty list of units, with the known ones as parents."""
    return _blank(blank_unit_list, list(_units(request)), "templat-unit.xlsx")


def _blank(make: Callable[[list[Unit]], bytes], known: list[Unit], name: str) -> HttpResponse:
    return attachment(make(known), name)
