"""Append-only logs: changes refused, segments sealed, purges through one door (S22, D7)."""

import threading
from contextlib import contextmanager
from datetime import timedelta
from uuid import uuid4

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import IntegrityError, connection, models, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from clinic.records import audit, seals
from clinic.records.audit import AuditEntry
from clinic.records.seals import Seal

AUDIT = next(log for log in seals.logs() if log.model is AuditEntry)
TABLES = [log.table for log in seals.logs()]


def entries(count):
    return [audit.record("test.act", thing=("test.cell", number)) for number in range(count)]


def change_behind_the_back(statement, *values):
    """Do what somebody with the database password can do: lift the triggers and change a row."""
    with seals.purging("a test plays the intruder"), connection.cursor() as cursor:
        cursor.execute(statement, values)


def messages():
    return [breach.message for breach in seals.breaches()]


def refuses(statement):
    with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
        connection.cursor().execute(statement)
    return True


def any_value(field):
    """Return a value that the column takes; foreign keys are only checked at the commit."""
    if field.has_default():
        return field.get_default()
    if field.null:
        return None
    if field.choices:
        return field.flatchoices[0][0]
    kinds = {
        models.DateTimeField: timezone.now(),
        models.DateField: timezone.localdate(),
        models.CharField: "x",
        models.TextField: "x",
        models.JSONField: {},
        models.UUIDField: uuid4(),
    }
    return next((value for kind, value in kinds.items() if isinstance(field, kind)), 1)


@contextmanager
def check_constraints_off(model):
    """Let any row in, for the length of a transaction that is rolled back."""
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("PRAGMA ignore_check_constraints = ON")
            yield
            cursor.execute("PRAGMA ignore_check_constraints = OFF")
            return
        for constraint in model._meta.constraints:
            if isinstance(constraint, models.CheckConstraint):
                table, name = model._meta.db_table, constraint.name
                cursor.execute(f'ALTER TABLE "{table}" DROP CONSTRAINT "{name}"')
        yield


def refuses_changes(log):
    """Put a row into the table, since a trigger for each row is silent without one."""
    fields = [field for field in log.model._meta.concrete_fields if not field.primary_key]
    row = log.model(**{field.attname: any_value(field) for field in fields})
    with transaction.atomic():
        with check_constraints_off(log.model):
            log.model._base_manager.bulk_create([row])
            refused = all(refuses(statement) for statement in changes_of(log.table))
        transaction.set_rollback(True)
    return refused


def changes_of(table):
    """Return each way to change a row that the engine knows."""
    yield f'UPDATE "{table}" SET id = id'
    yield f'DELETE FROM "{table}"'
    again = f'INTO "{table}" SELECT * FROM "{table}" WHERE true'
    yield f"INSERT {again} ON CONFLICT (id) DO UPDATE SET id = excluded.id"
    if connection.vendor == "sqlite":
        yield f"INSERT OR REPLACE {again}"
        yield f'UPDATE OR REPLACE "{table}" SET id = id'


@pytest.mark.parametrize("log", seals.logs(), ids=lambda log: log.table)
@pytest.mark.django_db
def test_s22_the_database_refuses_update_and_delete(log):
    assert refuses_changes(log)


@pytest.mark.django_db
def test_s22_the_database_refuses_to_replace_a_row_by_another_id():
    entries(1)
    seals.seal_all()
    names = [field.column for field in Seal._meta.concrete_fields if not field.primary_key]
    columns = ", ".join(f'"{name}"' for name in names)
    again = f'INTO "records_seal" ({columns}) SELECT {columns} FROM "records_seal" WHERE true'

    assert refuses(f"INSERT {again} ON CONFLICT (log, first) DO UPDATE SET digest = 'x'")
    if connection.vendor == "sqlite":
        assert refuses(f"INSERT OR REPLACE {again}")


@pytest.mark.postgresql
@pytest.mark.parametrize("table", TABLES)
@pytest.mark.django_db
def test_s22_the_database_refuses_truncate(table):
    assert refuses(f'TRUNCATE "{table}" CASCADE')


@pytest.mark.django_db
def test_s22_the_orm_refuses_before_the_database():
    entry = entries(1)[0]

    for change in (
        entry.save,
        entry.delete,
        AuditEntry.objects.all().delete,
        lambda: AuditEntry.objects.update(verb="other"),
        lambda: AuditEntry.objects.bulk_update([entry], ["verb"]),
    ):
        with pytest.raises(TypeError, match="append-only"):
            change()


