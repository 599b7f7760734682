"""The editor as authors and reviewers need it: their pages, their two acts, nothing else."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from wagtail import hooks
from wagtail.admin.action_menu import ActionMenuItem
from wagtail.admin.menu import MenuItem
from wagtail.models import Page

from clinic.lib.errors import Refused
from clinic.people.access import SignedInRequest, can
from courses.reviewing import describe_sent, module_of, send_to_review

SEND = "action-kirim"
# What the main menu of the editor shows; the rest leads to pages that are not used here.
MENU_ITEMS = frozenset({"explorer", "courses-reviews"})
# ``clinic.desks`` adds its own items beside these, by names that begin so.
DESK_PREFIX = "desk-"
# Publishing, unpublishing and workflows of the editor: a module goes out whole, by ``publishing``.
HIDDEN_ACTIONS = frozenset(
    {"action-publish", "action-unpublish", "action-submit", "action-cancel-workflow"}
)


class ReviewItem(ActionMenuItem):
    """Lead to the page on which a reviewer sees the whole draft."""

    name = "action-tinjau"
    label = _("Review")
    icon_name = "view"
    order = 20

    def is_shown(self, context: Any) -> bool:
        module = module_of(context.get("page"))
        return module is not None and can(context["request"].user, "comment-module", module)

    def get_url(self, parent_context: Any) -> str:
        module = module_of(parent_context["page"])
        return reverse("module_review", kwargs={"slug": module.slug}) if module else ""


@hooks.register("register_page_action_menu_item")
def _add_review_item() -> ActionMenuItem:
    return ReviewItem()


@hooks.register("construct_page_action_menu")
def _hide_actions(items: list[Any], _request: HttpRequest, _context: Any) -> None:
    items[:] = [item for item in items if item.name not in HIDDEN_ACTIONS]


@hooks.register("after_edit_page")
def _send_after_saving(request: SignedInRequest, page: Page) -> HttpResponse | None:
    module = module_of(page)
    if SEND not in request.POST or module is None:
        return None
    try:
        sent = send_to_review(module, actor=request.user)
    except Refused as refusal:
        messages.warning(request, refusal.message)
        return None
    # The editor's own "has been updated" would stand before what was asked for: read it away.
    list(messages.get_messages(request))
    messages.success(request, describe_sent(sent))
    return redirect("module_review", slug=module.slug)


@hooks.register("construct_main_menu")
def _shorten_menu(_request: HttpRequest, items: list[MenuItem]) -> None:
    items[:] = [
        item for item in items if item.name in MENU_ITEMS or item.name.startswith(DESK_PREFIX)
    ]


@hooks.register("register_admin_menu_item")
def _add_reviews_to_menu() -> MenuItem:
    return MenuItem(
        _("Modules in review"),
        reverse("module_reviews"),
        name="courses-reviews",
        icon_name="tasks",
        order=10,
    )


@hooks.register("construct_homepage_summary_items")
def _drop_summary(_request: HttpRequest, items: list[Any]) -> None:
    items.clear()
