"""``/admin/orang/``: the people, one person's page, accounts, and roles given and taken back."""

from collections.abc import Iterable, Iterator
from datetime import date
from typing import Any
from uuid import UUID

import django_filters
from allauth.mfa.models import Authenticator
from django import forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Prefetch, Q, QuerySet
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from attendance.models import Event
from clinic.desks.acts import AdministratorAct, Crumbs, OffersUnits, Text
from clinic.lib.errors import Refused
from clinic.lib.templatetags.ui import day
from clinic.people import accounts, confirming, granting
from clinic.people.access import SignedInRequest, rows_of, visible
from clinic.people.accounts import CONDITIONS, AccountState, state_of
from clinic.people.arithmetic.nip import clean_nip, mask_nip
from clinic.people.forms import clean_uuids
from clinic.people.granting import UNIT_ROLES, Scope
from clinic.people.models import Account, Grant, Membership, Person, PersonMerge, Unit

ROWS_A_PAGE = 50
MOST_AT_ONCE = ROWS_A_PAGE

Role = Grant.Role
DAY = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
FIRST_YEAR, LAST_YEAR = 2000, 2100
# Everybody with an account is a participant: nobody is made one.
ROLES_TO_GIVE = [(role.value, role.label) for role in Role if role != Role.PARTICIPANT]
# Beside which field the sentence of a refusal stands.
FIELD_OF_REFUSAL = {"own_unit": "unit", "scope_does_not_fit": "role"}


# --- The list -------------------------------------------------------------------------------------
def search_people(people: QuerySet[Person], text: str) -> QuerySet[Person]:
    """Search in names, and for a whole NIP; a part of a NIP finds nobody."""
    nip = clean_nip(text.strip())
    is_named = Q(name__icontains=text.strip())
    return people.filter(is_named | Q(nip=nip) if nip else is_named)


class PersonFilters(django_filters.FilterSet):
    """What the list of people is narrowed to."""

    q = django_filters.CharFilter(label=gettext_lazy("Name or NIP"), max_length=80, method="search")
    unit = django_filters.ModelChoiceFilter(
        queryset=lambda request: visible(request.user, "import-people", Unit.objects.all()),
        to_field_name="slug",
        label=gettext_lazy("Work unit"),
        empty_label=gettext_lazy("All units"),
        method="keep_unit",
    )
    akun = django_filters.ChoiceFilter(
        choices=AccountState.choices,
        label=gettext_lazy("Account"),
        empty_label=gettext_lazy("All"),
        method="keep_state",
    )

    def search(self, people: QuerySet[Person], _name: str, text: str) -> QuerySet[Person]:
        return search_people(people, text)

    def keep_unit(self, people: QuerySet[Person], _name: str, unit: Unit) -> QuerySet[Person]:
        members = Membership.objects.on(timezone.localdate())
        below = members.filter(unit__in=Unit.objects.under(unit))
        return people.filter(pk__in=below.values("person"))

    def keep_state(self, people: QuerySet[Person], _name: str, state: str) -> QuerySet[Person]:
        return people.filter(CONDITIONS[state])


@require_safe
@never_cache
def list_people(request: SignedInRequest) -> HttpResponse:
    """People by name, with their unit of today and a masked NIP."""
    everyone = visible(request.user, "see-person", Person.objects.unmerged())
    filters = PersonFilters(request.GET, everyone, request=request)
    today = Membership.objects.on(timezone.localdate()).select_related("unit")
    ordered = (
        filters.qs.order_by("name", "pk")
        .select_related("account")
        .prefetch_related(Prefetch("memberships", queryset=today, to_attr="memberships_today"))
    )
    page = Paginator(ordered, ROWS_A_PAGE).get_page(request.GET.get("page"))
    is_without_account = filters.form.cleaned_data.get("akun") == AccountState.NONE
    context = {
        "form": filters.form,
        "page_obj": page,
        "is_narrowed": any(request.GET.get(name) for name in filters.form.fields),
        "without_account": list(page) if is_without_account else [],
        "columns": [
            {"label": text}
            for text in (_("Name"), _("NIP"), _("Work unit"), _("Position"), _("Account"))
        ],
        "rows": [build_cells(person) for person in page],
    }
    return render(request, "desks/people.html", context)


