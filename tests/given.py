"""What tests start from: one cast of people, made through the services.

Take ``cast`` and pick from it: ``cast.participant.account``. Everybody but ``walk_in`` has an
account with the password ``PASSWORD``. Two regencies live side by side; nobody of one may see
anything of the other (D2).
"""

from dataclasses import dataclass
from datetime import date

import pytest
from django.contrib.auth.models import AnonymousUser
from django.test import Client

from clinic.people import accounts, granting
from clinic.people.granting import Scope
from clinic.people.models import Account, Grant, Membership, Person, Unit
from tests.replaying import Recording

Role = Grant.Role
PASSWORD = "kata-sandi-uji-2026"
YEAR = 2026
SINCE = date(2020, 1, 1)

__all__ = ["anonymous", "cast", "confirmed", "one_factor", "regencies", "signed_in"]


@dataclass(frozen=True)
class Regency:
    """One regency with an inspectorate, a secretariat section, two offices and one part."""

    root: Unit
    section: Unit
    inspectorate: Unit
    health: Unit
    clinic: Unit
    district: Unit


@dataclass(frozen=True)
class Cast:
    """Everybody a test may need; each is a Person, most with an ``account``."""

    participant: Person
    colleague: Person
    stranger: Person
    organiser: Person
    unit_official: Person
    operator: Person
    regency_official: Person
    assessor: Person
    author: Person
    reviewer: Person
    admin: Person
    walk_in: Person
    other_unit_official: Person
    other_regency_official: Person

    def by_role(self) -> dict[str, Person]:
        """One person for each role of the access matrix that has an account."""
        return {
            Role.PARTICIPANT: self.participant,
            Role.ORGANISER: self.organiser,
            Role.UNIT_OFFICIAL: self.unit_official,
            Role.OPERATOR: self.operator,
            Role.REGENCY_OFFICIAL: self.regency_official,
            Role.ASSESSOR: self.assessor,
            Role.AUTHOR: self.author,
            Role.REVIEWER: self.reviewer,
            Role.ADMINISTRATOR: self.admin,
        }


def make_regency(prefix: str, *, zone: str = "Asia/Makassar") -> Regency:
    """Make the units of one regency; slugs start with the prefix."""
    root = Unit.add_root(
        slug=f"kabupaten-{prefix}", name=f"Kabupaten {prefix}", kind=Unit.Kind.REGENCY, zone=zone
    )

    def below(parent: Unit, name: str, kind: str, order: int = 0) -> Unit:
        parent.refresh_from_db()
        return parent.add_child(
            slug=f"{name}-{prefix}".lower().replace(" ", "-"),
            name=f"{name} {prefix}",
            kind=kind,
            order=order,
        )

    health = below(root, "Dinas Kesehatan", Unit.Kind.OFFICE, 3)
    return Regency(
        root=root,
        section=below(root, "Bagian Organisasi", Unit.Kind.SECTION, 1),
        inspectorate=below(root, "Inspektorat", Unit.Kind.INSPECTORATE, 2),
        health=health,
        clinic=below(health, "Puskesmas Kota", Unit.Kind.PUSKESMAS),
        district=below(root, "Kecamatan Hulu", Unit.Kind.DISTRICT, 4),
    )


def make_person(name: str, unit: Unit, *, nip: str = "", email: str = "") -> Person:
    """Make a person who works in the unit since 2020."""
    person = Person.objects.create(name=name, nip=nip, email=email)
    Membership.objects.create(person=person, unit=unit, start=SINCE)
    return person


def make_member(name: str, unit: Unit, *, nip: str = "", email: str = "") -> Person:
    """Make a person with an account; the log-in name is the NIP, else the e-mail address."""
    person = make_person(name, unit, nip=nip, email=email)
    account = accounts.create_account(person)
    accounts.set_password(account, PASSWORD)
    return person


def _make_regencies() -> tuple[Regency, Regency]:
    return make_regency("Contoh"), make_regency("Sebelah", zone="Asia/Jayapura")


def _make_cast(home: Regency, away: Regency) -> Cast:
    admin = make_member("Admin", home.section, email="admin@uji.test")
    granting.grant(admin, Role.ADMINISTRATOR, actor=None, starts_on=SINCE)

    def with_role(person: Person, role: str, **scope) -> Person:
        granting.grant(person, role, actor=admin.account, scope=Scope(**scope), starts_on=SINCE)
        return person

    def member(name: str, unit: Unit, **names: str) -> Person:
        names = names or {"email": f"{name.lower().replace(' ', '-')}@uji.test"}
        return make_member(name, unit, **names)

    return Cast(
        admin=admin,
        participant=with_role(
            member("Peserta", home.district, nip="199001012015011001"), Role.PARTICIPANT
        ),
        colleague=with_role(member("Rekan", home.district), Role.PARTICIPANT),
        stranger=with_role(member("Orang Lain", home.health), Role.PARTICIPANT),
        organiser=with_role(member("Panitia", home.section), Role.ORGANISER),
        unit_official=with_role(
            member("Pejabat", home.health, nip="198505052010012002"),
            Role.UNIT_OFFICIAL,
            unit=home.health,
        ),
        operator=with_role(member("Operator", home.health), Role.OPERATOR, unit=home.health),
        regency_official=with_role(
            member("Sekretariat", home.section), Role.REGENCY_OFFICIAL, unit=home.root
        ),
        assessor=with_role(
            member("Penilai", home.inspectorate), Role.ASSESSOR, unit=home.health, year=YEAR
        ),
        author=with_role(member("Penyusun", home.section), Role.AUTHOR),
        reviewer=with_role(member("Pengulas", home.section), Role.REVIEWER),
        walk_in=make_person("Tamu tanpa akun", home.clinic),
        other_unit_official=with_role(
            member("Pejabat Hulu", home.district), Role.UNIT_OFFICIAL, unit=home.district
        ),
        other_regency_official=with_role(
            member("Sekretariat Sebelah", away.section), Role.REGENCY_OFFICIAL, unit=away.root
        ),
    )


REGENCIES = Recording(_make_regencies)
CAST = Recording(_make_cast)


@pytest.fixture
def regencies(db) -> tuple[Regency, Regency]:
    """Two regencies; tests live in the first, the second must stay out of sight."""
    return REGENCIES.play()


@pytest.fixture
def cast(regencies) -> Cast:
    """The cast, with the roles granted by the administrator."""
    return CAST.play(*regencies, ground=tuple(regency.root.pk for regency in regencies))


@pytest.fixture
def anonymous() -> AnonymousUser:
    """Somebody who is not signed in."""
    return AnonymousUser()


@pytest.fixture
def one_factor(settings):
    """Staff enter with their password alone, as on the demo."""
    settings.KLINIK_SECOND_FACTOR = False


@pytest.fixture
def signed_in():
    """Return a function that gives a browser signed in as an account, past the log-in page."""

    def open_browser(account: Account) -> Client:
        browser = Client()
        browser.force_login(account)
        return browser

    return open_browser


@pytest.fixture
def confirmed(signed_in):
    """As ``signed_in``, and the password was typed again just now."""

    def open_browser(account: Account) -> Client:
        browser = signed_in(account)
        browser.post("/akun/masuk/ulang/", {"password": PASSWORD})
        return browser

    return open_browser
