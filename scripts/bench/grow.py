"""Years of a region's life, written at once, to measure how cost grows with the data.

``python -m scripts.bench.grow --years 5`` grows the database of the environment (``KLINIK_VAR`` or
``DATABASE_URL``). It must hold the demo, prepared as for ``make demo``, and not have grown before.
The same years are written every time. ``--years 0`` runs what the demo left to do and fills the
queue.

A year is twelve clinics of 64 seats with scans in and out, three quizzes for each seat with every
fourth answer saved twice, the sheets of one more year, new persons, 25,000 audit entries and 250
calibrations among them. Every log is sealed minute by minute, presences are folded and events
archived by the product, and in the end findings are made anew from all answers, two nights long. A
week of done jobs stands beside it.

Two things are not as in life: other people's acts are spread evenly over the day, so that there is
a seal for nearly each, and the answers of an attempt arrive with its hand-in, so that they share a
seal. Notices, sessions of browsers and what was read in modules do not grow.
"""

import argparse
import hashlib
import os
import random
import sys
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from copy import copy
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from functools import cache
from itertools import count, groupby
from typing import Any, TypeVar
from uuid import UUID

import django
from django.apps import apps

if not apps.ready:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "clinic.settings")
    os.environ.setdefault("CELERY_BROKER_URL", "memory://localhost/")  # no worker listens
    django.setup()

from django.conf import settings
from django.core.management.color import no_style
from django.db import DEFAULT_DB_ALIAS, connection, connections, models, transaction
from django.db.models import Max
from django.utils import timezone

from attendance import badges, presence
from attendance.badges import token_digest
from attendance.events import archive_finalised
from attendance.models import Badge, Event, Registration, Scan, Session
from clinic.assessments.models import Answer, AreaScore, Proof, Score, Sheet
from clinic.insights.models import Calibration
from clinic.management.demo.answers import skill_of, typed_answer
from clinic.management.demo.events import PAST_DAY, ZONE, working_day
from clinic.people.models import Account, Grant, Membership, Person, Unit
from clinic.records import jobs, seals
from clinic.records.audit import AuditDetail, AuditEntry
from clinic.records.jobs import Job
from clinic.records.seals import AppendOnlyLog, Seal
from quizzes.arithmetic.answers import parse_value, value_to_json
from quizzes.arithmetic.deadlines import deadline
from quizzes.arithmetic.grading import GRADING_RELEASE, credit
from quizzes.arithmetic.question_types import Content
from quizzes.arithmetic.selection import attempt_seed, option_order
from quizzes.delivery import form_of, rules_of
from quizzes.models import (
    Assignment,
    Attempt,
    AttemptEvent,
    AttemptItem,
    Credit,
    QuizVersion,
    Response,
    ResponseEvent,
    Slot,
)
from quizzes.models.assignments import Phase, Setting

SEED = "klinik-rb-tumbuh-1"
PREFIX = "klinik-tumbuh-"
DAYS_OF_A_YEAR = 365
POSTS = (
    "Sekretaris",
    "Kepala Bidang",
    "Kepala Seksi",
    "Pejabat Perencana",
    "Analis Kebijakan",
    "Penelaah Teknis",
    "Arsiparis",
    "Pelaksana",
)
OTHER_ACTS = ("account.signed_in", "account.signed_in", "account.signed_out", "finding.look")
COMES_LATE, FORGETS_TO_SCAN_OUT, LEFT_BLANK, SAVED_TWICE = 0.05, 0.05, 0.05, 0.25
DRAWS = 6  # answers of either kind that are made ready for a question
MINUTE = timedelta(minutes=1)
SECONDS_AN_ANSWER = (30, 80)
EVEN_CHANCE = 0.5
BEFORE_THE_END = 0.98  # of a window for a quiz: the last starts
Row = TypeVar("Row", bound=models.Model)


@dataclass(frozen=True, kw_only=True)
class Amounts:
    """What a year brings.

    Attributes:
        seats: of each clinic; fewer where there are fewer persons.
        entries: audit entries of a year, those of clinics, quizzes and sheets included.
        joining: persons who join in the first years.
        joining_later: persons who join in each year after those.
        days_of_jobs: done jobs that stand in the queue: a week, and the day to be tidied away.
    """

    clinics: int = 12
    seats: int = 64
    entries: int = 25_000
    calibrations: int = 250
    joining: tuple[int, ...] = (328, 275, 275, 275, 275)
    joining_later: int = 100
    days_of_jobs: int = 8

    def joining_in(self, year: int) -> int:
        """Persons who join in a year, counted from 0."""
        return self.joining[year] if year < len(self.joining) else self.joining_later


