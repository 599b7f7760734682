"""Laws P6 and P7 of the quizzes: saves of two clients over a network that repeats and drops."""

from dataclasses import dataclass, field

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from quizzes.arithmetic.deadlines import Timing
from quizzes.arithmetic.saving import (
    LoggedSave,
    SaveDecision,
    SaveEvent,
    SaveOutcome,
    decide,
    state_from_log,
)
from tests.quizzes.arithmetic import questions

CONTENT = questions.single("1", "0", "0", "0")
VALUES = [option.id for option in CONTENT.options]
CLIENTS = ("tab", "phone")


@dataclass
class Server:
    """One item behind the decision: it stores what it is told and nothing else."""

    log: list[LoggedSave] = field(default_factory=list)
    in_progress: bool = True

    def receive(self, event: SaveEvent) -> SaveDecision:
        state = state_from_log(self.log, event, in_progress=self.in_progress, timing=Timing.IN_TIME)
        decision = decide(state, event, content=CONTENT)
        if decision.is_stored:
            applied = decision.outcome is SaveOutcome.APPLIED
            self.log.append(
                LoggedSave(
                    client_id=event.client_id,
                    seq=event.seq,
                    base_rev=event.base_rev,
                    rev=decision.rev if applied else None,
                    value=decision.sent,
                    outcome=decision.outcome,
                )
            )
        return decision

    @property
    def applied(self) -> list[LoggedSave]:
        return [row for row in self.log if row.outcome is SaveOutcome.APPLIED]

    @property
    def rev(self) -> int:
        return len(self.applied)

    @property
    def value(self) -> str | None:
        return self.applied[-1].value if self.applied else None


@dataclass
class Client:
    """A tab that numbers its saves and remembers the last revision the server told it."""

    name: str
    seq: int = 0
    rev: int = 0

    def save(self, value: str | None) -> SaveEvent:
        self.seq += 1
        return SaveEvent(
            client_id=self.name, seq=self.seq, base_rev=self.rev, value=value, clear=value is None
        )

    def hear(self, decision: SaveDecision) -> None:
        if decision.outcome is SaveOutcome.APPLIED:
            self.rev = max(self.rev, decision.rev)


class TwoClients(RuleBasedStateMachine):
    """P6: any interleaving ends in a state that some serial order gives, and loses no value."""

    def __init__(self):
        super().__init__()
        self.server = Server()
        self.clients = {name: Client(name) for name in CLIENTS}
        self.network: list[SaveEvent] = []
        self.first_answers: dict[tuple[str, int], SaveOutcome] = {}
        self.accepted: list[tuple[str, int, str | None]] = []
        self.log_at_end: int | None = None

    @rule(name=st.sampled_from(CLIENTS), value=st.sampled_from([*VALUES, None]))
    def answer(self, name, value):
        self.network.append(self.clients[name].save(value))

    @precondition(lambda self: self.network)
    @rule(data=st.data(), repeats=st.booleans(), reply_arrives=st.booleans())
    def deliver(self, data, repeats, reply_arrives):
        place = data.draw(st.integers(0, len(self.network) - 1))
        event = self.network[place] if repeats else self.network.pop(place)
        decision = self.server.receive(event)
        key = (event.client_id, event.seq)
        assert self.first_answers.setdefault(key, decision.outcome) is decision.outcome
        if decision.outcome is SaveOutcome.APPLIED and not decision.repeated:
            self.accepted.append((*key, event.value))
        if reply_arrives:
            self.clients[event.client_id].hear(decision)

    @precondition(lambda self: self.network)
    @rule(data=st.data())
    def lose(self, data):
        self.network.pop(data.draw(st.integers(0, len(self.network) - 1)))

    @rule(name=st.sampled_from(CLIENTS))
    def reload(self, name):
        self.clients[name].rev = self.server.rev

    @precondition(lambda self: self.server.rev > 2)
    @rule()
    def submit(self):
        self.server.in_progress = False
        self.log_at_end = self.log_at_end or len(self.server.applied)

    @invariant()
    def the_revision_counts_what_was_applied(self):
        assert [row.rev for row in self.server.applied] == list(
            range(1, len(self.server.applied) + 1)
        )

    @invariant()
    def no_accepted_value_vanishes(self):
        kept = [(row.client_id, row.seq, row.value) for row in self.server.applied]
        assert kept == self.accepted

    @invariant()
    def the_same_save_counts_once(self):
        keys = [(row.client_id, row.seq) for row in self.server.log]
        assert len(keys) == len(set(keys))

    @invariant()
    def every_applied_save_knew_all_of_the_other_client(self):
        for row in self.server.applied:
            unseen = self.server.applied[row.base_rev : row.rev - 1]
            assert {other.client_id for other in unseen} <= {row.client_id}

    @invariant()
    def a_client_is_applied_in_its_own_order(self):
        for name in CLIENTS:
            seqs = [row.seq for row in self.server.applied if row.client_id == name]
            assert seqs == sorted(seqs)

    @invariant()
    def nothing_is_applied_after_submit(self):
        if self.log_at_end is not None:
            assert len(self.server.applied) == self.log_at_end


TestP6 = TwoClients.TestCase
TestP6.settings = settings(max_examples=200, stateful_step_count=40)


edits = st.lists(st.sampled_from([*VALUES, None]), min_size=1, max_size=8)
fates = st.sampled_from(["delivered", "reply lost", "offline"])


@given(edits, st.data())
def test_p7_replaying_the_queue_gives_what_an_online_run_gives(values, data):
    online, writer = Server(), Client("tab")
    for value in values:
        writer.hear(online.receive(writer.save(value)))

    flaky, tab = Server(), Client("tab")
    queue: list[SaveEvent] = []
    for value in values:
        queue.append(tab.save(value))
        flush(queue, flaky, tab, data.draw(fates))
    for _ in range(data.draw(st.integers(1, 3))):
        flush(queue, flaky, tab, "reply lost")

    assert (flaky.value, flaky.rev) == (online.value, online.rev)
    assert {row.outcome for row in flaky.log} == {SaveOutcome.APPLIED}


def flush(queue, server, client, fate):
    if fate == "offline":
        return
    answers = [server.receive(event) for event in queue]
    if fate == "delivered":
        queue.clear()
        for answer in answers:
            client.hear(answer)


@given(edits, st.data())
def test_p7_sending_only_the_newest_value_ends_in_the_same_answer(values, data):
    server, tab = Server(), Client("tab")
    newest = None
    for value in values:
        newest = tab.save(value)
        if data.draw(st.booleans()):
            decision = server.receive(newest)
            if data.draw(st.booleans()):
                tab.hear(decision)
    server.receive(newest)

    assert server.value == values[-1]
