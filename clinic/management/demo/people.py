"""The people of the demo, named by their position and marked "Contoh": no real person.

Their sample NIP begin with 1900, so that none can be a living person's.
"""

from dataclasses import dataclass
from datetime import date

from django.conf import settings

from clinic.management.demo import sheets
from clinic.management.demo.region import seeded_uuid
from clinic.people import accounts, granting
from clinic.people.arithmetic.person_rows import PersonRow
from clinic.people.granting import Scope
from clinic.people.importing_people import apply_people
from clinic.people.models import Account, Grant, Membership, Person, Unit

SINCE = date(2021, 1, 4)
ASSESSED_YEAR = sheets.ZI[1]  # the assessor is to find sheets in the year of the assignment
Role = Grant.Role


@dataclass(frozen=True)
class DemoLogin:
    """One demo account: what it logs in with, where it works, which roles it holds."""

    email: str
    unit: str
    position: str
    roles: tuple[tuple[str, str], ...] = ()


LOGINS = (
    DemoLogin("peserta@demo.test", "kecamatan-contoh-kota", "Sekretaris"),
    DemoLogin("peserta2@demo.test", "dinas-pertanian", "Sekretaris"),
    DemoLogin(
        "panitia@demo.test", "bagian-organisasi", "Analis Tata Laksana", ((Role.ORGANISER, ""),)
    ),
    DemoLogin("panitia2@demo.test", "bagian-organisasi", "Pranata Acara", ((Role.ORGANISER, ""),)),
    DemoLogin(
        "pejabat@demo.test",
        "dinas-kesehatan",
        "Sekretaris",
        ((Role.UNIT_OFFICIAL, "dinas-kesehatan"),),
    ),
    DemoLogin(
        "operator@demo.test",
        "dinas-kesehatan",
        "Operator Penilaian",
        ((Role.OPERATOR, "dinas-kesehatan"),),
    ),
    DemoLogin(
        "kabupaten@demo.test",
        "bagian-organisasi",
        "Kepala Bagian",
        ((Role.REGENCY_OFFICIAL, "kabupaten-contoh"),),
    ),
    DemoLogin(
        "penilai@demo.test",
        "inspektorat",
        "Auditor Muda",
        ((Role.ASSESSOR, "dinas-kesehatan"), (Role.ASSESSOR, "kecamatan-contoh-kota")),
    ),
    DemoLogin("penyusun@demo.test", "bagian-organisasi", "Penyusun Modul", ((Role.AUTHOR, ""),)),
    DemoLogin("pengulas@demo.test", "bkpsdm", "Penelaah Modul", ((Role.REVIEWER, ""),)),
    DemoLogin("admin@demo.test", "dinas-kominfo", "Pengelola Sistem", ((Role.ADMINISTRATOR, ""),)),
)
# Units that send staff to the clinic beside their secretary and their planner; with them and the
# first planners 64 people are registered.
EXTRA_STAFF = {
    "dinas-kesehatan": 2,
    "puskesmas-contoh-kota": 3,
    "dinas-sosial": 1,
    "kecamatan-contoh-hilir": 2,
}
PLANNERS = 15
PARTICIPANT_POSITIONS = ("Sekretaris", "Pejabat Perencana", "Pelaksana")
# The secretary who is also the unit's official and whose answers are the unit's only ones.
OFFICIAL_WHO_ANSWERS = "kecamatan-contoh-pesisir"


def load_people(tops: list[Unit]) -> None:
    """Load everybody through the import that people use."""
    rows = [
        PersonRow(
            row=number,
            name=f"Contoh - {_describe_position(position, unit)}",
            nip=nip,
            unit=slug,
            position=position,
            email=email,
            start=SINCE,
        )
        for number, (slug, unit, position, nip, email) in enumerate(_list_people(tops), 1)
    ]
    apply_people(rows, actor=None, today=SINCE, is_demo=True)
    for person in Person.objects.filter(is_demo=True):
        Person.objects.filter(pk=person.pk).update(uuid=seeded_uuid(f"person:{person.nip}"))


def _describe_position(position: str, unit: str) -> str:
    """Return position and unit; what both name, such as the kind of unit, once."""
    kind = unit.split(maxsplit=1)[0]
    return f"{position.removesuffix(f' {kind}')} {unit}"


def _list_people(tops: list[Unit]) -> list[tuple[str, str, str, str, str]]:
    names = dict(Unit.objects.values_list("slug", "name"))
    people = [(login.unit, login.position, login.email) for login in LOGINS]
    taken = {(slug, position) for slug, position, _email in people}
    positions = [(unit.slug, "Sekretaris") for unit in tops]
    positions += [(unit.slug, "Pejabat Perencana") for unit in tops[:PLANNERS]]
    for slug, count in EXTRA_STAFF.items():
        positions += [(slug, f"Pelaksana {number}") for number in range(1, count + 1)]
    people += [(slug, name, "") for slug, name in positions if (slug, name) not in taken]
    return [
        (slug, names[slug], position, sample_nip(number), email)
        for number, (slug, position, email) in enumerate(people, 1)
    ]


def sample_nip(number: int) -> str:
    """Return a well-formed NIP of somebody born in 1900: nobody's."""
    sex = 1 + number % 2
    return f"1900{1 + number % 12:02d}{1 + number % 28:02d}192103{sex}{number:03d}"


def load_logins(units: dict[str, Unit]) -> dict[str, Account]:
    """Give the demo logins their accounts, password and roles; return them by e-mail address."""
    by_email = {}
    for login in LOGINS:
        person = Person.objects.get(email=login.email)
        account = accounts.create_account(person, is_demo=True)
        accounts.set_password(account, settings.DEMO_PASSWORD)
        for role, slug in login.roles:
            year = ASSESSED_YEAR if role == Role.ASSESSOR else None
            scope = Scope(unit=units.get(slug), year=year)
            granting.grant(person, role, scope=scope, starts_on=SINCE, actor=None)
        by_email[login.email] = account
    return by_email


def load_participants(units: dict[str, Unit]) -> list[Account]:
    """Give everybody who takes part in clinics an account without a password, in official order."""
    members = Membership.objects.filter(person__is_demo=True).select_related("person", "unit")
    participants = [
        accounts.create_account(member.person, is_demo=True)
        for member in members.order_by("unit__path", "id")
        if member.position.startswith(PARTICIPANT_POSITIONS)
    ]
    unit = units[OFFICIAL_WHO_ANSWERS]
    staff = set(Membership.objects.filter(unit=unit).values_list("person", flat=True))
    official = next(account for account in participants if account.person_id in staff)
    granting.grant(
        official.person,
        Role.UNIT_OFFICIAL,
        scope=Scope(unit=unit),
        starts_on=SINCE,
        actor=None,
    )
    return participants
