"""Addresses of the project itself: front page, plain pages, language and theme, components."""

from django.conf import settings
from django.urls import URLPattern, path
from django.views.i18n import set_language

from clinic.desks import home, imports, learner, public, quiz_result
from clinic.desks.components import ComponentsPage
from clinic.desks.public import choose_theme
from clinic.lib.public_pages import for_visitors
from clinic.people.access import View, policy


def _route_page(route: str, view: View, name: str) -> URLPattern:
    return path(route, policy("public")(view), name=name)


def _route_visitors_page(route: str, view: View, name: str) -> URLPattern:
    return _route_page(route, for_visitors(view), name)


urlpatterns = [
    _route_visitors_page("", public.FrontPage.as_view(), "front"),
    _route_visitors_page("tentang/", public.AboutPage.as_view(), "about"),
    _route_visitors_page("privasi/", public.PrivacyPage.as_view(), "privacy"),
    _route_visitors_page("aksesibilitas/", public.AccessibilityPage.as_view(), "accessibility"),
    _route_visitors_page("bantuan/", public.HelpPage.as_view(), "help"),
    path("beranda/", policy("signed-in")(home.home), name="home"),
    path("belajar/", policy("signed-in")(learner.learning), name="learning"),
    path(
        "kuis/pengerjaan/<uuid:attempt>/hasil/",
        policy("signed-in")(quiz_result.attempt_result),
        name="attempt_result",
    ),
    path(
        "impor/<uuid:uuid>/",
        policy("see-import")(imports.PreviewPage.as_view()),
        name="import_preview",
    ),
    path(
        "impor/<uuid:uuid>/perlu-diperbaiki.xlsx",
        policy("see-import")(imports.ProblemsWorkbook.as_view()),
        name="import_problems",
    ),
    _route_page("bahasa/", set_language, "language"),
    _route_page("tampilan/", choose_theme, "theme"),
]
if settings.KLINIK_ENV in {"demo", "test"}:
    urlpatterns.append(_route_page("komponen/", ComponentsPage.as_view(), "components"))
