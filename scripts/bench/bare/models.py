"""An office, its numbered visits, and notes that are only ever added."""

from typing import TYPE_CHECKING, ClassVar

from django.db import connection, models

if TYPE_CHECKING:  # a class of the stubs alone
    from django.db.models.fields.related_descriptors import RelatedManager

OFFICES = 40
VISITS = 100


class Office(models.Model):
    """Found by its slug."""

    slug = models.SlugField(unique=True)
    name = models.CharField(max_length=200)

    objects: ClassVar[models.Manager["Office"]] = models.Manager()
    visits: "RelatedManager[Visit]"

    def __str__(self) -> str:
        return self.name


class Visit(models.Model):
    """One of many of an office; the newest are shown."""

    office = models.ForeignKey(Office, on_delete=models.CASCADE, related_name="visits")
    number = models.PositiveIntegerField()
    title = models.CharField(max_length=200)

    objects: ClassVar[models.Manager["Visit"]] = models.Manager()

    class Meta:
        indexes = [models.Index(fields=["office", "-number"])]

    def __str__(self) -> str:
        return self.title


class Note(models.Model):
    """What the inserting view writes."""

    text = models.TextField()
    at = models.DateTimeField(auto_now_add=True)

    objects: ClassVar[models.Manager["Note"]] = models.Manager()

    def __str__(self) -> str:
        return self.text


def fill() -> None:
    """Make tables and rows anew."""
    kinds = (Office, Visit, Note)
    present = set(connection.introspection.table_names())
    with connection.schema_editor() as editor:
        for kind in reversed(kinds):
            if kind._meta.db_table in present:
                editor.delete_model(kind)
        for kind in kinds:
            editor.create_model(kind)
    offices = Office.objects.bulk_create(
        Office(slug=f"kantor-{number}", name=f"Kantor Contoh {number}") for number in range(OFFICES)
    )
    Visit.objects.bulk_create(
        Visit(office=office, number=number, title=f"Kunjungan {number} & tindak lanjut")
        for office in offices
        for number in range(VISITS)
    )