USUAL = Amounts()


@dataclass
class Chain:
    """The seals of one log, going on from its newest one."""

    log: AppendOnlyLog
    last: int
    digest: str

    def seal(self, rows: list[models.Model]) -> list[Seal]:
        """Give the rows their ids in order of time and seal what came in each minute."""
        made = []
        rows.sort(key=self._moment)
        for minute, group in groupby(rows, key=self._minute):
            first, previous = self.last + 1, self.digest
            state = hashlib.sha256(previous.encode())
            for row in group:
                self.last += 1
                row.pk = self.last
                state.update(b"\n" + seals.canonical(stored(row)))
            self.digest = state.hexdigest()
            made.append(
                Seal(
                    log=self.log.name,
                    first=first,
                    last=self.last,
                    previous=previous,
                    digest=self.digest,
                    created_at=minute + timedelta(minutes=1),
                )
            )
        return made

    def _moment(self, row: models.Model) -> datetime:
        return getattr(row, self.log.moment)

    def _minute(self, row: models.Model) -> datetime:
        return self._moment(row).replace(second=0, microsecond=0)


def chains() -> dict[type[models.Model], Chain]:
    """Return the chain of each sealed log; every row must be sealed already."""
    found = {}
    for log in seals.logs():
        if log.is_sealed:
            head = Seal.objects.filter(log=log.name).order_by("-first").first()
            last, digest = (head.last, head.digest) if head else (0, "")
            found[log.model] = Chain(log, last, digest)
    return found


def stored(row: models.Model) -> dict[str, Any]:
    """Return a row as ``values()`` reads it."""
    return {field.attname: getattr(row, field.attname) for field in row._meta.concrete_fields}


def insert(rows: Sequence[models.Model]) -> None:
    """Write rows of one table as they are: ``bulk_create`` would make their dates today's."""
    if not rows:
        return
    table = rows[0]._meta
    database = connections[DEFAULT_DB_ALIAS]  # ``connection`` looks it up at every use
    columns = [(field.attname, field.get_db_prep_save) for field in table.concrete_fields]
    names = ", ".join(f'"{field.column}"' for field in table.concrete_fields)
    places = ", ".join(["%s"] * len(columns))
    with database.cursor() as cursor:
        cursor.executemany(
            f'INSERT INTO "{table.db_table}" ({names}) VALUES ({places})',  # noqa: S608
            [[prepare(getattr(row, name), database) for name, prepare in columns] for row in rows],
        )


@dataclass(frozen=True)
class ReadyAnswer:
    """An answer as it is stored, with what it earns."""

    value: Any
    above: int
    below: int


class QuizQuestion:
    """A question of the quiz, with answers to it that are right and answers that are not."""

    def __init__(self, content: Content, seed: str) -> None:
        self.content = content
        chance = random.Random(seed)  # noqa: S311 - sample data
        self.answers = {
            is_right: [self._draw(chance, is_right=is_right) for _number in range(DRAWS)]
            for is_right in (True, False)
        }

    def _draw(self, chance: random.Random, *, is_right: bool) -> ReadyAnswer:
        typed = typed_answer(self.content, is_right=is_right, chance=chance)
        value = parse_value(self.content, typed)
        earned = credit(self.content, value)
        return ReadyAnswer(value_to_json(value), earned.numerator, earned.denominator)


