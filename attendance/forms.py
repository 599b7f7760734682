"""Forms of the events: registering, narrowing lists, deciding, correcting, planning.

All that narrows is sent by GET; hours are those of the event's zone.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any, cast
from uuid import UUID
from zoneinfo import ZoneInfo

from django import forms
from django.db.models import QuerySet
from django.http import Http404
from django.utils.translation import gettext_lazy as _

from attendance.boards import BY_UNIT, DONE, OPEN, Listing, Narrowing, presence_choices
from attendance.models import SHORTEST_REASON, Direction, Event, Registration, Session
from attendance.planning import day_group, own_group, shared_groups
from clinic.lib.arithmetic.dates import zone_label
from clinic.lib.errors import Refused
from clinic.people.models import Person, Unit
from quizzes.assignments import Window
from quizzes.models import Quiz, QuizVersion
from quizzes.models.assignments import Setting

ENTRY_KINDS = ("void", "unvoid", "accept", "retime")


def read_uuid(text: str) -> UUID:
    """Read a key that a page put into its own form; another text names nothing."""
    try:
        return UUID(text)
    except ValueError as error:
        raise Http404 from error


class RegisterForm(forms.Form):
    """One question beside the data that is shown to be checked."""

    needs = forms.CharField(
        label=_("What you need in the room"),
        help_text=_("For example a place for a wheelchair or food you do not eat."),
        max_length=300,
        required=False,
    )


class NameSearchForm(forms.Form):
    """Whom to look for in a long list."""

    q = forms.CharField(label=_("Name"), max_length=80, required=False)


class ProposeForm(forms.Form):
    """The people of the own unit, by UUID.

    Args:
        persons: all who may be chosen.
        shown: those among whom the page lets choose.
    """

    persons = forms.ModelMultipleChoiceField(
        Person.objects.none(),
        to_field_name="uuid",
        widget=forms.CheckboxSelectMultiple,
        label=_("People to propose"),
        error_messages={"required": _("Choose at least one person.")},
    )

    def __init__(
        self, *args: Any, persons: QuerySet[Person], shown: Iterable[Person], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        field = cast("forms.ModelMultipleChoiceField", self.fields["persons"])
        field.queryset = persons
        field.choices = [(person.uuid, person.name) for person in shown]


class WalkInForm(forms.Form):
    """Somebody at the desk who is not on the list."""

    name = forms.CharField(label=_("Name"), max_length=160)
    unit = forms.ModelChoiceField(
        Unit.objects.none(),
        to_field_name="slug",
        label=_("Unit"),
        empty_label=_("Choose a unit"),
    )
    nip = forms.CharField(label="NIP", max_length=24, required=False)

    def __init__(self, *args: Any, event: Event, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        root = event.unit.get_root()
        self.fields["unit"].queryset = Unit.objects.under(root)  # type: ignore[attr-defined]


MOMENT = "%Y-%m-%dT%H:%M"


class MomentField(forms.DateTimeField):
    """A day and a time, chosen in the browser or typed."""

    def __init__(self, **kwargs: Any) -> None:
        widget = forms.DateTimeInput(attrs={"type": "datetime-local"}, format=MOMENT)
        super().__init__(widget=widget, input_formats=[MOMENT], **kwargs)


class CorrectionForm(forms.Form):
    """An entry that is missing, with the reason; where there is one group, nothing is asked."""

    at = MomentField(label=_("Time"))
    direction = forms.ChoiceField(label=_("Direction"), choices=Direction.choices)
    group = forms.ChoiceField(label=_("Session"))
    reason = forms.CharField(label=_("Reason"), min_length=10, max_length=300)

    def __init__(self, *args: Any, groups: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["group"]
        field.choices = groups  # type: ignore[attr-defined]
        if len(groups) == 1:
            field.widget, field.initial = forms.HiddenInput(), groups[0][0]


class EntryForm(forms.Form):
    """What is said of one entry: the kind of correction, why, and a new time where it is one."""

    uid = forms.CharField(max_length=40)
    jenis = forms.ChoiceField(choices=[(name, name) for name in ENTRY_KINDS])
    reason = forms.CharField(max_length=300, required=False)
    jam = MomentField(required=False)


ANY = ("", _("All"))


class NarrowForm(forms.Form):
    """What the list of participants is narrowed to and sorted by."""

    q = forms.CharField(label=_("Name"), max_length=80, required=False)
    status = forms.ChoiceField(label=_("Registration"), required=False)
    unit = forms.ChoiceField(label=_("Unit"), required=False)
    kehadiran = forms.ChoiceField(label=_("Attendance"), required=False)
    kuis = forms.ChoiceField(label=_("Pre-quiz"), required=False)
    urut = forms.ChoiceField(
        label=_("Sorted by"), choices=[("", _("Name")), (BY_UNIT, _("Unit"))], required=False
    )

    def __init__(self, *args: Any, listing: Listing, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        proposed, *others = Registration.State.choices
        self._set_choices("status", [proposed, Registration.INVITED, *others])
        self._set_choices("unit", [(name, name) for name in listing.units])
        self._set_choices("kehadiran", presence_choices())
        self._set_choices("kuis", [(DONE, _("Done")), (OPEN, _("Not yet"))])
        if not listing.has_quiz:
            del self.fields["kuis"]

    def _set_choices(self, name: str, choices: list[tuple[str, Any]]) -> None:
        self.fields[name].choices = [ANY, *choices]  # type: ignore[attr-defined]


def read_narrowing(query: Any) -> Narrowing:
    """Read from the query of an address what the list is narrowed to."""
    return Narrowing(
        name=query.get("q", "")[:80],
        state=query.get("status", ""),
        unit=query.get("unit", ""),
        presence=query.get("kehadiran", ""),
        quiz=query.get("kuis", ""),
        order=query.get("urut", ""),
    )


class InviteForm(forms.Form):
    """Units and positions of those to be invited."""

    jabatan = forms.MultipleChoiceField(
        widget=forms.CheckboxSelectMultiple, label=_("Posts"), required=False
    )
    memuat = forms.CharField(
        label=_("Other posts whose name contains"),
        help_text=_("Several words are parted by commas, for example: sekretaris, perencana."),
        max_length=120,
        required=False,
    )
    semua_unit = forms.BooleanField(label=_("All units of this list"), required=False)
    unit = forms.ModelMultipleChoiceField(
        Unit.objects.none(),
        to_field_name="slug",
        widget=forms.CheckboxSelectMultiple,
        label=_("Units"),
        error_messages={"required": _("Choose at least one unit.")},
    )

    def __init__(
        self, *args: Any, units: Any, positions: list[tuple[str, int]], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.fields["unit"].queryset = units  # type: ignore[attr-defined]
        self.fields["unit"].required = not self.data.get("semua_unit")
        self.fields["jabatan"].choices = [  # type: ignore[attr-defined]
            (name, f"{name} ({count})") for name, count in positions
        ]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        if data.get("semua_unit"):
            data["unit"] = self.fields["unit"].queryset  # type: ignore[attr-defined]
        return data


class KindForm(forms.Form):
    """Which kind of units is offered."""

    jenis = forms.ChoiceField(label=_("Kind of unit"), required=False)

    def __init__(self, *args: Any, event: Event, units: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        kinds = dict.fromkeys(units.values_list("kind", flat=True))
        labels = dict(Unit.Kind.choices)
        self.fields["jenis"].choices = [  # type: ignore[attr-defined]
            ANY,
            *((kind, labels.get(kind, kind)) for kind in kinds),
        ]


class ChangeReasonForm(forms.Form):
    """Why an organiser changes a registration."""

    reason = forms.CharField(label=_("Reason"), max_length=300)

    def __init__(self, *args: Any, is_required: bool = True, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["reason"].required = is_required


class SubstituteForm(forms.Form):
    """Who comes instead, among those found by name, and why."""

    orang = forms.ChoiceField(
        widget=forms.RadioSelect,
        label=_("Who comes instead"),
        error_messages={"required": _("Choose one person.")},
    )
    reason = forms.CharField(label=_("Reason"), max_length=300)

    def __init__(self, *args: Any, choices: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["orang"].choices = choices  # type: ignore[attr-defined]


DAY = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
HOUR = forms.TimeInput(attrs={"type": "time"}, format="%H:%M")
MOMENT_INPUT = forms.DateTimeInput(attrs={"type": "datetime-local"}, format=MOMENT)
DAY_GROUP, OWN_GROUP = "hari", "sendiri"
# Beside which field the sentence of a refusal stands.
FIELD_OF_REFUSAL = {
    "event_code_taken": "code",
    "address_fixed": "code",
    "unit_outside": "unit",
    "seats_are_taken": "capacity",
    "times_reversed": "ends",
    "sessions_overlap": "group",
    "session_in_use": "group",
    "reason_missing": "reason",
    "nothing_to_shift": "source",
    "already_assigned": "quiz",
    "not_published": "quiz",
    "reversed": "closes",
}


@contextmanager
def refusals_in(form: forms.BaseForm) -> Iterator[None]:
    """Put what a service refuses beside the field that mends it, and go on after the block."""
    try:
        yield
    except Refused as refused:
        name = FIELD_OF_REFUSAL.get(refused.code)
        form.add_error(name if name in form.fields else None, refused.message)


class WhatForm(forms.ModelForm[Event]):
    """What the event is and who organises it; the service refuses what does not fit."""

    unit = forms.ModelChoiceField(
        Unit.objects.none(), to_field_name="slug", label=_("Organising unit"), empty_label=None
    )

    class Meta:
        model = Event
        fields = ("title", "kind", "unit", "about", "letter_number", "code")
        labels = {"code": _("Address of the event")}
        help_texts = {
            "about": _("What it is for and what to bring. Everybody can read it."),
            "letter_number": _(
                "The number of the invitation. It is printed on the attendance list."
            ),
            "code": _("Small letters, digits and hyphens, such as klinik-pengawasan-2026."),
        }
        error_messages = {
            "code": {"invalid": _("Use only letters, digits and hyphens, without blanks.")},
        }
        widgets = {"about": forms.Textarea({"rows": 4})}

    def __init__(self, *args: Any, units: Any, is_fixed: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["unit"].queryset = units  # type: ignore[attr-defined]
        self.fields["code"].required = False
        if self.instance.pk:
            self.initial["unit"] = self.instance.unit
        if is_fixed:
            del self.fields["code"]

    def clean_code(self) -> str:
        return self.cleaned_data["code"].lower()

    def clean(self) -> dict[str, Any]:
        """Leave it to the service whether the address is free: there it also holds in a race."""
        return self.cleaned_data


class CopyForm(forms.Form):
    """Which of the own events is copied, and when the new one begins."""

    source = forms.ModelChoiceField(
        Event.objects.none(), to_field_name="code", label=_("Event to copy"), empty_label=None
    )
    first_day = forms.DateField(
        label=_("First day of the new event"),
        help_text=_("The other sessions and the quizzes move by the same number of days."),
        widget=DAY,
    )

    def __init__(self, *args: Any, sources: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["source"].queryset = sources  # type: ignore[attr-defined]


class PlaceForm(forms.ModelForm[Event]):
    """Where the event is held."""

    class Meta:
        model = Event
        fields = ("place",)
        help_texts = {"place": _("Building and address, so that people find it.")}


class SessionForm(forms.ModelForm[Session]):
    """One session: day and hours in the event's zone, and what one scan counts for."""

    day = forms.DateField(label=_("Day"), widget=DAY)
    starts = forms.TimeField(label=_("Starts"), widget=HOUR)
    ends = forms.TimeField(label=_("Ends"), widget=HOUR)
    group = forms.ChoiceField(
        label=_("Scan at the door"),
        help_text=_("Sessions that share a scan must not be at the same time."),
        widget=forms.RadioSelect,
        initial=DAY_GROUP,
    )
    field_order = ("title", "day", "starts", "ends", "room", "is_required", "group")

    class Meta:
        model = Session
        fields = ("title", "room", "is_required")
        labels = {
            "title": _("Title of the session"),
            "is_required": _("Everybody is expected in this session"),
        }

    def __init__(self, *args: Any, event: Event, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.event = event
        if self.instance.pk:
            self.initial.update(self._read_session())
        zone = {"zone": zone_label(event.zone)}
        self.fields["starts"].label = _("Starts (%(zone)s)") % zone
        self.fields["ends"].label = _("Ends (%(zone)s)") % zone
        self.fields["group"].choices = [  # type: ignore[attr-defined]
            (DAY_GROUP, _("One scan counts for all sessions of the day (usual)")),
            (OWN_GROUP, _("This session has a scan of its own")),
            *(
                (group, _("The same scan as: %(sessions)s") % {"sessions": titles})
                for group, titles in shared_groups(event, besides=self.instance).items()
            ),
        ]

    def _read_session(self) -> dict[str, Any]:
        """Return day, hours and group of the session that is changed."""
        session, zone = self.instance, ZoneInfo(self.event.zone)
        starts, ends = session.starts_at.astimezone(zone), session.ends_at.astimezone(zone)
        group = session.scan_group
        if day_group(self.event, starts.date(), besides=session) == group:
            group = DAY_GROUP
        elif own_group(self.event, besides=session) == group:
            group = OWN_GROUP
        return {
            "day": starts.date(),
            "starts": starts.time(),
            "ends": ends.time(),
            "group": group,
        }

    def clean(self) -> dict[str, Any]:
        data = self.cleaned_data
        starts, ends = data.get("starts"), data.get("ends")
        if starts and ends and ends <= starts:
            self.add_error("ends", _("The session ends before it starts. Choose a later end."))
        return data

    @property
    def is_begun(self) -> bool:
        """Whether anything was typed that tells this session from the proposed one."""
        typed = {"title", "day", "room"} & set(self.changed_data)
        return any(self.data.get(name) for name in typed)

    def planned_session(self) -> Session:
        """Return the session as typed, after validation; the service saves it."""
        data, zone, session = self.cleaned_data, ZoneInfo(self.event.zone), self.instance
        group = data["group"]
        if group == DAY_GROUP:
            group = day_group(self.event, data["day"], besides=session)
        elif group == OWN_GROUP:
            group = own_group(self.event, besides=session)
        session.scan_group = group
        session.starts_at = datetime.combine(data["day"], data["starts"], tzinfo=zone)
        session.ends_at = datetime.combine(data["day"], data["ends"], tzinfo=zone)
        return session


class SeatsForm(forms.Form):
    """How many people may come."""

    capacity = forms.IntegerField(
        label=_("Seats"),
        help_text=_("Leave it empty if there is no limit."),
        min_value=1,
        max_value=100_000,
        required=False,
    )


class QuizForm(forms.Form):
    """Which quiz the participants take in one phase, where and when."""

    quiz = forms.ModelChoiceField(
        Quiz.objects.none(),
        to_field_name="slug",
        label=_("Quiz"),
        empty_label=_("Choose a quiz"),
    )
    setting = forms.ChoiceField(
        label=_("Where it is taken"),
        choices=[
            (Setting.OWN, _("Each on their own, at work or at home")),
            (Setting.ROOM, _("Together in the room")),
        ],
        widget=forms.RadioSelect,
        initial=Setting.OWN,
    )
    opens = forms.DateTimeField(label=_("Opens"), widget=MOMENT_INPUT, required=False)
    closes = forms.DateTimeField(label=_("Closes"), widget=MOMENT_INPUT, required=False)

    def __init__(
        self, *args: Any, versions: Sequence[QuizVersion], zone: str, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        titles = {version.quiz_id: version.display_title for version in versions}
        chosen = self.fields["quiz"]
        chosen.queryset = Quiz.objects.filter(pk__in=titles)  # type: ignore[attr-defined]
        chosen.label_from_instance = lambda quiz: titles[quiz.pk]  # type: ignore[attr-defined]
        for name, label in {
            "opens": _("Opens (%(zone)s)"),
            "closes": _("Closes (%(zone)s)"),
        }.items():
            self.fields[name].label = label % {"zone": zone_label(zone)}

    def window(self) -> Window:
        """Return the window as typed, after validation."""
        return Window(opens_at=self.cleaned_data["opens"], closes_at=self.cleaned_data["closes"])


class CancelEventForm(forms.Form):
    """Why an event does not take place."""

    reason = forms.CharField(
        label=_("Reason"),
        help_text=_("At least ten characters. It is kept in the audit log."),
        min_length=SHORTEST_REASON,
        max_length=300,
    )
