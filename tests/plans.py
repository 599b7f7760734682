"""How the database would read rows, had it many of them."""

from django.db import connection, transaction
from django.db.models import QuerySet


def plan_of(rows: QuerySet) -> str:
    """Return the plan of a query; PostgreSQL must use an index where one serves at all."""
    with transaction.atomic():
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute("SET LOCAL enable_seqscan = off")
        return rows.explain()
