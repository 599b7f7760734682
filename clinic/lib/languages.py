"""Which language a caller reads: people choose it, programs ask for it.

Indonesian is the default whatever the browser says: office computers are often sold with an English
one (docs/decisions, "Language and theme").
"""

from django.conf import settings
from django.http import HttpRequest
from django.utils import translation


def language() -> str:
    """Return the language of the text that is being written: ``id`` or ``en``."""
    return "en" if (translation.get_language() or "").startswith("en") else "id"


def choose_text(indonesian: str, english: str) -> str:
    """Return the text in the language that is being written; what has no English stays as it is."""
    return english if english and language() == "en" else indonesian


def language_of(request: HttpRequest) -> str:
    """Return ``id`` or ``en``: the cookie, else on the API ``Accept-Language``, else Indonesian."""
    chosen = request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME, "")
    if chosen in dict(settings.LANGUAGES):
        return chosen
    if request.path_info.startswith("/api/"):
        return translation.get_language_from_request(request)
    return settings.LANGUAGE_CODE
