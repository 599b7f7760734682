"""An OpenAPI document as plain rows for a page: groups of operations, and the shapes they share."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

METHODS = ("get", "post", "put", "patch", "delete")
LIMITS = (
    "minimum", "maximum", "minLength", "maxLength", "minItems", "maxItems", "pattern", "format",
)  # fmt: skip
ANY_KIND = "any"
Table = Mapping[str, Any]


@dataclass(frozen=True)
class Field:
    """One parameter or one field of a body.

    Attributes:
        place: ``path``, ``query`` or ``header`` of a parameter, else empty.
        kind: the type in the words of JSON Schema, such as ``string`` or ``array of Save``.
        shape: name of the shape that its value or each of its entries has, else empty.
        limits: such as ``maxLength 64``; what is allowed beside the type.
    """

    name: str
    kind: str
    is_required: bool
    place: str = ""
    shape: str = ""
    limits: tuple[str, ...] = ()
    about: str = ""


@dataclass(frozen=True)
class Shape:
    """A named object of which a body or a field consists."""

    name: str
    about: str
    fields: tuple[Field, ...]


@dataclass(frozen=True)
class Operation:
    """One method of one path.

    Attributes:
        anchor: its place on the page.
        answers: status and sentence of each answer, in order.
        needs: names of the ways to be known, one of which it asks for.
    """

    method: str
    path: str
    anchor: str
    about: str
    parameters: tuple[Field, ...]
    body: tuple[Field, ...]
    answers: tuple[tuple[str, str], ...]
    needs: tuple[str, ...]


@dataclass(frozen=True)
class Group:
    """The operations of one tag."""

    name: str
    operations: tuple[Operation, ...]


def groups(document: Table) -> tuple[Group, ...]:
    """Return the operations by their first tag, in the order of the document."""
    found: dict[str, list[Operation]] = {}
    for path, methods in document.get("paths", {}).items():
        for method in METHODS:
            if method in methods:
                told = methods[method]
                tag = next(iter(told.get("tags", [])), "")
                found.setdefault(tag, []).append(_operation(document, method, path, told))
    return tuple(Group(name, tuple(operations)) for name, operations in found.items())


def shapes(document: Table) -> tuple[Shape, ...]:
    """Return the shapes that a field of some body or of another shape names, in order."""
    bodies = [operation.body for group in groups(document) for operation in group.operations]
    waiting = [field.shape for body in bodies for field in body if field.shape]
    found: dict[str, Shape] = {}
    while waiting:
        name = waiting.pop(0)
        if name not in found:
            table = document["components"]["schemas"][name]
            found[name] = Shape(name, _about(table), _fields(table))
            waiting += [field.shape for field in found[name].fields if field.shape]
    return tuple(found.values())


def _operation(document: Table, method: str, path: str, told: Table) -> Operation:
    content = told.get("requestBody", {}).get("content", {}).get("application/json", {})
    answers = told.get("responses", {}).items()
    return Operation(
        method=method.upper(),
        path=path,
        anchor=told.get("operationId", f"{method}-{path.strip('/').replace('/', '-')}"),
        about=_about(told) or told.get("summary", ""),
        parameters=tuple(
            _field(
                one["name"],
                one.get("schema", {}),
                is_required=bool(one.get("required")),
                place=one["in"],
            )
            for one in told.get("parameters", [])
        ),
        body=_fields(_resolved(document, content.get("schema", {}))),
        answers=tuple(sorted((str(status), one["description"]) for status, one in answers)),
        needs=tuple(name for one in told.get("security", []) for name in one),
    )


def _fields(table: Table) -> tuple[Field, ...]:
    required = set(table.get("required", []))
    return tuple(
        _field(name, told, is_required=name in required)
        for name, told in table.get("properties", {}).items()
    )


def _field(name: str, table: Table, *, is_required: bool, place: str = "") -> Field:
    kind, shape = _kind(table)
    return Field(
        name,
        kind,
        is_required,
        place=place,
        shape=shape,
        limits=tuple(_limits(table)),
        about=_about(table),
    )


def _kind(table: Table) -> tuple[str, str]:
    """Return the words for a type and the shape that it leads to."""
    if "$ref" in table:
        name = table["$ref"].rsplit("/", 1)[-1]
        return name, name
    if table.get("type") == "array":
        kind, shape = _kind(table.get("items", {}))
        return f"array of {kind}", shape
    choices = table.get("anyOf") or table.get("oneOf")
    if choices:
        kinds = [_kind(one) for one in choices]
        shape = next((shape for _words, shape in kinds if shape), "")
        return " or ".join(words for words, _shape in kinds), shape
    return str(table.get("type", ANY_KIND)), ""


def _limits(table: Table) -> Iterator[str]:
    if "enum" in table:
        yield " | ".join(map(str, table["enum"]))
    for name in LIMITS:
        if name in table:
            yield f"{name} {table[name]}"
    if "default" in table:
        yield f"default {table['default']}"


def _resolved(document: Table, table: Table) -> Table:
    if "$ref" not in table:
        return table
    resolved: Table = document["components"]["schemas"][table["$ref"].rsplit("/", 1)[-1]]
    return resolved


def _about(table: Table) -> str:
    return str(table.get("description", "")).replace("``", "")
