"""One row for every file: limits, preview, once applied, gone when its time is over."""

import shutil
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone, translation

from clinic.lib.errors import Refused
from clinic.records import audit, imports, jobs
from clinic.records.imports import Import
from clinic.records.jobs import Job
from tests import worker_jobs
from tests.processes import wait_until

READ = "test.read"


@pytest.fixture(autouse=True)
def empty_folder(settings):
    shutil.rmtree(settings.PRIVATE_ROOT / "imports", ignore_errors=True)


def files():
    return [path for path in Path(imports.private_storage().location).rglob("*") if path.is_file()]


def csv(name="nama.csv", content=b"nip,nama\n1,Contoh\n"):
    return SimpleUploadedFile(name, content)


def received(kind="test", **options):
    return imports.receive(kind, csv(), **options)


def read(row, problems=()):
    """Do what an importer's handler does."""
    job = Job.objects.get(name=f"{row.kind}.read", key=str(row.uuid))
    imports.record_report(
        imports.start_reading(job),
        parsed={"rows": [1]},
        report={"problems": list(problems)},
        counts={"rows": 1},
    )
    row.refresh_from_db()
    return row


class TestReceiving:
    @pytest.mark.django_db
    def test_the_file_is_kept_under_a_random_name_that_no_address_serves(self, cast):
        row = imports.receive("test", csv("../../Nama Saya.CSV"), actor=cast.organiser.account)

        stored = files()[0]
        assert len(files()) == 1
        assert stored.suffix == ".csv"
        assert "Nama" not in stored.name
        assert stored.stat().st_mode & 0o077 == 0
        assert row.original_name == "Nama Saya.CSV"
        with pytest.raises(ValueError, match="URL"):
            row.file.url  # noqa: B018
        assert audit.AuditEntry.objects.filter(verb="import.received").count() == 1

    @pytest.mark.django_db
    def test_reading_and_expiry_are_entered_with_the_row(self):
        row = received()

        found = Job.objects.filter(key=str(row.uuid)).order_by("name")
        assert [job.name for job in found] == ["records.expire_import", READ]
        assert found[0].due_at == row.expires_at

    @pytest.mark.django_db
    def test_without_an_account_there_is_no_audit_row(self):
        received()

        assert not audit.AuditEntry.objects.exists()

    @pytest.mark.django_db
    def test_s15_a_refused_file_leaves_no_row_and_no_file_and_says_why(self):
        with pytest.raises(Refused) as refused, translation.override("en"):
            imports.receive("test", csv("besar.csv", b"x" * (2 * 1024 * 1024 + 1)))

        assert refused.value.message == "The file is larger than 2 MB."
        assert (Import.objects.count(), Job.objects.count(), files()) == (0, 0, [])

    @pytest.mark.django_db
    def test_a_row_that_cannot_be_written_leaves_no_file(self, monkeypatch):
        def fail(*args, **options):
            raise ZeroDivisionError

        monkeypatch.setattr(jobs, "enter", fail)

        with pytest.raises(ZeroDivisionError):
            received()

        assert files() == []

    @pytest.mark.django_db
    def test_a_nearly_full_disk_is_refused_before_anything_is_written(self, monkeypatch):
        monkeypatch.setattr(imports, "FREE_SHARE", 2)

        with pytest.raises(Refused) as refused:
            received()

        assert (refused.value.code, refused.value.status) == ("disk_nearly_full", 503)
        assert files() == []