class Region:
    """What the region holds before it grows, and the numbers that go on from there."""

    def __init__(self) -> None:
        self.chains = chains()
        self.units = list(Unit.objects.filter(depth__gt=1, valid_to=None))
        self.posts = list(
            Membership.objects.filter(person__account__isnull=False, end=None)
            .select_related("person__account", "unit")
            .order_by("pk")
        )
        organising = Grant.objects.filter(role=Grant.Role.ORGANISER).values("person")
        self.organisers = list(Account.objects.filter(person__in=organising).order_by("pk"))
        self.version = self._longest_quiz()
        self.slots: dict[str, list[Slot]] = defaultdict(list)
        self.questions: dict[int, QuizQuestion] = {}
        for slot in self.version.slots.select_related("question_version"):
            self.slots[slot.form].append(slot)
            version = slot.question_version
            self.questions[version.pk] = QuizQuestion(version.parsed, f"{SEED}:{version.pk}")
        attempts = Attempt.objects.filter(quiz=self.version.quiz_id).values("person")
        numbers = attempts.annotate(newest=Max("number")).values_list("person", "newest")
        self.numbers = Counter(dict(numbers))
        sheets = Sheet.objects.select_related("unit", "edition")
        self.sheets = list(sheets.order_by("edition", "pk"))
        self.sheet_rows: dict[int, list[Answer | Proof | Score | AreaScore]] = defaultdict(list)
        tables: tuple[type[Answer | Proof | Score | AreaScore], ...]
        tables = (Answer, Proof, Score, AreaScore)
        for table in tables:
            for row in table._base_manager.order_by("pk"):
                self.sheet_rows[row.sheet_id].append(row)
        self.calibration = Calibration.objects.first()
        self.joined = 0
        self.ids: dict[type[models.Model], Iterator[int]] = {}

    def _longest_quiz(self) -> QuizVersion:
        versions = QuizVersion.objects.published().select_related("quiz")
        longest = versions.annotate(length=models.Count("slots")).order_by("-length", "pk").first()
        if longest is None or not self.posts or not self.organisers:
            raise SystemExit("Load the demo first: python -m clinic.management.preparation")
        return longest

    def next_id(self, model: type[models.Model]) -> int:
        """Return the next free id of a table, so that rows can name each other unwritten."""
        if model not in self.ids:
            last = model._base_manager.aggregate(last=Max("pk"))["last"]
            self.ids[model] = count((last or 0) + 1)
        return next(self.ids[model])


@dataclass
class Month:
    """The time of one clinic: its rows are collected, then written at once."""

    region: Region
    chance: random.Random
    begin: datetime
    length: timedelta
    rows: dict[type[models.Model], list[Any]] = field(default_factory=lambda: defaultdict(list))

    def uuid(self) -> UUID:
        """Draw the UUID of a thing."""
        return UUID(int=self.chance.getrandbits(128), version=4)

    def add(self, row: Row) -> Row:
        """Collect a row to be written; rows of logs get their ids in order of time."""
        if type(row) not in self.region.chains:
            row.pk = self.region.next_id(type(row))
        self.rows[type(row)].append(row)
        return row

    def log(
        self,
        verb: str,
        at: datetime,
        *,
        thing: models.Model | tuple[str, str],
        actor: Account | None = None,
        subject: int | None = None,
        values: dict[str, Any] | None = None,
    ) -> None:
        """Add an entry to the audit log."""
        if isinstance(thing, models.Model):
            thing = thing._meta.label_lower, str(getattr(thing, "uuid", thing.pk))
        entry = AuditEntry(
            at=at,
            actor=actor.pk if actor else None,
            verb=verb,
            thing_type=thing[0],
            thing_id=thing[1],
            subject=subject,
            request_id=f"{self.chance.getrandbits(128):032x}",
            network=f"10.{self.chance.randrange(256)}.{self.chance.randrange(256)}.0/24",
        )
        if values is not None:
            salt = f"{self.chance.getrandbits(128):032x}"
            detail = AuditDetail(entry=entry, values={"schema": 1, **values}, salt=salt)
            entry.digest = detail.digest()
            self.add(detail)
        self.add(entry)

    def moments(self, number: int) -> Iterator[datetime]:
        """Spread so many moments evenly over the month."""
        return (self.begin + self.length * (place + 0.5) / number for place in range(number))

    def write(self) -> None:
        """Write every row, and the seals of the logs."""
        for model, chain in self.region.chains.items():
            for seal in chain.seal(self.rows.get(model, [])):
                self.add(seal)
        for detail in self.rows[AuditDetail]:
            detail.entry_id = detail.entry.pk
        for rows in self.rows.values():
            insert(rows)


