"""From a plain HTML form to an answer as JSON, and the form for more time or tries."""

from typing import Any

from django import forms
from django.http import QueryDict
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from clinic.lib.arithmetic.dates import zone_label
from quizzes.arithmetic.public_items import PublicItem
from quizzes.models import Assignment, Extension

ANSWER = "jawaban"


def posted_answer(public: PublicItem, data: QueryDict) -> Any:
    """Read the posted fields of a question by its type; nothing chosen is None."""
    match public.type_name:
        case "multiple":
            return data.getlist(ANSWER) or None
        case "numeric":
            return {"raw": data.get(ANSWER, "")}
        case "matching":
            pairs = {row.id: data.get(f"{ANSWER}-{row.id}", "") for row in public.prompts}
            return pairs if any(pairs.values()) else None
        case _:
            return data.get(ANSWER) or None


class StartForm(forms.Form):
    """Which assignment is begun."""

    tugas = forms.UUIDField()


class ExtensionForm(forms.ModelForm):
    """More time or tries for one person; the service writes it.

    Fields that can change nothing are left out: minutes without a limit, a closing where there is
    none.
    """

    class Meta:
        model = Extension
        fields = ("extra_minutes", "closes_at", "extra_attempts", "reason")
        labels = {
            "extra_minutes": _("Further minutes"),
            "extra_attempts": _("Further tries"),
            "reason": _("Reason"),
        }
        help_texts = {
            "extra_minutes": _("On top of the time of the quiz, at most 600."),
            "reason": _("For example a power cut. It is kept in the audit log."),
        }
        widgets = {
            "closes_at": forms.DateTimeInput(
                attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"
            )
        }

    def __init__(self, *args: Any, assignment: Assignment, has_limit: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, most in {"extra_minutes": 600, "extra_attempts": 5}.items():
            self.fields[name] = forms.IntegerField(
                label=self.fields[name].label,
                help_text=self.fields[name].help_text,
                min_value=1,
                max_value=most,
                required=False,
            )
        self.initial = {}
        if not has_limit:
            del self.fields["extra_minutes"]
        if assignment.closes_at is None:
            del self.fields["closes_at"]
        else:
            self.fields["closes_at"].required = False
            zone = zone_label(timezone.get_current_timezone_name())
            self.fields["closes_at"].label = _("Later closing (%(zone)s)") % {"zone": zone}

    def granted(self) -> dict[str, Any]:
        """Return what was typed as ``delivery.extend`` takes it; what stayed empty is left out."""
        return {name: value for name, value in self.cleaned_data.items() if value is not None}
