"""The two clinics of the demo, one past and one ahead, and a rehearsal of scanning for today.

The past clinic has fixed dates; the coming one counts from the day of loading. So
that scanning can be tried, a rehearsal runs on the day of loading itself; it takes no
registration, and only the second organiser runs it, so that the first begins at the clinic ahead.
"""

import random
from datetime import date, datetime, time, timedelta
from uuid import NAMESPACE_URL, uuid5
from zoneinfo import ZoneInfo

from django.utils import timezone

from attendance import checkin, events, registration
from attendance.badges import token_of
from attendance.models import Event, Registration, Session, default_policies
from clinic.management.demo.answers import ANSWERS_NOTHING, skill_of, take_quiz
from clinic.management.demo.region import SEED
from clinic.people import granting
from clinic.people.granting import Scope
from clinic.people.models import Account, Grant, Unit
from quizzes import assignments
from quizzes.assignments import Window
from quizzes.models import Assignment, Quiz
from quizzes.models.assignments import Phase, Setting

ZONE = ZoneInfo("Asia/Makassar")
PAST_DAY = date(2026, 5, 20)
DAYS_AHEAD = 10
POST_QUIZ_DAYS = 7
SATURDAY = 5
VENUE = "Aula Sekretariat Daerah Kabupaten Contoh"
ORGANISER, SECOND_ORGANISER = "panitia@demo.test", "panitia2@demo.test"
ABSENT_UNITS = frozenset({"kecamatan-contoh-rimba", "dinas-perhubungan", "setwan"})
LATE_UNITS = frozenset({"dinas-pertanian", "kecamatan-contoh-danau"})
MORNING, AFTERNOON = (time(8, 30), time(12, 0)), (time(13, 0), time(16, 0))
CLINIC_DAY = (("Pagi", *MORNING), ("Siang", *AFTERNOON))
WHOLE_DAY = (("Gladi", time(0, 0), time(23, 59)),)
MINUTES_OF_A_DAY = 24 * 60
# The pre-quiz measures what people knew before: it closes soon after they have sat down.
PRE_CLOSES = time(8, 45)
# Where people of the past clinic sat at it together, after the welcome.
PRE_CLOSES_IN_ROOM = time(9, 15)
REHEARSAL_SIZE = 12
REHEARSAL_POSITION = "Pejabat Perencana"


def load_past_clinic(units: dict[str, Unit], participants: list[Account]) -> Event:
    """Load the clinic of May: registrations, scans, both quizzes."""
    organiser = Account.objects.get(email=ORGANISER)
    draft = Event(
        code="klinik-2026-05",
        title="Klinik Reformasi Birokrasi dan Zona Integritas (contoh)",
        unit=units["bagian-organisasi"],
        place=VENUE,
        about="Satu hari untuk membaca lembar kerja evaluasi bersama dan menyiapkan bukti.",
        capacity=70,
        letter_number="000.8.6/045/ORG/2026",
    )
    event = _draft_event(draft, PAST_DAY, organiser)
    _add_second_organiser(event)
    event = events.step(event, Event.State.OPEN, actor=organiser)
    registrations = [_register(event, account, organiser) for account in participants]
    event = events.step(event, Event.State.CLOSED, actor=organiser)
    event = events.step(event, Event.State.RUNNING, actor=organiser)
    _scan_arrivals(event, registrations, organiser)
    _take_quizzes(event, registrations, participants)
    return events.step(event, Event.State.ENDED, actor=organiser)


def load_coming_clinic(units: dict[str, Unit]) -> Event:
    """Open registration for the next clinic and give its participants both quizzes."""
    organiser = Account.objects.get(email=ORGANISER)
    today = timezone.localdate(timezone=ZONE)
    day = working_day(today + timedelta(days=DAYS_AHEAD))
    draft = Event(
        code="klinik-pengawasan",
        title="Klinik Penguatan Pengawasan (contoh)",
        unit=units["bagian-organisasi"],
        place=VENUE,
        about="Gratifikasi, pengendalian intern, pengaduan, dan benturan kepentingan.",
        capacity=40,
    )
    event = _draft_event(draft, day, organiser)
    _add_second_organiser(event)
    event = events.step(event, Event.State.OPEN, actor=organiser)
    for email in ("peserta@demo.test", "peserta2@demo.test"):
        _register(event, Account.objects.get(email=email), organiser)
    before = Window(opens_at=_combine(today, time(0, 0)), closes_at=_combine(day, PRE_CLOSES))
    _assign_quiz(event, "kuis-pengawasan", Phase.PRE, before)
    _assign_quiz(event, "kuis-pengawasan", Phase.POST, _open_after(day))
    return event


