"""Every address of the house, with a sample of each, for the laws that walk them.

A package that adds an address with a thing in it (a unit, an event, an attempt) adds a line to
``SAMPLES``: how to name such a thing that belongs to a given regency's official.
"""

import io
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from allauth.mfa.models import Authenticator
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from clinic.assessments.frameworks import find_edition
from clinic.assessments.many_sheets import MEMBER, receive_zip
from clinic.assessments.sheets import record_sheet
from clinic.people import accounts, granting, merging
from clinic.people.access import PREFIX_POLICIES
from clinic.people.list_imports import UNITS
from clinic.people.models import Grant, Person
from clinic.people.signin import key_slug
from clinic.records import imports
from courses.models import ModuleIndexPage, ModulePage
from tests.attendance import made as event_made
from tests.clinic.assessments.made_workbooks import SAMPLE
from tests.clinic.insights import made as insights_made
from tests.given import make_person
from tests.quizzes import made

# Other packages' views that take every path; what they show has rules of its own (page privacy).
CATCH_ALL = frozenset({"wagtail_serve"})
NOBODYS = {"uuid": lambda: str(uuid4()), "slug": lambda: "tidak-ada", "str": lambda: "tidak-ada"}
REGEX_GROUPS = {"uidb36": "tidakada", "key": "tidak-ada"}


@dataclass(frozen=True)
class Address:
    """One URL pattern of ours: its name, its route, what it asks for, and its policy."""

    name: str
    route: str
    arguments: tuple[str, ...]
    policy: str | None
    pattern: URLPattern

    @property
    def prefix_policy(self) -> str | None:
        """The permission that guards it by the start of its path, for other packages' views."""
        return next(
            (p for start, p in PREFIX_POLICIES.items() if self.route.startswith(start)), None
        )

    def nobodys(self) -> str:
        """A path that names nothing there is."""
        converters = getattr(self.pattern.pattern, "converters", {})
        kwargs = {
            name: REGEX_GROUPS.get(name) or NOBODYS[_kind(converters[name])]()
            for name in self.arguments
        }
        return reverse(self.name, kwargs=kwargs)


def _kind(converter: Any) -> str:
    return type(converter).__name__.removesuffix("Converter").lower().replace("string", "str")


def addresses() -> list[Address]:
    """Return every pattern that the resolver knows, in order."""
    return list(_walk(get_resolver().url_patterns, ""))


def ours() -> list[Address]:
    """Return those with a declared policy and a name: the pages a test can call.

    The API has its own laws: it answers in JSON and never redirects.
    """
    return [
        address
        for address in addresses()
        if address.policy is not None and address.name and not address.route.startswith("api/")
    ]


def _walk(patterns: list[Any], before: str) -> Iterator[Address]:
    for pattern in patterns:
        route = before + str(pattern.pattern).lstrip("^")
        if isinstance(pattern, URLResolver):
            yield from _walk(pattern.url_patterns, route)
        else:
            arguments = tuple(pattern.pattern.regex.groupindex)
            policy = getattr(pattern.callback, "policy", None)
            yield Address(pattern.name or "", route, arguments, policy, pattern)


def _key_of(official: Person) -> dict[str, str]:
    key = Authenticator.objects.create(
        user=official.account, type="webauthn", data={"name": "Kunci", "credential": {}}
    )
    return {"pk": key_slug(key)}


def _import_of(official: Person) -> dict[str, str]:
    received = imports.receive(
        UNITS, SimpleUploadedFile("unit.csv", b"slug,name,kind,parent\n"), actor=official.account
    )
    return {"uuid": str(received.uuid)}


def _zip_of(official: Person) -> dict[str, str]:
    return {"uuid": str(_receive_zip(official).uuid)}


def _zip_member_of(official: Person) -> dict[str, str]:
    zip_ = _receive_zip(official)
    member = imports.receive(
        MEMBER,
        SimpleUploadedFile("lke.xlsx", SAMPLE.read_bytes()),
        actor=official.account,
        parent=zip_,
    )
    return {"uuid": str(member.uuid)}


def _receive_zip(official: Person) -> imports.Import:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.write(SAMPLE, "lke.xlsx")
    return receive_zip(SimpleUploadedFile("lke.zip", content.getvalue()), actor=official.account)


def _quiz_of(official: Person) -> dict[str, str]:
    return {"slug": made.assignment_of(official).quiz.slug}


def _assignment_of(official: Person) -> dict[str, str]:
    return {"assignment": str(made.assignment_of(official).uuid)}


def _taker_of(official: Person) -> dict[str, str]:
    return {**_assignment_of(official), "person": str(official.uuid)}


def _attempt_of(official: Person) -> dict[str, str]:
    return {"attempt": str(made.attempt_of(official).uuid)}


def _item_of(official: Person) -> dict[str, str]:
    return {**_attempt_of(official), "number": "1"}


def _sheet_of(official: Person) -> dict[str, str]:
    edition = find_edition("zi-2021")
    unit = official.memberships.get().unit.get_root()
    recorded = record_sheet(unit=unit, edition=edition, period=2025, rows={})
    return {"slug": unit.slug, "framework": edition.slug, "period": str(recorded.sheet.period)}


