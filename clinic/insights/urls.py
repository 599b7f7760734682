"""Addresses of findings, below ``/pemetaan/``."""

from django.urls import path

from clinic.insights import views

urlpatterns = [
    path(
        "hasil/<slug:unit>/<slug:area>/<slug:edition>/<slug:period>/",
        views.finding,
        name="finding",
    ),
]
