"""``manage.py verify`` names every breach and exits 1."""

import io
import json

import pytest
from django.core.management import call_command

from clinic.management.commands.verify import invariants
from clinic.records import audit, seals


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
    seals.triggers.take_down(["records_seal"])

    code, lines = verify("--json")

    report = json.loads(lines[-1])
    assert (code, report["ok"]) == (1, False)
    assert {problem["code"] for problem in report["problems"]} == {"S22", "D7"}
    assert all(set(problem) == {"where", "code", "message"} for problem in report["problems"])
    assert lines[0].startswith("S22 records.auditentry 1-")
