"""The pages that anybody may read and that no package owns.

How the pages look to one visitor: the light or dark theme.
"""

from decimal import Decimal
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST
from django.views.generic import TemplateView

from clinic.assessments.frameworks import change_areas
from clinic.insights.reading import minima
from clinic.lib.context_processors import THEME_KEY, THEMES
from clinic.lib.problems import BY_STATUS
from courses import reading

# Icon and a sentence of our own for each area; its name is that of the row.
ABOUT_AREAS = {
    "manajemen-perubahan": (
        "refresh",
        _("A working team, a plan, leaders who set an example."),
    ),
    "deregulasi-kebijakan": ("gavel", _("Rules that fit each other and can be followed.")),
    "organisasi": ("sitemap", _("A structure that fits the tasks.")),
    "tatalaksana": ("route", _("Process maps, procedures and services that run online.")),
    "sdm": ("users", _("The right people, fairly chosen, with skills that grow.")),
    "akuntabilitas": ("target", _("Goals that are measured and budgets that serve them.")),
    "pengawasan": (
        "shield-check",
        _("Gifts, complaints and conflicts of interest under control."),
    ),
    "pelayanan-publik": (
        "heart-handshake",
        _("Standards that are kept and complaints that are solved."),
    ),
}
SAMPLE = {"unproven": Decimal("65.7"), "total": Decimal("95.6")}  # of the ZI sample sheet


class FrontPage(TemplateView):
    """What this is in two sentences, and where to start."""

    template_name = "desks/front.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        modules = reading.modules_by_area(self.request.user)
        areas = [
            {
                "name": str(area),
                "icon": ABOUT_AREAS[slug][0],
                "about": ABOUT_AREAS[slug][1],
                "url": reverse("module", args=[modules[slug]]) if slug in modules else "",
            }
            for slug, area in change_areas().items()
        ]
        return super().get_context_data(areas=areas, sample=SAMPLE, **kwargs)


class AboutPage(TemplateView):
    """What the product is for, where its facts come from, what it does not replace."""

    template_name = "desks/about.html"


class PrivacyPage(TemplateView):
    """What is kept about whom, for how long, and whom to ask."""

    template_name = "desks/privacy.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        numbers = {audience.value: fewest for audience, fewest in minima().items()}
        minutes = settings.KLINIK_PUBLIC_CHECK_MINUTES
        return super().get_context_data(minima=numbers, minutes=minutes, **kwargs)


class AccessibilityPage(TemplateView):
    """What works for whom, and the known faults."""

    template_name = "desks/accessibility.html"


class HelpPage(TemplateView):
    """How to start, what the error codes mean, whom to ask."""

    template_name = "desks/help.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(problems=BY_STATUS.values(), **kwargs)


@require_POST
def choose_theme(request: HttpRequest) -> HttpResponse:
    """Keep the chosen theme in the session; anything but light and dark means "as the device"."""
    chosen = request.POST.get("theme", "")
    if chosen in THEMES:
        request.session[THEME_KEY] = chosen
    else:
        request.session.pop(THEME_KEY, None)
    target = request.POST.get("next", "/")
    is_ours = url_has_allowed_host_and_scheme(
        target, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return HttpResponseRedirect(target if is_ours else "/")
