"""What a reader or reviewer may fill in."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from clinic.assessments.models import ChangeArea, Framework

LENGTHS = ((15, _("up to 15 minutes")), (30, _("up to 30 minutes")))
STATES = (("todo", _("Not started")), ("doing", _("In progress")), ("done", _("Finished")))


class ModuleFilter(forms.Form):
    """The filters of the list of modules; own progress only for who is signed in."""

    bidang = forms.ModelChoiceField(
        ChangeArea.objects.all(),
        to_field_name="slug",
        required=False,
        label=_("Change area"),
        empty_label=_("All"),
    )
    kerangka = forms.ModelChoiceField(
        Framework.objects.all(),
        to_field_name="slug",
        required=False,
        label=_("Framework"),
        empty_label=_("All"),
    )
    menit = forms.TypedChoiceField(
        choices=[("", _("All")), *LENGTHS],
        coerce=int,
        empty_value=None,
        required=False,
        label=_("Reading time"),
    )
    status = forms.ChoiceField(
        choices=[("", _("All")), *STATES], required=False, label=_("My progress")
    )

    def __init__(self, *args: Any, is_signed_in: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not is_signed_in:
            del self.fields["status"]


class PublishForm(forms.Form):
    """What a reviewer publishes: a note for readers, and the draft that was looked at."""

    note = forms.CharField(label=_("What changed, for readers"), max_length=240, required=False)
    is_major = forms.BooleanField(
        label=_("A big change: ask those who finished to look at the changed sections again"),
        required=False,
    )
    seen = forms.CharField(widget=forms.HiddenInput)


class ReturnForm(forms.Form):
    """What a reviewer sends back to the author."""

    comment = forms.CharField(
        label=_("What should be improved"),
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 5}),
    )
