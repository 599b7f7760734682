"""A small region with a quiz and sheets, made through the services that people use."""

from datetime import datetime
from decimal import Decimal

from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from attendance.models import Presence, Registration
from clinic.assessments import frameworks, outcome_links, sheets
from clinic.assessments.arithmetic.editions import FrameworkFile
from clinic.assessments.models import AreaScore, FrameworkEdition, Sheet
from clinic.insights import profile, reading
from clinic.people.models import Membership, Person, Unit
from clinic.records import jobs
from clinic.records.audit import AuditEntry
from quizzes import delivery
from quizzes.arithmetic.saving import SaveEvent
from quizzes.models import Attempt
from quizzes.models.assignments import Phase
from tests.first_rows import rows_of
from tests.given import make_member
from tests.quizzes import made as quizzes_made
from tests.quizzes.arithmetic import questions
from tests.replaying import Recording

AREA = "pengawasan"
PERIOD = 2026
QUESTIONS = 6
BASIS = (AreaScore, Attempt, AuditEntry, Membership, Person, Presence, Registration)


def zi() -> FrameworkEdition:
    """The edition ZI 2021 with one outcome that bears on its supervision rows."""
    return ZI.play()


def _zi() -> FrameworkEdition:
    text = (frameworks.SHIPPED / "zi-2021.toml").read_text()
    edition = frameworks.load_framework(text).edition
    outcome = quizzes_made.outcome()
    entry = outcome_links.LinkEntry("zi-2021", "A.I.5.i", Decimal(1))
    outcome_links.link_outcome(outcome, [entry])
    return edition


ZI = Recording(_zi)


def weak_district(cast, home):
    """An edition, a quiz, and a region whose district has a weak sheet, its office a good one."""
    return WEAK_DISTRICT.play(cast, home, ground=(cast.author.pk, home.root.pk))


def _weak_district(cast, home):
    edition = zi()
    sheet(home.district, edition, strength=0.2)
    sheet(home.health, edition, strength=0.9)
    return edition, quiz(cast), home


WEAK_DISTRICT = Recording(_weak_district)


def quiz(cast, *, number=QUESTIONS, slug="kuis-pengawasan"):
    """A published quiz of single choice questions on supervision."""
    ground = (cast.author.pk, cast.reviewer.pk, quizzes_made.outcome().pk, number, slug)
    return QUIZ.play(cast, number, slug, ground=ground)


def _quiz(cast, number, slug):
    versions = [
        quizzes_made.published_question(cast, f"{slug}-{index}", questions.single())
        for index in range(number)
    ]
    return quizzes_made.published_quiz(cast, slug, versions=versions, max_attempts=5)


QUIZ = Recording(_quiz)


def answer(version, person, *, right: int, blank: int = 0, phase=Phase.NORMAL, **more) -> Attempt:
    """The person takes the quiz: ``right`` answers right, ``blank`` left out, the rest wrong."""
    attempt = answered(version, person, right=right, blank=blank, phase=phase, **more)
    return delivery.submit(attempt.uuid, taker=person).attempt


def answered(version, person, *, right: int, blank: int = 0, phase=Phase.NORMAL, **more) -> Attempt:
    """As ``answer``, but not handed in yet."""
    given = version.quiz.assignments.filter(person=person, phase=phase).first()
    given = given or quizzes_made.assigned(version, person, phase=phase, **more)
    attempt, _new = delivery.start(given, person.account)
    for place, item in enumerate(attempt.items.order_by("index")):
        if place >= attempt.items.count() - blank:
            break
        content = item.question_version.parsed
        value = quizzes_made.key_of(content) if place < right else quizzes_made.wrong_of(content)
        event = SaveEvent(client_id="uji", seq=1, base_rev=0, value=value)
        delivery.save_response(attempt.uuid, item.index, event, taker=person)
    return attempt


def rows(framework_file: FrameworkFile, *, strength: float) -> dict[str, sheets.RowEntry]:
    """Letters of a sheet that earns about this share of every scored row."""
    said = {}
    for node in framework_file.scored:
        scale = framework_file.by_scale[node.scale]
        if scale.kind == "letters":
            steps = sorted(scale.steps, key=lambda step: abs(float(step.value) - strength))
            said[node.code] = sheets.RowEntry(value=steps[0].letter)
    return said


def sheet(unit: Unit, edition: FrameworkEdition, *, strength: float, period: int = PERIOD):
    """The unit's sheet, about as good in all areas."""
    said = rows(frameworks.edition_file(edition), strength=strength)
    return sheets.record_sheet(unit=unit, edition=edition, period=period, rows=said)


def run_jobs() -> None:
    """Do whatever is due, as the workers would."""
    jobs.run_due()


def profile_of(actor, unit, edition, *, period: int = PERIOD):
    """The unit's profile as this account reads it; None for who reads no finding."""
    recorded = Sheet.objects.with_context().get(unit=unit, edition=edition, period=period)
    return profile.profile(actor, recorded, list(recorded.area_scores.select_related("area")))


def address(unit, area=AREA):
    """The page "why?" of a cell."""
    cell = {"unit": unit.slug, "area": area, "edition": "zi-2021", "period": str(PERIOD)}
    return reverse("finding", kwargs=cell)


def calibrate():
    """Make every finding anew, as each night."""
    with transaction.atomic():
        jobs.enter("insights.calibrate", "", "refresh")
    run_jobs()


def answered_by(world, cast, number, *, after=0):
    """So many of the district's people have answered badly; the first ``after`` did before.

    Findings are made in any case, as at night.
    """
    ANSWERED.play(world, cast, number, after, ground=(world[1].pk, number, after, *_basis()))


def _answered_by(world, cast, number, after):
    _edition, quiz, home = world
    takers = [cast.participant, cast.colleague, cast.other_unit_official]
    for place in range(after, number):
        if place < len(takers):
            person = takers[place]
        else:
            person = make_member(f"Pegawai {place}", home.district, email=f"p{place}@uji.test")
        answer(quiz, person, right=1)
    calibrate()


ANSWERED = Recording(_answered_by)


def this_hour() -> datetime:
    """When it is, to the hour: with one of them each day begins, in whatever zone."""
    return timezone.now().replace(minute=0, second=0, microsecond=0)


def _basis():
    """What findings rest on, row by row, and the hour."""
    return this_hour(), *(repr(rows_of(model._meta.db_table)) for model in BASIS)


def seen_by(world, person, *, unit=None, area=AREA):
    """What the person may see of a cell."""
    edition, _quiz, home = world
    return reading.cell(person.account, unit or home.district, area, edition=edition, period=PERIOD)
