"""Laws P6, P7, P13, Q11, Q12 and Q20 through the services, on the real tables."""

import json
from dataclasses import dataclass, field
from datetime import timedelta
from fractions import Fraction

import pytest
from django.db import DatabaseError, transaction
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from quizzes import delivery, showing
from quizzes.arithmetic.saving import SaveEvent, SaveOutcome
from quizzes.invariants import INVARIANTS
from quizzes.models import Attempt, Credit, Response, ResponseEvent
from tests.attendance import made as clinics
from tests.quizzes import made
from tests.quizzes.arithmetic import questions

LIGHT = settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
VALUES = [option.id for option in questions.single("1", "0", "0", "0").options]
ITEMS = (1, 2)
CLIENTS = ("tab", "phone")


@pytest.fixture
def given_quiz(cast):
    """A quiz of two single choices, for the participant and for a colleague."""
    content = questions.single("1", "0", "0", "0")
    versions = [made.published_question(cast, f"soal-{n}", content) for n in ITEMS]
    version = made.published_quiz(cast, versions=versions, minutes=30)
    return [made.assigned(version, one) for one in (cast.participant, cast.colleague)]


def begun(assignment):
    return delivery.start(assignment, assignment.person.account)[0]


def standing(attempt):
    rows = Response.objects.filter(item__attempt=attempt).order_by("item__index")
    return list(rows.values_list("rev", "value"))


@dataclass
class Serial:
    """Section 5.2 for one item, one save after the other: what the services are held to."""

    seen: dict[tuple[str, int], SaveOutcome] = field(default_factory=dict)
    applied: list[SaveEvent] = field(default_factory=list)

    def receive(self, event):
        key = (event.client_id, event.seq)
        if key not in self.seen:
            self.seen[key] = self._decide(event)
            if self.seen[key] is SaveOutcome.APPLIED:
                self.applied.append(event)
        return self.seen[key]

    def _decide(self, event):
        if any(client == event.client_id and seq > event.seq for client, seq in self.seen):
            return SaveOutcome.SUPERSEDED
        unseen = self.applied[event.base_rev :]
        is_alone = all(other.client_id == event.client_id for other in unseen)
        return SaveOutcome.APPLIED if is_alone else SaveOutcome.CONFLICT

    @property
    def standing(self):
        return (len(self.applied), self.applied[-1].value if self.applied else None)


@dataclass
class Tab:
    """A client that numbers its saves and knows the revisions it was told."""

    name: str
    seq: int = 0
    revs: dict[int, int] = field(default_factory=dict)

    def save(self, item, value):
        self.seq += 1
        return item, SaveEvent(
            client_id=self.name,
            seq=self.seq,
            base_rev=self.revs.get(item, 0),
            value=value,
            clear=value is None,
        )

    def hear(self, item, decision):
        if decision.outcome is SaveOutcome.APPLIED:
            self.revs[item] = max(self.revs.get(item, 0), decision.rev)


def sent(attempt, item, event):
    return delivery.save_response(attempt.uuid, item, event).decision


# What the network does with the saves of two tabs: which of those under way arrives next, whether
# it comes again later, whether its answer comes back, whether it is lost.
steps = st.lists(
    st.tuples(
        st.sampled_from(["write", "write", "arrive", "arrive", "repeat", "lose", "reload"]),
        st.sampled_from(CLIENTS),
        st.sampled_from(ITEMS),
        st.sampled_from([*VALUES, None]),
        st.integers(0, 20),
        st.booleans(),
    ),
    max_size=25,
)


class Network:
    """Two tabs, the saves under way, the services and the serial model beside each other."""

    def __init__(self, attempt):
        self.attempt = attempt
        self.tabs = {name: Tab(name) for name in CLIENTS}
        self.models = {item: Serial() for item in ITEMS}
        self.under_way = []

    def step(self, act, client, item, value, place, is_heard):
        if act == "write":
            self.under_way.append(self.tabs[client].save(item, value))
        elif act == "reload":
            self.tabs[client].revs = {n: self.models[n].standing[0] for n in ITEMS}
        elif self.under_way:
            place %= len(self.under_way)
            one = self.under_way[place] if act == "repeat" else self.under_way.pop(place)
            if act != "lose":
                self.arrive(*one, is_heard=is_heard)

    def arrive(self, item, event, *, is_heard):
        decision = sent(self.attempt, item, event)
        assert decision.outcome is self.models[item].receive(event)
        if is_heard:
            self.tabs[event.client_id].hear(item, decision)


@LIGHT
@given(steps=steps)
def test_p6_two_clients_end_where_a_serial_order_ends(given_quiz, undone, steps):
    with undone():
        network = Network(begun(given_quiz[0]))
        for step in steps:
            network.step(*step)

        models = network.models
        assert standing(network.attempt) == [models[item].standing for item in ITEMS]
        for item in ITEMS:
            log = ResponseEvent.objects.filter(item__index=item).order_by("id")
            kept = {(row.client_id, row.seq): row.outcome for row in log}
            assert kept == {key: one.value for key, one in models[item].seen.items()}
            applied = log.filter(outcome="applied").values_list("value", flat=True)
            assert list(applied) == [event.value for event in models[item].applied]
        assert [breach.message for _, check in INVARIANTS for breach in check()] == []


writings = st.lists(
    st.tuples(st.sampled_from(ITEMS), st.sampled_from([*VALUES, None])), min_size=1, max_size=10
)
fates = st.sampled_from(["delivered", "reply lost", "offline", "cut in the middle"])


