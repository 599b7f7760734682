"""What the Wagtail admin shows of ours: the first screen, menu entries, and our style."""

from functools import partial
from typing import Any

from django.templatetags.static import static
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from wagtail import hooks
from wagtail.admin.menu import MenuItem

from clinic import health
from clinic.desks import editor
from clinic.people import zones
from clinic.people.access import SignedInRequest

FIRST_PLACE = 20  # in the menu, after the editor's own pages


@hooks.register("construct_homepage_panels")
def replace_panels(request: SignedInRequest, panels: list[Any]) -> None:
    """Put our panels in the place of the editor's own, which say nothing of this work."""
    failing = health.failing() if editor.administers(request.user) else []
    # The editor shows its own pages in the zone of the server; ours are in that of the region.
    with timezone.override(zones.zone_of(request.user)):
        panels[:] = [
            *editor.administrator_panels(request.user, failing),
            *editor.author_panels(request.user),
        ]


class AdministratorMenuItem(MenuItem):
    """An entry for those who run the system."""

    def is_shown(self, request: SignedInRequest) -> bool:
        return editor.administers(request.user)


def make_menu_item(link: editor.MenuLink, order: int) -> MenuItem:
    return AdministratorMenuItem(
        link.label, link.url, name=link.name, icon_name=link.icon, order=order
    )


for place, link in enumerate(editor.MENU_LINKS, FIRST_PLACE):
    hooks.register("register_admin_menu_item", partial(make_menu_item, link, place))


@hooks.register("insert_global_admin_css")
def link_style() -> SafeString:
    return format_html('<link rel="stylesheet" href="{}">', static("clinic/editor.css"))
