"""Events, seats, scans and presences."""

from attendance.models.decisions import DecidedRow, Decision
from attendance.models.events import Event, EventQuerySet, Session
from attendance.models.scans import (
    Correction,
    Presence,
    PresenceQuerySet,
    RejectedItem,
    Scan,
)
from attendance.models.seats import Badge, Registration, RegistrationQuerySet

__all__ = [
    "Badge",
    "Correction",
    "DecidedRow",
    "Decision",
    "Event",
    "EventQuerySet",
    "Presence",
    "PresenceQuerySet",
    "Registration",
    "RegistrationQuerySet",
    "RejectedItem",
    "Scan",
    "Session",
]
