"""Forms of the participants' page and of inviting; all that narrows is sent by GET."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from attendance.models import Event, Registration
from attendance.participants import BY_UNIT, DONE, OPEN, Listing, Narrowing, presence_choices
from clinic.people.models import Unit

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
        self._offer("status", [proposed, Registration.INVITED, *others])
        self._offer("unit", [(name, name) for name in listing.units])
        self._offer("kehadiran", presence_choices())
        self._offer("kuis", [(DONE, _("Done")), (OPEN, _("Not yet"))])
        if not listing.has_quiz:
            del self.fields["kuis"]

    def _offer(self, name: str, choices: list[tuple[str, Any]]) -> None:
        self.fields[name].choices = [ANY, *choices]  # type: ignore[attr-defined]


def narrowing_of(address: Any) -> Narrowing:
    """Read from an address what the list is narrowed to."""
    return Narrowing(
        name=address.get("q", "")[:80],
        state=address.get("status", ""),
        unit=address.get("unit", ""),
        presence=address.get("kehadiran", ""),
        quiz=address.get("kuis", ""),
        order=address.get("urut", ""),
    )


class InviteForm(forms.Form):
    """Units and posts of those to be invited."""

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

    def __init__(self, *args: Any, units: Any, posts: list[tuple[str, int]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["unit"].queryset = units  # type: ignore[attr-defined]
        self.fields["unit"].required = not self.data.get("semua_unit")
        self.fields["jabatan"].choices = [  # type: ignore[attr-defined]
            (name, f"{name} ({count})") for name, count in posts
        ]

    def clean(self) -> dict[str, Any]:
        told = super().clean() or self.cleaned_data
        if told.get("semua_unit"):
            told["unit"] = self.fields["unit"].queryset  # type: ignore[attr-defined]
        return told


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


class ReasonForm(forms.Form):
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
