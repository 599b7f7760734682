"""A prepared query gives the rows of the query set it was made of, whatever its arguments are."""

from datetime import timedelta
from threading import Thread
from uuid import uuid4

import pytest
from django.db import connection
from django.db.models import Count, Q
from django.utils import timezone

from clinic.lib.prepared import prepared
from clinic.people.access import condition_of_own
from clinic.people.models import Account, Grant, Membership, Person
from quizzes.models import Assignment, Attempt

pytestmark = pytest.mark.django_db


def built(build):
    """Return the prepared query and how often its query set was built."""
    calls = []

    def counted(*args, **options):
        calls.append(args)
        return build(*args, **options)

    return prepared(counted), calls


def test_the_query_set_is_built_once_for_all_values(cast):
    read, calls = built(lambda key: Person.objects.filter(pk=key))
    people = list(Person.objects.order_by("pk"))
    assert [read(person.pk) for person in people] == [[person] for person in people]
    assert len(calls) == 1


def test_related_rows_come_with_it_and_converters_are_the_fields(cast, django_assert_num_queries):
    account = cast.operator.account
    read, _calls = built(lambda uuid: Account.objects.select_related("person").filter(uuid=uuid))
    with django_assert_num_queries(1):
        (found,) = read(account.uuid)
        assert found.person.name == account.person.name
    assert (found.uuid, found.date_joined) == (account.uuid, account.date_joined)
    assert read(uuid4()) == []


def test_moments_and_days_are_compared_as_by_the_fields(cast):
    account, second = cast.operator.account, timedelta(seconds=1)
    read, _calls = built(lambda at: Account.objects.filter(date_joined__gt=at))
    assert account in read(account.date_joined - second)
    assert account not in read(account.date_joined)
    members, _calls = built(lambda day: Membership.objects.on(day).order_by("pk"))
    for day in (timezone.localdate(), timezone.localdate() - timedelta(days=40_000)):
        assert members(day) == list(Membership.objects.on(day).order_by("pk"))


def test_keys_of_a_relation_are_taken_in_any_number(cast):
    read, calls = built(lambda keys: Grant.objects.filter(person__in=keys).order_by("pk"))
    keys = list(Person.objects.order_by("pk").values_list("pk", flat=True))
    for some in (keys[:1], frozenset(keys[:3]), keys, keys[:2], keys[1:3]):
        assert read(some) == list(Grant.objects.filter(person__in=some).order_by("pk"))
    assert len(calls) == 4  # one for each number of keys


def test_no_key_at_all_asks_nothing(cast, django_assert_num_queries):
    read, calls = built(lambda keys: Grant.objects.filter(person__in=keys))
    with django_assert_num_queries(0):
        assert read([]) == []
    assert not calls


def test_none_and_options_shape_the_query(cast):
    def build(key, *, role):
        rows = Grant.objects.filter(role=role).order_by("pk")
        return rows if key is None else rows.filter(person=key)

    read, calls = built(build)
    person = cast.operator
    for key in (None, person.pk):
        for role in (Grant.Role.OPERATOR, Grant.Role.ASSESSOR):
            assert read(key, role=role) == list(build(key, role=role))
    assert len(calls) == 4


def test_values_and_annotations_are_those_of_the_query_set(cast):
    def pairs(day):
        return Membership.objects.on(day).order_by("pk").values_list("unit__slug", "start")

    def counts(day):
        rows = Person.objects.annotate(number=Count("memberships")).order_by("pk")
        return rows.filter(Q(memberships__start__lte=day) | Q(memberships=None))

    def names(start):
        return Person.objects.filter(name__startswith=start).order_by("pk").values_list("name")

    today = timezone.localdate()
    assert prepared(pairs)(today) == list(pairs(today))
    read = prepared(counts)(today)
    assert [(one.pk, one.number) for one in read] == [(one.pk, one.number) for one in counts(today)]
    assert prepared(names)("C") == list(names("C"))


@pytest.mark.django_db(transaction=True)
def test_each_thread_asks_on_its_own_connection():
    Person.objects.create(name="Contoh - Satu")
    read, _calls = built(lambda name: Person.objects.filter(name=name))
    assert len(read("Contoh - Satu")) == 1
    seen = []

    def ask():
        seen.append(len(read("Contoh - Satu")))
        connection.close()

    thread = Thread(target=ask)
    thread.start()
    thread.join()
    assert seen == [1]


def test_what_is_everybodys_own_is_asked_with_the_keys_given(cast):
    day = timezone.localdate()
    assert condition_of_own("take-attempt", Attempt, [7], day) == Q(person__in=[7])
    assert condition_of_own("open-quiz", Assignment, [], day) == Q(pk__in=[])
    for verb, model in (("read-score", Attempt), ("see-person", Person)):
        with pytest.raises(LookupError):
            condition_of_own(verb, model, [7], day)
