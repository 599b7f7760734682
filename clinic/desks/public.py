"""The pages that anybody may read and that no package owns."""

from decimal import Decimal
from typing import Any

from django.conf import settings
from django.views.generic import TemplateView

from clinic.desks.areas import AREAS
from clinic.insights.rollups import minima
from clinic.lib.problems import BY_STATUS
from courses import reading

SAMPLE = {"unproven": Decimal("65.7"), "total": Decimal("95.6")}  # of the ZI sample sheet


class FrontPage(TemplateView):
    """What this is in two sentences, and where to start."""

    template_name = "desks/front.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        editions = reading.current_editions(self.request.user).defer("bodies")
        modules = {one.head["area"]: one.head["slug"] for one in editions}
        areas = [(area, modules.get(area.slug, "")) for area in AREAS]
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
