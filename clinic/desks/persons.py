"""``/admin/orang/<uuid>/``: one person, the account and the roles; and accounts for many.

``/admin/orang/<uuid>/peran/``: giving a person a role, and taking one back.
"""

from collections.abc import Mapping
from datetime import date
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from attendance.models import Event
from clinic.lib.errors import Refused
from clinic.lib.templatetags.ui import day
from clinic.people import accounts, confirming, granting
from clinic.people.access import rows_of, visible
from clinic.people.accounts import AccountState, state_of
from clinic.people.arithmetic.nip import mask_nip
from clinic.people.granting import UNIT_ROLES, Scope
from clinic.people.models import Account, Grant, Membership, Person, Unit

MOST_AT_ONCE = 50  # a page of the list


class AccountForm(forms.Form):
    """The one thing that a new account may need beside what is known of the person."""

    email = forms.EmailField(
        label=gettext_lazy("E-mail"),
        max_length=254,
        required=False,
        help_text=gettext_lazy(
            "Leave this empty to keep what the list of people says. Somebody without a NIP logs "
            "in with this address."
        ),
    )


def find_person(request: HttpRequest, uuid: UUID) -> Person:
    """Return the person of an address; 404 outside the actor's reach."""
    everyone = visible(request.user, "see-person", Person.objects.unmerged())
    return get_object_or_404(everyone.select_related("account"), uuid=uuid)


def standing_grants(request: HttpRequest, person: Person) -> QuerySet[Grant]:
    """Return the person's roles that are in force or begin later, oldest first."""
    open_ended = Q(ends_on__isnull=True) | Q(ends_on__gte=timezone.localdate())
    held = Grant.objects.filter(open_ended, person__in=rows_of(person), ended_at__isnull=True)
    allowed = visible(request.user, "grant-role", held)
    return allowed.select_related("unit", "person").order_by("starts_on", "pk")


def crumbs_of(person: Person, here: str = "") -> list[dict[str, str]]:
    """Return the way from the list of people to a page of the person."""
    way = [{"label": _("People"), "url": reverse("people_list")}]
    if not here:
        return [*way, {"label": person.name}]
    own_page = reverse("person", args=[person.uuid])
    return [*way, {"label": person.name, "url": own_page}, {"label": here}]


def scope_of(given: Grant, titles: dict[int, str] | None = None) -> str:
    """Say where a role holds: a unit, a unit in a year, an event, or everywhere."""
    if given.unit:
        return f"{given.unit.name}, {given.year}" if given.year else given.unit.name
    if given.event_id:
        return (titles or {}).get(given.event_id) or _("one event")
    return _("the whole programme")


def days_of(given: Grant) -> str:
    """Say from when to when a role holds."""
    told = {"first": day(given.starts_on), "last": day(given.ends_on)}
    if given.ends_on:
        return _("from %(first)s to %(last)s") % told
    return _("from %(first)s, no last day") % told