def add_persons(month: Month, number: int) -> None:
    """Add persons to the units, each with an account without a password."""
    region = month.region
    for _number in range(number):
        unit, post = month.chance.choice(region.units), month.chance.choice(POSTS)
        nip = sample_nip(region.joined)
        region.joined += 1
        person = month.add(
            Person(
                uuid=month.uuid(),
                name=f"Contoh - {post} {region.joined} {unit.name}"[:160],
                nip=nip,
                is_demo=True,
                created_at=month.begin,
            )
        )
        month.add(
            Account(
                uuid=month.uuid(),
                person=person,
                login_name=nip,
                password=f"!{month.chance.getrandbits(160):040x}",
                is_demo=True,
                date_joined=month.begin,
            )
        )
        membership = Membership(
            person=person, unit=unit, position=post, start=month.begin.astimezone(ZONE).date()
        )
        region.posts.append(month.add(membership))


def sample_nip(number: int) -> str:
    """Return a well-formed NIP of somebody born in 1900, whom the demo does not know."""
    birth = f"1900{1 + number % 12:02d}{1 + number % 28:02d}"
    return f"{birth}1922{1 + number // 999 % 12:02d}{1 + number % 2}{1 + number % 999:03d}"


def add_clinic(month: Month, seats: int) -> tuple[Event, list[Registration]]:
    """Add a clinic: registrations, scans, and a quiz before it, after it and some weeks later."""
    chance, posts = month.chance, month.region.posts
    day = working_day((month.begin + timedelta(days=3)).astimezone(ZONE).date())
    event = _add_event(month, day, seats=min(seats, len(posts)))
    windows = {
        Phase.PRE: (at(day, time(8, 30)), at(day, time(9, 15))),
        Phase.POST: (at(day, time(12)), at(day, time(23), days=7)),
        Phase.NORMAL: (at(day, time(8), days=10), at(day, time(8), days=17)),
    }
    given = {
        phase: _add_assignment(month, event, phase, opens_at=opens, closes_at=closes)
        for phase, (opens, closes) in windows.items()
    }
    came = []
    for post in chance.sample(posts, event.seats_taken):
        seat = _add_registration(month, event, post)
        came.append(seat)
        _add_scans(month, seat, day)
        for phase, (opens, closes) in windows.items():
            if phase == Phase.PRE:
                start = at(day, time(8, 40)) + chance.random() * MINUTE
            else:
                start = opens + (closes - opens) * chance.random() * BEFORE_THE_END
            _add_attempt(month, given[phase], post, start)
    return event, came


def at(day: date, hour: time, *, days: int = 0) -> datetime:
    """Return the moment of an hour in the region, so many days after the day."""
    return datetime.combine(day + timedelta(days=days), hour, tzinfo=ZONE)


def _add_event(month: Month, day: date, *, seats: int) -> Event:
    region = month.region
    organiser = region.organisers[0]
    post = organiser.person.memberships.select_related("unit").first()
    event = month.add(
        Event(
            uuid=month.uuid(),
            code=f"{PREFIX}{day:%Y-%m-%d}",
            title=f"Klinik Reformasi Birokrasi {day:%m/%Y} (contoh)",
            unit=post.unit if post else region.units[0],
            place="Aula Sekretariat Daerah Kabupaten Contoh",
            about="Satu hari untuk membaca lembar kerja evaluasi bersama dan menyiapkan bukti.",
            zone=str(ZONE),
            state=Event.State.FINALISED,
            finalised_at=at(day, time(17)),
            capacity=seats + 6,
            seats_taken=seats,
            rev=1 + seats,
            badge_key=month.chance.randbytes(32),
            created_by=organiser,
            created_at=at(day, time(9), days=-20),
        )
    )
    for title, starts, ends in (("Pagi", time(8, 30), time(12)), ("Siang", time(13), time(16))):
        month.add(
            Session(
                uuid=month.uuid(),
                event=event,
                scan_group="d1",
                title=title,
                starts_at=at(day, starts),
                ends_at=at(day, ends),
                room=event.place,
            )
        )
    for account in region.organisers:
        month.add(
            Grant(
                uuid=month.uuid(),
                person_id=account.person_id,
                role=Grant.Role.ORGANISER,
                event=event,
                starts_on=event.created_at.date(),
                created_at=event.created_at,
            )
        )
    for number, act in enumerate(("draft", "open", "closed", "running", "ended", "finalised")):
        month.log(f"event.{act}", at(day, time(7 + 2 * number)), thing=event, actor=organiser)
    return event


