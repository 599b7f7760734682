"""Forms of the assessment pages."""

from typing import Any

from django import forms
from django.core.validators import MaxLengthValidator, URLValidator
from django.db.models import Count, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from clinic.assessments.arithmetic.editions import EditionNode, FrameworkFile
from clinic.assessments.models import FrameworkEdition, Sheet
from clinic.assessments.sheet_imports import FIRST_YEAR, LAST_YEAR, USUAL_FRAMEWORK
from clinic.assessments.sheet_page import wording
from clinic.assessments.sheets import TypedRow
from clinic.people.models import Unit

EVERY_YEAR = "semua"
ACCEPTS = forms.FileInput(attrs={"accept": ".xlsx"})


def framework_choices() -> list[tuple[str, str]]:
    """Return the loaded editions; before any is loaded the usual one that comes along."""
    loaded = [(edition.slug, str(edition)) for edition in FrameworkEdition.objects.all()]
    return loaded or [(USUAL_FRAMEWORK, USUAL_FRAMEWORK)]


def usual_period(unit: str | None, units: Any) -> int:
    """Return the year to propose: of the unit's last sheet, else the one most sheets have."""
    among = Sheet.objects.filter(unit__in=units)
    own = among.filter(unit__slug=unit).order_by("-period").values_list("period", flat=True)
    counted = among.values("period").annotate(sheets=Count("pk")).order_by("-sheets", "-period")
    most = counted.values_list("period", flat=True)
    return own.first() or most.first() or timezone.localdate().year


