"""Numbers in full only by an act on record (S18)."""

import pytest
from django.core.exceptions import PermissionDenied
from django.http import Http404

from clinic.lib.errors import Refused
from clinic.people.revealing import reveal
from clinic.records.audit import AuditEntry


def looks():
    return AuditEntry.objects.filter(verb="person.revealed")


def test_s18_each_look_at_another_person_is_on_record(cast):
    for _n in range(2):
        assert reveal(cast.participant, "nip", actor=cast.admin.account) == "199001012015011001"

    assert looks().filter(subject=cast.participant.pk, actor=cast.admin.account.pk).count() == 2


def test_s18_the_own_number_is_no_look(cast):
    assert reveal(cast.participant, "nip", actor=cast.participant.account)
    assert not looks().exists()


def test_s18_who_may_not_sees_nothing(cast):
    with pytest.raises(PermissionDenied):
        reveal(cast.unit_official, "nip", actor=cast.operator.account)
    with pytest.raises(Http404):
        reveal(cast.participant, "nip", actor=cast.operator.account)
    with pytest.raises(Refused):
        reveal(cast.participant, "merged_into", actor=cast.admin.account)
    assert not looks().exists()