def _add_assignment(
    month: Month, event: Event, phase: str, *, opens_at: datetime, closes_at: datetime
) -> Assignment:
    made = month.add(
        Assignment(
            uuid=month.uuid(),
            quiz=month.region.version.quiz,
            event=event,
            phase=phase,
            setting=Setting.ROOM if phase == Phase.PRE else Setting.OWN,
            opens_at=opens_at,
            closes_at=closes_at,
            created_at=event.created_at,
        )
    )
    month.log("quiz.assign", event.created_at, thing=made, values={"quiz": made.quiz.slug})
    return made


def _add_registration(month: Month, event: Event, post: Membership) -> Registration:
    organiser = month.region.organisers[0]
    invited_at = event.created_at + timedelta(days=10 * month.chance.random())
    confirmed_at = invited_at + timedelta(days=5 * month.chance.random())
    uuid, person = month.uuid(), post.person
    seat = month.add(
        Registration(
            uuid=uuid,
            event=event,
            person=person,
            unit=post.unit,
            unit_name=post.unit.name,
            position=post.position,
            state=Registration.State.CONFIRMED,
            source=Registration.Source.ORGANISER,
            short_code=badges.short_code_of(event, uuid),
            created_by=organiser,
            created_at=invited_at,
            changed_at=confirmed_at,
        )
    )
    digest = token_digest(badges.token_of(seat))
    month.add(Badge(registration=seat, version=1, token_digest=digest, created_at=invited_at))
    values = {"event": event.code, "state": "nominated", "source": "organiser"}
    month.log(
        "registration.create",
        invited_at,
        thing=seat,
        subject=person.pk,
        actor=organiser,
        values=values,
    )
    month.log(
        "registration.confirm", confirmed_at, thing=seat, subject=person.pk, actor=person.account
    )
    return seat


def _add_scans(month: Month, seat: Registration, day: date) -> None:
    """Add the scan in, which is late for a few, and the scan out, which a few forget."""
    chance = month.chance
    is_late = chance.random() < COMES_LATE
    minutes = chance.uniform(20, 40) if is_late else chance.uniform(-14, 4)
    came_at = at(day, time(8, 30)) + MINUTE * minutes
    _add_scan(month, seat, came_at, "late" if is_late else "accepted")
    if chance.random() >= FORGETS_TO_SCAN_OUT:
        _add_scan(month, seat, at(day, time(16)) + MINUTE * chance.uniform(-10, 15), "out")


def _add_scan(month: Month, seat: Registration, moment: datetime, verdict: str) -> None:
    uid = month.uuid()
    month.add(
        Scan(
            uid=uid,
            event=seat.event,
            registration=seat,
            scan_group="d1",
            token_digest=token_digest(badges.token_of(seat)),
            kind="badge",
            direction="out" if verdict == "out" else "in",
            steward=month.region.organisers[0],
            wall=moment,
            effective_at=moment,
            received_at=moment,
            shown="green",
            payload_digest=hashlib.sha256(uid.bytes).hexdigest(),
            verdict=verdict,
            standing="counts",
            receipt=month.uuid(),
        )
    )


def _add_attempt(month: Month, assignment: Assignment, post: Membership, start: datetime) -> None:
    """Add an attempt that is handed in; all its answers arrive with the hand-in."""
    region, person, uuid = month.region, post.person, month.uuid()
    region.numbers[person.pk] += 1
    version = region.version
    form = form_of(version, assignment.phase, person)
    slots = region.slots[form]
    end = deadline(start, rules_of(version, assignment))
    taken = timedelta(seconds=len(slots) * month.chance.uniform(*SECONDS_AN_ANSWER))
    finish = min(start + taken, end) if end else start + taken
    seed = attempt_seed(settings.SECRET_KEY.encode(), str(uuid))
    attempt = month.add(
        Attempt(
            uuid=uuid,
            person=person,
            quiz_id=version.quiz_id,
            quiz_version=version,
            assignment=assignment,
            number=region.numbers[person.pk],
            state=Attempt.State.SUBMITTED,
            phase=assignment.phase,
            setting=assignment.setting,
            form=form,
            context={"schema": 1, "kind": "event", "key": str(assignment.event), "label": ""},
            unit=post.unit,
            unit_name=post.unit.name,
            position_kind=post.position_kind,
            locale="id",
            started_at=start,
            deadline_at=end,
            finished_at=finish,
            finish_reason="person",
            seed=seed.hex(),
        )
    )
    skill = cached_skill(post.unit.slug, assignment.phase != Phase.PRE)
    for index, slot in enumerate(slots, 1):
        content = region.questions[slot.question_version_id].content
        order = list(option_order(content, seed, index))
        item = AttemptItem(
            attempt_id=attempt.pk,
            slot_id=slot.pk,
            index=index,
            points=slot.points,
            question_version_id=slot.question_version_id,
            option_order=order,
        )
        _add_answer(
            month, month.add(item), slot, is_right=month.chance.random() < skill, now=finish
        )
    month.add(AttemptEvent(attempt=attempt, kind="start", actor=person.account.pk, at=start))
    month.add(AttemptEvent(attempt=attempt, kind="submit", at=finish))
    month.log("attempt.start", start, thing=attempt, subject=person.pk, actor=person.account)
    month.log("attempt.submit", finish, thing=attempt, subject=person.pk)


