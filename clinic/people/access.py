"""The one place that decides who may do what.

A rule says, for one verb and one model, which role reaches how far. Each package registers the
rules of its own models in its own ``access`` module, so that the storeys hold; views start from
``visible`` and services ask ``require``. ``access_matrix.toml`` beside this file states the same
as data: a law compares the two, nothing loads the file at run time.

How far a role reaches is one letter:

=====  =============================================================
``o``  what belongs to the person
``a``  what the person wrote
``u``  the granted unit and all units below it; for a participant the units of own posts
``k``  the whole subtree of the granted unit's root
``e``  the granted events
``t``  the units granted for one year, never the person's own unit
``*``  all
=====  =============================================================

Which rows stand for a person and which grants are in force, each read once in a request.

How far an actor reaches, as conditions that a query can use.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Set
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import date
from functools import cache, reduce, wraps
from http import HTTPStatus
from operator import or_
from typing import Any, TypeGuard, TypeVar, cast

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import FieldDoesNotExist, PermissionDenied
from django.db.models import Exists, Model, OuterRef, Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import resolve_url
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _

from clinic.lib.errors import Refused
from clinic.lib.prepared import prepared
from clinic.people.models import Account, Grant, Membership, Person, Unit
from clinic.records.audit import AuditEntry
from clinic.records.imports import Import


@dataclass
class _Known:
    """What was read within one request; it ends with it, so that S24 holds."""

    grants: dict[tuple[int, date], list[Grant]] = field(default_factory=dict)
    rows: dict[int, frozenset[int]] = field(default_factory=dict)
    own_units: dict[int, frozenset[str]] = field(default_factory=dict)
    without_role: set[int] = field(default_factory=set)
    without_grant: set[int] = field(default_factory=set)


_known: ContextVar[_Known | None] = ContextVar("known", default=None)


@contextmanager
def remembering_grants(account: Account | None = None) -> Iterator[None]:
    """Read each person's rows and grants once inside the block: one request, one act.

    Args:
        account: whoever acts; what its own read has told is not asked again
            (``AccountQuerySet.with_standing``).
    """
    known = _Known()
    if account is not None and account.stands_alone:
        known.rows[account.person_id] = frozenset({account.person_id})
        if not account.may_hold_role:
            known.without_role.add(account.person_id)
        if not account.may_hold_grant:
            known.without_grant.add(account.person_id)
    token = _known.set(known)
    try:
        yield
    finally:
        _known.reset(token)


@contextmanager
def remembering_for_one_question() -> Iterator[None]:
    """Read each person's rows and grants once for a question that several readers answer.

    Inside a request that remembers already, nothing changes.
    """
    if _known.get() is not None:
        yield
        return
    with remembering_grants():
        yield


def forget_grants() -> None:
    """Drop what was remembered, after a grant changed within the block."""
    known = _known.get()
    if known is not None:
        known.grants.clear()
        known.without_role.clear()
        known.without_grant.clear()


def has_no_role(person: Person) -> bool:
    """Say whether it is known already that the person holds no role but the participant's."""
    known = _known.get()
    return known is not None and person.pk in known.without_role


def grants_of(person: Person, day: date | None = None) -> list[Grant]:
    """Return the person's grants in force on the day (today by default), with their units.

    A role given to a row that was merged away is the person's all the same (D12).
    """
    day = day or timezone.localdate()
    known = _known.get()
    if known is not None and person.pk in known.without_grant:
        return []
    if known is not None and (person.pk, day) in known.grants:
        return known.grants[person.pk, day]
    grants = _read_grants(rows_of(person), day)
    if known is not None:
        known.grants[person.pk, day] = grants
    return grants


@prepared
def _read_grants(person_ids: Collection[int], day: date) -> QuerySet[Grant]:
    in_force = Grant.objects.on(day).filter(person__in=person_ids)
    return in_force.select_related("unit").order_by("starts_on", "id")


def rows_of(person: Person) -> frozenset[int]:
    """Return the keys of every row that stands for the person: the kept one and merged ones."""
    known = _known.get()
    if known is not None and person.pk in known.rows:
        return known.rows[person.pk]
    found = newest = frozenset({person.resolved.pk})
    while newest:
        rows = Person.objects.filter(merged_into__in=newest).values_list("pk", flat=True)
        newest = frozenset(rows) - found
        found |= newest
    if known is not None:
        known.rows[person.pk] = found
    return found


