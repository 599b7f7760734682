"""Whether the instance says honestly that it is up, ready, and fit to start (R8, S21)."""

import subprocess
import sys
from datetime import timedelta

import pytest
from django.conf import settings
from django.core.cache import cache
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder
from django.utils import timezone

from clinic import health
from clinic.records import jobs, seals
from clinic.records.jobs import Job
from tests.processes import CELERY, ROOT, TIMER, environment

SECRET = "a-secret-key-of-production-that-is-long-enough-0123456789"
QUERIES_EMBEDDED = 7
QUERIES_SHARED_CACHE = 4


@pytest.fixture
def ready():
    """Let every check hold."""
    jobs.sweep()
    return health


def checks(client):
    answer = client.get("/readyz")
    return answer.status_code, [k for k, v in answer.json()["checks"].items() if v != "ok"]


def test_healthz_asks_nobody(client):
    answer = client.get("/healthz")  # no database mark: a query would be an error

    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})
    assert "no-store" in answer["Cache-Control"]


@pytest.mark.parametrize("name", ["127.0.0.1:8000", "10.0.0.7", "somebody.else", ""])
def test_u119_a_probe_is_answered_by_whatever_name_it_asks(client, settings, name):
    settings.ALLOWED_HOSTS = ["klinik.contoh.test"]
    settings.SECURE_SSL_REDIRECT = True
    client.raise_request_exception = False

    assert client.get("/healthz", headers={"host": name}).status_code == 200
    assert client.get("/akun/masuk/", headers={"host": name}, secure=True).status_code == 400


@pytest.mark.django_db
class TestReadiness:
    def test_u119_readiness_too(self, client, ready, settings):
        settings.ALLOWED_HOSTS = ["klinik.contoh.test"]

        answer = client.get("/readyz", headers={"host": "127.0.0.1:8000"})

        assert answer.status_code == 200

    def test_r08_all_holds_within_a_counted_number_of_queries(
        self, client, ready, django_assert_max_num_queries, settings
    ):
        most = QUERIES_SHARED_CACHE if settings.CACHE_URL else QUERIES_EMBEDDED
        with django_assert_max_num_queries(most):
            assert checks(client) == (200, [])

    def test_a_worker_that_is_silent_for_two_minutes_is_named(self, client, ready):
        stamp = timezone.now() - timedelta(minutes=2, seconds=1)
        cache.set(jobs.HEARTBEAT, stamp.isoformat())

        assert checks(client) == (503, ["worker"])

    def test_no_heartbeat_at_all_is_named(self, client, ready):
        cache.delete(jobs.HEARTBEAT)

        assert checks(client) == (503, ["worker"])

    def test_a_job_that_waits_long_is_named(self, client, ready):
        Job.objects.create(
            name="test.late", kind="once", due_at=timezone.now() - timedelta(minutes=6)
        )

        assert checks(client) == (503, ["jobs"])

    def test_a_pending_migration_is_named(self, client, ready):
        MigrationRecorder(connection).record_unapplied("records", "0002_import_refusal_details")

        assert checks(client) == (503, ["migrations"])

    def test_a_full_disk_is_named(self, client, ready, monkeypatch):
        monkeypatch.setattr(health, "FREE_SHARE", 2)

        assert checks(client) == (503, ["disk"])

    def test_a_broker_that_is_away_is_named_without_its_password(self, client, ready, settings):
        settings.CELERY_BROKER_URL = "redis://:geheim@127.0.0.1:1/0"

        answer = client.get("/readyz")

        assert answer.json()["checks"]["broker"] == "failing"
        assert b"geheim" not in answer.content

    def test_a_missing_queue_folder_is_named(self, client, ready, settings, tmp_path):
        settings.CELERY_BROKER_URL = "filesystem://localhost"
        settings.CELERY_BROKER_TRANSPORT_OPTIONS = {"data_folder_out": str(tmp_path / "gone")}

        assert checks(client) == (503, ["broker"])


def production(**changes):
    """Return an environment in which production starts, as far as settings can see."""
    return environment(
        KLINIK_ENV="production",
        SECRET_KEY=SECRET,
        ALLOWED_HOSTS="klinik.contoh.test",
        BASE_URL="https://klinik.contoh.test",
        DATABASE_URL=database_url(),
        CACHE_URL="redis://:secret@127.0.0.1:6379/3",
        CELERY_BROKER_URL="redis://:secret@127.0.0.1:6379/4",
        EMAIL_URL="none",
        **changes,
    )


def database_url():
    options = connection.settings_dict
    if connection.vendor == "sqlite":
        return f"sqlite:///{connection.creation._get_test_db_name()}"
    password = f":{options['PASSWORD']}" if options["PASSWORD"] else ""
    port = options["PORT"] or 5432
    return f"postgresql://{options['USER']}{password}@{options['HOST']}:{port}/{options['NAME']}"


def run(*command, env):
    return subprocess.run(
        command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=60, check=False
    )


SETTINGS = (sys.executable, "-c", "import clinic.settings")
WEB = (sys.executable, "-c", "import clinic.wsgi")


