"""Forms of the assessment pages."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from fractions import Fraction
from types import MappingProxyType
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import URLValidator
from django.db.models import Count, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from clinic.assessments.arithmetic.conditions import Condition
from clinic.assessments.arithmetic.editions import EditionNode, FrameworkFile
from clinic.assessments.arithmetic.row_merge import MINE, STORED
from clinic.assessments.models import ConditionStatement, FrameworkEdition, Sheet
from clinic.assessments.report_page import in_words
from clinic.assessments.sheet_imports import FIRST_YEAR, LAST_YEAR, USUAL_FRAMEWORK
from clinic.assessments.sheet_page import wording
from clinic.assessments.typed_rows import LINK, NOTE, PROOF, answer_field
from clinic.lib.templatetags.ui import decimals
from clinic.people.models import Unit

EVERY_YEAR = "semua"
MOST_OF_NOTE, MOST_OF_PROOF = 4000, 2000
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


def _list_frameworks_or_none() -> list[tuple[str, Any]]:
    return [("", _("Recognise it from the file")), *framework_choices()]


class CheckForm(forms.Form):
    """A workbook to be checked without an account."""

    file = forms.FileField(label=_("Workbook (.xlsx)"), widget=ACCEPTS)
    framework = forms.ChoiceField(
        label=_("Framework"), required=False, choices=_list_frameworks_or_none
    )


class UploadForm(CheckForm):
    """A workbook for one unit and year."""

    period = forms.IntegerField(label=_("Year"), min_value=FIRST_YEAR, max_value=LAST_YEAR)

    def __init__(self, *args: Any, units: QuerySet[Unit], **kwargs: Any) -> None:
        """Choose for whoever has one unit alone; among several the field starts empty."""
        super().__init__(*args, **kwargs)
        first_two = list(units[:2])
        is_only = len(first_two) == 1
        self.fields["unit"] = forms.ModelChoiceField(
            units,
            to_field_name="slug",
            label=_("Work unit"),
            empty_label=None if is_only else _("Choose"),
        )
        self.order_fields(["unit", "framework", "period", "file"])
        if is_only:
            self.initial.setdefault("unit", first_two[0].slug)
        self.fields["period"].initial = usual_period(self.initial.get("unit"), units)


class ZipForm(forms.Form):
    """A zip of workbooks to be checked together."""

    file = forms.FileField(
        label=_("Zip of workbooks (.zip)"), widget=forms.FileInput(attrs={"accept": ".zip"})
    )


class MemberForm(forms.Form):
    """A person's word on whose sheet a file of a zip is, and of which year."""

    period = forms.IntegerField(label=_("Year"), min_value=FIRST_YEAR, max_value=LAST_YEAR)

    def __init__(self, *args: Any, units: QuerySet[Unit], **kwargs: Any) -> None:
        """Take the units of reach: they are the choices."""
        super().__init__(*args, **kwargs)
        self.fields["unit"] = forms.ModelChoiceField(
            units, to_field_name="slug", label=_("Work unit"), empty_label=_("Choose")
        )
        self.order_fields(["unit", "period"])


class SheetFilter(forms.Form):
    """What narrows the list of sheets: part of a unit's name, a framework, a year."""

    cari = forms.CharField(label=_("Name of the unit"), required=False, max_length=80)

    def __init__(self, *args: Any, sheets: QuerySet[Sheet], **kwargs: Any) -> None:
        """Take the sheets of reach: their editions and years are the choices."""
        super().__init__(*args, **kwargs)
        pairs = list(sheets.order_by("period").values_list("edition", "period").distinct())
        years = sorted({year for _edition, year in pairs}, reverse=True)
        self.newest = dict(pairs)
        self.has_older = len(pairs) > len(self.newest)
        editions = FrameworkEdition.objects.filter(pk__in=self.newest)
        self.fields["kerangka"] = forms.ChoiceField(
            label=_("Framework"),
            required=False,
            choices=[("", _("All")), *((each.slug, str(each)) for each in editions)],
        )
        self.fields["tahun"] = forms.ChoiceField(
            label=_("Year"),
            required=False,
            choices=[
                ("", _("Newest of each framework")),
                (EVERY_YEAR, _("All")),
                *((str(year), str(year)) for year in years),
            ],
        )

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


def _measure(text: str) -> int:
    """Return how long a stored text is when a form sends it: each line end as two characters."""
    return len("\r\n".join(text.splitlines())) + 2