def build_cells(person: Any) -> list[dict[str, Text]]:
    """Return the cells of a person read with ``memberships_today``."""
    units = "; ".join(member.unit.name for member in person.memberships_today)
    posts = "; ".join(member.position for member in person.memberships_today if member.position)
    return [
        {"value": person.name, "url": reverse("person", args=[person.uuid])},
        {"value": mask_nip(person.nip) or "–", "label": _("NIP")},
        {"value": units or "–", "label": _("Work unit")},
        {"value": posts or "–", "label": _("Position")},
        {"value": state_of(person).label, "label": _("Account")},
    ]


# --- One person -----------------------------------------------------------------------------------
def find_person(request: SignedInRequest, uuid: UUID) -> Person:
    """Return the person of an address; 404 outside the actor's reach."""
    everyone = visible(request.user, "see-person", Person.objects.unmerged())
    return get_object_or_404(everyone.select_related("account"), uuid=uuid)


def build_crumbs(person: Person, here: Text = "") -> Crumbs:
    """Return the way from the list of people to a page of the person."""
    crumbs: Crumbs = [{"label": _("People"), "url": reverse("people_list")}]
    if not here:
        return [*crumbs, {"label": person.name}]
    own_page = reverse("person", args=[person.uuid])
    return [*crumbs, {"label": person.name, "url": own_page}, {"label": here}]


@require_safe
@never_cache
def show_person(request: SignedInRequest, uuid: UUID) -> HttpResponse:
    """The person's units, masked NIP, account, roles and merged rows, with what can be done."""
    person = find_person(request, uuid)
    members = Membership.objects.on(timezone.localdate()).filter(person__in=rows_of(person))
    state = state_of(person)
    is_own = request.user.person_id in rows_of(person)
    merges = PersonMerge.objects.filter(kept=person, undone_at__isnull=True)
    is_merged = len(rows_of(person)) > 1
    context = {
        "person": person,
        "nip": mask_nip(person.nip),
        "memberships": members.select_related("unit"),
        "state": state,
        "may_have_account": state == AccountState.NONE,
        "slip_url": slips_url([person.account]) if state == AccountState.WAITING else "",
        "grants": describe_grants(request, person),
        "merges": merges.select_related("other").order_by("merged_at") if is_merged else [],
        "acts": list_acts(person, state, is_own=is_own),
        "is_own": is_own,
        "crumbs": build_crumbs(person),
    }
    return render(request, "desks/person.html", context)


def list_acts(person: Person, state: AccountState, *, is_own: bool) -> list[dict[str, Text]]:
    """Return what can be done with the person, with a sentence on when to choose it."""

    def act(name: str, title: Text, hint: Text) -> dict[str, Text]:
        return {"url": reverse(name, args=[person.uuid]), "title": title, "hint": hint}

    acts = [
        act("person_move", _("Move to another unit"), _("From a day on, or another post there.")),
        act("person_twin", _("Merge with another row"), _("The person stands in the list twice.")),
    ]
    if state == AccountState.RETIRED:
        hint = _("It was closed by mistake, or they are back.")
        acts.append(act("person_reopen", OpenAccount.title, hint))
    elif state != AccountState.NONE and not is_own:
        if state == AccountState.ACTIVE:
            hint = _("The password is forgotten and no mail reaches the person.")
            slip = slips_url([person.account])
            acts.append({"url": slip, "title": _("Slip for a new password"), "hint": hint})
        acts.append(act("person_sessions", EndSessions.title, _("A device is lost or was shared.")))
        if Authenticator.objects.filter(user=person.account).exists():
            hint = _("Phone or security key is lost.")
            acts.append(act("person_factor", ResetFactor.title, hint))
        acts.append(act("person_close", CloseAccount.title, _("The person has left or retired.")))
    return acts


def describe_grants(request: SignedInRequest, person: Person) -> list[dict[str, Any]]:
    """Return what the page says of each role; an event the reader may not see has no name."""
    grants = list(visible(request.user, "grant-role", granting.standing_grants(person)))
    keys = [grant.event_id for grant in grants if grant.event_id]
    events = visible(request.user, "see-event", Event.objects.filter(pk__in=keys))
    titles = dict(events.values_list("pk", "title")) if keys else {}
    today = timezone.localdate()
    return [
        {
            "uuid": grant.uuid,
            "role": grant.get_role_display(),
            "scope": scope_of(grant, titles),
            "days": days_of(grant),
            "is_coming": grant.starts_on > today,
        }
        for grant in grants
    ]


