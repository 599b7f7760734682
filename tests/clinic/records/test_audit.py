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
