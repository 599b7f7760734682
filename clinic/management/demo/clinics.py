"""The two clinics of the demo: one that took place, one that comes ten days after loading.

The past one has fixed dates; only the coming one counts from the day of loading (contract 2).
"""

import random
from datetime import date, datetime, time, timedelta
from uuid import NAMESPACE_URL, uuid5
from zoneinfo import ZoneInfo

from django.utils import timezone

from attendance import checkin, events, registration
from attendance.badges import token_of
from attendance.models import Event, Registration
from clinic.management.demo.answers import ANSWERS_NOTHING, skill_of, take_quiz
from clinic.management.demo.region import CONTENT
from clinic.management.demo.sheets import SEED
from clinic.people.models import Account, Unit
from quizzes import assignments, authoring
from quizzes.assignments import Window
from quizzes.models import Assignment, Quiz
from quizzes.models.assignments import Phase, Setting

ZONE = ZoneInfo("Asia/Makassar")
PAST_DAY = date(2026, 5, 20)
DAYS_AHEAD = 10
STAYED_AWAY = frozenset({"kecamatan-contoh-rimba", "dinas-perhubungan", "setwan"})
CAME_LATE = frozenset({"dinas-pertanian", "kecamatan-contoh-danau"})
MORNING, AFTERNOON = (time(8, 30), time(12, 0)), (time(13, 0), time(16, 0))


def load_bank() -> None:
    """Load questions and quizzes of the starter bank, by author and reviewer."""
    authoring.load_bank(
        [
            path.read_text(encoding="utf-8")
            for path in sorted((CONTENT / "bank").glob("*.toml"))
            if path.name != "blueprint.toml"
        ],
        (CONTENT / "bank" / "blueprint.toml").read_text(encoding="utf-8"),
        author=Account.objects.get(email="penyusun@demo.test"),
        reviewer=Account.objects.get(email="pengulas@demo.test"),
    )


def load_past_clinic(units: dict[str, Unit], participants: list[Account]) -> Event:
    """Hold the clinic of May: registrations, scans at the door, both quizzes."""
    organiser = Account.objects.get(email="panitia@demo.test")
    event = _drafted(
        events.EventDraft(
            code="klinik-2026-05",
            title="Klinik Reformasi Birokrasi dan Zona Integritas (contoh)",
            unit=units["bagian-organisasi"],
            place="Aula Sekretariat Daerah Kabupaten Contoh",
            about="Satu hari untuk membaca lembar kerja evaluasi bersama dan menyiapkan bukti.",
            capacity=70,
            letter_number="000.8.6/045/ORG/2026",
        ),
        PAST_DAY,
        organiser,
    )
    event = events.open_registration(event, actor=organiser)
    held = [_registered(event, account, organiser) for account in participants]
    event = events.close_registration(event, actor=organiser)
    event = events.begin(event, actor=organiser)
    _open_the_door(event, held, organiser)
    _let_them_answer(event, held, participants)
    return events.end(event, actor=organiser)


def load_coming_clinic(units: dict[str, Unit]) -> Event:
    """Open registration for the next clinic and give its participants their pre-quiz."""
    organiser = Account.objects.get(email="panitia2@demo.test")
    today = timezone.localdate()
    day = today + timedelta(days=DAYS_AHEAD)
    event = _drafted(
        events.EventDraft(
            code="klinik-pengawasan",
            title="Klinik Penguatan Pengawasan (contoh)",
            unit=units["bagian-organisasi"],
            place="Ruang Rapat Bagian Organisasi",
            about="Gratifikasi, pengendalian intern, pengaduan, dan benturan kepentingan.",
            capacity=40,
        ),
        day,
        organiser,
    )
    event = events.open_registration(event, actor=organiser)
    for email in ("peserta@demo.test", "peserta2@demo.test"):
        _registered(event, Account.objects.get(email=email), organiser)
    _assigned(event, "kuis-pengawasan", Phase.PRE, days=(today, day))
    _assigned(event, "kuis-pengawasan", Phase.POST, days=(day, day + timedelta(days=7)))
    return event


def _drafted(draft: events.EventDraft, day: date, organiser: Account) -> Event:
    event = events.draft_event(draft, actor=organiser)
    for title, (starts, ends) in (("Pagi", MORNING), ("Siang", AFTERNOON)):
        session = events.SessionDraft(
            title=title, starts_at=_at(day, starts), ends_at=_at(day, ends), room="Aula"
        )
        events.add_session(event, session, actor=organiser)
    return event


def _at(day: date, hour: time) -> datetime:
    return datetime.combine(day, hour, tzinfo=ZONE)


def _registered(event: Event, account: Account, organiser: Account) -> Registration:
    """Invite the person, who then confirms by registering."""
    registration.invite(event, account.person, actor=organiser)
    return registration.register(event, account.person, actor=account)


def _open_the_door(event: Event, held: list[Registration], organiser: Account) -> None:
    """Scan everybody who came, most of them in the ten minutes before the start."""
    chance = random.Random(f"{SEED}:door")  # noqa: S311 - sample data
    came = [one for one in held if one.unit.slug not in STAYED_AWAY]
    for one in came:
        late = one.unit.slug in CAME_LATE
        minute = chance.uniform(20, 40) if late else chance.uniform(-14, 4)
        moment = _at(PAST_DAY, MORNING[0]) + timedelta(minutes=minute)
        scan = {
            "uid": str(uuid5(NAMESPACE_URL, f"contoh:{event.code}:{one.person.nip}")),
            "kind": "badge",
            "group": "d1",
            "direction": "in",
            "token": token_of(one),
            "wall": moment.isoformat(),
            "shown": "green",
        }
        checkin.record_scans(event, [scan], by=organiser, now=moment)


def _let_them_answer(event: Event, held: list[Registration], participants: list[Account]) -> None:
    before, after = PAST_DAY - timedelta(days=2), PAST_DAY + timedelta(days=7)
    pre = _assigned(event, "kuis-rb", Phase.PRE, days=(before, PAST_DAY), setting=Setting.ROOM)
    post = _assigned(event, "kuis-rb", Phase.POST, days=(PAST_DAY, after))
    for one, account in zip(held, participants, strict=True):
        unit = one.unit.slug
        if unit in ANSWERS_NOTHING:
            continue
        skill = skill_of(unit, after_the_clinic=False)
        take_quiz(pre, account, skill=skill, started_at=_at(PAST_DAY, time(8, 40)))
        if unit not in STAYED_AWAY:
            skill = skill_of(unit, after_the_clinic=True)
            take_quiz(post, account, skill=skill, started_at=_at(PAST_DAY, time(16, 10)))


def _assigned(
    event: Event,
    quiz: str,
    phase: str,
    *,
    days: tuple[date, date],
    setting: str = Setting.OWN,
) -> Assignment:
    first, last = days
    window = Window(opens_at=_at(first, time(7, 0)), closes_at=_at(last, time(23, 0)))
    return assignments.assign(
        Quiz.objects.get(slug=quiz),
        event.uuid,
        actor=None,
        phase=phase,
        setting=setting,
        window=window,
    )