def scope_of(grant: Grant, titles: dict[int, str] | None = None) -> str:
    """Say where a role holds: a unit, a unit in a year, an event, or everywhere."""
    if grant.unit:
        return f"{grant.unit.name}, {grant.year}" if grant.year else grant.unit.name
    if grant.event_id:
        return (titles or {}).get(grant.event_id) or _("one event")
    return _("the whole programme")


def days_of(grant: Grant) -> str:
    """Say from when to when a role holds."""
    days = {"first": day(grant.starts_on), "last": day(grant.ends_on)}
    if grant.ends_on:
        return _("from %(first)s to %(last)s") % days
    return _("from %(first)s, no last day") % days


# --- Accounts -------------------------------------------------------------------------------------
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


def slips_url(chosen: list[Account]) -> str:
    """Return the page of the activation slips with these accounts ticked."""
    ticked = urlencode({"pilih": [str(account.uuid) for account in chosen]}, doseq=True)
    return f"{reverse('account_slips')}?{ticked}"


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def create_account(request: SignedInRequest, uuid: UUID) -> HttpResponse:
    """Ask for an e-mail address, then make the account; the slip comes next."""
    person = find_person(request, uuid)
    if state_of(person) != AccountState.NONE:
        return redirect("person", uuid=uuid)
    form = AccountForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            accounts.create_account(person, actor=request.user, email=form.cleaned_data["email"])
        except Refused as refused:
            form.add_error("email", refused.message)
        else:
            messages.success(request, _("The account is made. Now print its activation slip."))
            return redirect("person", uuid=uuid)
    context = {
        "person": person,
        "nip": mask_nip(person.nip),
        "form": form,
        "crumbs": build_crumbs(person, _("Create the account")),
    }
    status = 422 if form.errors else 200
    return render(request, "desks/person_account.html", context, status=status)


@require_POST
@never_cache
def create_listed_accounts(request: SignedInRequest) -> HttpResponse:
    """Make the accounts of the people who were shown, and lead to their slips."""
    everyone = visible(request.user, "see-person", Person.objects.unmerged())
    uuids = clean_uuids(request.POST.getlist("orang")[:MOST_AT_ONCE])
    chosen = everyone.filter(uuid__in=uuids, account__isnull=True)
    created, skipped = accounts.create_accounts(chosen.order_by("name"), actor=request.user)
    if skipped:
        names = ", ".join(person.name for person in skipped)
        warning = _(
            "No account for these people yet; open each one and enter an e-mail address: %(names)s"
        )
        messages.warning(request, warning % {"names": names})
    if not created:
        return redirect(f"{reverse('people_list')}?akun={AccountState.NONE}")
    message = ngettext("%(count)d account made.", "%(count)d accounts made.", len(created))
    messages.success(request, message % {"count": len(created)})
    return redirect(slips_url(created))


class PersonAct(AdministratorAct):
    """An act on a person, from their page and back to it."""

    def find(self) -> None:
        self.person = find_person(self.request, self.kwargs["uuid"])
        self.subject = self.person.name
        self.back = reverse("person", args=[self.person.uuid])
        self.crumbs = build_crumbs(self.person, self.title)


class AccountAct(PersonAct):
    """An act on a person's account."""

    def find(self) -> None:
        super().find()
        try:
            self.account = self.person.account
        except Account.DoesNotExist:
            raise Http404 from None

    def check(self) -> None:
        if not self.account.is_active:
            raise Refused(_("This account is closed."), code="account_retired", status=409)
        accounts.check_not_own(self.account, self.request.user)

    def describe_sessions(self) -> Iterator[Text]:
        count = len(accounts.open_sessions(self.account))
        if count:
            yield ngettext(
                "%(count)d open session ends: the person is signed out everywhere.",
                "%(count)d open sessions end: the person is signed out everywhere.",
                count,
            ) % {"count": count}


