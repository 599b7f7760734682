"""Every component once, under ``/komponen/``: demo and tests only."""

from typing import Any

from django.core.paginator import Paginator
from django.views.generic import TemplateView

from clinic.desks import samples


class ComponentsPage(TemplateView):
    """A bare page of examples; the axe run visits it."""

    template_name = "desks/components.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(
            is_demo=True,
            sample_form=samples.SampleForm(),
            faulty_form=samples.SampleForm({"name": "", "size": "9"}, auto_id="salah_%s"),
            filter_form=samples.FilterForm(auto_id="saring_%s"),
            sample_page=Paginator(range(60), 10).page(2),
            **samples.VALUES,
            **kwargs,
        )
