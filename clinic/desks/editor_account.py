"""The editor's own page of a person's settings, less what is kept elsewhere."""

from typing import Any

from wagtail.admin.auth import require_admin_access
from wagtail.admin.views.account import AccountView, NameEmailSettingsPanel


class EditorAccount(AccountView):
    """What a person sets in the editor: picture, notices, looks.

    Names and addresses belong to the list of persons; the editor's form would ask for a first and
    a last name and keep neither.
    """

    def get_panels(self) -> list[Any]:
        """Return the panels without the one of names."""
        panels = super().get_panels()
        return [panel for panel in panels if not isinstance(panel, NameEmailSettingsPanel)]


editor_account = require_admin_access(EditorAccount.as_view())