class CloseAccount(AccountAct):
    """Close the account of somebody who has left."""

    title = gettext_lazy("Close the account")
    label = gettext_lazy("Close the account")
    is_danger = True

    def changes(self) -> Iterable[Text]:
        yield _("The person can no longer log in, with any password or link.")
        yield from self.describe_sessions()
        yield _("An activation slip that was not used is worth nothing.")

    def unchanged(self) -> Iterable[Text]:
        yield _("The history is not changed: attendance, answers and certificates stay.")
        yield _("The person stays in the list of people, in the same unit.")
        yield _("Roles are kept. They are worth nothing until the account is opened again.")

    def perform(self, reason: str) -> str:
        accounts.retire(self.account, actor=self.request.user, reason=reason)
        return _("The account of %(name)s is closed.") % {"name": self.person.name}

    def undo(self) -> tuple[str, Text]:
        return reverse("person_reopen", args=[self.person.uuid]), _("Open it again")


class OpenAccount(AccountAct):
    """Open a closed account again."""

    title = gettext_lazy("Open the account again")
    label = gettext_lazy("Open the account")

    def check(self) -> None:
        if self.account.is_active:
            raise Refused(_("This account is open."), code="account_open", status=409)

    def changes(self) -> Iterable[Text]:
        yield _("The person can log in again, with the same password and second factor.")
        for grant in granting.standing_grants(self.person):
            role = {"role": grant.get_role_display(), "scope": scope_of(grant)}
            yield _("This role holds again: %(role)s, %(scope)s.") % role

    def unchanged(self) -> Iterable[Text]:
        yield _("Somebody who never set a password needs a new activation slip.")

    def perform(self, reason: str) -> str:
        accounts.reopen(self.account, actor=self.request.user, reason=reason)
        return _("The account of %(name)s is open again.") % {"name": self.person.name}

    def undo(self) -> tuple[str, Text]:
        return reverse("person_close", args=[self.person.uuid]), _("Close it again")


class ResetFactor(AccountAct):
    """Take off a lost second factor, after seeing the person."""

    title = gettext_lazy("Take off the second factor")
    lead = gettext_lazy(
        "First make sure who is asking: see the person, or a letter of their office."
    )
    label = gettext_lazy("Take off the second factor")
    is_danger = True

    def check(self) -> None:
        super().check()
        if not Authenticator.objects.filter(user=self.account).exists():
            raise Refused(
                _("This account has no second factor."), code="factor_missing", status=409
            )

    def changes(self) -> Iterable[Text]:
        yield _("Security keys, authenticator app and recovery codes no longer count.")
        yield from self.describe_sessions()
        yield _("The person gets a notice. A role that needs a factor asks for a new one.")

    def unchanged(self) -> Iterable[Text]:
        yield _("The password stays; roles, answers and attendance stay as well.")

    def perform(self, reason: str) -> str:
        accounts.reset_second_factor(self.account, actor=self.request.user, reason=reason)
        return _("The second factor of %(name)s is taken off.") % {"name": self.person.name}


class EndSessions(AccountAct):
    """Sign a person out everywhere."""

    title = gettext_lazy("End all sessions")
    label = gettext_lazy("End all sessions")
    is_danger = True

    def check(self) -> None:
        super().check()
        if not accounts.open_sessions(self.account):
            raise Refused(_("No session is open now."), code="session_missing", status=409)

    def changes(self) -> Iterable[Text]:
        yield from self.describe_sessions()
        yield _("Answers of a quiz that were typed and not yet saved are not kept.")

    def unchanged(self) -> Iterable[Text]:
        yield _("The person can log in again at once; close the account if they must not.")
        yield _("Everything that was saved stays.")

    def perform(self, reason: str) -> str:
        count = accounts.end_all_sessions(self.account, actor=self.request.user, reason=reason)
        message = ngettext("%(count)d session ended.", "%(count)d sessions ended.", count)
        return message % {"count": count}