EVERYTHING = Q(pk__isnull=False)
NOTHING = Q(pk__in=[])


@dataclass(frozen=True)
class Reach:
    """How far one actor reaches for one verb; a rule turns it into a filter.

    Every method returns a condition that matches nothing where the actor lacks that letter, so
    that a rule is the plain union of the ways it knows.

    Attributes:
        day: on which it is asked.
    """

    everything: bool = False
    whole_programme: bool = False
    person_ids: Collection[int] = frozenset()
    author_ids: frozenset[int] = frozenset()
    unit_paths: frozenset[str] = frozenset()
    event_ids: frozenset[int] = frozenset()
    assignments: frozenset[tuple[str, int]] = frozenset()
    own_unit_paths: frozenset[str] = frozenset()
    day: date = field(default_factory=timezone.localdate)

    def own(self, person: str) -> Q:
        """Rows whose field ``person`` is the actor's person, by whatever row of theirs."""
        return self._is(person, self.person_ids)

    def written(self, author: str) -> Q:
        """Rows whose field ``author`` is the actor's person, by whatever row of theirs."""
        return self._is(author, self.author_ids)

    def in_units(self, unit: str = "") -> Q:
        """Rows whose unit lies in reach; without a field the row is itself the unit."""
        if self.everything:
            return EVERYTHING
        return _join(_match_below(unit, path) for path in self.unit_paths)

    def in_own_units(self, unit: str) -> Q:
        """Rows of the very units in which the person works, not of those below."""
        return _join(_is_unit(unit, path) for path in self.own_unit_paths)

    def in_events(self, event: str) -> Q:
        """Rows whose field ``event`` is a granted event; of an event itself that is ``pk``."""
        if self.everything:
            return EVERYTHING
        return Q(**{f"{event}__in": self.event_ids}) if self.event_ids else NOTHING

    def assigned(self, unit: str, *, year: str = "") -> Q:
        """Rows of the units assigned for a year; the person's own unit is never among them."""
        if self.everything:
            return EVERYTHING
        rows = _join(
            _match_below(unit, path) & (Q(**{year: of_year}) if year else Q())
            for path, of_year in self.assignments
        )
        return rows & ~_join(_is_unit(unit, path) for path in self.own_unit_paths)

    def programme(self) -> Q:
        """Every row, for who works for the whole programme (content belongs to no unit)."""
        return EVERYTHING if self.everything or self.whole_programme else NOTHING

    def _is(self, person: str, ids: Collection[int]) -> Q:
        if self.everything:
            return EVERYTHING
        return Q(**{f"{person}__in": ids}) if ids else NOTHING


def _match_below(unit: str, path: str) -> Q:
    return Q(**{f"{unit}__path__startswith" if unit else "path__startswith": path})


def _is_unit(unit: str, path: str) -> Q:
    return Q(**{f"{unit}__path" if unit else "path": path})


def _join(conditions: Iterable[Q]) -> Q:
    """Join conditions by "or"; ``NOTHING`` and ``EVERYTHING`` stay what they are."""
    found = [condition for condition in conditions if condition is not NOTHING]
    if any(condition is EVERYTHING for condition in found):
        return EVERYTHING
    return reduce(or_, found) if found else NOTHING


Actor = Account | AnonymousUser
Row = TypeVar("Row", bound=Model)
View = Callable[..., HttpResponseBase]


class SignedInRequest(HttpRequest):
    """What a view behind a policy other than ``public`` receives."""

    user: Account


PUBLIC = "publik"
PARTICIPANT = Grant.Role.PARTICIPANT.value
ROLES = (PUBLIC, *Grant.Role.values)
EVERYBODYS = frozenset({PUBLIC, PARTICIPANT})  # of whoever is signed in
LETTERS = frozenset("oauket*")
SECOND_FACTOR_ROLES = frozenset(
    {
        Grant.Role.ORGANISER.value,
        Grant.Role.REGENCY_OFFICIAL.value,
        Grant.Role.ASSESSOR.value,
        Grant.Role.AUTHOR.value,
        Grant.Role.REVIEWER.value,
        Grant.Role.ADMINISTRATOR.value,
    }
)

