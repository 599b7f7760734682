"""How the pages look to one visitor: the light or dark theme."""

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

from clinic.lib.context_processors import THEME_KEY, THEMES


@require_POST
def choose_theme(request: HttpRequest) -> HttpResponse:
    """Keep the chosen theme in the session; anything but light and dark means "as the device"."""
    chosen = request.POST.get("theme", "")
    if chosen in THEMES:
        request.session[THEME_KEY] = chosen
    else:
        request.session.pop(THEME_KEY, None)
    return HttpResponseRedirect(_way_back(request))


def _way_back(request: HttpRequest) -> str:
    target = request.POST.get("next", "/")
    is_ours = url_has_allowed_host_and_scheme(
        target, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return target if is_ours else "/"
