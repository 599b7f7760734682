"""What a process holds in memory: each loads the heavy libraries when it first needs them."""

import json
import subprocess
import sys

import pytest

from clinic.assessments import frameworks
from tests.clinic.insights import made as insights_made
from tests.courses import made as courses_made
from tests.processes import ROOT, environment
from tests.quizzes import made as quizzes_made

HEAVY = ["numpy", "pandas", "typst", "openpyxl", "python_calamine"]
SHOW = "print(json.dumps([name for name in json.loads(sys.argv[1]) if name in sys.modules]))"
# As the supervisor loads the application before it forks web and workers.
LOAD = "import json, sys\nfrom clinic.management.web import load_application\nload_application()\n"
DRAW = """
from django.test import Client
from clinic.people.models import Account
browser = Client()
for account, paths in json.loads(sys.argv[2]):
    if account:
        browser.force_login(Account.objects.get(pk=account))
    for path in paths.split():
        assert browser.get(path).status_code == 200, path
"""
WORK = """
from clinic.celery import app
from clinic.records import jobs
app.loader.import_default_modules()
jobs.sweep()
"""
CALIBRATE = """
from clinic.records.jobs import HANDLERS, Job
HANDLERS["insights.calibrate"].call(Job(name="insights.calibrate"))
"""
SEND = """
import json, sys
from clinic import timer
app = timer.queue_without_django()
for hint in timer.SCHEDULE:
    timer.send(app, hint)
"""


def loaded(program, wanted, *arguments):
    """Run the program in a process of its own; return which of the modules it holds."""
    done = subprocess.run(
        [sys.executable, "-c", f"{program}\n{SHOW}", json.dumps(wanted), *arguments],
        cwd=ROOT,
        env=environment(),
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.django_db(transaction=True)
def test_the_web_draws_its_pages_without_the_heavy_libraries(cast, regencies):
    module = courses_made.published(cast)
    quiz = quizzes_made.assigned(quizzes_made.published_quiz(cast), cast.participant)
    public = f"/ /modul/ /modul/{module.slug}/ /kegiatan/ /akun/masuk/"
    own = f"/belajar/ /kuis/ /kuis/{quiz.quiz.slug}/"
    home, _away = regencies
    text = (frameworks.SHIPPED / "zi-2021.toml").read_text()
    insights_made.sheet(home.health, frameworks.load_framework(text).edition, strength=0.5)
    profile = f"/pemetaan/unit/{home.health.slug}/"
    why = insights_made.address(home.health)
    official = f"/pemetaan/ {profile} /pemetaan/bidang/pengawasan/ {why}"

    readers = [
        (None, public),
        (cast.participant.account.pk, own),
        (cast.unit_official.account.pk, official),
    ]
    assert loaded(LOAD + DRAW, HEAVY, json.dumps(readers)) == []


@pytest.mark.django_db(transaction=True)
def test_a_worker_without_work_holds_none_of_them():
    assert loaded(LOAD + WORK, HEAVY) == []


@pytest.mark.django_db(transaction=True)
def test_findings_are_made_with_numpy_alone():
    assert loaded(LOAD + CALIBRATE, HEAVY) == ["numpy"]


@pytest.mark.django_db
def test_the_timer_is_no_copy_of_the_application():
    application = ["django.apps", "django.conf", "django.db", "wagtail", "clinic.settings"]

    assert loaded(SEND, [*HEAVY, *application]) == []
