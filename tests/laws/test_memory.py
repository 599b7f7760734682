"""What a process holds in memory: each loads the heavy libraries when it first needs them."""

import json
import subprocess
import sys

import pytest

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
for path in sys.argv[3].split():
    assert browser.get(path).status_code == 200, path
browser.force_login(Account.objects.get(pk=sys.argv[2]))
for path in sys.argv[4].split():
    assert browser.get(path).status_code == 200, path
"""
WORK = """
from clinic.celery import app
from clinic.records import jobs
app.loader.import_default_modules()
jobs.sweep()
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
def test_the_web_draws_its_pages_without_the_heavy_libraries(cast):
    module = courses_made.published(cast)
    quiz = quizzes_made.assigned(quizzes_made.published_quiz(cast), cast.participant)
    public = f"/ /modul/ /modul/{module.slug}/ /kegiatan/ /akun/masuk/"
    own = f"/belajar/ /kuis/ /kuis/{quiz.quiz.slug}/"

    account = str(cast.participant.account.pk)
    assert loaded(LOAD + DRAW, HEAVY, account, public, own) == []


@pytest.mark.django_db(transaction=True)
def test_a_worker_without_work_holds_none_of_them():
    assert loaded(LOAD + WORK, HEAVY) == []


@pytest.mark.django_db
def test_the_timer_is_no_copy_of_the_application():
    application = ["django.apps", "django.conf", "django.db", "wagtail", "clinic.settings"]

    assert loaded(SEND, [*HEAVY, *application]) == []
