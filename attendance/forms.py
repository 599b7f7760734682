"""Forms of the events: registering, proposing, walk-ins, corrections."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from attendance.models import Event
from clinic.people.models import Person, Unit

ENTRY_KINDS = ("void", "unvoid", "accept", "retime")


class RegisterForm(forms.Form):
    """One question beside the data that is shown to be checked."""

    needs = forms.CharField(
        label=_("What you need in the room"),
        help_text=_("For example a place for a wheelchair or food you do not eat."),
        max_length=300,
        required=False,
    )


class ProposeForm(forms.Form):
    """The people of the own unit, by UUID."""

    persons = forms.ModelMultipleChoiceField(
        Person.objects.none(),
        to_field_name="uuid",
        widget=forms.CheckboxSelectMultiple,
        label=_("People to propose"),
        error_messages={"required": _("Choose at least one person.")},
    )

    def __init__(self, *args: Any, persons: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["persons"].queryset = persons  # type: ignore[attr-defined]


class WalkInForm(forms.Form):
    """Somebody at the door who is not on the list."""

    name = forms.CharField(label=_("Name"), max_length=160)
    unit = forms.ModelChoiceField(Unit.objects.none(), to_field_name="slug", label=_("Unit"))
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
    direction = forms.ChoiceField(
        label=_("Direction"), choices=[("in", _("In")), ("out", _("Out"))]
    )
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