class TestSeals:
    @pytest.mark.django_db
    def test_segments_follow_each_other_without_a_gap(self):
        entries(3)
        first = seals.seal(AUDIT)
        assert seals.seal(AUDIT) is None
        entries(2)
        second = seals.seal(AUDIT)

        assert (second.first, second.previous) == (first.last + 1, first.digest)
        assert messages() == []

    @pytest.mark.django_db
    def test_a_log_longer_than_a_segment_takes_several(self, monkeypatch):
        monkeypatch.setattr(seals, "SEAL_ROWS", 2)
        entries(5)

        assert seals.seal_all() == 3
        assert messages() == []

    @pytest.mark.django_db
    def test_s22_a_changed_row_is_found(self):
        rows = entries(3)
        seals.seal_all()
        table = AUDIT.table

        change_behind_the_back(f'UPDATE "{table}" SET verb = %s WHERE id = %s', "x", rows[1].pk)

        assert messages() == ["rows were changed, removed or slipped in"]

    @pytest.mark.django_db
    def test_s22_a_removed_row_is_found(self):
        rows = entries(3)
        seals.seal_all()

        change_behind_the_back(f'DELETE FROM "{AUDIT.table}" WHERE id = %s', rows[1].pk)

        assert messages() == ["rows were changed, removed or slipped in"]

    @pytest.mark.django_db
    def test_s22_a_slipped_in_row_is_found(self):
        rows = entries(3)
        change_behind_the_back(f'DELETE FROM "{AUDIT.table}" WHERE id = %s', rows[1].pk)
        seals.seal_all()
        assert messages() == []

        AuditEntry.objects.create(id=rows[1].pk, verb="slipped.in")

        assert messages() == ["rows were changed, removed or slipped in"]

    @pytest.mark.django_db
    def test_s22_a_removed_seal_is_found(self):
        for _ in range(3):
            entries(1)
            seals.seal_all()
        middle = Seal.objects.order_by("first")[1]

        change_behind_the_back('DELETE FROM "records_seal" WHERE id = %s', middle.pk)

        assert messages() == ["the chain of seals is broken"]

    @pytest.mark.django_db
    def test_s22_a_row_unsealed_for_ten_minutes_is_found(self):
        AuditEntry.objects.create(verb="old", at=timezone.now() - timedelta(minutes=11))
        assert messages() == ["rows are older than 10 minutes and not sealed"]

        seals.seal_all()

        assert messages() == []

    @pytest.mark.django_db
    def test_a_side_row_may_go_without_a_breach(self):
        entry = audit.record("test.act", reason="because", values={"before": 1})
        seals.seal_all()

        entry.detail.delete()

        assert messages() == []

    @pytest.mark.postgresql
    @pytest.mark.django_db(transaction=True)
    def test_an_insert_that_commits_late_is_waited_for(self):
        """A lower id that commits after the seal would look slipped in."""
        inserted, may_commit = threading.Event(), threading.Event()

        def late():
            try:
                with transaction.atomic():
                    entries(1)
                    inserted.set()
                    assert may_commit.wait(10)
            finally:
                connection.close()

        thread = threading.Thread(target=late)
        thread.start()
        assert inserted.wait(10)
        entries(1)
        threading.Timer(0.5, may_commit.set).start()

        seal = seals.seal(AUDIT)
        thread.join()

        assert seal.last == AuditEntry.objects.order_by("-pk")[0].pk
        assert AuditEntry.objects.count() == 2
        assert messages() == []


class TestPurging:
    @pytest.mark.django_db
    def test_s22_a_purged_segment_keeps_its_seal_and_is_no_breach(self):
        AuditEntry.objects.create(verb="old", at=timezone.now() - timedelta(days=400))
        seals.seal_all()
        entries(2)
        seals.seal_all()

        removed = seals.purge_segments(
            AuditEntry, before=timezone.now() - timedelta(days=365), reason="retention"
        )

        assert removed == 1
        assert Seal.objects.filter(purged_at__isnull=False).count() == 1
        assert messages() == []
        assert seals.missing_triggers() == []

    @pytest.mark.django_db
    def test_s22_a_row_put_back_into_a_purged_segment_is_found(self):
        entry = AuditEntry.objects.create(verb="old", at=timezone.now() - timedelta(days=400))
        seals.seal_all()
        seals.purge_segments(AuditEntry, before=timezone.now(), reason="retention")

        AuditEntry.objects.create(id=entry.pk, verb="old")

        assert messages() == ["rows stand in a purged segment"]

    @pytest.mark.django_db
    def test_an_error_inside_leaves_rows_and_triggers(self):
        entries(1)

        def purge_and_fail():
            with seals.purging("test"):
                connection.cursor().execute('DELETE FROM "records_auditdetail"')
                AuditEntry._base_manager.all().delete()
                raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            purge_and_fail()

        assert AuditEntry.objects.count() == 1
        assert seals.missing_triggers() == []

    @pytest.mark.django_db
    def test_a_purge_without_a_reason_is_an_error(self):
        with pytest.raises(ValueError, match="reason"), seals.purging(""):
            pass


