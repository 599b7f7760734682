"""The records package as a Django app: triggers of append-only tables follow every migrate."""

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class RecordsConfig(AppConfig):
    """Puts the triggers up again, since SQLite drops them when it rebuilds a table (D7)."""

    name = "clinic.records"

    def ready(self) -> None:
        from clinic.records import seals

        post_migrate.connect(seals.create_triggers, sender=self, dispatch_uid="records.triggers")
