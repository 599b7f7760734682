"""D10: 100 readers while editions go out never see a mix; two publishers make no double."""

import re
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection
from django.test import Client

from clinic.lib.errors import Refused
from courses import publishing
from courses.models import ModuleEdition, SectionPage
from tests.courses import made

pytestmark = pytest.mark.django_db(transaction=True)
READERS = 100
AT_ONCE = 40  # a database server of the usual size has 100 connections for everybody
MARK = re.compile(r"edisi-\d+")


@pytest.fixture
def module(cast):
    return made.small(cast, mark="edisi-1", sections=3)


def in_own_connection(act):
    def run(*args):
        try:
            return act(*args)
        finally:
            connection.close()

    return run


def marks_in(text):
    return tuple(sorted(set(MARK.findall(text))))


def test_d10_a_hundred_readers_never_see_two_editions_in_one_page(cast, module):
    begun, published = threading.Event(), threading.Event()

    def read(_number):
        seen, is_last = [], False
        while not is_last:
            is_last = published.wait(1.5)
            answer = Client().get("/modul/kecil/cetak/")
            assert answer.status_code == 200
            seen.append(marks_in(answer.content.decode()))
            begun.set()
        return seen

    with ThreadPoolExecutor(AT_ONCE) as pool:
        readers = [pool.submit(in_own_connection(read), number) for number in range(READERS)]
        begun.wait(60)
        for number in (2, 3):
            made.rewrite(module, f"edisi-{number}", actor=cast.author.account)
            publishing.publish(module, actor=cast.reviewer.account)
        published.set()
        seen = [marks for reader in readers for marks in reader.result()]

    assert {len(marks) for marks in seen} == {1}
    assert len(set(seen)) > 1, "some read before the first edition came out, some after"
    assert seen[-1] == ("edisi-3",)


def test_d10_rows_of_the_editor_would_show_a_mix(cast, module):
    """The twin: between two pages of one act the editor's own rows disagree, editions do not."""
    made.rewrite(module, "edisi-2", actor=cast.author.account)
    first = SectionPage.objects.child_of(module).first()

    first.get_latest_revision().publish(skip_permission_checks=True)

    rows = SectionPage.objects.child_of(module).values_list("title", flat=True)
    edition = ModuleEdition.objects.get(module=module, is_current=True)
    assert len(marks_in(" ".join(rows))) == 2
    assert marks_in(str([edition.head, edition.bodies])) == ("edisi-1",)


def test_two_reviewers_at_once_make_one_edition(cast, module):
    made.rewrite(module, "edisi-2", actor=cast.author.account)
    start = threading.Barrier(2)

    def publish():
        start.wait()
        try:
            return publishing.publish(module, actor=cast.reviewer.account).number
        except Refused as refusal:
            return refusal.code

    with ThreadPoolExecutor(2) as pool:
        acts = [pool.submit(in_own_connection(publish)) for _ in range(2)]
        results = {str(act.result()) for act in acts}

    assert results == {"2", "nothing_to_publish"}
    assert list(module.editions.values_list("number", "is_current")) == [(2, True), (1, False)]
