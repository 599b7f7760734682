"""``manage.py verify`` names every breach and exits 1."""

import io
import json
from datetime import timedelta
from decimal import Decimal

import pytest
from django.core.management import call_command

from clinic.assessments import frameworks, sheets
from clinic.assessments.models import FrameworkEdition, Sheet
from clinic.management.commands.verify import heads_file, invariants
from clinic.records import audit, seals
from courses.models import ModuleEdition
from courses.publishing import digest_of
from quizzes import delivery
from quizzes.arithmetic.saving import SaveEvent
from quizzes.models import Attempt, Credit, Response, ResponseEvent
from tests.courses import made as courses_made
from tests.quizzes import made as quizzes_made


def verify(*options):
    out = io.StringIO()
    try:
        call_command("verify", *options, stdout=out)
    except SystemExit as end:
        return end.code, out.getvalue().splitlines()
    return 0, out.getvalue().splitlines()


@pytest.mark.django_db
def test_a_sound_database_passes():
    audit.record("test.act")
    seals.seal_all()

    code, lines = verify("--json")

    report = json.loads(lines[-1])
    assert (code, report["ok"], report["problems"]) == (0, True, [])
    assert report["counts"]["invariants"] == len(invariants()) >= 2


@pytest.mark.django_db
def test_a_changed_row_and_a_missing_trigger_are_named_by_number():
    entry = audit.record("test.act")
    seals.seal_all()
    with seals.purging("a test plays the intruder"):
        audit.AuditEntry._base_manager.filter(pk=entry.pk).update(verb="other")
    seals.drop_triggers(["records_seal"])

    code, lines = verify("--json")

    report = json.loads(lines[-1])
    assert (code, report["ok"]) == (1, False)
    assert {problem["code"] for problem in report["problems"]} == {"S22", "D7"}
    assert all(set(problem) == {"where", "code", "message"} for problem in report["problems"])
    assert lines[0].startswith("S22 records.auditentry 1-")


def reported(code):
    """Return what ``verify`` says of one number."""
    ended, lines = verify("--json")
    problems = json.loads(lines[-1])["problems"]
    assert ended == bool(problems)
    return [one["message"] for one in problems if one["code"] == code]


def intruding(change):
    """Change append-only rows as somebody with the database's own password could."""
    with seals.purging("a test plays the intruder"):
        change()


@pytest.fixture
def finished(cast):
    """An attempt of one question of each type, handed in with every answer right."""
    given = quizzes_made.assigned(quizzes_made.published_quiz(cast), cast.participant)
    attempt, _new = delivery.start(given, cast.participant.account)
    for item in attempt.items.select_related("question_version"):
        value = quizzes_made.key_of(item.question_version.parsed)
        event = SaveEvent(client_id="a", seq=1, base_rev=0, value=value)
        delivery.save_response(attempt.uuid, item.index, event)
    return delivery.submit(attempt.uuid).attempt


def with_deadline(attempt, moment):
    Attempt.objects.filter(pk=attempt.pk).update(deadline_at=moment)


def other_order(attempt):
    attempt.items.filter(index=1).update(option_order=["x"])


def a_place_twice(attempt):
    item = attempt.items.get(index=1)
    order = [*item.option_order[:-1], item.option_order[0]]
    attempt.items.filter(pk=item.pk).update(option_order=order)


def other_answer(attempt):
    Response.objects.filter(item=attempt.items.get(index=1)).update(value=None)


def finished_late(attempt):
    grace = timedelta(seconds=31)
    with_deadline(attempt, attempt.finished_at - grace)


def saved_late(attempt):
    with_deadline(attempt, attempt.finished_at)
    late = attempt.finished_at + timedelta(seconds=31)
    rows = ResponseEvent._base_manager.filter(item__attempt=attempt)
    intruding(lambda: rows.update(received_at=late))


def _credits(attempt):
    return Credit._base_manager.filter(item__attempt=attempt)


def other_credit(attempt):
    intruding(lambda: _credits(attempt).update(credit_num=0))


def overtaken_credit(attempt):
    first = _credits(attempt).first()
    Credit.objects.create(
        item=first.item, credit_num=1, credit_den=2, source=Credit.Source.OVERRIDE,
        graded_against=first.graded_against, grading_release=first.grading_release,
    )  # fmt: skip
    intruding(lambda: _credits(attempt).filter(pk=first.pk).update(credit_num=0))


def no_credit(attempt):
    intruding(lambda: _credits(attempt).filter(item__index=1).delete())


QUIZ_BREACHES = [
    ("Q4", other_order, "its order is none of the question's options"),
    ("Q4", a_place_twice, "its order is none of the question's options"),
    ("Q5", other_answer, "differs from the log of its saves"),
    ("Q7", finished_late, "was finished after its deadline and grace"),
    ("Q7", saved_late, "was taken after the deadline and grace"),
    ("Q11", other_credit, "is not what the answer earns"),
    ("Q12", other_credit, "was changed since it was written"),
    ("Q12", overtaken_credit, "was changed since it was written"),
    ("Q12", no_credit, "belongs to a finished attempt and has no credit"),
]


@pytest.mark.parametrize(("code", "plant", "message"), QUIZ_BREACHES)
def test_a_breach_planted_in_an_attempt_is_named(finished, code, plant, message):
    assert reported(code) == []

    plant(finished)

    assert message in reported(code)


