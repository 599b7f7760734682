"""What grows with the years: lists of events keep their length, old events are archived."""

import re
from datetime import timedelta

import pytest
from django.apps import apps
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.db.models import Value
from django.db.models.functions import Concat
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from attendance import registration
from attendance.events import ARCHIVED_AFTER, archive_finalised
from attendance.models import DecidedRow, Event, Registration, Session
from clinic.people.access import can, forget_grants
from clinic.people.models import Grant
from tests.attendance import made

HOUR = timedelta(hours=1)
YEAR = timedelta(days=365)


def past_events(organiser, count, *, back=timedelta(days=40), state="ended"):
    """So many events of the organiser, one an interval, the last of them an interval ago."""
    unit = organiser.memberships.get().unit
    rows = Event.objects.bulk_create(
        Event(code=f"lampau-{n}", title=f"Lampau {n}", unit=unit, zone="Asia/Makassar", state=state)
        for n in range(count)
    )
    now = timezone.now()
    Session.objects.bulk_create(
        Session(
            event=row,
            scan_group="d1",
            title="Pagi",
            starts_at=now - back * number - HOUR,
            ends_at=now - back * number,
        )
        for number, row in enumerate(rows, start=1)
    )
    Grant.objects.bulk_create(
        Grant(
            person=organiser, role=Grant.Role.ORGANISER, event=row, starts_on=timezone.localdate()
        )
        for row in rows
    )
    return rows


def measured(browser, address):
    """Statements and bytes of a page."""
    browser.get(address)
    with CaptureQueriesContext(connection) as seen:
        page = browser.get(address)
    assert page.status_code == 200
    return len(seen), len(page.content)


def test_lists_of_events_do_not_grow_with_the_years(cast, browser, client, event):
    past_events(cast.organiser, 15)
    pages = {
        "/kegiatan/": client,
        "/panitia/": browser,
        "/panitia/?lampau=1": browser,
        "/panitia/baru/salin": browser,
    }
    few = {place: measured(who, place) for place, who in pages.items()}
    Event.objects.filter(code__startswith="lampau").update(code=Concat(Value("dulu-"), "code"))
    past_events(cast.organiser, 120)
    for place, who in pages.items():
        statements, size = measured(who, place)
        assert statements <= few[place][0] + (1 if "lampau" in place else 0), place
        if "lampau" not in place:
            assert size <= 1.15 * few[place][1] + 1000, place


def test_everybody_sees_the_last_past_events_and_all_of_a_year(cast, client, event):
    made.moved(event, to=timezone.now() + timedelta(days=3))
    rows = past_events(cast.organiser, 15, back=timedelta(days=1))
    page = client.get("/kegiatan/")
    assert [row.pk for row in page.context["coming"]] == [event.pk]
    assert [row.pk for row in page.context["past"]] == [row.pk for row in rows[:12]]
    year = page.context["more_year"]
    assert f"/kegiatan/?tahun={year}" in page.content.decode()

    shown = client.get("/kegiatan/", {"tahun": year})
    ends = {row.pk: timezone.localtime(row.sessions.get().ends_at).year for row in rows}
    assert [row.pk for row in shown.context["past"]] == [key for key in ends if ends[key] == year]
    assert [tab["label"] for tab in shown.context["years"]] == sorted(
        {str(one) for one in ends.values()}, reverse=True
    )
    assert client.get("/kegiatan/", {"tahun": "dua"}).status_code == 404
    assert client.get("/kegiatan/", {"tahun": "0"}).status_code == 404


@pytest.mark.parametrize("cancelled", [(), ("Siang",), ("Pagi", "Siang")])
def test_past_in_a_query_is_past_of_the_row(event, draft, cancelled):
    event.sessions.filter(title__in=cancelled).update(is_cancelled=True)
    for moment in (made.MORNING[1], made.AFTERNOON[1]):
        for now in (moment - timedelta(seconds=1), moment):
            past = {row.pk for row in Event.objects.all() if row.is_past(now)}
            assert set(Event.objects.past(now).values_list("pk", flat=True)) == past
            ahead = {event.pk, draft.pk} - past
            assert set(Event.objects.not_past(now).values_list("pk", flat=True)) == ahead


def test_the_organisers_list_shows_ten_past_events_and_leads_to_all(cast, browser):
    rows = past_events(cast.organiser, 12)
    page = browser.get("/panitia/")
    assert [line.event.pk for line in page.context["events"].past] == [row.pk for row in rows[:10]]
    assert "/panitia/?lampau=1" in page.content.decode()
    every = browser.get("/panitia/", {"lampau": "1"}).context["past"]
    assert [line.event.pk for line in every] == [row.pk for row in rows]


def test_the_newest_twenty_events_can_be_copied(cast, browser):
    rows = past_events(cast.organiser, 25)
    form = browser.get("/panitia/baru/salin").context["form"]
    offered = {row.pk for row in form.fields["source"].queryset}
    assert offered == {row.pk for row in rows[-20:]}


def test_an_event_is_archived_ninety_days_after_it_is_finalised(cast, event, client):
    organiser = cast.organiser
    event = made.led(event, "closed", "running", "ended", "finalised", by=organiser)
    assert event.finalised_at is not None
    archive_finalised(event.finalised_at + ARCHIVED_AFTER - timedelta(seconds=1))
    forget_grants()
    assert made.fresh(event).state == "finalised"
    assert can(organiser.account, "change-event", event)

    archive_finalised(event.finalised_at + ARCHIVED_AFTER)
    forget_grants()
    assert made.fresh(event).state == "archived"
    assert not can(organiser.account, "change-event", event)
    assert not Grant.objects.filter(event=event, ended_at__isnull=True).exists()
    assert can(organiser.account, "create-event", Event)
    assert client.get(f"/kegiatan/{event.code}/").status_code == 200


def test_states_that_nothing_sets_become_the_nearest(cast, event):
    offered = made.joined(event, cast.participant)
    expired = made.joined(event, cast.colleague)
    made.decided(event, "revoke", [offered, expired], by=cast.organiser.account)
    for row, state in ((offered, "offered"), (expired, "expired")):
        Registration.objects.filter(pk=row.pk).update(state=state, reason="")
        DecidedRow.objects.filter(registration=row).update(before=state, after=state)

    node = ("attendance", "0004_plain_states")
    migration = MigrationLoader(connection).graph.nodes[node]
    migration.operations[0].code(apps, None)

    assert made.states([offered, expired]) == ["waitlisted", "cancelled"]
    kept = DecidedRow.objects.order_by("pk").values_list("before", "after")
    assert sorted(kept) == [("cancelled", "cancelled"), ("waitlisted", "waitlisted")]
    expired.refresh_from_db()
    assert re.search(r"\w", expired.reason)
    assert registration.withdraw(offered, actor=cast.organiser.account).state == "cancelled"
