"""What a person is told of their registration: a ``Notice``, written with the act."""

from collections.abc import Iterable
from datetime import datetime

from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext as _

from attendance.models import Registration
from clinic.records import notices

State = Registration.State


def tell(registration: Registration, *, due_at: datetime | None = None, act: str = "") -> None:
    """Write the message to the person, in the language of the house.

    Args:
        registration: as it stands after the act.
        due_at: not sent before; until then ``take_back`` leaves no trace of it.
        act: key of an act that may happen to a registration more than once.
    """
    person, event = registration.person, registration.event
    with translation.override(settings.LANGUAGE_CODE):
        subject, body = _words(registration)
    notices.notify(
        "registration",
        _key(registration, act),
        locale=settings.LANGUAGE_CODE,
        subject=subject % {"event": event.title},
        body=body
        % {
            "name": person.name,
            "event": event.title,
            "address": f"{settings.BASE_URL}/kegiatan/{event.code}/saya",
        },
        person=person.pk,
        to_name=person.name,
        to_email=person.email,
        due_at=due_at,
    )


def take_back(registrations: Iterable[Registration], *, act: str) -> None:
    """Remove what ``tell`` wrote for this act and nobody has been given yet."""
    notices.take_back([_key(one, act) for one in registrations])


def _key(registration: Registration, act: str) -> str:
    key = f"registration:{registration.uuid}:{registration.state}"
    return f"{key}:{act}" if act else key


def _words(registration: Registration) -> tuple[str, str]:
    match registration.state:
        case State.NOMINATED:
            return _("Invitation: %(event)s"), _(
                "Dear %(name)s,\n\nA seat is kept for you at %(event)s. Confirm it here:\n"
                "%(address)s\n"
            )
        case State.WAITLISTED:
            return _("Waiting list: %(event)s"), _(
                "Dear %(name)s,\n\nYou are on the waiting list of %(event)s. You will be told when"
                " there is a seat for you.\n"
            )
        case State.DECLINED | State.REVOKED:
            return _("Change of your registration: %(event)s"), _(
                "Dear %(name)s,\n\nYour registration for %(event)s is no longer in force. The"
                " organisers of the event can tell you more.\n"
            )
        case State.REPLACED:
            return _("Somebody takes your place: %(event)s"), _(
                "Dear %(name)s,\n\nSomebody else takes your place at %(event)s. You need not"
                " come.\n"
            )
        case _state:
            return _("Registered: %(event)s"), _(
                "Dear %(name)s,\n\nYou are registered for %(event)s. Show this QR code when you"
                " arrive:\n%(address)s\n"
            )
