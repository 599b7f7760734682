"""The audit log says who did what, and lets the personal part go."""

import pytest
import structlog
from django.db import transaction

from clinic.records import audit
from clinic.records.audit import AuditDetail, AuditEntry, network_of


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("203.0.113.77", "203.0.113.0/24"),
        ("2001:db8:1:2::3", "2001:db8:1::/48"),
        ("", ""),
        ("not an address", ""),
    ],
)
def test_only_the_network_of_an_address_is_kept(address, network):
    assert network_of(address) == network


@pytest.mark.django_db
def test_an_entry_names_actor_thing_subject_and_request(cast):
    actor, subject = cast.organiser.account, cast.participant
    with structlog.contextvars.bound_contextvars(request_id="r-7", ip="198.51.100.9"):
        entry = audit.record(
            "person.nip_revealed", actor=actor, role="panitia", thing=subject, subject=subject
        )

    entry.refresh_from_db()
    assert (entry.actor, entry.subject) == (actor.pk, subject.pk)
    assert (entry.thing_type, entry.thing_id) == ("people.person", str(subject.uuid))
    assert (entry.request_id, entry.network) == ("r-7", "198.51.100.0/24")
    assert entry.digest == ""


@pytest.mark.django_db
def test_one_act_on_many_things_is_an_entry_each_with_its_own_digest(
    cast, django_assert_max_num_queries
):
    people = [cast.participant, cast.colleague, cast.stranger]
    notes = [
        audit.AuditNote(thing=person, subject=person, values={"name": person.name})
        for person in people
    ]

    with django_assert_max_num_queries(4):
        audit.record_each("test.many", notes, actor=cast.admin.account)

    entries = list(AuditEntry.objects.filter(verb="test.many").order_by("pk"))
    assert [entry.subject for entry in entries] == [person.pk for person in people]
    assert {entry.actor for entry in entries} == {cast.admin.account.pk}
    for entry, person in zip(entries, people, strict=True):
        assert entry.detail.values == {"schema": 1, "name": person.name}
        assert entry.detail.digest() == entry.digest


@pytest.mark.django_db
def test_reason_and_values_stand_aside_under_a_digest_that_no_guess_confirms():
    first = audit.record("test.act", reason="salah ketik", values={"before": "A", "after": "B"})
    second = audit.record("test.act", reason="salah ketik", values={"before": "A", "after": "B"})
    detail = AuditDetail.objects.get(entry=first)

    assert detail.values == {"schema": 1, "before": "A", "after": "B"}
    assert detail.digest() == first.digest
    assert first.digest != second.digest


@pytest.mark.django_db
def test_an_act_that_fails_leaves_no_entry():
    @transaction.atomic
    def act():
        audit.record("test.act", reason="x")
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        act()

    assert not AuditEntry.objects.exists()
