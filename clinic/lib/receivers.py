"""What makes public pages outdated: a row saved or removed of what they show."""

from typing import Any

from django.conf import settings
from django.db.models.signals import (  # Wagtail's editor saves such rows as well
    post_delete,
    post_save,  # noqa: TID251
)

from clinic.lib.publication import renew_publication


def _renew(**_signal_arguments: Any) -> None:
    renew_publication()


for _label in settings.PUBLISHED_MODELS:
    for _signal in (post_save, post_delete):
        _signal.connect(_renew, sender=_label, dispatch_uid=f"publication {_label}")
