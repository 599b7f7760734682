"""The address book, in Indonesian paths; Wagtail comes last."""

from django.urls import include, path
from wagtail import urls as wagtail_urls
from wagtail.admin import urls as wagtailadmin_urls

from clinic import health
from clinic.lib import error_views

handler400 = error_views.bad_request
handler403 = error_views.forbidden
handler404 = error_views.not_found
handler429 = error_views.too_many
handler500 = error_views.fault

urlpatterns = [
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("admin/", include(wagtailadmin_urls)),
    path("", include("clinic.desks.urls")),
    path("", include(wagtail_urls)),
]
