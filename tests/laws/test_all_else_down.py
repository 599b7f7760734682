"""R5: with worker, broker and mail down every page of peserta and scanner works.

Broker and mail are ports of this machine that refuse, and so is the shared cache, which is the same
server as the broker in a small office; no worker runs. Each address of a participant
or a scanner must be walked here, so that a new one cannot be forgotten.
"""

import json
import socket
from collections.abc import Iterator
from datetime import timedelta
from types import SimpleNamespace
from uuid import uuid4

import pytest
from celery import current_app
from django.core import mail
from django.core.cache import cache, caches
from django.test import Client
from django.urls import resolve
from django.utils import timezone

from attendance import badges
from attendance.models import Correction, Presence, Registration, Scan
from clinic import environment
from clinic.lib import shared_cache
from clinic.lib.shared_cache import SharedCache
from clinic.records import jobs
from clinic.records.jobs import Job
from clinic.records.notices import Notice
from courses.models import ModuleCompletion, SectionProgress
from quizzes.models import Attempt, CheckAnswer, QuestionVersion, Response
from tests.attendance import made as event_made
from tests.courses import made as module_made
from tests.given import PASSWORD
from tests.laws.addresses import ours
from tests.outages import missing_folder, silent_server
from tests.quizzes import made as quiz_made
from tests.worker_jobs import enter

pytestmark = pytest.mark.django_db(transaction=True)
JSON = "application/json"
THEIRS = {"public", "signed-in", "register", "record-scan"}
SECTION = "/modul/pengawasan/gratifikasi/"
CHECK = "periksa-upg-prosedur"
# A stranger's thing is asked for where the thing itself has nothing to do with jobs or mail.
NOBODYS = {
    "account_activate",
    "account_confirm_email",
    "account_reset_password_from_key",
    "mfa_edit_webauthn",
    "mfa_remove_webauthn",
    "public_remarks",
    "public_report",
}


