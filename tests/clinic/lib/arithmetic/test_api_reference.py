from clinic.lib.arithmetic.api_reference import Field, groups, shapes

SAVE = {
    "description": "One ``answer``.",
    "required": ["seq"],
    "properties": {
        "seq": {"type": "integer", "minimum": 1, "maximum": 9},
        "word": {"type": "string", "enum": ["a", "b"], "default": "a"},
        "when": {"anyOf": [{"type": "string", "format": "date"}, {"type": "null"}]},
        "inner": {"anyOf": [{"$ref": "#/components/schemas/Part"}, {"type": "null"}]},
        "value": {},
    },
}
BODY = {"$ref": "#/components/schemas/All"}
DOCUMENT = {
    "paths": {
        "/api/things/{uuid}": {
            "get": {
                "tags": ["things"],
                "operationId": "read",
                "summary": "Read",
                "parameters": [
                    {"name": "uuid", "in": "path", "required": True,
                     "schema": {"type": "string", "format": "uuid"}},
                ],
                "responses": {404: {"description": "None."}, 200: {"description": "One."}},
            },
            "put": {
                "tags": ["things"],
                "description": "Write.",
                "requestBody": {"content": {"application/json": {"schema": BODY}}},
                "security": [{"Session": []}],
                "responses": {},
            },
        }
    },
    "components": {
        "schemas": {
            "All": {
                "properties": {
                    "rows": {"type": "array", "items": {"$ref": "#/components/schemas/Save"}}
                }
            },
            "Save": SAVE,
            "Part": {"properties": {"again": {"$ref": "#/components/schemas/Part"}}},
            "Unnamed": {"properties": {}},
        }
    },
}  # fmt: skip


def test_operations_stand_by_tag_with_their_parameters_body_and_answers():
    [group] = groups(DOCUMENT)
    read, write = group.operations

    assert group.name == "things"
    assert (read.method, read.path, read.anchor) == ("GET", "/api/things/{uuid}", "read")
    assert read.about == "Read"
    assert read.parameters == (
        Field("uuid", "string", is_required=True, place="path", limits=("format uuid",)),
    )
    assert read.answers == (("200", "One."), ("404", "None."))
    assert (write.method, write.anchor, write.needs) == (
        "PUT", "put-api-things-{uuid}", ("Session",),
    )  # fmt: skip
    assert write.body == (Field("rows", "array of Save", is_required=False, shape="Save"),)


def test_shapes_are_those_that_a_field_names_however_deep_and_each_once():
    save, part = shapes(DOCUMENT)

    assert (save.name, save.about) == ("Save", "One answer.")
    assert {field.name: (field.kind, field.limits) for field in save.fields} == {
        "seq": ("integer", ("minimum 1", "maximum 9")),
        "word": ("string", ("a | b", "default a")),
        "when": ("string or null", ()),
        "inner": ("Part or null", ()),
        "value": ("any", ()),
    }
    assert [field.name for field in save.fields if field.is_required] == ["seq"]
    assert part.fields == (Field("again", "Part", is_required=False, shape="Part"),)


def test_an_empty_document_has_nothing():
    assert (groups({}), shapes({})) == ((), ())
