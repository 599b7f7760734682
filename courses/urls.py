"""Addresses of reading, and of reviewing inside the editor's path."""

from django.urls import path

from clinic.lib.public_pages import for_visitors
from clinic.people.access import policy
from courses.views import reading, reviewing

# What may be read is decided by ``visible``; acts of a reader ask for an account in the view, since
# the same address is open to everybody.
public = policy("public")

urlpatterns = [
    path("modul/", public(for_visitors(reading.modules)), name="modules"),
    path("modul/<slug:slug>/", public(for_visitors(reading.module)), name="module"),
    path("modul/<slug:slug>/cetak/", public(for_visitors(reading.whole)), name="module_print"),
    path(
        "modul/<slug:slug>/<slug:bagian>/",
        public(for_visitors(reading.section)),
        name="module_section",
    ),
    path("admin/tinjau/", policy("read-module-draft")(reviewing.reviews), name="module_reviews"),
    path(
        "admin/tinjau/<slug:slug>/",
        policy("read-module-draft")(reviewing.review),
        name="module_review",
    ),
]
