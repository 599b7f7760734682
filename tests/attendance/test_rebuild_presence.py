"""``manage.py rebuild_presence``: compare, tell, mend."""

import json

from django.core.management import call_command

from attendance.models import Presence
from tests.attendance import made


def run(capsys, *words):
    code = 0
    try:
        call_command("rebuild_presence", "--json", *words)
    except SystemExit as stop:
        code = stop.code
    return code, json.loads(capsys.readouterr().out.splitlines()[-1])


def test_check_changes_nothing_and_exits_one_with_the_differences(cast, capsys):
    door = made.at_the_door(cast)
    made.scanned(door.event, made.badge(door.row))
    assert run(capsys, "--check") == (0, {"ok": True, "counts": {"differences": 0}, "problems": []})
    Presence.objects.filter(session__title="Pagi").update(state="absent")

    code, report = run(capsys, "--check")

    assert (code, report["counts"]) == (1, {"differences": 1})
    assert str(door.row.uuid) in report["problems"][0]["where"]
    assert Presence.objects.filter(state="absent").exists()
    assert run(capsys)[0] == 0
    assert run(capsys, "--check")[0] == 0