def flush(browser, attempt, tab, queue, fate):
    """Replay what waits: ``fate`` says how much arrives and whether the answers come back."""
    count = {"offline": 0, "cut in the middle": len(queue) // 2}.get(fate, len(queue))
    if not count:
        return
    told = browser.post(
        f"/api/quizzes/v1/attempts/{attempt.uuid}/replay",
        json.dumps({"events": [as_json(*one) for one in queue[:count]]}),
        "application/json",
    ).json()
    if fate == "delivered":
        for (item, _event), one in zip(queue, told["results"], strict=True):
            assert one["outcome"] == "applied"
            tab.revs[item] = max(tab.revs.get(item, 0), one["rev"])
        queue.clear()


def as_json(item, event):
    return {
        "index": item,
        "client_id": event.client_id,
        "seq": event.seq,
        "base_rev": event.base_rev,
        "value": event.value,
        "clear": event.clear,
    }


@LIGHT
@given(written=writings, data=st.data())
def test_p7_a_replayed_queue_ends_where_an_online_run_ends(
    given_quiz, undone, signed_in, written, data
):
    with undone():
        online, flaky = (begun(assignment) for assignment in given_quiz)
        browser = signed_in(flaky.person.account)
        writer, tab, queue = Tab("tab"), Tab("tab"), []
        for item, value in written:
            item, event = writer.save(item, value)
            writer.hear(item, sent(online, item, event))
            queue.append(tab.save(item, value))
            flush(browser, flaky, tab, queue, data.draw(fates))
        flush(browser, flaky, tab, queue, "reply lost")
        flush(browser, flaky, tab, queue, "delivered")

        assert standing(flaky) == standing(online)
        assert set(ResponseEvent.objects.values_list("outcome", flat=True)) == {"applied"}


@LIGHT
@given(minutes=st.lists(st.integers(1, 60), min_size=1, max_size=3), random=st.randoms())
def test_p13_extensions_in_any_order_end_at_the_larger(cast, given_quiz, undone, minutes, random):
    random.shuffle(minutes)
    with undone():
        event = clinics.event_of(cast.organiser)
        clinics.joined(event, cast.participant)
        version = given_quiz[0].quiz.versions.get()
        given_to_event = made.assigned(version, event, hours=None)
        attempt, _new = delivery.start(given_to_event, cast.participant.account)
        for count in minutes:
            delivery.extend(
                given_to_event,
                cast.participant,
                actor=cast.organiser.account,
                extra_minutes=count,
                reason="Listrik",
            )

        moved = Attempt.objects.get(pk=attempt.pk).deadline_at
        assert moved == attempt.deadline_at + timedelta(minutes=max(minutes))


def handed_in(assignment, answers):
    attempt = begun(assignment)
    for item in attempt.items.select_related("question_version"):
        value = answers(item.question_version.parsed)
        if value is not None:
            event = SaveEvent(client_id="a", seq=1, base_rev=0, value=value)
            delivery.save_response(attempt.uuid, item.index, event)
    delivery.submit(attempt.uuid)
    return [one.share for one in Credit.objects.filter(item__attempt=attempt).order_by("item")]


def test_q11_a_key_earns_one_a_blank_nothing_and_equals_earn_alike(cast):
    version = made.published_quiz(cast)
    people = (cast.participant, cast.colleague, cast.stranger, cast.operator)
    ways = (made.key_of, made.wrong_of, made.wrong_of, lambda content: None)
    first, second, third, blank = (
        handed_in(made.assigned(version, person), answers)
        for person, answers in zip(people, ways, strict=True)
    )

    assert first == [1] * 5
    assert blank == [0] * 5
    assert second == third
    assert all(0 <= one <= 1 for one in second)
    assert set(Credit.objects.values_list("grading_release", flat=True)) == {1}
    assert list(dict(INVARIANTS)["Q11"]()) == []


def test_q12_credits_stay_as_they_were_and_three_thirds_are_one(cast):
    content = questions.single("1/3", "1", "0")
    versions = [made.published_question(cast, f"soal-{n}", content) for n in range(3)]
    version = made.published_quiz(cast, versions=versions)
    third = handed_in(made.assigned(version, cast.participant), lambda one: one.options[0].id)

    assert third == [Fraction(1, 3)] * 3
    result = showing.result_of(Attempt.objects.get(), cast.participant.account)
    assert result.score == 1
    with pytest.raises(TypeError):
        Credit.objects.first().save()
    for act in (lambda: Credit.objects.update(credit_num=0), lambda: Credit.objects.all().delete()):
        with pytest.raises((TypeError, DatabaseError)), transaction.atomic():
            act()


@pytest.mark.parametrize("days", [-1, 1])
def test_q20_what_a_client_a_day_off_sends_is_taken_by_the_clock_of_the_server(
    given_quiz, signed_in, days
):
    attempt = begun(given_quiz[0])
    browser = signed_in(attempt.person.account)
    path = f"/api/quizzes/v1/attempts/{attempt.uuid}"
    claimed = timezone.now() + timedelta(days=days)
    save = {"client_id": "a", "seq": 1, "base_rev": 0, "value": VALUES[0]}

    def post(method, where, body):
        headers = {"Date": claimed.strftime("%a, %d %b %Y %H:%M:%S GMT")}
        send = getattr(browser, method)
        return send(path + where, json.dumps(body), "application/json", headers=headers)

    assert post("put", "/items/1", {**save, "at": claimed.isoformat()}).status_code == 422
    taken = post("put", "/items/1", save)
    assert (taken.status_code, taken.json()["outcome"]) == (200, "applied")
    over = post("post", "/submit", {"reason": "timeout"})
    assert over.json()["state"] == "in_progress"
    assert Attempt.objects.get(pk=attempt.pk).deadline_at == attempt.deadline_at
    Attempt.objects.update(deadline_at=timezone.now() - timedelta(minutes=1))
    assert post("put", "/items/1", {**save, "seq": 2, "base_rev": 1}).status_code == 410