def load_rehearsal(units: dict[str, Unit], participants: list[Account]) -> Event:
    """Let scanning be tried on the day of loading: a rehearsal under way, nobody there yet."""
    organiser = Account.objects.get(email=SECOND_ORGANISER)
    draft = Event(
        code="gladi-pindai",
        title="Gladi pindai contoh",
        kind=Event.Kind.MEETING,
        unit=units["bagian-organisasi"],
        place=VENUE,
        about="Latihan mencatat kehadiran sebelum klinik. Tidak ada kuis dan tidak ada hasil.",
        policies={**default_policies(), "late": MINUTES_OF_A_DAY},
    )
    event = _draft_event(draft, timezone.localdate(timezone=ZONE), organiser, sessions=WHOLE_DAY)
    event = events.step(event, Event.State.OPEN, actor=organiser)
    planners = [
        account
        for account in participants
        if any(
            membership.position == REHEARSAL_POSITION
            for membership in account.person.memberships.all()
        )
    ]
    for account in planners[:REHEARSAL_SIZE]:
        _register(event, account, organiser)
    event = events.step(event, Event.State.CLOSED, actor=organiser)
    return events.step(event, Event.State.RUNNING, actor=organiser)


def working_day(day: date) -> date:
    """Return the day, or the Monday after a weekend: offices are closed on both its days."""
    while day.weekday() >= SATURDAY:
        day += timedelta(days=1)
    return day


def _add_second_organiser(event: Event) -> None:
    """Let the second organiser run it too: they confirm what the first has planned."""
    second = Account.objects.get(email=SECOND_ORGANISER)
    scope = Scope(event=event)
    granting.grant(second.person, Grant.Role.ORGANISER, scope=scope, actor=None)


def _draft_event(
    draft: Event,
    day: date,
    organiser: Account,
    *,
    sessions: tuple[tuple[str, time, time], ...] = CLINIC_DAY,
) -> Event:
    event = events.draft_event(draft, actor=organiser)
    for title, starts, ends in sessions:
        session = Session(
            title=title,
            scan_group="d1",
            starts_at=_combine(day, starts),
            ends_at=_combine(day, ends),
            room=event.place,
        )
        events.add_session(event, session, actor=organiser)
    return event


def _combine(day: date, hour: time) -> datetime:
    return datetime.combine(day, hour, tzinfo=ZONE)


def _register(event: Event, account: Account, organiser: Account) -> Registration:
    """Invite the person, who then confirms by registering."""
    registration.invite(event, account.person, actor=organiser)
    return registration.register(event, account.person, actor=account)


def _find_slug(registration: Registration) -> str:
    return registration.unit.slug if registration.unit else ""


def _scan_arrivals(event: Event, registrations: list[Registration], organiser: Account) -> None:
    """Scan everybody who came, most of them in the ten minutes before the start."""
    chance = random.Random(f"{SEED}:door")  # noqa: S311 - sample data
    for seat in registrations:
        unit = _find_slug(seat)
        if unit in ABSENT_UNITS:
            continue
        minute = chance.uniform(20, 40) if unit in LATE_UNITS else chance.uniform(-14, 4)
        moment = _combine(PAST_DAY, MORNING[0]) + timedelta(minutes=minute)
        scan = {
            "uid": str(uuid5(NAMESPACE_URL, f"contoh:{event.code}:{seat.person.nip}")),
            "kind": "badge",
            "group": "d1",
            "direction": "in",
            "token": token_of(seat),
            "wall": moment.isoformat(),
            "shown": "green",
        }
        checkin.record_scans(event, [scan], by=organiser, now=moment)


def _take_quizzes(
    event: Event, registrations: list[Registration], participants: list[Account]
) -> None:
    together = Window(
        opens_at=_combine(PAST_DAY, MORNING[0]), closes_at=_combine(PAST_DAY, PRE_CLOSES_IN_ROOM)
    )
    pre = _assign_quiz(event, "kuis-rb", Phase.PRE, together, setting=Setting.ROOM)
    post = _assign_quiz(event, "kuis-rb", Phase.POST, _open_after(PAST_DAY))
    for seat, account in zip(registrations, participants, strict=True):
        unit = _find_slug(seat)
        if unit in ANSWERS_NOTHING:
            continue
        skill = skill_of(unit, after_the_clinic=False)
        take_quiz(pre, account, skill=skill, started_at=_combine(PAST_DAY, time(8, 40)))
        if unit not in ABSENT_UNITS:
            skill = skill_of(unit, after_the_clinic=True)
            take_quiz(post, account, skill=skill, started_at=_combine(PAST_DAY, time(16, 10)))


def _open_after(day: date) -> Window:
    """From the end of the last session, for a week."""
    last = day + timedelta(days=POST_QUIZ_DAYS)
    return Window(opens_at=_combine(day, AFTERNOON[1]), closes_at=_combine(last, time(23, 0)))


def _assign_quiz(
    event: Event, quiz: str, phase: str, window: Window, *, setting: str = Setting.OWN
) -> Assignment:
    return assignments.assign(
        Quiz.objects.get(slug=quiz),
        event,
        actor=None,
        phase=phase,
        setting=setting,
        window=window,
    )
