"""Jobs: entered with the act, claimed once, fenced, found again (D6, R4)."""

import pytest

from clinic.records import handling, jobs


@pytest.fixture
def handler(monkeypatch):
    """Register a handler for one test under the name that the test gives."""

    def register(name, function, **options):
        jobs.job(name, **options)(function)
        monkeypatch.delitem(handling._handlers, name, raising=False)
        monkeypatch.setitem(handling._handlers, name, registered.pop())

    registered = []

    def remember(name, function, **options):
        before = dict(handling._handlers)
        jobs.job(name, **options)(function)
        registered.append(handling._handlers[name])
        handling._handlers.clear()
        handling._handlers.update(before)
        monkeypatch.setitem(handling._handlers, name, registered.pop())

    return remember


@pytest.mark.django_db
def test_smoke(handler):
    done = []
    handler("test.write", lambda job: lambda: done.append(job.key))

    jobs.enter("test.write", "a", "refresh")
    jobs.enter("test.write", "a", "refresh")
    jobs.enter("test.write", "b", "once")
    jobs.enter("test.write", "b", "once")

    assert jobs.run_due() == 2
    assert sorted(done) == ["a", "b"]
