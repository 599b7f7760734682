"""The addresses of the house and, beside them, one for each thing that can go wrong."""

import errno

from django import forms
from django.core.exceptions import PermissionDenied
from django.db import OperationalError
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.template import engines
from django.urls import path
from django.utils.translation import get_language
from django.views.decorators.csrf import csrf_exempt

from clinic import urls
from clinic.lib.error_views import csrf_failed, too_many
from clinic.lib.errors import Refused
from clinic.lib.problems import BY_STATUS, answer

handler400 = urls.handler400
handler403 = urls.handler403
handler404 = urls.handler404
handler500 = urls.handler500


class EventFull(Refused):
    code = "event_full"
    status = 409


ERRORS = {
    "locked": lambda: OperationalError("database is locked"),
    "full": lambda: OperationalError("database or disk is full"),
    "no-space": lambda: OSError(errno.ENOSPC, "No space left on device"),
    "sql": lambda: OperationalError("no such column: secret_column"),
    "fault": lambda: ZeroDivisionError("secret reason"),
    "forbidden": PermissionDenied,
    "refused": lambda: EventFull("Kegiatan sudah penuh.", details={"field": "event"}),
    "many-errors": lambda: Refused("Dua baris.", details={"errors": [{"where": "B2"}]}),
    "later": lambda: Refused("Nanti.", code="wait", status=429, details={"retry_after": 17}),
}


def fail(request: HttpRequest, name: str) -> HttpResponse:
    raise ERRORS[name]()


def show(request: HttpRequest, status: int) -> HttpResponse:
    return answer(request, BY_STATUS[status])


def bare(request: HttpRequest) -> HttpResponse:
    return HttpResponseNotAllowed(["POST"])


@csrf_exempt
def read_form(request: HttpRequest) -> HttpResponse:
    return HttpResponse(request.POST.get("word", ""))


def language(request: HttpRequest) -> HttpResponse:
    return HttpResponse(get_language())


def sign_in(request: HttpRequest) -> HttpResponse:
    request.session["seen"] = "yes"
    return HttpResponse("in")


def nonce(request: HttpRequest) -> HttpResponse:
    return HttpResponse(str(request.csp_nonce))


class SampleForm(forms.Form):
    name = forms.CharField(label="Nama unit")
    letter = forms.ChoiceField(
        label="Jawaban", choices=[("a", "A"), ("b", "B")], widget=forms.RadioSelect
    )
    note = forms.CharField(label="Catatan", required=False)


FORM_PAGE = """{% extends "base.html" %}{% load ui %}
{% block title %}Isian{% endblock %}
{% block head %}{% part "page_title" title="Isian" %}{% endblock %}
{% block main %}{% part "error_summary" form=form %}{% part "form" form=form label="Simpan" %}
<button type="button" class="button secondary" hx-post="/gagal/refused/">Coba</button>{% endblock %}
"""


def fill_in(request: HttpRequest) -> HttpResponse:
    form = SampleForm(request.POST or None)
    form.is_valid()
    return HttpResponse(engines["django"].from_string(FORM_PAGE).render({"form": form}, request))


_edges = [
    path("isian/", fill_in),
    path("gagal/<slug:name>/", fail),
    path("api/gagal/<slug:name>/", fail),
    path("api/zi/v1/gagal/<slug:name>/", fail),
    path("status/<int:status>/", show),
    path("csrf/", csrf_failed),
    path("banyak/", too_many),
    path("kosong/", bare),
    path("formulir/", read_form),
    path("kata/", language),
    path("api/kata/", language),
    path("masuk/", sign_in),
    path("sekali/", nonce),
    path("admin/sekali/", nonce),
]
urlpatterns = [*_edges, *urls.urlpatterns]