# --- Roles ----------------------------------------------------------------------------------------
class RoleForm(OffersUnits, forms.Form):
    """A role, the scope that it needs, and its days."""

    role = forms.ChoiceField(
        choices=[("", gettext_lazy("Choose a role")), *ROLES_TO_GIVE], label=gettext_lazy("Role")
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

    def clean_ends_on(self) -> date | None:
        first, last = self.cleaned_data.get("starts_on"), self.cleaned_data["ends_on"]
        if first and last and last < first:
            raise forms.ValidationError(_("The last day lies before the first day."))
        if last and last < timezone.localdate():
            raise forms.ValidationError(_("This day has passed."))
        return last

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        role, unit, year = (cleaned.get(name) for name in ("role", "unit", "year"))
        if role and "unit" in cleaned:
            if role not in UNIT_ROLES:
                if unit:
                    sentence = _("This role holds for no single unit. Choose “No unit”.")
                    self.add_error("unit", sentence)
            elif unit is None:
                self.add_error("unit", _("Choose the unit for which this role holds."))
            elif role == Role.REGENCY_OFFICIAL and not unit.is_root():
                sentence = _("This role holds for the whole regency. Choose the regency.")
                self.add_error("unit", sentence)
        if role and "year" in cleaned:
            if role == Role.ASSESSOR and year is None:
                self.add_error("year", _("Write the year of the assignment."))
            elif role != Role.ASSESSOR and year is not None:
                sentence = _("Only assessors are assigned for a year. Leave this empty.")
                self.add_error("year", sentence)
        return cleaned

    @property
    def scope(self) -> Scope:
        """Where the role is to hold; an organiser given no event may open events."""
        return Scope(unit=self.cleaned_data["unit"], year=self.cleaned_data["year"])


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def give_role(request: SignedInRequest, uuid: UUID) -> HttpResponse:
    """Ask for the role and its scope, then give it, after a fresh password."""
    person = find_person(request, uuid)
    if request.method == "POST" and (confirmation := confirming.ask_to_confirm(request)):
        return confirmation
    typed = confirming.typed_before(request).dict()
    today = timezone.localdate()
    units = visible(request.user, "import-people", Unit.objects.valid_on(today))
    form = RoleForm(
        request.POST if request.method == "POST" else None,
        initial=typed or {"starts_on": today},
        units=units,
    )
    if form.is_valid():
        role, first = form.cleaned_data["role"], form.cleaned_data["starts_on"]
        if granting.find_grant(person, role, scope=form.scope, day=first):
            form.add_error("role", _("This person holds this role there already."))
        else:
            try:
                grant = granting.grant(
                    person, role, actor=request.user, scope=form.scope,
                    starts_on=first, ends_on=form.cleaned_data["ends_on"],
                )  # fmt: skip
            except Refused as refused:
                if refused.code not in FIELD_OF_REFUSAL:
                    raise
                form.add_error(FIELD_OF_REFUSAL[refused.code], refused.message)
            else:
                message = _("%(name)s has the role %(role)s: %(scope)s, %(days)s.")
                messages.success(request, message % describe_grant(grant))
                return redirect("person", uuid=uuid)
    crumbs = build_crumbs(person, _("Give a role"))
    context = {"person": person, "form": form, "crumbs": crumbs}
    status = 422 if form.errors else 200
    return render(request, "desks/person_role.html", context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def take_back_role(request: SignedInRequest, uuid: UUID, grant: UUID) -> HttpResponse:
    """Name the role, then end it at once, after a fresh password."""
    person = find_person(request, uuid)
    grants = Grant.objects.filter(person__in=rows_of(person)).select_related("unit", "person")
    row = get_object_or_404(visible(request.user, "grant-role", grants), uuid=grant)
    if row.ended_at:
        return redirect("person", uuid=uuid)
    if request.method == "POST":
        if confirmation := confirming.ask_to_confirm(request):
            return confirmation
        granting.end_grant(row, actor=request.user)
        messages.success(
            request, _("%(name)s no longer has the role %(role)s.") % describe_grant(row)
        )
        return redirect("person", uuid=uuid)
    context = {
        "person": person,
        "question": _("%(name)s, %(role)s: %(scope)s, %(days)s.") % describe_grant(row),
        "back": reverse("person", args=[uuid]),
        "crumbs": build_crumbs(person, _("Take the role back")),
    }
    return render(request, "desks/person_role_end.html", context)


def describe_grant(grant: Grant) -> dict[str, str]:
    """Return what a sentence about a role names."""
    return {
        "name": grant.person.name,
        "role": grant.get_role_display(),
        "scope": scope_of(grant),
        "days": days_of(grant),
    }