# Addresses of other people's packages, by the start of their path: what guards each of them.
PREFIX_POLICIES: dict[str, str] = {
    "admin/": "wagtailadmin.access_admin",
}


@dataclass(frozen=True)
class Rule:
    """One registered answer to "who may": roles with their letter, and the filter they get."""

    verb: str
    model: type[Model]
    letters: Mapping[str, str]
    scope: Callable[[Reach], Q]
    is_reading: bool


_NONE: frozenset[str] = frozenset()
_NOBODY: frozenset[int] = frozenset()
_rules: dict[tuple[str, type[Model]], list[Rule]] = {}


def rule(
    verb: str, model: type[Model], who: str, *, is_reading: bool = False
) -> Callable[[Callable[[Reach], Q]], Callable[[Reach], Q]]:
    """Register the decorated filter for a verb.

    Args:
        verb: such as ``see-person``; one verb may have several rules for one model, each for
            other roles (a package above adds its own way of reaching a row).
        model: the model whose rows the filter narrows.
        who: roles with their letters, such as ``"operator:u admin:*"``.
        is_reading: whoever is reached may know that the row exists: a refused act on it is then
            403 and not 404.

    Raises:
        ValueError: a role or letter that does not exist, or a role ruled on twice.
    """
    letters = dict(part.split(":") for part in who.split())
    unknown = (letters.keys() - set(ROLES)) | (set(letters.values()) - LETTERS)
    earlier = {role for known in _rules.get((verb, model), []) for role in known.letters}
    if unknown or earlier & letters.keys():
        raise ValueError(f"{verb} {model.__name__}: {sorted(unknown or earlier)}")

    def register(scope: Callable[[Reach], Q]) -> Callable[[Reach], Q]:
        _rules.setdefault((verb, model), []).append(
            Rule(verb, model, letters, scope, is_reading=is_reading)
        )
        return scope

    return register


def registered() -> list[Rule]:
    """Return every rule, for the laws that compare them with the matrix."""
    return [known for rules in _rules.values() for known in rules]


def roles_of(actor: Actor) -> set[str]:
    """Return the roles in force: everybody signed in is also a participant, for own things."""
    if not _is_known(actor):
        return {PUBLIC}
    if has_no_role(actor.person):
        return set(EVERYBODYS)
    return {*EVERYBODYS, *(grant.role for grant in grants_of(actor.person))}


def can(actor: Actor, verb: str, thing: Model | type[Model]) -> bool:
    """Say whether the actor may do this to the thing; a class asks "to any at all?"."""
    if isinstance(thing, type):
        with remembering_for_one_question():
            return any(_find_held(actor, known.letters) for known in _find_rules(verb, thing))
    condition = condition_of(actor, verb, type(thing))
    if condition is NOTHING:
        return False
    return type(thing)._base_manager.filter(condition, pk=thing.pk).exists()


def condition_of(actor: Actor, verb: str, model: type[Model]) -> Q:
    """Return what the rows that the actor may do this to have in common; equal reaches are equal.

    Raises:
        LookupError: no package has registered a rule for this verb and model.
    """
    with remembering_for_one_question():
        reaches = [(known, _find_reach(actor, known.letters)) for known in _find_rules(verb, model)]
    return _join(known.scope(reach) for known, reach in reaches if reach is not None)


def condition_of_own(verb: str, model: type[Model], person_ids: Collection[int], day: date) -> Q:
    """Return what ``condition_of`` does where a verb is everybody's, for their own rows alone.

    A prepared query (``clinic.lib.prepared``) gives places of keys and of a day in their stead.

    Raises:
        LookupError: another role holds the verb too, or it reaches other people's rows.
    """
    (known,) = _find_rules(verb, model)
    if known.letters != {PARTICIPANT: "o"}:
        raise LookupError(f"{verb} on {model.__name__} is not everybody's own alone.")
    return known.scope(Reach(person_ids=person_ids, day=day))


