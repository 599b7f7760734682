"""``/admin/penyiapan/``: what a new region has set up, what is missing, and what holds up what.

Every line is read from the data each time, so that one that is no longer ready stands first again
(U124).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from allauth.mfa.models import Authenticator
from django.conf import settings
from django.db.models import Max
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from clinic.assessments.models import ConditionStatement, FrameworkEdition, Sheet
from clinic.lib.templatetags.ui import clock, moment
from clinic.people.access import SECOND_FACTOR_ROLES, SignedInRequest, holds
from clinic.people.models import Account, Grant, Person, Unit
from clinic.records import backups
from clinic.records.notices import Notice
from courses.models import ModulePage, ReviewRequest
from quizzes.models import QuestionVersion, QuizVersion, VersionState

READY, NEXT, OPEN, WAITING = "ready", "next", "todo", "waiting"
USEFUL_SHEETS = 5  # units from which the map says something
Role = Grant.Role
NEEDED_ROLES = (
    Role.ADMINISTRATOR,
    Role.REGENCY_OFFICIAL,
    Role.AUTHOR,
    Role.REVIEWER,
    Role.ORGANISER,
)
STRONG = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)


@dataclass(frozen=True, kw_only=True)
class SetupStep:
    """One thing that a region needs.

    Attributes:
        url: where it is done; empty where the reader may not go.
        needs: names of the steps that come before it.
        state: ready, next, to do, or waiting for one that it needs.
    """

    name: str
    label: str
    hint: str
    url: str
    link: str
    is_done: bool
    needs: tuple[str, ...] = ()
    state: str = OPEN


@require_safe
@never_cache
def setup(request: SignedInRequest) -> HttpResponse:
    """Show what is not ready first, with one button, then what is."""
    steps = list_steps(reads_sheets=holds(request.user, "read-sheet"))
    missing = [step for step in steps if not step.is_done]
    ready = [step for step in steps if step.is_done]
    width = 100 / len(steps)
    context = {
        "title": describe(steps),
        "lead": _describe_waiting(missing),
        "missing": missing,
        "ready": ready,
        "total": len(steps),
        "strip": [
            {"x": f"{index * width:.2f}%", "width": f"{width:.2f}%", "state": step.state}
            for index, step in enumerate([*ready, *missing])
        ],
    }
    return render(request, "desks/setup.html", context)


def list_steps(*, reads_sheets: bool) -> list[SetupStep]:
    """Return every step in the order in which a region takes them, with its state.

    Args:
        reads_sheets: whether the links to sheets and conditions would open for the reader.
    """
    steps = [
        *_steps_of_units(reads_sheets=reads_sheets),
        *_steps_of_people(),
        *_steps_of_content(),
        *_steps_of_the_server(),
    ]
    return settle(steps)


def settle(steps: Sequence[SetupStep]) -> list[SetupStep]:
    """Give each step its state: the first that waits for nothing is the next."""
    undone = {step.name for step in steps if not step.is_done}
    settled, has_next = [], False
    for step in steps:
        state = READY if step.is_done else WAITING if undone & set(step.needs) else OPEN
        if state == OPEN and not has_next:
            state, has_next = NEXT, True
        settled.append(replace(step, state=state))
    return settled


def describe(steps: Sequence[SetupStep]) -> str:
    """Say in one sentence how far the region is."""
    coming = next((step for step in steps if step.state == NEXT), None)
    if coming is None:
        return _("Everything is set up")
    held = sum(coming.name in step.needs and not step.is_done for step in steps)
    if held:
        return ngettext(
            "%(step)s comes next: %(count)d other thing waits for it",
            "%(step)s comes next: %(count)d other things wait for it",
            held,
        ) % {"step": coming.label, "count": held}
    return _("%(step)s comes next") % {"step": coming.label}


def _describe_waiting(missing: Sequence[SetupStep]) -> str:
    if not missing:
        return _("What is no longer ready will stand here again.")
    return ngettext(
        "%(count)d thing is not ready yet.", "%(count)d things are not ready yet.", len(missing)
    ) % {"count": len(missing)}


def _steps_of_units(*, reads_sheets: bool) -> list[SetupStep]:
    today = timezone.localdate()
    units = Unit.objects.valid_on(today).count()
    root = Unit.get_first_root_node()
    editions = list(FrameworkEdition.objects.order_by("slug").values_list("slug", flat=True))
    newest = Sheet.objects.aggregate(year=Max("period"))["year"]
    sheets = Sheet.objects.filter(period=newest).values("unit").distinct().count() if newest else 0
    stated = ConditionStatement.objects.count()
    return [
        SetupStep(
            name="units",
            label=_("Work units"),
            hint=ngettext("%(count)d unit today.", "%(count)d units today.", units)
            % {"count": units},
            url=reverse("units_list") if units > 1 else reverse("units_import"),
            link=_("See the units") if units > 1 else _("Import units"),
            is_done=units > 1,
        ),
        SetupStep(
            name="zone",
            label=_("Time zone"),
            hint=_("%(zone)s, now %(time)s")
            % {"zone": timezone.get_current_timezone_name(), "time": clock(timezone.now())}
            if root
            else _("Comes with the regency, the first of the units."),
            url=reverse("unit", args=[root.slug]) if root else reverse("units_import"),
            link=_("See the regency"),
            is_done=root is not None,
            needs=("units",),
        ),
        SetupStep(
            name="frameworks",
            label=_("Assessment frameworks"),
            hint=", ".join(editions) or _("On the server: klinik load_framework"),
            url=reverse("sheets") if reads_sheets else "",
            link=_("See the sheets") if reads_sheets else _("Seen by the secretariat"),
            is_done=bool(editions),
        ),
        SetupStep(
            name="sheets",
            label=_("Sheets of the newest year"),
            hint=_("%(count)d of %(units)d units in %(year)s. The map is of use from %(least)d.")
            % {"count": sheets, "units": units, "year": newest, "least": USEFUL_SHEETS}
            if newest
            else _("None yet. The map is of use from %(least)d units.") % {"least": USEFUL_SHEETS},
            url=reverse("sheets") if reads_sheets else "",
            link=_("See the sheets") if reads_sheets else _("Seen by the secretariat"),
            is_done=sheets >= USEFUL_SHEETS,
            needs=("units", "frameworks", "roles"),
        ),
        SetupStep(
            name="conditions",
            label=_("Conditions of the agency"),
            hint=ngettext("%(count)d value stated.", "%(count)d values stated.", stated)
            % {"count": stated},
            url=reverse("conditions") if reads_sheets else "",
            link=_("See the conditions") if reads_sheets else _("Stated by the secretariat"),
            is_done=bool(stated),
            needs=("units", "frameworks", "roles"),
        ),
    ]


def _steps_of_people() -> list[SetupStep]:
    today = timezone.localdate()
    people = Person.objects.unmerged().count()
    grants = list(Grant.objects.on(today).values_list("role", "person"))
    held = {role for role, _person in grants}
    missing = [role.label for role in NEEDED_ROLES if role.value not in held]
    authors = {person for role, person in grants if role == Role.AUTHOR}
    reviewers = {person for role, person in grants if role == Role.REVIEWER}
    is_one_alone = len(authors | reviewers) == 1 and authors == reviewers
    staff = {person for role, person in grants if role in SECOND_FACTOR_ROLES}
    accounts = Account.objects.filter(person__in=staff, is_active=True)
    strong = Authenticator.objects.filter(type__in=STRONG).values("user")
    without = accounts.exclude(pk__in=strong).count() if settings.KLINIK_SECOND_FACTOR else 0
    return [
        SetupStep(
            name="people",
            label=_("People"),
            hint=ngettext("%(count)d person", "%(count)d people", people) % {"count": people},
            url=reverse("people_list") if people > 1 else reverse("people_import"),
            link=_("See the people") if people > 1 else _("Import people"),
            is_done=people > 1,
            needs=("units",),
        ),
        SetupStep(
            name="roles",
            label=_("Roles"),
            hint=_("Nobody holds: %(roles)s.") % {"roles": ", ".join(map(str, missing))}
            if missing
            else _("Author and reviewer are one person: nobody publishes their own work.")
            if is_one_alone
            else _("Every role that the programme needs is held."),
            url=reverse("people_list"),
            link=_("Give roles"),
            is_done=not missing and not is_one_alone,
            needs=("people",),
        ),
        SetupStep(
            name="factors",
            label=_("Second factor of the staff"),
            hint=_("Not asked for here.")
            if not settings.KLINIK_SECOND_FACTOR
            else ngettext(
                "%(count)d person with a staff role has none yet.",
                "%(count)d people with a staff role have none yet.",
                without,
            )
            % {"count": without}
            if without
            else _("Everybody with a staff role has one."),
            url=reverse("people_list"),
            link=_("See the people"),
            is_done=not without,
            needs=("roles",),
        ),
    ]


def _steps_of_content() -> list[SetupStep]:
    published = ModulePage.objects.filter(live=True).count()
    waiting = ReviewRequest.objects.filter(state=ReviewRequest.State.WAITING).count()
    has_modules = published or waiting or ModulePage.objects.exists()
    quizzes = QuizVersion.objects.published().count()
    questions = QuestionVersion.objects.published().count()
    in_review = QuestionVersion.objects.filter(state=VersionState.IN_REVIEW).count()
    return [
        SetupStep(
            name="content",
            label=_("Modules"),
            hint=_("%(published)d published, %(waiting)d waiting for a reviewer")
            % {"published": published, "waiting": waiting}
            if has_modules
            else _("On the server: klinik load_content"),
            url=reverse("module_reviews") if waiting or not published else reverse("modules"),
            link=_("See the modules"),
            is_done=bool(published),
            needs=("frameworks", "roles"),
        ),
        SetupStep(
            name="quiz",
            label=_("First quiz"),
            hint=_(
                "Published: %(quizzes)d quizzes, %(questions)d questions. "
                "In review: %(waiting)d questions."
            )
            % {"quizzes": quizzes, "questions": questions, "waiting": in_review},
            url=reverse("quizzes"),
            link=_("See the quizzes"),
            is_done=bool(quizzes),
            needs=("content", "factors"),
        ),
    ]


def _steps_of_the_server() -> list[SetupStep]:
    now, newest = timezone.now(), backups.newest_archive()
    has_mail = settings.EMAIL_URL != "none"
    unsent = Notice.objects.filter(state=Notice.State.FAILED).count() if has_mail else 0
    return [
        SetupStep(
            name="mail",
            label=_("Mail"),
            hint=_("No mail server: slips and lists are printed, which is enough.")
            if not has_mail
            else ngettext("%(count)d message not sent", "%(count)d messages not sent", unsent)
            % {"count": unsent},
            url=reverse("wagtailadmin_home") if has_mail else reverse("account_slips"),
            link=_("State of the system") if has_mail else _("Activation slips"),
            is_done=not unsent,
        ),
        SetupStep(
            name="backup",
            label=_("Daily archive"),
            hint=_("Newest: %(moment)s") % {"moment": moment(newest)}
            if newest
            else _("None yet. On the server: klinik backup"),
            url=reverse("wagtailadmin_home"),
            link=_("State of the system"),
            is_done=newest is not None and not backups.is_overdue(now),
        ),
    ]