@pytest.fixture
def sheet(regencies):
    """A recorded sheet with a letter, counts of a ratio, a value and many blank rows."""
    text = (frameworks.SHIPPED / "zi-2021.toml").read_text()
    rows = {
        "A.I.5.i.a": sheets.RowEntry(value="B"),
        "A.II.5.ii.a.1": sheets.RowEntry(value=6),
        "A.II.5.ii.a.3": sheets.RowEntry(value=1),
        "B.I.a": sheets.RowEntry(value=Decimal("3.6")),
    }
    edition = frameworks.load_framework(text).edition
    unit = regencies[0].health
    return sheets.record_sheet(unit=unit, edition=edition, period=2022, rows=rows).sheet


def other_weight(sheet):
    sheet.edition.nodes.filter(code="A.I.5.i.a").update(weight=9)


def other_parent(sheet):
    node = sheet.edition.nodes.get(code="A.I.5.i.a")
    node.parent = sheet.edition.nodes.get(code="B")
    node.save()


def other_file(sheet):
    kept = sheet.edition.definition
    changed = {**kept, "toml": kept["toml"].replace("0.67", "0.66")}
    FrameworkEdition.objects.filter(pk=sheet.edition_id).update(definition=changed)


def spoilt_file(sheet):
    FrameworkEdition.objects.filter(pk=sheet.edition_id).update(definition={"schema": 1})


def no_lock(sheet):
    FrameworkEdition.objects.filter(pk=sheet.edition_id).update(locked_at=None)


def other_letter(sheet):
    sheet.answers.filter(letter="B").update(letter="A", numerator=1, denominator=1)


def other_integers(sheet):
    sheet.answers.filter(letter="B").update(numerator=1, denominator=1)


def other_score(sheet):
    sheet.scores.filter(node__code="B.I.a").update(score=1)


def other_area(sheet):
    sheet.area_scores.filter(area="pengawasan").update(answered_points=1)


def other_total(sheet):
    Sheet.objects.filter(pk=sheet.pk).update(total=99)


def no_score(sheet):
    sheet.scores.first().delete()


WRONG_SCORES = "its scores are not what its answers are worth"
SHEET_BREACHES = [
    ("D4", other_weight, "its weight or place is not that of its file"),
    ("D4", other_parent, "its weight or place is not that of its file"),
    ("D4", other_file, "its stored file was changed since it was loaded"),
    ("D4", spoilt_file, "its stored file can no longer be read"),
    ("D4", no_lock, "is used by a sheet and not locked"),
    ("D11", other_letter, WRONG_SCORES),
    ("D11", other_integers, "holds an answer that its row cannot take"),
    ("D11", other_score, WRONG_SCORES),
    ("D11", other_area, WRONG_SCORES),
    ("D11", other_total, WRONG_SCORES),
    ("D11", no_score, WRONG_SCORES),
]


@pytest.mark.parametrize(("code", "plant", "message"), SHEET_BREACHES)
def test_a_breach_planted_in_a_sheet_is_named(sheet, code, plant, message):
    assert reported(code) == []

    plant(sheet)

    assert message in reported(code)


def other_head(edition):
    ModuleEdition.objects.filter(pk=edition.pk).update(head={**edition.head, "title": "Lain"})


def other_body(edition):
    bodies = {page: [] for page in edition.bodies}
    digest = digest_of({"head": edition.head, "bodies": bodies})
    ModuleEdition.objects.filter(pk=edition.pk).update(bodies=bodies, digest=digest)


def none_read(edition):
    ModuleEdition.objects.filter(pk=edition.pk).update(is_current=False)


EDITION_BREACHES = [
    (other_head, "was changed once published"),
    (other_body, "mixes sections of several drafts"),
    (none_read, "edition 1 is the newest, not the one read"),
]


@pytest.mark.parametrize(("plant", "message"), EDITION_BREACHES)
def test_a_breach_planted_in_an_edition_is_named(cast, plant, message):
    edition = courses_made.published(cast).editions.get()
    assert reported("D10") == []

    plant(edition)

    assert message in reported("D10")


@pytest.fixture
def heads_elsewhere(settings, tmp_path):
    settings.DATA_DIR = tmp_path


@pytest.mark.django_db
@pytest.mark.usefixtures("heads_elsewhere")
class TestSince:
    def sealed(self):
        entry = audit.record("test.act")
        seals.seal_all()
        return entry

    def change(self, entry):
        intruding(lambda: audit.AuditEntry._base_manager.filter(pk=entry.pk).update(verb="other"))

    def test_what_came_after_the_last_sound_run_is_walked(self):
        self.sealed()
        assert verify()[0] == 0
        later = self.sealed()
        self.change(later)

        code, lines = verify("--since")

        assert code == 1
        assert lines[0].startswith(f"S22 records.auditentry {later.pk}-{later.pk}: rows were")

    def test_what_it_rests_on_is_left_to_the_whole_run(self):
        early = self.sealed()
        assert verify()[0] == 0
        self.change(early)

        assert verify("--since")[0] == 0
        assert verify()[0] == 1

    def test_a_rewritten_chain_is_found_by_the_head_that_was_kept(self):
        self.sealed()
        assert verify()[0] == 0
        intruding(lambda: seals.Seal._base_manager.update(digest="0" * 64))

        code, lines = verify("--since")

        assert code == 1
        assert "the seal that was verified last is gone" in lines[0]

    def test_a_run_with_a_breach_in_the_logs_keeps_the_earlier_heads(self):
        self.sealed()
        verify()
        kept = heads_file().read_text()
        self.change(self.sealed())
        verify("--since")

        assert heads_file().read_text() == kept

    def test_before_the_first_sound_run_everything_is_walked(self):
        self.change(self.sealed())

        assert verify("--since")[0] == 1
