"""Two views: three indexed queries with a template, and one insert in a transaction."""

import json

from django.db import transaction
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, render
from django.urls import path

from scripts.bench.bare.models import Note, Office

SHOWN = 25


def page(request: HttpRequest, slug: str, using: str = "default") -> HttpResponse:
    """Show an office with its newest visits: three queries and 25 rows."""
    office = get_object_or_404(Office.objects.using(using), slug=slug)
    context = {
        "office": office,
        "visits": office.visits.order_by("-number")[:SHOWN],
        "count": office.visits.count(),
    }
    return render(request, "bare/office.html", context)


def insert(request: HttpRequest) -> HttpResponse:
    """Add one note."""
    with transaction.atomic():
        note = Note.objects.create(text=json.loads(request.body)["text"])
    return JsonResponse({"note": note.pk})


urlpatterns = [
    path("kantor/<slug:slug>/", page),
    path("kantor-tetap/<slug:slug>/", page, {"using": "kept"}),
    path("catatan/", insert),
]