class TestTriggersOutlive:
    @pytest.mark.django_db(transaction=True)
    def test_d07_a_migration_that_rebuilds_the_tables(self):
        field = models.CharField(max_length=5, default="later")
        field.set_attributes_from_name("later")
        for log in seals.logs():
            with connection.schema_editor() as editor:
                editor.add_field(log.model, field)
        if connection.vendor == "sqlite":
            assert seals.missing_triggers() == sorted(TABLES)

        call_command("migrate", verbosity=0)

        assert seals.missing_triggers() == []
        for log in seals.logs():
            with connection.schema_editor() as editor:
                editor.remove_field(log.model, field)
        call_command("migrate", verbosity=0)
        assert all(refuses_changes(log) for log in seals.logs())

    @pytest.mark.django_db(transaction=True)
    def test_d07_a_flush_through_the_guarded_door(self):
        entries(1)

        with seals.purging("test flush"):
            call_command("flush", interactive=False, verbosity=0)

        assert AuditEntry.objects.count() == 0
        assert all(refuses_changes(log) for log in seals.logs())

    @pytest.mark.django_db(transaction=True)
    def test_d07_a_flush_past_the_door_is_refused(self):
        entries(1)

        with pytest.raises(CommandError):
            call_command("flush", interactive=False, verbosity=0)

        assert AuditEntry.objects.count() == 1

    @pytest.mark.django_db
    def test_a_table_without_triggers_is_named(self):
        seals.drop_triggers([AUDIT.table])

        assert seals.missing_triggers() == [AUDIT.table]
        seals.create_triggers()
        assert seals.missing_triggers() == []


def statements(act):
    """Return what the act asked of the database."""
    with CaptureQueriesContext(connection) as asked:
        act()
    return [query["sql"] for query in asked]


class TestCost:
    """What a seal costs does not depend on how much was sealed before."""

    @pytest.mark.django_db
    def test_few_fresh_rows_wait_for_others_but_not_for_ten_minutes(self):
        now = timezone.now()
        entries(3)

        assert seals.seal_due(now) == 0
        assert seals.seal_due(now + timedelta(minutes=9)) == 1
        assert seals.BUNCH_AGE + timedelta(minutes=2) <= seals.SEALED_WITHIN

    @pytest.mark.django_db
    def test_a_bunch_is_sealed_at_once(self):
        entries(seals.BUNCH_ROWS)

        assert seals.seal_due(timezone.now()) == 1
        assert seals.seal_due(timezone.now()) == 0

    @pytest.mark.django_db
    def test_the_statements_are_as_many_with_one_seal_and_with_many(self):
        def sealed():
            entries(5)
            return statements(lambda: seals.seal_due(timezone.now() + timedelta(minutes=9)))

        few = [sealed(), sealed()][1]
        for _ in range(30):
            entries(1)
            seals.seal(AUDIT)

        assert len(sealed()) == len(few)

    @pytest.mark.django_db
    def test_with_nothing_new_each_log_is_asked_twice(self):
        sealed = [log for log in seals.logs() if log.is_sealed]

        assert len(statements(lambda: seals.seal_due(timezone.now()))) == 2 * len(sealed)

    @pytest.mark.django_db
    def test_the_head_is_found_by_an_index_without_sorting(self):
        for _ in range(200):
            entries(1)
            seals.seal(AUDIT)
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")

        plan = Seal.objects.filter(log=AUDIT.name).order_by("-first")[:1].explain()

        assert "index" in plan.lower()
        assert "b-tree for order" not in plan.lower()
        assert "sort" not in plan.lower()

    @pytest.mark.django_db
    def test_a_walk_asks_each_log_as_often_whatever_its_seals(self):
        entries(1)
        seals.seal_all()
        few = len(statements(lambda: list(seals.breaches())))
        for _ in range(30):
            entries(2)
            seals.seal(AUDIT)

        assert len(statements(lambda: list(seals.breaches()))) == few

    @pytest.mark.django_db
    def test_a_seal_that_another_worker_wrote_meanwhile_is_not_written_twice(self, monkeypatch):
        entries(2)
        real = seals._digest_and_count

        def digest_while_another_seals(previous, rows):
            monkeypatch.setattr(seals, "_digest_and_count", real)
            seals.seal(AUDIT)
            return real(previous, rows)

        monkeypatch.setattr(seals, "_digest_and_count", digest_while_another_seals)

        assert seals.seal(AUDIT) is None
        assert Seal.objects.filter(log=AUDIT.name).count() == 1
        assert messages() == []
