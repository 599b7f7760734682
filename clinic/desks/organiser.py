"""Where an organiser begins: the next event they run."""

from collections.abc import Iterable
from uuid import UUID

from django.db.models import Max, Min
from django.urls import reverse
from django.utils import timezone

from attendance.models import Event


def first_screen(events: Iterable[UUID]) -> str:
    """Return the page of the next of these events, else of the latest, else the list."""
    rows = Event.objects.filter(uuid__in=list(events)).exclude(state=Event.State.CANCELLED)
    rows = rows.annotate(starts=Min("sessions__starts_at"), ends=Max("sessions__ends_at"))
    coming = rows.filter(ends__gte=timezone.now()).order_by("starts").first()
    event = coming or rows.order_by("-starts").first()
    if event is None:
        return reverse("organiser_events")
    return reverse("organiser_event", kwargs={"code": event.code})
