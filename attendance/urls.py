"""Addresses of the events: ``/kegiatan/`` for everybody, ``/panitia/`` for organisers."""

from django.urls import path

from attendance.views import events, inviting, organisers, participants, planning
from clinic.people.access import policy

_public = policy("public")
_make = policy("create-event")
_run = policy("change-event")
_door = policy("record-scan")
_join = policy("register")
_own = policy("signed-in")

urlpatterns = [
    path("kegiatan/", _public(events.events), name="events"),
    path("kegiatan/<slug:code>/", _public(events.event), name="event"),
    path("kegiatan/<slug:code>/daftar", _join(events.event_register), name="event_register"),
    path("kegiatan/<slug:code>/saya", _own(events.event_own), name="event_own"),
    path("kegiatan/<slug:code>/saya.png", _own(events.event_own_qr), name="event_own_qr"),
    path("kegiatan/<slug:code>/usulan", _join(events.event_propose), name="event_propose"),
    path("panitia/", _run(organisers.organiser_events), name="organiser_events"),
    path("panitia/baru/", _make(planning.organiser_new), name="organiser_new"),
    path("panitia/baru/salin", _make(planning.organiser_copy), name="organiser_copy"),
    path("panitia/<slug:code>/", _run(organisers.organiser_event), name="organiser_event"),
    path(
        "panitia/<slug:code>/peserta", _run(participants.organiser_people), name="organiser_people"
    ),
    path("panitia/<slug:code>/undang", _run(inviting.organiser_invite), name="organiser_invite"),
    path(
        "panitia/<slug:code>/peserta/<uuid:person>/ubah",
        _run(participants.organiser_change),
        name="organiser_change",
    ),
    path(
        "panitia/<slug:code>/peserta/<uuid:person>",
        _run(participants.organiser_person),
        name="organiser_person",
    ),
    path(
        "panitia/<slug:code>/atur/<slug:step>",
        _run(planning.organiser_settings),
        name="organiser_settings",
    ),
    path(
        "panitia/<slug:code>/atur/waktu/<uuid:session>",
        _run(planning.organiser_session),
        name="organiser_session",
    ),
    path(
        "panitia/<slug:code>/keadaan/<slug:act>", _run(planning.organiser_act), name="organiser_act"
    ),
    path("panitia/<slug:code>/absen", _door(organisers.organiser_door), name="organiser_door"),
    path(
        "panitia/<slug:code>/absen/tamu",
        _door(organisers.organiser_walk_in),
        name="organiser_walk_in",
    ),
    path(
        "panitia/<slug:code>/daftar-hadir.pdf",
        _run(organisers.organiser_sheet),
        name="organiser_sheet",
    ),
]