class CheckForm(forms.Form):
    """A workbook to be checked without an account."""

    file = forms.FileField(label=_("Workbook (.xlsx)"), widget=ACCEPTS)
    framework = forms.ChoiceField(label=_("Framework"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["framework"].choices = [
            ("", _("Recognise it from the file")),
            *framework_choices(),
        ]


class UploadForm(CheckForm):
    """A workbook for one unit and year."""

    unit = forms.ModelChoiceField(
        Unit.objects.none(), to_field_name="slug", label=_("Work unit"), empty_label=_("Choose")
    )
    period = forms.IntegerField(label=_("Year"), min_value=FIRST_YEAR, max_value=LAST_YEAR)
    field_order = ["unit", "framework", "period", "file"]

    def __init__(self, *args: Any, units: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["unit"].queryset = units
        self._choose_only_unit(units)
        self.fields["period"].initial = usual_period(self.initial.get("unit"), units)

    def _choose_only_unit(self, units: Any) -> None:
        """Choose for whoever has one unit alone; among several the field starts empty."""
        first_two = list(units[:2])
        if len(first_two) == 1:
            self.fields["unit"].empty_label = None
            self.initial.setdefault("unit", first_two[0].slug)


class SheetFilter(forms.Form):
    """What narrows the list of sheets: part of a unit's name, a framework, a year."""

    cari = forms.CharField(label=_("Name of the unit"), required=False, max_length=80)
    kerangka = forms.ChoiceField(label=_("Framework"), required=False)
    tahun = forms.ChoiceField(label=_("Year"), required=False)

    def __init__(self, *args: Any, sheets: QuerySet[Sheet], **kwargs: Any) -> None:
        """Take the sheets of reach: their editions and years are the choices."""
        super().__init__(*args, **kwargs)
        found = list(sheets.order_by("period").values_list("edition", "period").distinct())
        years = sorted({year for _edition, year in found}, reverse=True)
        self.newest = dict(found)
        self.has_older = len(found) > len(self.newest)
        editions = FrameworkEdition.objects.filter(pk__in=self.newest)
        kerangka, tahun = self.fields["kerangka"], self.fields["tahun"]
        kerangka.choices = [("", _("All")), *((each.slug, str(each)) for each in editions)]
        tahun.choices = [
            ("", _("Newest of each framework")),
            (EVERY_YEAR, _("All")),
            *((str(year), str(year)) for year in years),
        ]

    @property
    def is_narrowed(self) -> bool:
        return self.is_bound and self.is_valid() and any(self.cleaned_data.values())

    def narrow(self, sheets: QuerySet[Sheet]) -> QuerySet[Sheet]:
        """Return the sheets that fit what was chosen; an unreadable choice narrows nothing."""
        if self.is_bound and not self.is_valid():
            return sheets
        chosen = self.cleaned_data if self.is_bound else {}
        if chosen.get("cari"):
            sheets = sheets.filter(unit__name__icontains=chosen["cari"])
        if chosen.get("kerangka"):
            sheets = sheets.filter(edition__slug=chosen["kerangka"])
        year = chosen.get("tahun")
        if year == EVERY_YEAR:
            return sheets
        if year:
            return sheets.filter(period=int(year))
        newest = Q(pk__in=[])
        for edition, period in self.newest.items():
            newest |= Q(edition=edition, period=period)
        return sheets.filter(newest)


class WebAddressField(forms.URLField):
    """An address with the scheme http or https; what stands there already may stay."""

    default_validators = [URLValidator(schemes=("http", "https"))]
    stored = ""

    def clean(self, value: Any) -> Any:
        is_kept = isinstance(value, str) and self.stored and value.strip() == self.stored
        return self.stored if is_kept else super().clean(value)


class RowForm(forms.Form):
    """One row of a sheet: its answer or counts, a remark, and the first proof.

    ``stored`` is what the row says now, from ``typed_now``: a text that came in longer through a
    workbook can be saved again.
    """

    note = forms.CharField(
        label=_("Remark"), required=False, max_length=4000, widget=forms.Textarea({"rows": 4})
    )
    proof = forms.CharField(label=_("Proof: what document"), required=False, max_length=2000)
    link = WebAddressField(
        label=_("Link to the proof"),
        required=False,
        max_length=1000,
        assume_scheme="https",
        help_text=_("Make sure that an assessor can open it."),
        error_messages={"invalid": _("Write the whole link. It begins with https://.")},
    )
    seen = forms.CharField(widget=forms.HiddenInput, required=False)

    def __init__(
        self,
        *args: Any,
        framework: FrameworkFile,
        code: str,
        stored: TypedRow | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        if stored is not None:
            self._raise_limit("note", stored.note)
            self._raise_limit("proof", stored.proof)
            self.fields["link"].stored = stored.link
        self.nodes = framework.answered(code)
        answers = {
            self.name_of(place): self._make_field(framework, node)
            for place, node in enumerate(self.nodes)
        }
        self.fields = {**answers, **self.fields}

    def _raise_limit(self, name: str, text: str) -> None:
        """Let a field hold a stored text, whose line ends come back as two characters each."""
        field = self.fields[name]
        longest = len("\r\n".join(text.splitlines())) + 2
        if longest > field.max_length:
            field.max_length = longest
            field.validators = [
                each for each in field.validators if not isinstance(each, MaxLengthValidator)
            ]
            field.validators.append(MaxLengthValidator(longest))
            field.widget.attrs["maxlength"] = str(longest)

    @staticmethod
    def name_of(place: int) -> str:
        """Return the name of the field that holds the answer of the row's n-th node."""
        return f"answer{place}"

    def _make_field(self, framework: FrameworkFile, node: EditionNode) -> forms.Field:
        scale = framework.by_scale[node.scale]
        if scale.kind != "letters":
            label = wording(node) if len(self.nodes) > 1 else _("Answer")
            return forms.CharField(label=label, help_text=scale.label, required=False)
        texts = {line.letter: line.text for line in node.rubric}
        choices = [
            (letter, f"{letter}: {texts[letter]}" if texts.get(letter) else letter)
            for letter in scale.letters
        ]
        return forms.ChoiceField(
            label=_("Answer"),
            required=False,
            choices=[*choices, ("", _("Not filled in"))],
            widget=forms.RadioSelect,
        )

    def typed(self) -> TypedRow:
        """Return what was typed, after validation."""
        data = self.cleaned_data
        return TypedRow(
            answers={node.code: data[self.name_of(place)] for place, node in enumerate(self.nodes)},
            note=data["note"],
            proof=data["proof"],
            link=data["link"],
        )