class TestS21SettingsRefuse:
    def test_a_sound_production_passes(self):
        assert run(*SETTINGS, env=production()).returncode == 0

    @pytest.mark.parametrize(
        ("changes", "sentence"),
        [
            ({"DEBUG": "on"}, "DEBUG is on"),
            ({"SECRET_KEY": ""}, "SECRET_KEY"),
            ({"SECRET_KEY": "short"}, "SECRET_KEY"),
            ({"ALLOWED_HOSTS": ""}, "ALLOWED_HOSTS"),
            ({"ALLOWED_HOSTS": "*"}, "ALLOWED_HOSTS"),
            ({"ALLOWED_HOSTS": "klinik.contoh.test,.contoh.test"}, "ALLOWED_HOSTS"),
            ({"DATABASE_URL": ""}, "DATABASE_URL"),
            ({"DATABASE_URL": f"sqlite:///{ROOT}/var/klinik.sqlite3"}, "DATABASE_URL"),
            ({"DATABASE_URL": f"sqlite:///{settings.DATA_DIR}/klinik.sqlite3"}, "DATABASE_URL"),
            ({"CACHE_URL": ""}, "CACHE_URL"),
            ({"CACHE_URL": "locmem://"}, "CACHE_URL"),
            ({"CELERY_BROKER_URL": "redis://127.0.0.1/0"}, "CELERY_BROKER_URL"),
            ({"CELERY_BROKER_URL": "filesystem://localhost"}, "CELERY_BROKER_URL"),
            ({"CELERY_BROKER_URL": "memory://"}, "CELERY_BROKER_URL"),
            ({"CELERY_BROKER_URL": "memory://:secret@127.0.0.1/0"}, "CELERY_BROKER_URL"),
            ({"EMAIL_URL": ""}, "EMAIL_URL"),
            ({"EMAIL_URL": "console://"}, "EMAIL_URL"),
            ({"KLINIK_SECOND_FACTOR": "off"}, "second factor"),
            ({"KLINIK_ENV": "prodution"}, "KLINIK_ENV"),
            ({"KLINIK_MIN_GROUP_UNIT": "few"}, "KLINIK_MIN_GROUP_UNIT"),
        ],
    )
    def test_each_fault_by_name(self, changes, sentence):
        done = run(*SETTINGS, env={**production(), **changes})

        assert done.returncode != 0
        assert sentence in done.stderr.splitlines()[-1]

    def test_a_database_file_of_its_own_is_kept_as_the_demos_is(self, settings):
        say = "from clinic.settings import DATABASES as d; print(d['default']['OPTIONS'])"
        url = "sqlite:////srv/klinik/own.sqlite3"
        done = run(sys.executable, "-c", say, env={**production(), "DATABASE_URL": url})

        assert done.stdout.strip() == str(settings.EMBEDDED_OPTIONS)

    def test_the_demo_key_is_refused(self, settings):
        done = run(*SETTINGS, env={**production(), "SECRET_KEY": settings.DEMO_SECRET_KEY})

        assert "SECRET_KEY" in done.stderr.splitlines()[-1]

    def test_the_deploy_check_is_clean(self):
        check = ["manage.py", "check", "--deploy", "--fail-level", "WARNING"]
        done = run(sys.executable, *check, env=production())

        assert done.returncode == 0, done.stderr


@pytest.mark.real_worker
class TestS21TheDatabaseRefuses:
    @pytest.mark.django_db(transaction=True)
    def test_a_sound_database_passes(self):
        assert run(*WEB, env=production()).returncode == 0

    @pytest.mark.django_db(transaction=True)
    @pytest.mark.parametrize("command", [WEB, (*CELERY, "worker", "-P", "solo"), TIMER])
    def test_web_worker_and_timer_refuse_a_demo_account(self, command, cast):
        account = cast.participant.account
        account.is_demo = True
        account.save()

        done = run(*command, env=production())

        assert done.returncode != 0
        assert "a demo account is in the database" in done.stderr

    @pytest.mark.django_db(transaction=True)
    def test_an_append_only_table_without_triggers(self):
        seals.drop_triggers(["records_seal"])
        done = run(*WEB, env=production())
        seals.create_triggers()

        assert done.returncode != 0
        assert "records_seal has no triggers" in done.stderr

    @pytest.mark.django_db(transaction=True)
    def test_an_unapplied_migration_but_migrate_itself_runs(self):
        recorder = MigrationRecorder(connection)
        recorder.record_unapplied("records", "0002_import_refusal_details")
        done = run(*WEB, env=production())
        listed = run(sys.executable, "manage.py", "showmigrations", "records", env=production())
        recorder.record_applied("records", "0002_import_refusal_details")

        assert done.returncode != 0
        assert "records.0002_import_refusal_details" in done.stderr
        assert "[ ] 0002_import_refusal_details" in listed.stdout

    @pytest.mark.django_db
    def test_a_missing_table_of_the_cache(self, settings):
        settings.CACHE_TABLE = {**settings.CACHE_TABLE, "LOCATION": "nowhere"}

        assert health.start_problems() == [
            "the table of the cache is missing: run createcachetable"
        ]

    @pytest.mark.django_db
    def test_the_demo_itself_starts_with_its_accounts(self, settings):
        settings.IS_PRODUCTION = False

        health.refuse_to_start()
