"""The demo region, step by step, through the services that people use."""

from collections.abc import Callable

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from clinic.insights import findings
from clinic.lib.errors import Refused
from clinic.management.demo import events, people, region, sheets
from clinic.people.access import remembering_grants
from clinic.people.models import Person


@transaction.atomic
def load_demo(write_line: Callable[[str], None]) -> bool:
    """Load the demo region, whole or not at all; return False where it was loaded before.

    Args:
        write_line: gets one line for each step, for a person who waits.
    """
    is_loaded = Person.objects.filter(is_demo=True).exists()
    holds_others = not is_loaded and Person.objects.exists()
    if settings.IS_PRODUCTION or holds_others:
        raise Refused(
            _("The demo region is not loaded: this is a real installation or holds real people."),
            code="demo_refused",
        )
    if is_loaded:
        return False
    with remembering_grants(), timezone.override(events.ZONE):
        write_line("Memuat kerangka penilaian dan capaian belajar ...")
        region.load_frameworks()
        write_line("Memuat 41 perangkat daerah dan bagiannya ...")
        units = region.load_units()
        tops = region.top_units(units)
        write_line("Memuat orang dan akun contoh ...")
        people.load_people(tops)
        people.load_logins(units)
        participants = people.load_participants(units)
        write_line("Memuat bank soal dan menerbitkan modul panduan ...")
        region.send_revised_module(region.load_content())
        write_line("Mengisi lembar penilaian contoh ...")
        sheets.load_sheets(units, tops)
        sheets.state_conditions()
        write_line("Mencatat klinik bulan Mei: 64 pendaftaran, pemindaian, dan jawaban kuis ...")
        events.load_past_clinic(units, participants)
        events.load_coming_clinic(units)
        events.load_rehearsal(units, participants)
        region.shorten_names()
        write_line("Menghitung hasil pemetaan ...")
        calibrated = findings.calibrate()
        if calibrated is not None:
            findings.store(calibrated)
    return True
