"""The administrator goes from the first screen to a job that failed, and has it tried again."""

from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone

from clinic.records.jobs import Job
from tests.journeys.conftest import faults, follow, overflow

pytestmark = [pytest.mark.journey, pytest.mark.django_db(transaction=True)]


@pytest.mark.parametrize("width", [360, 1280])
def test_a_failed_job_is_found_and_tried_again(enter, cast, width, tmp_path):
    long_ago = timezone.now() - timedelta(hours=3)
    given = {"due_at": long_ago, "finished_at": long_ago, "attempts": 5}
    failed = Job.objects.create(
        name="records.send_notice", key="5d0c3e0e-8a44-4f0e-9a3f-6d0d3a1b2c3d", kind="once",
        state="failed", last_error="SMTPServerDisconnected at smtplib.py:405", **given,
    )  # fmt: skip
    Job.objects.create(name="insights.refresh_unit", key="12", kind="refresh", **given)
    page = enter(cast.admin, "/admin/", width=width)

    follow(page.locator('a[href="/admin/pekerjaan/"]'))
    page.wait_for_selector("#pekerjaan-judul")
    page.screenshot(path=tmp_path / f"failed-jobs-{width}.png", full_page=True)
    assert faults(page) == []
    assert overflow(page) <= 0
    assert page.locator("main form button").count() == 1
    follow(page.locator("main form button"))
    page.wait_for_selector(".notice.ok, .notice")

    failed.refresh_from_db()
    assert (failed.state, failed.attempts) == ("queued", 0)
    assert Path(tmp_path / f"failed-jobs-{width}.png").exists()