class WebAddressField(forms.URLField):
    """An address with the scheme http or https; what is ``stored`` already may stay."""

    default_validators = [URLValidator(schemes=("http", "https"))]

    def __init__(self, *, stored: str = "", **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.stored = stored

    def clean(self, value: Any) -> Any:
        is_stored = isinstance(value, str) and self.stored and value.strip() == self.stored
        return self.stored if is_stored else super().clean(value)


class ConditionForm(forms.ModelForm[ConditionStatement]):
    """What a unit or agency states about one condition, with its source and date."""

    class Meta:
        model = ConditionStatement
        fields = ["value", "source", "as_of", "link"]
        labels = {"as_of": _("Date of the document")}
        help_texts = {
            "source": _("Which document says so, such as the number of a report or letter."),
            "link": _("Make sure that an assessor can open it."),
        }
        widgets = {"as_of": forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")}

    def __init__(self, *args: Any, condition: Condition, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["link"] = WebAddressField(
            stored=self.instance.link,
            label=_("Link to the document"),
            required=False,
            max_length=1000,
            assume_scheme="https",
            error_messages={"invalid": _("Write the whole link. It begins with https://.")},
        )
        if condition.choices:
            self.fields["value"] = forms.ChoiceField(
                label=_("Value"),
                choices=[(each, each) for each in condition.choices],
                widget=forms.RadioSelect,
            )
        else:
            self.fields["value"] = forms.IntegerField(
                label=_("Value"),
                min_value=0,
                max_value=condition.most,
                help_text=in_words(str(condition.most), condition.unit),
            )

    def clean_as_of(self) -> date:
        """A document that is dated in the future says nothing yet."""
        as_of: date = self.cleaned_data["as_of"]
        if as_of > timezone.localdate():
            raise ValidationError(_("The date lies in the future."), code="in_the_future")
        return as_of

    def stated(self) -> dict[str, Any]:
        """Return what was typed, after validation."""
        data = self.cleaned_data
        return {**{name: data[name] for name in self.Meta.fields}, "value": str(data["value"])}


class RowForm(forms.Form):
    """One row of a sheet: its answer or counts, a remark, and the first proof.

    ``stored`` is what the row says now, by field, from ``typed_rows.texts_of``: a text that came in
    longer through a workbook can be saved again. ``worth`` is what the row carries, in points.
    For each field in ``conflicts`` it says who changed it, and asks which of two texts to keep.
    """

    def __init__(
        self,
        *args: Any,
        framework: FrameworkFile,
        code: str,
        stored: Mapping[str, str],
        worth: Decimal,
        conflicts: Mapping[str, str] = MappingProxyType({}),
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.nodes = framework.answered(code)
        self.texts = tuple(stored)
        for number, node in enumerate(self.nodes):
            self.fields[answer_field(number)] = self._make_answer_field(framework, node, worth)
        self.fields[NOTE] = forms.CharField(
            label=_("Remark"),
            required=False,
            max_length=max(MOST_OF_NOTE, _measure(stored[NOTE])),
            widget=forms.Textarea({"rows": 4}),
        )
        self.fields[PROOF] = forms.CharField(
            label=_("Proof: what document"),
            required=False,
            max_length=max(MOST_OF_PROOF, _measure(stored[PROOF])),
            # A single line would lose the line ends of a workbook, untouched.
            widget=forms.Textarea({"rows": 2}),
        )
        self.fields[LINK] = WebAddressField(
            stored=stored[LINK],
            label=_("Link to the proof"),
            required=False,
            max_length=1000,
            assume_scheme="https",
            help_text=_("Make sure that an assessor can open it."),
            error_messages={"invalid": _("Write the whole link. It begins with https://.")},
        )
        for name, who in conflicts.items():
            self.fields[choice_field(name)] = self._make_choice(name, stored[name], who)
        order = [each for name in self.texts for each in (choice_field(name), name)]
        self.order_fields(order)
        self.fields["seen"] = forms.CharField(widget=forms.HiddenInput, required=False)

    def _make_answer_field(
        self, framework: FrameworkFile, node: EditionNode, worth: Decimal
    ) -> forms.Field:
        scale = framework.by_scale[node.scale]
        if scale.kind != "letters":
            label = wording(node) if len(self.nodes) > 1 else _("Answer")
            return forms.CharField(label=label, help_text=scale.label, required=False)
        texts = {line.letter: line.text for line in node.rubric}
        choices = []
        for step in scale.steps:
            label = f"{step.letter} +{decimals(Fraction(worth) * step.value)}"
            text = texts.get(step.letter)
            choices.append((step.letter, f"{label}: {text}" if text else label))
        return forms.ChoiceField(
            label=_("Answer"),
            help_text=_("Beside each answer stand the points that it earns."),
            required=False,
            choices=[*choices, ("", _("Not filled in"))],
            widget=forms.RadioSelect,
        )

    def _make_choice(self, name: str, stored: str, who: str) -> forms.Field:
        """Ask which text of a field to keep; nothing is chosen beforehand."""
        texts = {STORED: stored, MINE: self.data.get(name, "")}
        labels = {STORED: _("Use what is stored: %(text)s"), MINE: _("Use my entry: %(text)s")}
        return forms.ChoiceField(
            label=_("%(field)s: two entries") % {"field": self.fields[name].label},
            error_messages={"required": _("%(who)s Choose which to use.") % {"who": who}},
            choices=[
                (each, labels[each] % {"text": text.strip() or _("(empty)")})
                for each, text in texts.items()
            ],
            widget=forms.RadioSelect,
        )

    def typed(self) -> dict[str, str]:
        """Return what was typed, by field, after validation."""
        return {name: self.cleaned_data[name] for name in self.texts}


def choice_field(name: str) -> str:
    """Return the name of the field that asks which text of another field to keep."""
    return f"pilih_{name}"
