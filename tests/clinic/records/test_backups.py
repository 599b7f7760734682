"""An archive holds everything, fits either engine, and is refused when a byte is not as written."""

import io
import json
import os
import subprocess
import sys
import tarfile
import threading
from contextlib import contextmanager
from datetime import UTC, datetime
from urllib.parse import urlsplit
from uuid import uuid4

import pytest
from django.conf import settings
from django.core.files.base import ContentFile
from django.db import connection
from django.utils import timezone

from clinic.lib.errors import Refused
from clinic.people.models import Person
from clinic.records import audit, backups, imports, jobs, restoring, seals
from clinic.records.imports import Import
from clinic.records.jobs import Job
from courses import importing, publishing, reviewing
from tests import migrated
from tests.clinic.test_health import database_url
from tests.courses import made as courses_made
from tests.processes import ROOT, environment
from tests.quizzes.made import contents as question_contents
from tests.quizzes.made import published_question

LEFT_TO_CHANGE = {"lib.publication"}  # its word is new after every restore


def empty_folders():
    """Take the files away: those of earlier tests stay, as a rolled back row takes none along."""
    for root in (settings.MEDIA_ROOT, settings.PRIVATE_ROOT):
        for path in root.rglob("*"):
            if path.is_file():
                path.unlink()


@pytest.fixture
def region(cast, transactional_db):
    """A region with people, a log that is sealed, a module, a question, and two files."""
    empty_folders()
    audit.record("person.see", actor=cast.admin.account, subject=cast.participant, reason="coba")
    seals.seal_all()
    published_question(cast, "soal-uji", question_contents()["matching"])
    text = courses_made.small_text("kecil", "pengawasan-uji")
    module = importing.load_module(text, author=cast.author.account)
    reviewing.send_to_review(module, actor=cast.author.account)
    publishing.publish(module, actor=cast.reviewer.account)
    imports.receive(
        "sheet", ContentFile(b"unit;nama\n", name="daftar.csv"), actor=cast.admin.account
    )
    (settings.MEDIA_ROOT / "gambar").mkdir(exist_ok=True)
    (settings.MEDIA_ROOT / "gambar" / "satu.png").write_bytes(b"\x89PNG" + os.urandom(2000))
    yield cast
    empty_folders()


@contextmanager
def server_database(cache):
    """A migrated database of its own on the server, gone afterwards."""
    name = f"restored_{uuid4().hex[:12]}"
    template = migrated.template(cache)
    with connection._nodb_cursor() as cursor:
        cursor.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
    try:
        yield urlsplit(database_url())._replace(path=f"/{name}").geturl()
    finally:
        with connection._nodb_cursor() as cursor:
            cursor.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


@pytest.fixture
def target(tmp_path, prepared_once):
    """An empty, migrated installation on SQLite, to run commands in."""
    return Installation(tmp_path / "target", prepared_once)


class Installation:
    """A data folder and a database of its own."""

    def __init__(self, folder, cache, url=""):
        self.folder = folder
        for name in ("private", "media", "queue/messages", "queue/control"):
            (folder / name).mkdir(parents=True, exist_ok=True)
        if not url:
            kept = migrated.prepared(cache) / migrated.DATABASE
            (folder / "own.sqlite3").write_bytes(kept.read_bytes())
            url = f"sqlite:///{folder}/own.sqlite3"
        self.url = url

    def run(self, *arguments):
        env = environment(KLINIK_VAR=str(self.folder), DATABASE_URL=self.url)
        for name in ("KLINIK_DATABASE_NAME", "CACHE_URL", "CELERY_BROKER_URL"):
            env.pop(name, None)
        return subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=ROOT, env=env, capture_output=True, text=True, check=False,
        )  # fmt: skip

    def archive(self):
        done = self.run("backup", "--json")
        assert done.returncode == 0, done.stderr
        return restoring.open_archive(restoring.Path(json.loads(done.stdout)["archive"]))


def tables_of(archive):
    tables = archive.manifest["tables"]
    return {label: table for label, table in tables.items() if label not in LEFT_TO_CHANGE}