def _unit_of(official: Person) -> dict[str, str]:
    return {"slug": official.memberships.get().unit.get_root().slug}


def _conditions_of(official: Person) -> dict[str, str]:
    return {**_unit_of(official), "period": "2025"}


def _condition_of(official: Person) -> dict[str, str]:
    return {**_conditions_of(official), "code": "sakip"}


def _row_of(official: Person) -> dict[str, str]:
    return {**_sheet_of(official), "code": "A.I.1.i.a"}


def _finding_of(official: Person) -> dict[str, str]:
    edition = insights_made.zi()
    unit = official.memberships.get().unit
    return {"unit": unit.slug, "area": "pengawasan", "edition": edition.slug, "period": "2026"}


def _event_of(official: Person) -> dict[str, str]:
    row = event_made.seat_of(official)
    return {"code": row.event.code}


def _seat_of(official: Person) -> dict[str, str]:
    row = event_made.seat_of(official)
    return {"code": row.event.code, "person": str(row.uuid)}


def _step_of(official: Person) -> dict[str, str]:
    return {**_event_of(official), "step": "apa"}


def _session_of(official: Person) -> dict[str, str]:
    event = event_made.seat_of(official).event
    return {"code": event.code, "session": str(event.sessions.first().uuid)}


def _act_of(official: Person) -> dict[str, str]:
    return {**_event_of(official), "act": "tutup"}


def _module_of(official: Person) -> dict[str, str]:
    draft = ModulePage(
        title="Draf",
        slug=f"draf-{official.pk}",
        promise="-",
        area_id="pengawasan",
        owner=official.account,
        live=False,
    )
    ModuleIndexPage.objects.get().add_child(instance=draft)
    return {"slug": draft.slug}


def _person_of(official: Person) -> dict[str, str]:
    return {"uuid": str(_colleague_of(official).uuid)}


def _role_of(official: Person) -> dict[str, str]:
    colleague = _colleague_of(official)
    scope = granting.Scope(unit=colleague.memberships.get().unit)
    given = granting.grant(colleague, Grant.Role.OPERATOR, actor=None, scope=scope)
    return {"uuid": str(colleague.uuid), "grant": str(given.uuid)}


def _member_of(official: Person) -> dict[str, str]:
    colleague = _colleague_of(official)
    colleague.nip = f"19800101200501{1000 + colleague.pk}"
    colleague.save()
    accounts.create_account(colleague)
    return {"uuid": str(colleague.uuid)}


def _twin_of(official: Person) -> dict[str, str]:
    return {**_person_of(official), "other": str(_colleague_of(official).uuid)}


def _merged_of(official: Person) -> dict[str, str]:
    keep, other = _colleague_of(official), _colleague_of(official)
    merging.merge(keep, other, actor=None, reason="Satu orang")
    return {"uuid": str(keep.uuid), "other": str(other.uuid)}


def _colleague_of(official: Person) -> Person:
    return make_person(f"Rekan {official.name}", official.memberships.get().unit)


# Things that are everybody's; their pages show what the reader may see of it, and no more.
SHARED = frozenset({"change_area"})

# What belongs to the official of one regency and must be 404 to the official of another (D2, S2).
SAMPLES: dict[str, Callable[[Person], dict[str, str]]] = {
    "finding": _finding_of,
    "import_preview": _import_of,
    "import_problems": _import_of,
    "many_check": _zip_of,
    "many_table": _zip_of,
    "many_member": _zip_member_of,
    "many_remarks": _zip_member_of,
    "event_register": _event_of,
    "event_own": _event_of,
    "event_own_qr": _event_of,
    "event_propose": _event_of,
    "organiser_event": _event_of,
    "organiser_people": _event_of,
    "organiser_door": _event_of,
    "organiser_walk_in": _event_of,
    "organiser_sheet": _event_of,
    "organiser_invite": _event_of,
    "organiser_person": _seat_of,
    "organiser_settings": _step_of,
    "organiser_session": _session_of,
    "organiser_act": _act_of,
    "organiser_change": _seat_of,
    "quiz_start": _quiz_of,
    "quiz_takers": _assignment_of,
    "quiz_extension": _taker_of,
    "attempt_check": _attempt_of,
    "attempt_result": _attempt_of,
    "attempt_item": _item_of,
    "unit_conditions": _conditions_of,
    "unit_condition": _condition_of,
    "unit_profile": _unit_of,
    "sheet": _sheet_of,
    "sheet_row": _row_of,
    "sheet_undo": _sheet_of,
    "mfa_edit_webauthn": _key_of,
    "mfa_remove_webauthn": _key_of,
    "module_review": _module_of,
    "person": _person_of,
    "person_account": _person_of,
    "person_role": _person_of,
    "person_role_end": _role_of,
    "person_close": _member_of,
    "person_reopen": _member_of,
    "person_factor": _member_of,
    "person_sessions": _member_of,
    "person_move": _person_of,
    "person_twin": _person_of,
    "person_merge": _twin_of,
    "person_unmerge": _merged_of,
    "unit": _unit_of,
    "unit_rename": _unit_of,
    "unit_move": _unit_of,
    "unit_merge": _unit_of,
    "unit_split": _unit_of,
    "unit_end": _unit_of,
    "unit_reopen": _unit_of,
}
