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
    by_tag: dict[str, list[Operation]] = {}
    for path, methods in document.get("paths", {}).items():
        for method in METHODS:
            if method in methods:
                tag = next(iter(methods[method].get("tags", [])), "")
                operation = _read_operation(document, method, path, methods[method])
                by_tag.setdefault(tag, []).append(operation)
    return tuple(Group(name, tuple(operations)) for name, operations in by_tag.items())


def shapes(document: Table) -> tuple[Shape, ...]:
    """Return the shapes that a field of some body or of another shape names, in order."""
    bodies = [operation.body for group in groups(document) for operation in group.operations]
    waiting = [field.shape for body in bodies for field in body if field.shape]
    by_name: dict[str, Shape] = {}
    while waiting:
        name = waiting.pop(0)
        if name not in by_name:
            table = document["components"]["schemas"][name]
            by_name[name] = Shape(name, _read_description(table), _read_fields(table))
            waiting += [field.shape for field in by_name[name].fields if field.shape]
    return tuple(by_name.values())


def _read_operation(document: Table, method: str, path: str, table: Table) -> Operation:
    content = table.get("requestBody", {}).get("content", {}).get("application/json", {})
    body = content.get("schema", {})
    if "$ref" in body:
        body = document["components"]["schemas"][body["$ref"].rsplit("/", 1)[-1]]
    parameters = (
        _read_field(
            parameter["name"],
            parameter.get("schema", {}),
            is_required=bool(parameter.get("required")),
            place=parameter["in"],
        )
        for parameter in table.get("parameters", [])
    )
    answers = table.get("responses", {}).items()
    return Operation(
        method=method.upper(),
        path=path,
        anchor=table.get("operationId", f"{method}-{path.strip('/').replace('/', '-')}"),
        about=_read_description(table) or table.get("summary", ""),
        parameters=tuple(parameters),
        body=_read_fields(body),
        answers=tuple(sorted((str(status), answer["description"]) for status, answer in answers)),
        needs=tuple(name for scheme in table.get("security", []) for name in scheme),
    )


def _read_fields(table: Table) -> tuple[Field, ...]:
    required = set(table.get("required", []))
    return tuple(
        _read_field(name, field, is_required=name in required)
        for name, field in table.get("properties", {}).items()
    )


def _read_field(name: str, table: Table, *, is_required: bool, place: str = "") -> Field:
    kind, shape = _read_kind(table)
    return Field(
        name,
        kind,
        is_required,
        place=place,
        shape=shape,
        limits=tuple(_read_limits(table)),
        about=_read_description(table),
    )


def _read_kind(table: Table) -> tuple[str, str]:
    """Return the words for a type and the shape that it leads to."""
    if "$ref" in table:
        name = table["$ref"].rsplit("/", 1)[-1]
        return name, name
    if table.get("type") == "array":
        kind, shape = _read_kind(table.get("items", {}))
        return f"array of {kind}", shape
    choices = table.get("anyOf") or table.get("oneOf")
    if choices:
        kinds = [_read_kind(choice) for choice in choices]
        shape = next((shape for _words, shape in kinds if shape), "")
        return " or ".join(words for words, _shape in kinds), shape
    return str(table.get("type", ANY_KIND)), ""


def _read_limits(table: Table) -> Iterator[str]:
    if "enum" in table:
        yield " | ".join(map(str, table["enum"]))
    for name in LIMITS:
        if name in table:
            yield f"{name} {table[name]}"
    if "default" in table:
        yield f"default {table['default']}"


def _read_description(table: Table) -> str:
    return str(table.get("description", "")).replace("``", "")