@pytest.mark.django_db(transaction=True)
class TestU123TheDrill:
    def test_u123_backup_change_restore_compare(self, region, target, tmp_path):
        path = backups.write_archive(tmp_path / "kept")
        first = restoring.open_archive(path)
        Person.objects.filter(pk=region.participant.pk).update(name="Setelah cadangan")

        done = target.run("restore", str(path), "--json")

        assert done.returncode == 0, done.stderr + done.stdout
        report = json.loads(done.stdout.splitlines()[-1])
        assert report["ok"]
        assert report["counts"]["rows"] == first.counts["rows"] > 500
        assert report["counts"]["files"] == 2
        again = target.archive()
        assert tables_of(again) == tables_of(first)
        assert again.manifest["files"] == first.manifest["files"]
        assert again.manifest["heads"] == first.manifest["heads"] != {}

    @pytest.mark.postgresql
    def test_u123_from_either_engine_to_the_other_and_back(
        self, region, target, tmp_path, prepared_once
    ):
        path = backups.write_archive(tmp_path / "kept")
        first = restoring.open_archive(path)
        assert first.manifest["engine"] == "postgresql"
        assert target.run("restore", str(path)).returncode == 0
        embedded = target.archive()
        assert embedded.manifest["engine"] == "sqlite"

        with server_database(prepared_once) as url:
            server = Installation(tmp_path / "server", None, url)
            done = server.run("restore", str(embedded.path))
            assert done.returncode == 0, done.stderr
            assert "RESTORE OK" in done.stdout
            last = server.archive()

        assert tables_of(last) == tables_of(embedded) == tables_of(first)

    def test_ids_go_on_where_they_were(self, region, target, tmp_path):
        gone = Person.objects.create(name="Segera dihapus")
        gone_id = gone.pk
        gone.delete()
        path = backups.write_archive(tmp_path / "kept")
        assert target.run("restore", str(path)).returncode == 0

        say = "from clinic.people.models import Person; print(Person.objects.create(name='x').pk)"
        done = target.run("shell", "--no-imports", "-c", say)

        assert int(done.stdout.splitlines()[-1]) > gone_id

    def test_r06_it_is_taken_while_people_write(self, region, target, tmp_path):
        stop, written, faults = threading.Event(), [], []

        def write():
            try:
                while not stop.is_set():
                    person = Person.objects.create(name="Ditulis sambil mencadangkan")
                    audit.record("person.see", subject=person, reason="sambil")
                    written.append(person.pk)
            except Exception as error:  # noqa: BLE001 - told by the test
                faults.append(error)
            finally:
                connection.close()

        writer = threading.Thread(target=write)
        writer.start()
        try:
            while not written:
                pass
            before = len(written)
            path = backups.write_archive(tmp_path / "kept")
            during = len(written) - before
        finally:
            stop.set()
            writer.join()

        assert faults == []
        assert during > 1
        assert target.run("restore", str(path)).returncode == 0

    def test_s25_anonymous_checks_are_not_in_it(self, region, tmp_path):
        row = imports.receive("public_check", ContentFile(b"a;b\n", name="x.csv"))
        assert Job.objects.filter(key=str(row.uuid)).exists()

        archive = restoring.open_archive(backups.write_archive(tmp_path / "kept"))

        assert archive.manifest["tables"]["records.import"]["rows"] == 1
        assert f"private/{row.file.name}" not in archive.manifest["files"]
        with tarfile.open(archive.path) as tar:
            found = restoring.gzip.open(tar.extractfile("data/records.job.jsonl.gz")).read()
        assert str(row.uuid) not in found.decode()
        assert Import.objects.count() == 2

    def test_u123_who_was_erased_stays_erased(self, region, target, tmp_path):
        kept = tmp_path / "kept"
        path = backups.write_archive(kept)
        person = region.participant
        person.refresh_from_db()
        (kept / "erasures.jsonl").write_text(
            json.dumps({"person": str(person.uuid), "at": timezone.now().isoformat()})
            + "\n"
            + json.dumps({"person": str(uuid4()), "at": timezone.now().isoformat()})
            + "\n"
        )

        done = target.run("restore", str(path), "--json")

        assert done.returncode == 0, done.stdout + done.stderr
        assert json.loads(done.stdout.splitlines()[-1])["counts"]["erased"] == 1
        say = (
            "from clinic.people.models import Account, Person\n"
            f"p = Person.objects.get(uuid='{person.uuid}')\n"
            "print([p.email, p.phone, p.account.is_active, p.account.email, p.name])"
        )
        shown = target.run("shell", "--no-imports", "-c", say).stdout.splitlines()[-1]
        assert shown == str(["", "", False, "", person.name])

    def test_without_a_register_it_says_so_and_goes_on(self, region, target, tmp_path):
        done = target.run("restore", str(backups.write_archive(tmp_path / "kept")))

        assert done.returncode == 0
        assert "There is no register of erasures" in done.stdout