def visible(actor: Actor, verb: str, queryset: QuerySet[Row]) -> QuerySet[Row]:
    """Keep the rows that the actor may do this to.

    Raises:
        LookupError: no package has registered a rule for this verb and model.
    """
    condition = condition_of(actor, verb, queryset.model)
    if condition is NOTHING:
        return queryset.none()
    if condition is EVERYTHING:
        return queryset.all()
    if not any(_crosses_many(queryset.model, path) for path in _paths_in(condition)):
        return queryset.filter(condition)
    # A join to many would double rows. The row asked about goes first, so that what the page
    # itself looks for narrows the search.
    rows = queryset.model._base_manager.filter(condition, pk=OuterRef("pk"))
    return queryset.filter(Exists(rows))


def _paths_in(condition: Q) -> Iterator[str]:
    """Yield the way to each field that the condition asks about."""
    for child in condition.children:
        if isinstance(child, Q):
            yield from _paths_in(child)
        elif isinstance(child, tuple):
            yield child[0]


@cache
def _crosses_many(model: type[Model], path: str) -> bool:
    """Say whether the way leads over a relation with many rows at its end."""
    at: Any = model
    for name in path.split("__"):
        try:
            field = at._meta.pk if name == "pk" else at._meta.get_field(name)
        except FieldDoesNotExist:  # the lookup at the end
            return False
        if field.one_to_many or field.many_to_many:
            return True
        if not field.is_relation:
            return False
        at = field.related_model
    return False


def require(actor: Actor, verb: str, thing: Model) -> None:
    """Stop unless the actor may do this to the thing.

    Raises:
        PermissionDenied: the thing may be seen but not changed so (403).
        Http404: it lies outside the actor's reach, so that nobody learns whether it exists.
    """
    if can(actor, verb, thing):
        return
    readings = {known.verb for known in registered() if known.is_reading and _covers(known, thing)}
    if any(can(actor, reading, thing) for reading in readings):
        raise PermissionDenied
    raise Http404