class TestReading:
    @pytest.mark.django_db
    def test_the_report_makes_it_ready(self):
        row = read(received(), problems=[{"where": "A1"}])

        assert (row.state, row.problem_count) == ("ready", 1)
        assert row.parsed == {"schema": 1, "rows": [1]}

    @pytest.mark.django_db
    def test_a_refused_import_keeps_the_reason_and_loses_the_file(
        self, django_capture_on_commit_callbacks
    ):
        row = received()
        assert len(files()) == 1
        with django_capture_on_commit_callbacks(execute=True):
            imports.refuse(
                row, "odd", "The file is larger than %(limit)s MB.", details={"limit": 9}
            )

        row.refresh_from_db()
        with translation.override("en"):
            assert row.refusal == "The file is larger than 9 MB."
        assert (row.state, row.refusal_code, files()) == ("refused", "odd", [])

    @pytest.mark.django_db(transaction=True)
    def test_s15_a_file_that_takes_too_much_ends_as_a_refused_import_without_retry(self, settings):
        settings.KLINIK_FILE_MEMORY_MB = 64
        row = received("test_greedy")
        assert len(files()) == 1

        jobs.run_due()

        row.refresh_from_db()
        job = Job.objects.get(name=worker_jobs.GREEDY)
        assert (row.state, row.refusal_code) == ("refused", "file_too_heavy")
        assert (job.state, job.attempts) == ("done", 1), "refusing a file is no failed work"
        assert files() == []

    def test_s15_the_real_worker_refuses_it_and_lives_on(self, worker, settings):
        row = received("test_greedy")
        state = Import.objects.filter(pk=row.pk).values_list("state", flat=True)

        wait_until(lambda: state.get() == "refused", 20, what="the refusal")
        assert worker.process.poll() is None


class TestApplying:
    @pytest.mark.django_db
    def test_it_is_applied_once(self, cast):
        row, applied = read(received()), []
        actor = cast.organiser.account

        def applier(import_):
            applied.append(import_.parsed["rows"])
            return {"written": 1}

        assert imports.apply(row, applier, actor=actor) == {"written": 1}
        with pytest.raises(Refused) as refused:
            imports.apply(row, applier, actor=actor)

        assert (refused.value.code, refused.value.status) == ("import_applied", 409)
        assert applied == [[1]]
        assert (row.state, row.applied_by, row.counts) == ("applied", actor, {"written": 1})
        assert audit.AuditEntry.objects.filter(verb="import.applied").count() == 1

    @pytest.mark.django_db
    def test_r07_an_error_while_applying_leaves_it_ready(self, cast):
        row = read(received())

        def applier(import_):
            audit.record("test.half")
            raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            imports.apply(row, applier, actor=cast.organiser.account)

        row.refresh_from_db()
        assert row.state == "ready"
        assert not audit.AuditEntry.objects.filter(verb="test.half").exists()

    @pytest.mark.django_db
    def test_what_was_not_read_cannot_be_applied(self, cast):
        with pytest.raises(Refused) as refused:
            imports.apply(received(), lambda row: {}, actor=cast.organiser.account)

        assert refused.value.code == "import_not_ready"


class TestExpiring:
    @pytest.mark.django_db(transaction=True)
    def test_s25_without_an_account_row_jobs_and_file_go_together(self):
        row = received(expires_at=timezone.now() + timedelta(minutes=60))
        read(row)
        Job.objects.filter(name=READ).delete()
        Job.objects.update(due_at=timezone.now())

        jobs.run_due()

        assert (Import.objects.count(), Job.objects.count(), files()) == (0, 0, [])

    @pytest.mark.django_db(transaction=True)
    @pytest.mark.parametrize(("is_applied", "state"), [(False, "expired"), (True, "applied")])
    def test_with_an_account_the_row_stays_without_content(self, cast, is_applied, state):
        row = read(received(actor=cast.organiser.account))
        if is_applied:
            imports.apply(row, lambda row: {"written": 1}, actor=cast.organiser.account)

        imports.expire(str(row.uuid))

        row.refresh_from_db()
        assert (row.state, row.parsed, row.report) == (state, {}, {})
        assert files() == []

    @pytest.mark.django_db
    def test_a_reader_that_comes_too_late_stops(self):
        row = received()
        job = Job.objects.get(name=READ)
        imports.expire(str(row.uuid))

        with pytest.raises(Refused) as refused:
            imports.start_reading(job)

        assert refused.value.code == "import_gone"
