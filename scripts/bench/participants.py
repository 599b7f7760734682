"""Participants of a clinic whose quiz is open, each with a session, made through the services.

``python -m scripts.bench.participants COUNT`` on a database with the demo; prints the sessions as
JSON. Nobody logs in: to hash so many passwords would disturb what is measured.
"""

import json
import os
import sys
from datetime import timedelta
from uuid import uuid4

import django

os.environ["DJANGO_SETTINGS_MODULE"] = "clinic.settings"
django.setup()

from django.test import Client  # noqa: E402 - models load only once Django is set up
from django.utils import timezone  # noqa: E402

from attendance import events, registration  # noqa: E402
from attendance.models import Event, Session  # noqa: E402
from clinic.people import accounts  # noqa: E402
from clinic.people.access import remembering_grants  # noqa: E402
from clinic.people.models import Account, Membership, Person, Unit  # noqa: E402
from quizzes import assignments  # noqa: E402
from quizzes.models import Quiz  # noqa: E402
from quizzes.models.assignments import Phase  # noqa: E402

ORGANISER = "panitia@demo.test"
QUIZ = "kuis-rb"
DAY = timedelta(days=1)


def clinic_of(organiser: Account, run: str, capacity: int) -> Event:
    """Open registration for a clinic of tomorrow whose pre-quiz can be taken today."""
    now = timezone.now()
    draft = Event(
        code=f"ukur-{run}",
        title="Klinik ukur (contoh)",
        unit=organiser.person.memberships.get().unit,
        place="Aula",
        capacity=capacity,
    )
    event = events.draft_event(draft, actor=organiser)
    starts_at = now + DAY
    times = Session(
        title="Pagi",
        scan_group="d1",
        starts_at=starts_at,
        ends_at=starts_at + timedelta(hours=3),
    )
    events.add_session(event, times, actor=organiser)
    window = assignments.Window(opens_at=now - DAY, closes_at=now + DAY)
    quiz = Quiz.objects.get(slug=QUIZ)
    assignments.assign(quiz, event, actor=None, phase=Phase.PRE, window=window)
    return events.step(event, Event.State.OPEN, actor=organiser)


def participant(unit: Unit, run: str, number: int) -> Account:
    """Make a person of the unit with an account."""
    person = Person.objects.create(
        name=f"Contoh - Peserta ukur {number:03}",
        email=f"{run}-{number:03}@ukur.test",
        is_demo=True,
    )
    Membership.objects.create(person=person, unit=unit, start=timezone.localdate())
    return accounts.create_account(person, is_demo=True)


def session_of(account: Account) -> str:
    """Return the key of a new session of the account."""
    browser = Client()
    browser.force_login(account)
    return str(browser.session.session_key)


def main(count: int) -> None:
    """Register so many people, spread over the offices."""
    run = uuid4().hex[:8]
    organiser = Account.objects.get(email=ORGANISER)
    offices = list(Unit.objects.filter(depth=2))
    sessions = []
    with remembering_grants():  # as in a request
        event = clinic_of(organiser, run, count)
        for number in range(count):
            account = participant(offices[number % len(offices)], run, number)
            registration.invite(event, account.person, actor=organiser)
            registration.register(event, account.person, actor=account)
            sessions.append(session_of(account))
    sys.stdout.write(json.dumps({"quiz": QUIZ, "sessions": sessions}))


if __name__ == "__main__":
    main(int(sys.argv[1]))