@require_safe
@never_cache
def person(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """The person's posts, masked NIP, state of the account, and roles."""
    found = find_person(request, uuid)
    posts = Membership.objects.on(timezone.localdate()).filter(person__in=rows_of(found))
    state = state_of(found)
    context = {
        "person": found,
        "nip": mask_nip(found.nip),
        "posts": posts.select_related("unit"),
        "state": state,
        "may_have_account": state == AccountState.NONE,
        "slip_url": slips_url([found.account]) if state == AccountState.WAITING else "",
        "grants": _shown_grants(request, found),
        "is_own": request.user.person_id in rows_of(found),
        "crumbs": crumbs_of(found),
    }
    return render(request, "desks/person.html", context)


def _shown_grants(request: HttpRequest, person: Person) -> list[dict[str, Any]]:
    held = list(standing_grants(request, person))
    events = [given.event_id for given in held if given.event_id]
    seen = visible(request.user, "see-event", Event.objects.filter(pk__in=events))
    titles = dict(seen.values_list("pk", "title")) if events else {}
    today = timezone.localdate()
    return [
        {
            "uuid": given.uuid,
            "role": given.get_role_display(),
            "scope": scope_of(given, titles),
            "days": days_of(given),
            "is_coming": given.starts_on > today,
        }
        for given in held
    ]


def slips_url(made: list[Account]) -> str:
    """Return the page of the activation slips with these accounts ticked."""
    ticked = urlencode({"pilih": [str(account.uuid) for account in made]}, doseq=True)
    return f"{reverse('account_slips')}?{ticked}"


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def create_account(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Ask for an e-mail address, then make the account; the slip comes next."""
    found = find_person(request, uuid)
    if state_of(found) != AccountState.NONE:
        return redirect("person", uuid=uuid)
    form = AccountForm(request.POST if request.method == "POST" else None)
    if form.is_valid() and _made(request, found, form):
        return redirect("person", uuid=uuid)
    context = {
        "person": found,
        "nip": mask_nip(found.nip),
        "form": form,
        "crumbs": crumbs_of(found, _("Create the account")),
    }
    status = 422 if form.errors else 200
    return render(request, "desks/person_account.html", context, status=status)


def _made(request: HttpRequest, person: Person, form: AccountForm) -> bool:
    try:
        accounts.create_account(person, actor=request.user, email=form.cleaned_data["email"])
    except Refused as refused:
        form.add_error("email", refused.message)
        return False
    messages.success(request, _("The account is made. Now print its activation slip."))
    return True


@require_POST
@never_cache
def create_for_shown(request: HttpRequest) -> HttpResponse:
    """Make the accounts of the people who were shown, and lead to their slips."""
    everyone = visible(request.user, "see-person", Person.objects.unmerged())
    chosen = everyone.filter(uuid__in=_uuids(request.POST), account__isnull=True)
    made, left = accounts.create_accounts(chosen.order_by("name"), actor=request.user)
    if left:
        names = ", ".join(person.name for person in left)
        told = _(
            "No account for these people yet; open each one and enter an e-mail address: %(names)s"
        )
        messages.warning(request, told % {"names": names})
    if not made:
        return redirect(f"{reverse('people_list')}?akun={AccountState.NONE}")
    told = ngettext("%(count)d account made.", "%(count)d accounts made.", len(made))
    messages.success(request, told % {"count": len(made)})
    return redirect(slips_url(made))


def _uuids(posted: QueryDict) -> list[UUID]:
    field = forms.UUIDField()
    found = []
    for text in posted.getlist("orang")[:MOST_AT_ONCE]:
        try:
            found.append(field.clean(text))
        except forms.ValidationError:
            continue
    return found


Role = Grant.Role
DAY = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
FIRST_YEAR, LAST_YEAR = 2000, 2100
# Everybody with an account is a participant: nobody is made one.
GIVEN = [(role.value, role.label) for role in Role if role != Role.PARTICIPANT]
# Beside which field the sentence of a refusal stands.
FIELD_OF_REFUSAL = {"own_unit": "unit", "scope_does_not_fit": "role"}


class RoleForm(forms.Form):
    """A role, the scope that it needs, and its days."""

    role = forms.ChoiceField(
        choices=[("", gettext_lazy("Choose a role")), *GIVEN], label=gettext_lazy("Role")
    )
    unit = forms.ModelChoiceField(
        Unit.objects.none(),
        to_field_name="slug",
        label=gettext_lazy("Work unit"),
        empty_label=gettext_lazy("No unit"),
        required=False,
        help_text=gettext_lazy(
            "For Pengelola RB unit, operator and assessor: the unit, with all units below it. For "
            "Sekretariat RB: the regency."
        ),
    )
    year = forms.IntegerField(
        label=gettext_lazy("Year of assignment"),
        min_value=FIRST_YEAR,
        max_value=LAST_YEAR,
        required=False,
        help_text=gettext_lazy("For assessors only."),
    )
    starts_on = forms.DateField(label=gettext_lazy("From"), widget=DAY)
    ends_on = forms.DateField(
        label=gettext_lazy("Last day"),
        widget=DAY,
        required=False,
        help_text=gettext_lazy("Without a last day the role holds until it is taken back."),
    )

    def __init__(self, *args: Any, units: QuerySet[Unit], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["unit"].queryset = units

    def clean(self) -> dict[str, Any]:
        told = super().clean() or {}
        if "role" in told:
            self._check_unit(told["role"], told)
            self._check_year(told["role"], told)
        self._check_days(told.get("starts_on"), told.get("ends_on"))
        return told

    def _check_unit(self, role: str, told: Mapping[str, Any]) -> None:
        if "unit" not in told:
            return
        unit = told["unit"]
        if role not in UNIT_ROLES:
            if unit:
                self.add_error("unit", _("This role holds for no single unit. Choose “No unit”."))
        elif unit is None:
            self.add_error("unit", _("Choose the unit for which this role holds."))
        elif role == Role.REGENCY_OFFICIAL and not unit.is_root():
            self.add_error("unit", _("This role holds for the whole regency. Choose the regency."))

    def _check_year(self, role: str, told: Mapping[str, Any]) -> None:
        if "year" not in told:
            return
        if role == Role.ASSESSOR and told["year"] is None:
            self.add_error("year", _("Write the year of the assignment."))
        elif role != Role.ASSESSOR and told["year"] is not None:
            self.add_error("year", _("Only assessors are assigned for a year. Leave this empty."))

    def _check_days(self, first: date | None, last: date | None) -> None:
        if first and last and last < first:
            self.add_error("ends_on", _("The last day lies before the first day."))
        elif last and last < timezone.localdate():
            self.add_error("ends_on", _("This day has passed."))

    @property
    def scope(self) -> Scope:
        """Where the role is to hold; an organiser given no event may open events."""
        return Scope(unit=self.cleaned_data["unit"], year=self.cleaned_data["year"])


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def give(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Ask for the role and its scope, then give it, after a fresh password."""
    person = find_person(request, uuid)
    if request.method == "POST" and (asked := confirming.ask_to_confirm(request)):
        return asked
    typed = confirming.typed_before(request).dict()
    today = timezone.localdate()
    units = visible(request.user, "import-people", Unit.objects.valid_on(today))
    form = RoleForm(
        request.POST if request.method == "POST" else None,
        initial=typed or {"starts_on": today},
        units=units,
    )
    if form.is_valid() and _given(request, person, form):
        return redirect("person", uuid=uuid)
    crumbs = crumbs_of(person, _("Give a role"))
    context = {"person": person, "form": form, "crumbs": crumbs}
    status = 422 if form.errors else 200
    return render(request, "desks/person_role.html", context, status=status)


def _given(request: HttpRequest, person: Person, form: RoleForm) -> bool:
    told = form.cleaned_data
    first = told["starts_on"]
    if granting.find_grant(person, told["role"], scope=form.scope, day=first):
        form.add_error("role", _("This person holds this role there already."))
        return False
    try:
        given = granting.grant(
            person, told["role"], actor=request.user, scope=form.scope,
            starts_on=first, ends_on=told["ends_on"],
        )  # fmt: skip
    except Refused as refused:
        if refused.code not in FIELD_OF_REFUSAL:
            raise
        form.add_error(FIELD_OF_REFUSAL[refused.code], refused.message)
        return False
    done = _("%(name)s has the role %(role)s: %(scope)s, %(days)s.")
    messages.success(request, done % _told(given))
    return True


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def take_back(request: HttpRequest, uuid: UUID, grant: UUID) -> HttpResponse:
    """Name the role, then end it at once, after a fresh password."""
    person = find_person(request, uuid)
    held = Grant.objects.filter(person__in=rows_of(person)).select_related("unit", "person")
    given = get_object_or_404(visible(request.user, "grant-role", held), uuid=grant)
    if given.ended_at:
        return redirect("person", uuid=uuid)
    if request.method == "POST":
        if asked := confirming.ask_to_confirm(request):
            return asked
        granting.end_grant(given, actor=request.user)
        messages.success(request, _("%(name)s no longer has the role %(role)s.") % _told(given))
        return redirect("person", uuid=uuid)
    question = _("%(name)s, %(role)s: %(scope)s, %(days)s.") % _told(given)
    context = {
        "person": person,
        "question": question,
        "back": reverse("person", args=[uuid]),
        "crumbs": crumbs_of(person, _("Take the role back")),
    }
    return render(request, "desks/person_role_end.html", context)


def _told(given: Grant) -> dict[str, str]:
    return {
        "name": given.person.name,
        "role": given.get_role_display(),
        "scope": scope_of(given),
        "days": days_of(given),
    }
