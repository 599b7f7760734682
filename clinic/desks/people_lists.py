"""``/admin/orang/impor/``, ``/admin/unit/impor/``: lists that come in, and empty ones to fill."""

from django import forms
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from clinic.desks.acts import Crumbs
from clinic.desks.imports import attachment
from clinic.lib.errors import Refused
from clinic.people.access import SignedInRequest, visible
from clinic.people.blank_lists import blank_person_list, blank_unit_list
from clinic.people.list_imports import PERSONS, UNITS
from clinic.people.models import Unit
from clinic.records import imports


class ListForm(forms.Form):
    """A list to be checked."""

    file = forms.FileField(
        label=gettext_lazy("File"), widget=forms.FileInput(attrs={"accept": ".xlsx,.csv"})
    )


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def import_people(request: SignedInRequest) -> HttpResponse:
    """Take in a list of people and lead to its check."""
    crumbs: Crumbs = [
        {"label": _("People"), "url": reverse("people_list")},
        {"label": _("Check a list of people")},
    ]
    return _receive_list(request, PERSONS, template="desks/people_import.html", crumbs=crumbs)


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def import_units(request: SignedInRequest) -> HttpResponse:
    """Take in a list of units and lead to its check."""
    crumbs: Crumbs = [
        {"label": _("Work units"), "url": reverse("units_list")},
        {"label": _("Check a list of units")},
    ]
    return _receive_list(request, UNITS, template="desks/units_import.html", crumbs=crumbs)


def _receive_list(
    request: SignedInRequest, kind: str, *, template: str, crumbs: Crumbs
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
            return redirect("import_preview", uuid=received.uuid)
    return render(request, template, {"form": form, "crumbs": crumbs}, status=status)


@require_safe
def blank_people(request: SignedInRequest) -> HttpResponse:
    """Give the empty list of people, with the units of today to choose from."""
    today = Unit.objects.valid_on(timezone.localdate())
    units = list(visible(request.user, "import-people", today))
    return attachment(blank_person_list(units), "templat-orang.xlsx")


@require_safe
def blank_units(request: SignedInRequest) -> HttpResponse:
    """Give the empty list of units, with the units ones as parents."""
    units = list(visible(request.user, "import-people", Unit.objects.all()))
    return attachment(blank_unit_list(units), "templat-unit.xlsx")
