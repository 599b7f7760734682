"""Queries whose SQL is put together once and run many times (docs/decisions/0022).

Django puts the SQL of a query set together anew each time, which takes five to ten times as long
as the answer. What every page, or every saved answer, asks is therefore prepared.
"""

import datetime as dt
import functools
from collections.abc import Callable, Collection, Hashable
from copy import copy
from typing import Any, TypeVar
from uuid import UUID

from django.db import connection
from django.db.models import QuerySet, Value

Row = TypeVar("Row")
SHAPES = 256  # kept of one query
FIRST_KEY = -(2**62)  # keys in a list are written as numbers that no row has, until they are known
LONGEST_LIST = 2**16
VALUE = -1


class _Argument(Value):
    """The place of an argument in the SQL."""

    def __init__(self, position: int) -> None:
        super().__init__(None)
        self.position = position

    def __hash__(self) -> int:
        return self.position

    def __eq__(self, other: object) -> bool:
        return self is other

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, Any]:
        return "%s", (self,)


def prepared(build: Callable[..., QuerySet[Any, Row]]) -> Callable[..., list[Row]]:
    """Let a function that builds a query set return its rows, with its SQL put together once.

    Positional arguments are values that fields are compared with: texts, whole numbers, UUIDs,
    dates, aware moments, and collections of keys for ``__in``. The function is not called again
    for other values: it may neither look at them nor ask for the time or the language itself.
    What shapes the query is None, the length of a collection, and keyword arguments, which are
    hashable; it is put together once for each shape.

    A collection without keys gives no row: it narrows the whole query, never one side of an "or".

    Not possible: ``prefetch_related``, and conditions that never hold (``EmptyResultSet``).
    """

    @functools.lru_cache(maxsize=SHAPES)
    def compile_query(kinds: tuple[int | None, ...], options: Hashable) -> _Compiled:
        places = [_place(kind, position) for position, kind in enumerate(kinds)]
        return _Compiled(build(*places, **dict(options)))  # type: ignore[call-overload]

    @functools.wraps(build)
    def read(*args: Any, **options: Hashable) -> list[Row]:
        kinds = tuple(map(_kind_of, args))
        return [] if 0 in kinds else compile_query(kinds, tuple(options.items())).run(args)

    return read


class _Compiled:
    """A query set with its SQL, and with what Django needs to make rows of the answer."""

    def __init__(self, queryset: QuerySet[Any, Any]) -> None:
        self.queryset = queryset
        self.compiler = queryset.query.get_compiler(queryset.db)
        self.sql, self.params = self.compiler.as_sql()
        columns = [column for column, _sql, _alias in self.compiler.select]
        self.converters = self.compiler.get_converters(columns)

    def run(self, args: tuple[Any, ...]) -> list[Any]:
        """Ask with these arguments."""
        values: dict[Any, Any] = {}
        for position, arg in enumerate(args):
            if _is_collection(arg):
                values |= {_place_key(position, item): key for item, key in enumerate(arg)}
        params = tuple(
            _adapt(args[param.position])
            if isinstance(param, _Argument)
            else values.get(param, param)
            for param in self.params
        )
        compiler = copy(self.compiler)
        compiler.connection = connection  # each thread has its own
        compiler.as_sql = lambda *_args, **_kwargs: (self.sql, params)
        compiler.get_converters = lambda _columns: self.converters
        rows: Any = self.queryset._iterable_class
        return list(rows(_Asked(self.queryset, compiler)))


class _Asked:
    """What Django's iterables read of a query set and its query, with the compiler of one run."""

    _known_related_objects: dict[Any, Any] = {}

    def __init__(self, queryset: QuerySet[Any, Any], compiler: Any) -> None:
        self.queryset, self.compiler = queryset, compiler
        self.db, self.model = queryset.db, queryset.model
        self.query = self

    def get_compiler(self, *_args: Any, **_kwargs: Any) -> Any:
        return self.compiler


def _kind_of(arg: Any) -> int | None:
    """Return the length of a collection, VALUE for a value, None for None."""
    if _is_collection(arg):
        return len(arg)
    return None if arg is None else VALUE


def _place(kind: int | None, position: int) -> Any:
    if kind is None:
        return None
    if kind == VALUE:
        return _Argument(position)
    return [_place_key(position, item) for item in range(kind)]


def _is_collection(arg: Any) -> bool:
    return isinstance(arg, Collection) and not isinstance(arg, str)


def _place_key(position: int, item: int) -> int:
    return FIRST_KEY + position * LONGEST_LIST + item


def _adapt(value: Any) -> Any:
    """Return the value as Django's fields would give it to the database."""
    if isinstance(value, dt.datetime):
        return connection.ops.adapt_datetimefield_value(value)
    if isinstance(value, dt.date):
        return connection.ops.adapt_datefield_value(value)
    if isinstance(value, UUID) and not connection.features.has_native_uuid_field:
        return value.hex
    return value
