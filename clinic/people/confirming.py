"""A password or factor given anew before what is dear is shown or changed.

Our pages ask inside the view, after the thing was found within reach: outside it an address
answers 404 whether or not the person has confirmed.
"""

from allauth.account.adapter import get_adapter
from allauth.account.decorators import reauthentication_required
from allauth.core.exceptions import ReauthenticationRequired
from django.contrib import messages
from django.http import HttpRequest, HttpResponseRedirect
from django.http.request import QueryDict
from django.utils.http import urlencode
from django.utils.translation import gettext as _

TYPED_KEY = "typed_before_confirming"


def is_confirmed(request: HttpRequest) -> bool:
    """Say whether the person gave a password or factor within ten minutes; a log-in is none."""
    try:
        return _require_confirmed(request)
    except ReauthenticationRequired:
        return False


def ask_to_confirm(request: HttpRequest, *, back: str = "") -> HttpResponseRedirect | None:
    """Lead to the page that asks for the password; nothing for who has confirmed.

    Args:
        request: what it posts.
        back: where the person returns to; without it the page itself, and what was typed waits
            in the session, so that it can be filled in again.
    """
    if is_confirmed(request):
        return None
    if not back:
        typed = request.POST.copy()
        typed.pop("csrfmiddlewaretoken", None)
        page = request.get_full_path()
        request.session[TYPED_KEY] = {"page": page, "fields": typed.urlencode()}
    messages.info(
        request,
        _("Nothing has been done yet. After this, press the button of your step once more."),
    )
    url = get_adapter().get_reauthentication_methods(request.user)[0]["url"]
    return HttpResponseRedirect(f"{url}?{urlencode({'next': back or request.get_full_path()})}")


def typed_before(request: HttpRequest) -> QueryDict:
    """Return once what was posted to this page before the person was asked; else nothing."""
    typed = request.session.get(TYPED_KEY)
    if not typed or typed["page"] != request.get_full_path():
        return QueryDict()
    del request.session[TYPED_KEY]
    return QueryDict(typed["fields"])


@reauthentication_required
def _require_confirmed(_request: HttpRequest) -> bool:
    return True