@pytest.fixture
def refusing() -> Iterator[int]:
    """A port of this machine that refuses: it is bound, and nobody listens."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        yield held.getsockname()[1]


@pytest.fixture
def broker(monkeypatch):
    """Return a function that points this process at another broker and lists what it then sends."""

    def point_at(url: str, options: dict[str, object]) -> list[int]:
        told: list[int] = []
        send = jobs.run_job.apply_async

        def listed(args: tuple[int], **how: object) -> object:
            told.extend(args)
            return send(args, **how)

        monkeypatch.setenv("CELERY_BROKER_WRITE_URL", url)
        monkeypatch.setitem(current_app.conf, "broker_transport_options", options)
        monkeypatch.setattr(current_app, "_pool", None)
        monkeypatch.setattr(current_app.amqp, "_producer_pool", None)
        monkeypatch.setattr(jobs.run_job, "apply_async", listed)
        monkeypatch.setattr(jobs, "_silent_until", 0.0)
        monkeypatch.setattr(jobs, "SILENCE_SECONDS", 3600)  # however slow this machine
        return told

    return point_at


@pytest.fixture
def everything_down(broker, refusing, settings, shared_cache_at) -> list[int]:
    """No worker, no broker, no mail server; returns the jobs of which the broker was to hear."""
    settings.CELERY_BROKER_URL = f"redis://127.0.0.1:{refusing}/0"  # as the health page reads it
    settings.EMAIL_URL = f"smtp://127.0.0.1:{refusing}"
    settings.EMAIL_BACKEND = settings.SMTP_BACKEND
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", refusing
    shared_cache_at(refusing)
    return broker(settings.CELERY_BROKER_URL, environment.BROKER_SERVER_OPTIONS)


@pytest.fixture
def shared_cache_at(settings, monkeypatch):
    """Return a function that lets all processes share a cache at a port of this machine."""

    def place(port: int) -> None:
        monkeypatch.setattr(SharedCache, "_away_until", 0.0)
        monkeypatch.setattr(shared_cache, "SECONDS_OF_SILENCE", 3600)  # however slow this machine
        shared = {
            "BACKEND": "clinic.lib.shared_cache.SharedCache",
            "LOCATION": f"redis://127.0.0.1:{port}/1",
        }
        settings.CACHES = {**settings.CACHES, "default": shared, "spare": settings.CACHE_TABLE}

    return place


class Walker:
    """A browser that says what it expects of each page, and notes which addresses it has seen."""

    def __init__(self, browser: Client, seen: set[str]) -> None:
        self.browser, self.seen = browser, seen

    def ask(self, method, path, *sent, status=200, **more):
        answer = getattr(self.browser, method)(path, *sent, **more)
        assert answer.status_code == status, (method, path, answer.status_code)
        self.seen.add(resolve(path).url_name)
        return answer

    def get(self, path, **more):
        return self.ask("get", path, **more)

    def form(self, path, fields, *, status=302):
        return self.ask("post", path, fields, status=status)

    def json(self, method, path, body, *, status=200):
        return self.ask(method, path, json.dumps(body), JSON, status=status).json()


def saved(item, **more):
    value = quiz_made.key_of(item.question_version.parsed)
    return {"client_id": "tab-1", "seq": 1, "base_rev": 0, "value": value, **more}


def learn(walker):
    """Read the shipped section and answer its check, then do the small module to its end."""
    version = QuestionVersion.objects.get(question__slug=CHECK)
    right = next(one for one in version.parsed.options if one.credit == 1)
    for path in ("/modul/", "/modul/pengawasan/", "/modul/pengawasan/cetak/", SECTION):
        walker.get(path)
    walker.form(SECTION, {"pertanyaan": CHECK, "jawaban": right.id}, status=200)
    walker.form(SECTION, {"selesai": "1"})
    walker.form("/modul/kecil/", {})
    for number in (1, 2):
        walker.form(f"/modul/kecil/bagian-{number}/", {"selesai": "1"})
    walker.get("/belajar/")


def join(walker, event):
    """Register oneself and see the code."""
    place = f"/kegiatan/{event.code}/"
    for path in ("/kegiatan/", place, f"{place}daftar", f"{place}usulan"):
        walker.get(path)
    walker.form(f"{place}daftar", {"needs": "kursi roda"})
    walker.get(f"{place}saya")
    walker.get(f"{place}saya.png")


def take_quiz(walker, assignment):
    """Begin, save and hand in through the API of the attempt page, with its pages between."""
    slug = assignment.quiz.slug
    for path in ("/kuis/", f"/kuis/{slug}/"):
        walker.get(path)
    begun = {"assignment": str(assignment.uuid)}
    told = walker.json("post", f"/api/quizzes/v1/quizzes/{slug}/attempts", begun, status=201)
    base, pages = (
        f"{at}/{told['attempt']}" for at in ("/api/quizzes/v1/attempts", "/kuis/pengerjaan")
    )
    items = {item.index: item for item in Attempt.objects.get().items.all()}
    for path in (base, f"{base}/clock", f"{pages}/1/", f"{pages}/periksa/"):
        walker.get(path)
    walker.json("put", f"{base}/items/1", saved(items[1]))
    walker.json("post", f"{base}/replay", {"events": [saved(items[2], index=2)]})
    walker.json("post", f"{base}/submit", {"pending": [saved(items[3], index=3)]})
    walker.get(f"{pages}/hasil/")
    walker.get("/kuis/")


def scan(walker, event, rows):
    """Check in by the list and by the typed code, add a guest, take the first back."""
    place = f"/panitia/{event.code}/absen"
    fields = {"kelompok": "d1", "arah": "in"}
    first, second = ({**fields, "uid": str(uuid4())} for _row in rows)
    walker.get(place)
    walker.form(place, {**first, "pendaftaran": rows[0].uuid})
    walker.form(place, {**second, "kode": badges.shown_short_code(rows[1].short_code)})
    unit = rows[0].person.memberships.get().unit.slug
    guest = {**fields, "uid": str(uuid4()), "name": "Tamu", "unit": unit}
    walker.form(f"{place}/tamu", guest)
    walker.form(place, {**fields, "batal": first["uid"]})
    walker.get(place)


def log_in(walker, person):
    """Give a wrong password, then the right one: tries are counted all the same."""
    fields = {"login": person.account.login_name, "password": "bukan sandi ini"}
    walker.form("/akun/masuk/", fields, status=200)
    walker.form("/akun/masuk/", {**fields, "password": PASSWORD})
    walker.get("/belajar/")


def look_at_the_rest(walker):
    """Open every other address; a page is a page, a form asks for the password, none breaks."""
    for address in ours():
        if address.policy not in THEIRS or address.name in walker.seen:
            continue
        if address.arguments and address.name not in NOBODYS:
            continue
        answer = walker.browser.get(address.nobodys())
        expected = {503} if address.name == "readyz" else {200, 302, 403, 404, 405, 410}
        assert answer.status_code in expected, (address.name, answer.status_code)
        walker.seen.add(address.name)


@pytest.fixture
def morning(cast, settings):
    """What was made while everything still ran: modules, an event of today, a quiz."""
    settings.KLINIK_SECOND_FACTOR = False
    module_made.shipped(cast)
    module_made.small(cast)
    began = timezone.now() - timedelta(minutes=5)
    event = event_made.moved(event_made.event_of(cast.organiser), to=began)
    given = quiz_made.assigned(quiz_made.published_quiz(cast), cast.participant)
    seat = event_made.joined(event, cast.colleague)
    jobs.run_due()
    Job.objects.all().delete()
    return SimpleNamespace(event=event, assignment=given, seat=seat)


@pytest.fixture
def walked(cast, signed_in, morning, everything_down):
    """All acts of a morning with everything else down; returns the addresses that were opened."""
    participant = Walker(signed_in(cast.participant.account), set())
    learn(participant)
    join(participant, morning.event)
    take_quiz(participant, morning.assignment)
    own = Registration.objects.get(person=cast.participant)
    door = Walker(signed_in(cast.organiser.account), participant.seen)
    scan(door, morning.event, [morning.seat, own])
    Walker(Client(), participant.seen).form("/akun/sandi/lupa/", {"email": "rekan@uji.test"})
    log_in(Walker(Client(), participant.seen), cast.stranger)
    look_at_the_rest(participant)
    return participant.seen


def test_r05_every_page_of_peserta_and_scanner_works_and_every_act_is_kept(cast, walked):
    missed = {one.name for one in ours() if one.policy in THEIRS} - walked
    assert missed == set()

    person = cast.participant
    assert CheckAnswer.objects.get(person=person)
    assert SectionProgress.objects.filter(person=person, finished_at__isnull=False).count() == 3
    assert ModuleCompletion.objects.get(person=person).module.slug == "kecil"
    attempt = Attempt.objects.get(person=person)
    assert attempt.state == "submitted"
    assert Response.objects.filter(item__attempt=attempt, rev=1).count() == 3
    assert sorted(Scan.objects.values_list("kind", flat=True)) == ["manual", "manual", "walk_in"]
    assert Correction.objects.get().kind == "void"
    present = Presence.objects.filter(state="present", session__title="Pagi")
    names = {one.registration.person.name for one in present.select_related("registration__person")}
    assert names == {person.name, "Tamu"}


def test_r05_the_broker_is_asked_once_and_the_sweep_finds_every_job(
    walked,
    everything_down,
    monkeypatch,
):
    waiting = Job.objects.filter(state="queued", attempts=0)
    assert set(waiting.values_list("name", flat=True)) == {
        "insights.refresh_unit",
        "people.send_reset_link",
    }
    assert Job.objects.count() == waiting.count() > len(everything_down) == 1

    found = []
    monkeypatch.setattr(jobs, "_send", found.append)
    jobs.sweep()
    keys = set(waiting.values_list("name", "key"))
    assert set(Job.objects.filter(pk__in=found).values_list("name", "key")) == keys


def test_r05_what_waited_is_done_later_and_mail_as_soon_as_there_is_a_server(walked, settings):
    jobs.run_due()

    undone = Job.objects.exclude(state="done").get()
    assert (undone.name, undone.state, undone.attempts) == ("records.send_notice", "queued", 1)
    assert undone.last_error.startswith("ConnectionRefusedError")
    assert Notice.objects.get(kind="password_reset").state == "waiting"

    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    Job.objects.filter(pk=undone.pk).update(due_at=timezone.now())
    jobs.run_due()

    assert Notice.objects.get(kind="password_reset").state == "delivered"
    assert [letter.to for letter in mail.outbox] == [["rekan@uji.test"]]
    assert not Job.objects.exclude(state="done").exists()


class TestTheSharedCacheIsAway:
    """Tries are counted in the table of the database; Redis is asked once, and shortly."""

    def test_r05_s09_the_sixth_wrong_password_is_refused_all_the_same(
        self, cast, shared_cache_at, refusing
    ):
        shared_cache_at(refusing)
        login = cast.stranger.account.login_name

        def told(password):
            return Client().post("/akun/masuk/", {"login": login, "password": password}).status_code

        assert [told("bukan sandi ini") for _try in range(5)] == [200] * 5
        assert told(PASSWORD) == 429

    def test_r05_one_that_has_hung_is_left_after_one_wait_and_asked_again_later(
        self, shared_cache_at, monkeypatch
    ):
        with silent_server() as (server, port):
            shared_cache_at(port)
            cache.set("a", 1)
            assert cache.incr("a") == 2
            assert (cache.get("a"), cache.get("b"), cache.add("a", 3)) == (2, None, False)
            assert cache.get_many(["a", "b"]) == {"a": 2}
            assert len(server.left) <= 1
            monkeypatch.setattr(SharedCache, "_away_until", 0.0)
            assert cache.has_key("a")
            cache.clear()

        assert server.left == [True, True]
        assert not caches["spare"].has_key("a")


class TestOneSendToABrokerThatIsDown:
    """The send is part of a request: one connection, no pause, no wait without end."""

    def test_r05_one_that_refuses_is_left_without_a_pause(self, everything_down, monkeypatch):
        slept = []
        monkeypatch.setattr("kombu.utils.functional.sleep", slept.append)

        row = enter("test.write", "a")

        assert everything_down == [row.pk]
        assert slept == []

    def test_r05_one_that_has_hung_is_left_after_one_wait(self, broker, settings):
        with silent_server() as (server, port):
            told = broker(f"redis://127.0.0.1:{port}/0", environment.BROKER_SERVER_OPTIONS)
            rows = [enter("test.write", key) for key in "ab"]

        assert told == [rows[0].pk]
        assert server.left == [True]

    def test_r05_a_folder_that_cannot_be_written_stops_no_act(self, broker, tmp_path):
        told = broker("filesystem://localhost", missing_folder(tmp_path))

        rows = [enter("test.write", key) for key in "ab"]

        assert told == [rows[0].pk]
        assert Job.objects.filter(state="queued").count() == 2
