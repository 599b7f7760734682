"""How long sessions are kept."""

from datetime import datetime

from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session

from clinic.records.retention import delete_in_batches, keep_for


@keep_for("sessions", None)
def purge_expired_sessions(now: datetime) -> int:
    """A session that has expired opens nothing; what names it to its person goes with it."""
    deleted = delete_in_batches(Session.objects.filter(expire_date__lt=now))
    standing = Session.objects.values("session_key")
    return deleted + delete_in_batches(UserSession.objects.exclude(session_key__in=standing))
