"""What the editor's frame shows of the whole house: first screen, menu entries, our style."""

from typing import Any

from django.http import HttpRequest
from django.templatetags.static import static
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from wagtail import hooks
from wagtail.admin.menu import MenuItem

from clinic import health
from clinic.desks import editor
from clinic.people import zones


@hooks.register("construct_homepage_panels")
def _panels(request: HttpRequest, panels: list[Any]) -> None:
    """Put our panels in the place of the editor's own, which tell nothing of this work."""
    failing = health.failing() if editor.administers(request.user) else []
    # The editor shows its own pages in the zone of the server; ours are in that of the region.
    with timezone.override(zones.zone_of(request.user)):
        panels[:] = [
            *editor.administrator_panels(request.user, failing),
            *editor.author_panels(request.user),
        ]


class _DeskItem(MenuItem):
    def is_shown(self, request: HttpRequest) -> bool:
        return editor.administers(request.user)


def _register(room: editor.Room, order: int) -> None:
    @hooks.register("register_admin_menu_item")
    def _item() -> MenuItem:
        return _DeskItem(room.label, room.url, name=room.name, icon_name=room.icon, order=order)


for place, each in enumerate(editor.ROOMS):
    _register(each, 20 + place)


@hooks.register("insert_global_admin_css")
def _style() -> SafeString:
    return format_html('<link rel="stylesheet" href="{}">', static("clinic/editor.css"))
