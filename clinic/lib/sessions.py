"""Django's sessions in the database, read with a prepared query: every page of somebody asks."""

from datetime import datetime
from typing import Any

from django.contrib.sessions.backends import db
from django.contrib.sessions.models import Session
from django.db.models import QuerySet
from django.utils import timezone

from clinic.lib.prepared import prepared


@prepared
def _read_data(key: str, now: datetime) -> QuerySet[Session, Any]:
    rows = Session.objects.filter(session_key=key, expire_date__gt=now)
    return rows.values_list("session_data", flat=True)


class SessionStore(db.SessionStore):
    """Reads its row at once; what becomes of a key without a row is Django's to say."""

    def load(self) -> dict[str, Any]:
        for data in _read_data(self.session_key, timezone.now()):
            return self.decode(data)
        return super().load()