@cache
def cached_skill(unit: str, after: bool) -> float:  # noqa: FBT001 - a key of the cache
    """Return the share of questions that the unit's people get right."""
    return skill_of(unit, after_the_clinic=after)


def _add_answer(
    month: Month, item: AttemptItem, slot: Slot, *, is_right: bool, now: datetime
) -> None:
    """Add the answer to a question: some were saved twice, a few are blank."""
    chance = month.chance
    ready = month.region.questions[slot.question_version_id].answers
    saves = [chance.choice(ready[is_right])]
    drawn = chance.random()
    if drawn < LEFT_BLANK:
        saves = []
    elif drawn < LEFT_BLANK + SAVED_TWICE * (1 - LEFT_BLANK):
        saves.insert(0, chance.choice(ready[chance.random() < EVEN_CHANCE]))
    for rev, save in enumerate(saves, 1):
        month.add(
            ResponseEvent(
                item_id=item.pk,
                client_id="contoh",
                seq=item.index + 100 * rev,
                base_rev=rev - 1,
                rev=rev,
                value=save.value,
                outcome=ResponseEvent.Outcome.APPLIED,
                in_grace=False,
                received_at=now,
            )
        )
    last = saves[-1] if saves else ReadyAnswer(None, 0, 1)
    month.add(
        Response(
            item_id=item.pk,
            rev=len(saves),
            value=last.value,
            updated_at=now if saves else None,
        )
    )
    month.add(
        Credit(
            item_id=item.pk,
            credit_num=last.above,
            credit_den=last.below,
            graded_against_id=slot.question_version_id,
            grading_release=GRADING_RELEASE,
            at=now,
        )
    )


def add_sheets(month: Month, back: int) -> None:
    """Add a sheet of an earlier year for each that was there, with the rows of another unit."""
    region = month.region
    moments = month.moments(len(region.sheets) or 1)
    for _edition, group in groupby(region.sheets, key=lambda sheet: sheet.edition_id):
        sheets = list(group)
        earliest = min(sheet.period for sheet in sheets)
        for place, model in enumerate(sheets):
            moment, source = next(moments), sheets[(place + back) % len(sheets)]
            sheet = copy(source)
            sheet.uuid = month.uuid()
            sheet.unit, sheet.unit_name = model.unit, model.unit.name
            sheet.period = earliest - back
            sheet.recorded_at = moment
            month.add(sheet)
            for row in region.sheet_rows[source.pk]:
                again = copy(row)
                again.sheet_id = sheet.pk
                if isinstance(again, Proof):
                    again.uuid = month.uuid()
                month.add(again)
            values = {"total": str(sheet.total), "rev": sheet.rev}
            month.log("sheet.record", moment, thing=sheet, values=values)


def log_calibrations(month: Month, number: int) -> None:
    """Log so many calibrations; their own table holds none of so long ago.

    Their constants stand in the log once, as the product writes them.
    """
    known = month.region.calibration
    values = {"digest": known.digest} if known else {}
    for moment in month.moments(number):
        thing = (Calibration._meta.label_lower, str(month.uuid()))
        month.log("insights.calibrate", moment, thing=thing, values=values)


def fill_audit_log(month: Month, entries: int) -> None:
    """Fill the audit log up to so many entries of the month."""
    missing = max(0, entries - len(month.rows[AuditEntry]))
    for moment in month.moments(missing):
        account = month.chance.choice(month.region.posts).person.account
        verb = month.chance.choice(OTHER_ACTS)
        month.log(verb, moment, actor=account, subject=account.person_id, thing=account)


