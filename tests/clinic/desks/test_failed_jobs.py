"""The administrator sees what failed in the background, and has it tried again."""

from datetime import timedelta

import pytest
from django.utils import timezone, translation

from clinic.desks.failed_jobs import LABELS
from clinic.records import jobs
from clinic.records.audit import AuditEntry
from clinic.records.jobs import Job

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("one_factor")]
ADDRESS = "/admin/pekerjaan/"


def job(name="records.send_notice", *, state="failed", **fields):
    long_ago = timezone.now() - timedelta(hours=3)
    given = {"attempts": 5, "last_error": "SMTPException at smtplib.py:402", "kind": "once"}
    return Job.objects.create(
        name=name, state=state, due_at=long_ago, finished_at=long_ago, **{**given, **fields}
    )


@pytest.fixture
def browser(signed_in, cast):
    return signed_in(cast.admin.account)


def test_each_job_stands_with_name_state_error_and_attempts(browser):
    failed = job(key="a")
    waiting = job("insights.refresh_unit", state="queued", key="b", attempts=0, last_error="")
    job(state="done", key="c")

    page = browser.get(ADDRESS)

    rows = {row["job"].pk: row for row in page.context["rows"]}
    assert set(rows) == {failed.pk, waiting.pk}
    assert rows[failed.pk]["can_retry"]
    assert not rows[waiting.pk]["can_retry"]
    text = page.content.decode()
    assert "SMTPException at smtplib.py:402" in text
    assert str(LABELS["records.send_notice"]) in text


def test_a_failed_job_is_tried_again_with_all_its_attempts_and_audited(browser, cast):
    failed = job(key="a")

    answer = browser.post(ADDRESS, {"job": failed.pk})

    assert (answer.status_code, answer["Location"]) == (302, ADDRESS)
    failed.refresh_from_db()
    assert (failed.state, failed.attempts, failed.finished_at) == ("queued", 0, None)
    entry = AuditEntry.objects.get(verb="job.retry")
    assert entry.actor == cast.admin.account.pk
    assert entry.detail.values["name"] == failed.name
    assert [row["job"].pk for row in browser.get(ADDRESS).context["rows"]] == []


@pytest.mark.parametrize("state", ["queued", "done"])
def test_one_that_has_not_failed_is_left_alone(browser, state):
    other = job(state=state, key="a")

    for sent in (other.pk, other.pk + 1, "x"):
        browser.post(ADDRESS, {"job": sent})

    other.refresh_from_db()
    assert (other.state, other.attempts) == (state, 5)
    assert not AuditEntry.objects.filter(verb="job.retry").exists()


def test_with_nothing_failed_it_says_so(browser):
    page = browser.get(ADDRESS).content.decode()

    assert 'class="empty"' in page
    assert "<table" not in page


def test_the_first_screen_leads_there(browser):
    job(key="a")

    assert f'href="{ADDRESS}"' in browser.get("/admin/").content.decode()


@pytest.mark.parametrize("who", ["participant", "organiser", "author", "unit_official"])
def test_nobody_else_comes_in(signed_in, cast, who):
    failed = job(key="a")
    browser = signed_in(getattr(cast, who).account)

    assert browser.get(ADDRESS).status_code in {403, 404}
    assert browser.post(ADDRESS, {"job": failed.pk}).status_code in {403, 404}
    failed.refresh_from_db()
    assert failed.state == "failed"


def test_every_job_of_this_release_has_a_name_in_words():
    ours = {name for name in jobs.HANDLERS if not name.startswith("test")}

    assert ours == set(LABELS)
    with translation.override("id"):
        names = [str(label) for label in LABELS.values()]
    assert len(set(names)) == len(names)


def test_many_failed_jobs_come_in_pages_at_the_same_cost(browser, django_assert_max_num_queries):
    job(key="first")
    browser.get(ADDRESS)
    with django_assert_max_num_queries(40) as asked:
        browser.get(ADDRESS)
    for number in range(60):
        job(key=str(number))
    with django_assert_max_num_queries(len(asked)):
        assert len(browser.get(ADDRESS).context["rows"]) == 50
