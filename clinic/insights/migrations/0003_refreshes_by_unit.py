"""Refreshes that wait for a person become those of the units in which the person works today.

Rows that have failed keep their state, so that they can be tried again; where the person works
nowhere there is nothing left to do. The way back leaves them: every release knows them.
"""

from django.db import migrations
from django.db.models import Q
from django.utils import timezone


def rows_of(Person, key):
    found = newest = set(Person.objects.filter(pk=key).values_list("pk", flat=True))
    while newest:
        joined = Person.objects.filter(Q(merged_into__in=newest) | Q(merged_rows__in=newest))
        newest = set(joined.values_list("pk", flat=True)) - found
        found = found | newest
    return found


def units_of(apps, key):
    today = timezone.localdate()
    posts = apps.get_model("people", "Membership").objects.filter(
        Q(end__isnull=True) | Q(end__gte=today),
        person__in=rows_of(apps.get_model("people", "Person"), key),
        start__lte=today,
    )
    return sorted(set(posts.values_list("unit_id", flat=True)))


def refresh_units(apps, schema_editor):
    Job = apps.get_model("records", "Job")
    now = timezone.now()
    for row in Job.objects.filter(name="insights.refresh_person").exclude(state="done"):
        if row.state == "running":  # nobody would finish it under its name
            row.state, row.attempts, row.lease_until = "queued", 0, None
        first, *further = units_of(apps, int(row.key)) or [None]
        if first is None:
            row.state, row.finished_at = "done", now
        else:
            row.name, row.key = "insights.refresh_unit", str(first)
        row.save()
        Job.objects.bulk_create(
            Job(
                name=row.name,
                key=str(unit),
                kind=row.kind,
                payload=row.payload,
                state=row.state,
                attempts=row.attempts,
                due_at=row.due_at,
                request_id=row.request_id,
                last_error=row.last_error,
                finished_at=row.finished_at,
            )
            for unit in further
        )


class Migration(migrations.Migration):
    dependencies = [
        ("insights", "0002_answers_with_full_credit"),
        ("people", "0001_initial"),
        ("records", "0001_initial"),
    ]

    operations = [migrations.RunPython(refresh_units, migrations.RunPython.noop)]