def add_year(region: Region, back: int, *, year: int, amounts: Amounts) -> None:
    """Write one year.

    Args:
        region: as it stands before the year.
        back: how many years before the demo's clinic it begins.
        year: its number from 0, the oldest year first.
        amounts: what it brings.
    """
    chance = random.Random(f"{SEED}:{back}")  # noqa: S311 - sample data
    length = timedelta(days=DAYS_OF_A_YEAR) / amounts.clinics
    start = at(PAST_DAY, time(0)) - back * timedelta(days=DAYS_OF_A_YEAR)
    for number in range(amounts.clinics):
        month = Month(region, chance, start + number * length, length)
        if number == 0:
            add_persons(month, amounts.joining_in(year))
            add_sheets(month, back)
        event, seats = add_clinic(month, amounts.seats)
        log_calibrations(month, share(amounts.calibrations, number, amounts.clinics))
        fill_audit_log(month, share(amounts.entries, number, amounts.clinics))
        month.write()
        presence.refold(event, [seat.pk for seat in seats])


def share(whole: int, number: int, parts: int) -> int:
    """Return one part of a whole that is cut into nearly equal integers."""
    return whole * (number + 1) // parts - whole * number // parts


def fill_queue(days_of_jobs: int) -> None:
    """Add the done jobs of so many days: two each minute, two each day."""
    now = timezone.now().replace(second=0, microsecond=0)
    minutes = [now - MINUTE * back for back in range(1, days_of_jobs * 24 * 60 + 1)]
    days = sorted({minute.date() for minute in minutes})
    each_minute = [
        _done_job(name, f"{minute:%Y-%m-%dT%H:%M}", minute)
        for minute in minutes
        for name in ("records.seal", "quizzes.expire")
    ]
    each_day = [
        _done_job(name, f"{day:%Y-%m-%d}", at(day, time(1)))
        for day in days
        for name in ("insights.calibrate", "records.tidy")
    ]
    # A demo that was served has done some of them itself.
    Job.objects.bulk_create(each_minute + each_day, ignore_conflicts=True)


def _done_job(name: str, key: str, moment: datetime) -> Job:
    return Job(
        name=name,
        key=key,
        kind=Job.Kind.ONCE,
        payload={"schema": 1},
        state=Job.State.DONE,
        attempts=1,
        due_at=moment,
        started_at=moment,
        finished_at=moment,
    )


def reset_sequences(written: Iterable[type[models.Model]]) -> None:
    """Let PostgreSQL go on after the ids that were written here, and analyse the tables."""
    with connection.cursor() as cursor:
        for statement in connection.ops.sequence_reset_sql(no_style(), list(written)):
            cursor.execute(statement)
        if connection.vendor == "postgresql":
            cursor.execute("ANALYZE")


def run_jobs_and_seal() -> None:
    """Run every job that is due, and seal the logs."""
    jobs.run_due()
    seals.seal_all()


def grow(
    years: int, *, amounts: Amounts = USUAL, say: Callable[[str], object] = lambda _line: None
) -> None:
    """Write so many years before the demo's own, the oldest first."""
    if Event.objects.filter(code__startswith=PREFIX).exists():
        raise SystemExit("This database has grown before: take a fresh one.")
    run_jobs_and_seal()
    region = Region()
    for year in range(years):
        with transaction.atomic():
            add_year(region, years - year, year=year, amounts=amounts)
        say(f"Year {year + 1} of {years} is written.")
    fill_queue(amounts.days_of_jobs)
    reset_sequences([Job, *region.ids, *region.chains])
    archive_finalised(timezone.now())
    say("Making the findings anew from all answers …")
    for _night in range(2):  # the second publishes what the first one found of earlier years
        with transaction.atomic():
            jobs.enter("insights.calibrate", "", Job.Kind.REFRESH)
        run_jobs_and_seal()


def main() -> None:
    """Read the command line and grow."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--years", type=int, required=True)

    def say(line: str) -> None:
        sys.stdout.write(f"{line}\n")
        sys.stdout.flush()

    grow(parser.parse_args().years, say=say)


if __name__ == "__main__":
    main()