def policy(name: str) -> Callable[[View], View]:
    """Declare and enforce who may open a view: ``public``, ``signed-in``, or a verb.

    A verb asks whether any role of the actor holds it at all; the view itself still starts from
    ``visible``. Who does not hold it gets 404 where the address names a thing, else 403.
    """

    def declare(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if name == "public":
                return view(request, *args, **kwargs)
            if not _is_known(request.user):
                return ask_to_sign_in(request)
            if name != "signed-in" and not holds(request.user, name):
                if kwargs:
                    raise Http404
                raise PermissionDenied
            response = view(request, *args, **kwargs)
            if kwargs and response.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
                raise Http404  # what the address does not take tells nothing of the thing (S2)
            return response

        guarded.policy = name  # type: ignore[attr-defined]
        return guarded

    return declare


def holds(actor: Actor, verb: str) -> bool:
    """Say whether any role of the actor holds the verb, for whatever model."""
    rules = [known for (of, _model), rules in _rules.items() if of == verb for known in rules]
    return any(_find_held(actor, known.letters) for known in rules)


def ask_to_sign_in(request: HttpRequest) -> HttpResponseBase:
    """Answer somebody unknown: log-in page, 401 with HX-Redirect, or 401 for programs (S3)."""
    if request.path.startswith("/api/"):
        raise Refused(_("Sign in first."), code="not_signed_in", status=401)
    came_from = request.get_full_path()
    if request.headers.get("HX-Request"):
        came_from = _keep_own_address(request.headers.get("HX-Current-URL", ""), request)
    answer = redirect_to_login(came_from, resolve_url(settings.LOGIN_URL))
    if request.headers.get("HX-Request"):
        return HttpResponse(status=401, headers={"HX-Redirect": answer.url})
    return answer


def _keep_own_address(url: str, request: HttpRequest) -> str:
    is_ours = url_has_allowed_host_and_scheme(url, allowed_hosts={request.get_host()})
    return url if is_ours else settings.LOGIN_REDIRECT_URL


def _is_known(actor: Actor) -> TypeGuard[Account]:
    return actor.is_authenticated and actor.is_active


def _find_rules(verb: str, model: type[Model]) -> list[Rule]:
    for kind in model.__mro__:
        if (verb, kind) in _rules:
            return _rules[verb, kind]
    raise LookupError(f"No rule for {verb} on {model.__name__}.")


def _covers(known: Rule, thing: Model) -> bool:
    return isinstance(thing, known.model)


def _find_held(actor: Actor, letters: Mapping[str, str]) -> Set[str]:
    """Return the roles of these letters that the actor holds; what is everybody's asks nobody."""
    if _is_known(actor) and letters.keys() <= EVERYBODYS:
        return letters.keys()
    return letters.keys() & roles_of(actor)


def _find_reach(actor: Actor, letters: Mapping[str, str]) -> Reach | None:
    """Return how far the actor's roles reach under these letters, None for not at all."""
    held = _find_held(actor, letters)
    if not held:
        return None
    ways = {letters[role] for role in held}
    if "*" in ways:
        return Reach(everything=True)
    account = cast("Account", actor)  # no letter of a visitor reads the person
    if ways == {"o"}:
        return Reach(person_ids=rows_of(account.person))
    by_letter: dict[str, list[Grant]] = {}
    for grant in grants_of(account.person) if _is_known(actor) else []:
        if grant.role in held:
            by_letter.setdefault(letters[grant.role], []).append(grant)
    participant_reads_unit = letters.get(PARTICIPANT) == "u"
    own_units = (
        own_unit_paths(account.person) if participant_reads_unit or "t" in by_letter else _NONE
    )
    return Reach(
        whole_programme="k" in by_letter,
        person_ids=rows_of(account.person) if "o" in ways else _NOBODY,
        author_ids=rows_of(account.person) if "a" in by_letter else _NOBODY,
        unit_paths=_list_paths(by_letter.get("u", []))
        | _list_root_paths(by_letter.get("k", []))
        | (own_units if participant_reads_unit else _NONE),
        event_ids=frozenset(grant.event_id for grant in by_letter.get("e", []) if grant.event_id),
        assignments=frozenset(
            (grant.unit.path, grant.year)
            for grant in by_letter.get("t", [])
            if grant.unit is not None and grant.year is not None
        ),
        own_unit_paths=own_units,
    )


def _list_paths(grants: list[Grant]) -> frozenset[str]:
    return frozenset(grant.unit.path for grant in grants if grant.unit is not None)


def _list_root_paths(grants: list[Grant]) -> frozenset[str]:
    return frozenset(path[: Unit.steplen] for path in _list_paths(grants))


def own_unit_paths(person: Person) -> frozenset[str]:
    """Return the paths of the units in which the person works today, read once in a request."""
    known = _known.get()
    if known is not None and person.pk in known.own_units:
        return known.own_units[person.pk]
    paths = frozenset(_read_unit_paths(rows_of(person), timezone.localdate()))
    if known is not None:
        known.own_units[person.pk] = paths
    return paths


@prepared
def _read_unit_paths(person_ids: Collection[int], day: date) -> QuerySet[Membership, Any]:
    memberships = Membership.objects.on(day).filter(person__in=person_ids)
    return memberships.values_list("unit__path", flat=True)


@rule(
    "see-person",
    Person,
    "peserta:o pejabat-unit:u operator:u kabupaten:k penilai:t admin:*",
    is_reading=True,
)
def persons_seen(reach: Reach) -> Q:
    """Name, unit and position of the people who work in the units of reach today."""
    members = Membership.objects.on(timezone.localdate()).filter(
        reach.in_units("unit") | reach.assigned("unit")
    )
    return reach.own("pk") | Q(pk__in=members.values("person"))


@rule("reveal-person", Person, "peserta:o admin:*")
def persons_revealed(reach: Reach) -> Q:
    """NIP, phone and e-mail in full; each look at another person is audited."""
    return reach.own("pk")


@rule("import-people", Person, "admin:*")
@rule("import-people", Unit, "admin:*")
@rule("change-person", Person, "admin:*")
@rule("change-unit", Unit, "admin:*")
@rule("grant-role", Grant, "admin:*")
@rule("manage-account", Account, "admin:*")
def all_rows(reach: Reach) -> Q:
    """The administrator's own tables: imports, people and units, grants, accounts."""
    return EVERYTHING if reach.everything else NOTHING


@rule("see-import", Import, "peserta:o")
def imports_seen(reach: Reach) -> Q:
    """What a person has sent in; the page asks for the verb of its kind as well."""
    return reach.own("actor__person")


@rule("read-audit", AuditEntry, "peserta:o admin:*")
def audit_rows_read(reach: Reach) -> Q:
    """A person's own rows: "who has looked at my data"."""
    return reach.own("subject")
