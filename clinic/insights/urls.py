"""Addresses of the map, profiles and findings, below ``/pemetaan/``."""

from django.urls import path

from clinic.insights import views

urlpatterns = [
    path("", views.unit_map, name="map"),
    path("unit/<slug:slug>/", views.unit_profile, name="unit_profile"),
    path("bidang/<slug:slug>/", views.change_area, name="change_area"),
    path(
        "hasil/<slug:unit>/<slug:area>/<slug:edition>/<slug:period>/",
        views.finding,
        name="finding",
    ),
]
