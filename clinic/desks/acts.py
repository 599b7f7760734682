"""An act of an administrator on a page: said beforehand in plain words, then done once.

GET says what changes and what stays; POST asks for a fresh password and a reason, then does it. An
act that must first know more (which unit, from which day) asks for that by GET, so that going back
and forth changes nothing.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterable
from typing import Any

from django import forms
from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils.decorators import method_decorator
from django.utils.functional import Promise
from django.utils.html import format_html
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.generic import FormView

from clinic.lib.errors import Refused
from clinic.people import confirming
from clinic.people.access import SignedInRequest
from clinic.people.models import Unit

Text = str | Promise
Crumbs = list[dict[str, Text]]
ChoiceForm = forms.Form | forms.ModelForm


class ReasonForm(forms.Form):
    """Why an act is done; nothing else is needed."""

    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        help_text=gettext_lazy("Kept in the audit log, such as the number of the decree."),
        max_length=300,
    )


class OffersUnits(forms.BaseForm):
    """A form that offers the given units wherever a unit is chosen."""

    def __init__(self, *args: Any, units: QuerySet[Unit], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            if isinstance(field, forms.ModelChoiceField):
                field.queryset = units


@method_decorator(never_cache, name="dispatch")
class AdministratorAct(FormView, ABC):
    """One act; a subclass says what it is about, what it changes, and does it.

    Attributes:
        title: heading and name of the act.
        lead: what to do before it, if anything.
        label: the button, a verb.
        is_danger: the act takes something from somebody.
        choice_class: what must be known before the act can be described; sent by GET.
        back: where the act leads, and where giving up leads.
        subject: whom or what the act is about, in a word.
        crumbs: the way to ``back``.
    """

    http_method_names = ["get", "head", "post", "options"]
    template_name = "desks/act.html"
    form_class: type[forms.Form] = ReasonForm
    request: SignedInRequest
    title: Text = ""
    lead: Text = ""
    label: Text = ""
    is_danger = False
    choice_class: type[ChoiceForm] | None = None
    back = ""
    subject: Text = ""
    crumbs: Crumbs = []

    @abstractmethod
    def find(self) -> None:
        """Find what the address names, within the actor's reach, or answer 404."""

    def check(self) -> None:
        """Refuse an act that cannot be done, before anybody is asked for a reason."""

    @abstractmethod
    def changes(self) -> Iterable[Text]:
        """Say what the act changes, a sentence each."""

    def unchanged(self) -> Iterable[Text]:
        """Say what the act leaves as it is, a sentence each."""
        return ()

    @abstractmethod
    def perform(self, reason: str) -> str:
        """Do it and return the sentence that says so; ``form`` holds what else was typed."""

    def undo(self) -> tuple[str, Text] | None:
        """Return address and name of the act that takes this one back, if there is one."""
        return None

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        self.find()
        self.choice = self.read_choice()
        return super().dispatch(request, *args, **kwargs)

    def read_choice(self) -> ChoiceForm | None:
        if self.choice_class is None:
            return None
        is_sent = any(name in self.request.GET for name in self.choice_class.base_fields)
        return self.choice_class(self.request.GET if is_sent else None, **self.choice_options())

    def choice_options(self) -> dict[str, Any]:
        """Return what the form of the choice takes beside the data."""
        return {}

    @property
    def choice_url(self) -> str:
        """The address where the choice is shown again, as it was made."""
        query = self.request.GET.copy()
        query["ubah"] = "1"
        return f"{self.request.path}?{query.urlencode()}"

    @property
    def button_kind(self) -> str:
        return "danger" if self.is_danger else ""

    @property
    def chosen(self) -> dict[str, Any]:
        """What was chosen, once the choice is valid."""
        return self.choice.cleaned_data if self.choice is not None else {}

    def get_initial(self) -> dict[str, Any]:
        return confirming.typed_before(self.request).dict()

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        impossible = None
        try:
            self.check()
        except Refused as refused:
            impossible = refused
        context = {
            "refused": impossible,
            "is_possible": impossible is None,
            "changes": [] if impossible else list(self.changes()),
            "unchanged": [] if impossible else list(self.unchanged()),
        }
        return super().get_context_data(**{**context, **kwargs})

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if self.choice is not None and ("ubah" in request.GET or not self.choice.is_valid()):
            context = {"view": self, "form": self.choice}
            return TemplateResponse(request, "desks/act_choice.html", context)
        return self.render_to_response(self.get_context_data())

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if self.choice is not None and not self.choice.is_valid():
            return redirect(request.path)
        if confirmation := confirming.ask_to_confirm(request):
            return confirmation
        self.form = self.get_form()
        if not self.form.is_valid():
            return self.render_to_response(self.get_context_data(form=self.form), status=422)
        try:
            self.check()
            message = self.perform(self.form.cleaned_data["reason"])
        except Refused as refused:
            context = self.get_context_data(form=self.form, refused=refused)
            return self.render_to_response(context, status=refused.status)
        undo = self.undo()
        if undo:
            message = format_html('{} <a href="{}">{}</a>', message, *undo)
        messages.success(request, message)
        return redirect(self.back)
