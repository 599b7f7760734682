"""The project as a Django app: its commands, and the loading of what registers itself."""

from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules

from clinic.celery import app as celery_app

__all__ = ["ClinicConfig", "celery_app"]


class ClinicConfig(AppConfig):
    """Loads what every package registers: access, receivers, handlers, panels, retention."""

    name = "clinic"

    def ready(self) -> None:
        autodiscover_modules("access", "receivers", "handlers", "panels", "retention")
