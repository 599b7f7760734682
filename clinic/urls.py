"""The address book, in Indonesian paths; Wagtail comes last."""

from allauth.account.views import logout
from django.urls import include, path, re_path
from wagtail import urls as wagtail_urls
from wagtail.admin import urls as wagtailadmin_urls

from clinic import health
from clinic.api import declared_urls
from clinic.lib import error_views
from clinic.people import views as people
from clinic.people.access import policy

handler400 = error_views.bad_request
handler403 = error_views.forbidden
handler404 = error_views.not_found
handler429 = error_views.too_many
handler500 = error_views.fault

# Wagtail ships log-ins of its own, which know neither limits nor a second factor: they lead to
# ours. Its forms for users and groups would give roles without a record: they do not exist.
replaced_pages = [
    re_path(r"^admin/(?:login|password_reset)/", policy("public")(people.lead_to_login)),
    path("admin/logout/", policy("public")(logout)),
    re_path(r"^admin/(?:users|groups|bulk/(?:people|auth))/", policy("public")(people.closed)),
    path("_util/login/", policy("public")(people.lead_to_login)),
    re_path(r"^_util/", policy("public")(people.closed)),
]

urlpatterns = [
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("akun/", include("clinic.people.urls")),
    path("pemetaan/", include("clinic.insights.urls")),
    *replaced_pages,
    path("", include("courses.urls")),
    path("admin/", include("clinic.desks.admin_urls")),
    path("admin/", include(wagtailadmin_urls)),
    path("", include("clinic.desks.urls")),
    path("", include("clinic.assessments.urls")),
    path("", include("attendance.urls")),
    path("kuis/", include("quizzes.urls")),
    path("api/", declared_urls()),
    path("", include(wagtail_urls)),
]