@pytest.mark.django_db(transaction=True)
class TestU123Refusing:
    @pytest.fixture
    def path(self, region, tmp_path):
        return backups.write_archive(tmp_path / "kept")

    def test_u123_a_changed_byte_anywhere_is_refused_before_anything_is_written(self, path, target):
        whole = path.read_bytes()
        with tarfile.open(path) as tar:
            spots = [
                member.offset_data + member.size // 2
                for member in tar.getmembers()
                if member.size > 100
            ]
        for spot in spots:
            changed = bytearray(whole)
            changed[spot] ^= 0x5A
            path.write_bytes(changed)
            with pytest.raises(Refused) as refused:
                restoring.open_archive(path)
            assert refused.value.code == "archive_damaged"

        done = target.run("restore", str(path))

        assert done.returncode == 1
        assert "Arsip rusak; tidak ada yang ditulis" in done.stderr
        assert len(done.stderr.splitlines()) == 1
        path.write_bytes(whole)
        assert target.run("restore", str(path)).returncode == 0

    @pytest.mark.parametrize("share", [0.0, 0.3, 0.9, 0.96])
    def test_u123_one_that_was_cut_off_is_refused(self, path, share):
        content = path.read_bytes()
        path.write_bytes(content[: int(len(content) * share)])

        with pytest.raises(Refused):
            restoring.open_archive(path)

    def test_a_part_too_much_is_refused(self, path):
        with tarfile.open(path, "a") as tar:
            member = tarfile.TarInfo("media/../../keluar.txt")
            member.size = 1
            tar.addfile(member, io.BytesIO(b"x"))

        with pytest.raises(Refused) as refused:
            restoring.open_archive(path)
        assert refused.value.details["part"] == "media/../../keluar.txt"

    def test_a_live_installation_is_never_written_over(self, path):
        with pytest.raises(Refused) as refused:
            restoring.restore(restoring.open_archive(path))

        assert refused.value.code == "not_empty"

    def test_another_release_is_named(self, path, target):
        archive = restoring.open_archive(path)
        archive.manifest["migrations"].append("records.0099_of_tomorrow")

        with pytest.raises(Refused) as refused:
            restoring._refuse_other_release(archive.manifest["migrations"])
        assert refused.value.details["what"] == "records.0099_of_tomorrow"

    def test_a_file_that_is_not_there_is_bad_usage(self, target, db):
        assert target.run("restore", "/nowhere.tar").returncode == 2


class TestKeeping:
    def test_the_newest_is_known_by_its_name_and_old_ones_go(self, settings, tmp_path):
        settings.DATA_DIR = tmp_path
        assert backups.newest_archive() is None
        backups.folder().mkdir()
        for day in (3, 1, 2):
            (backups.folder() / f"klinik-2026120{day}T020000Z.tar").touch()
        (backups.folder() / "klinik-unknown.tar").touch()
        (backups.folder() / "klinik-unknown.tar").unlink()

        assert backups.newest_archive() == datetime(2026, 12, 3, 2, tzinfo=UTC)
        assert [path.name for path in backups.remove_old(2)] == ["klinik-20261201T020000Z.tar"]
        assert len(list(backups.folder().iterdir())) == 2

    @pytest.mark.parametrize(
        ("hours", "name", "overdue"),
        [
            (48, "klinik-20261203T020000Z.tar", False),
            (48, "klinik-20261202T010000Z.tar", True),
            (48, None, True),
            (0, None, False),
        ],
    )
    def test_an_old_one_is_told(self, settings, tmp_path, hours, name, overdue):
        settings.DATA_DIR, settings.KLINIK_BACKUP_HOURS = tmp_path, hours
        backups.folder().mkdir()
        if name:
            (backups.folder() / name).touch()

        assert backups.is_overdue(datetime(2026, 12, 4, 2, tzinfo=UTC)) == overdue

    @pytest.mark.django_db(transaction=True)
    def test_a_run_that_is_cut_off_leaves_nothing(self, tmp_path, monkeypatch):
        def fail(_model):
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(backups, "_rows_of", fail)
        with pytest.raises(OSError, match="No space"):
            backups.write_archive(tmp_path)

        assert list(tmp_path.iterdir()) == []

    @pytest.mark.django_db(transaction=True)
    def test_only_its_owner_reads_it(self, tmp_path):
        assert backups.write_archive(tmp_path).stat().st_mode & 0o777 == 0o600


def test_jobs_and_queue_are_in_it():
    assert {jobs.Job, Person} <= set(backups.stored_models())
