"""Forms of the events: registering, proposing, walk-ins, corrections."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from attendance.models import Event
from clinic.people.models import Person, Unit


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


class CorrectionForm(forms.Form):
    """An entry that is missing, or the reason why one does not count."""

    at = forms.DateTimeField(
        label=_("Time"),
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
        input_formats=["%Y-%m-%dT%H:%M"],
    )
    direction = forms.ChoiceField(
        label=_("Direction"), choices=[("in", _("In")), ("out", _("Out"))]
    )
    group = forms.ChoiceField(label=_("Scan group"))
    reason = forms.CharField(label=_("Reason"), min_length=10, max_length=300)

    def __init__(self, *args: Any, groups: list[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["group"].choices = [(one, one) for one in groups]  # type: ignore[attr-defined]
