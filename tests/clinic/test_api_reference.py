"""``/api/docs/``: the whole API on one plain page, from the document that machines read."""

import re

import pytest
from django.test import Client

pytestmark = pytest.mark.django_db

PAGE, DOCUMENT = "/api/docs/", "/api/openapi.json"


def read(address, language="id"):
    client = Client()
    client.cookies["django_language"] = language
    return client.get(address)


def named_shapes(value):
    """Return every shape that the value refers to, at whatever depth."""
    return set(re.findall(r"#/components/schemas/(\w+)", str(value)))


def test_every_operation_parameter_field_and_answer_of_the_document_is_on_the_page():
    document = read(DOCUMENT).json()
    text = read(PAGE).content.decode()
    shapes = document["components"]["schemas"]
    count = 0
    for path, methods in document["paths"].items():
        for method, told in methods.items():
            assert f"<code>{method.upper()} {path}</code>" in text
            for parameter in told.get("parameters", []):
                assert f"<code>{parameter['name']}</code>" in text, path
            for name in named_shapes(told.get("requestBody")):
                for field in shapes[name]["properties"]:
                    assert f"<code>{field}</code>" in text, (path, field)
            for status in told["responses"]:
                assert f"<dt>{status}</dt>" in text, (path, status)
            count += 1
    assert count >= 6
    inner = {name for shape in shapes.values() for name in named_shapes(shape)}
    assert inner
    assert [name for name in inner if f'id="bentuk-{name}"' not in text] == []


def test_every_link_within_the_page_leads_somewhere_and_no_id_stands_twice():
    text = read(PAGE).content.decode()
    ids = re.findall(r'\bid="([^"]+)"', text)

    assert len(ids) == len(set(ids))
    assert set(re.findall(r'href="#([^"]+)"', text)) <= set(ids)


@pytest.mark.parametrize("language", ["id", "en"])
def test_it_asks_no_other_host_and_holds_no_script_of_its_own(language):
    page = read(PAGE, language)
    text = page.content.decode()
    loaded = re.findall(r'<(?:script|link|img|iframe)[^>]*(?:src|href)="([^"]+)"', text)

    assert f'<html lang="{language}"' in text
    assert [address for address in loaded if not re.match(r"/(?!/)|data:|#", address)] == []
    assert "script-src 'self'" in page.headers["Content-Security-Policy"]
    assert "unsafe" not in page.headers["Content-Security-Policy"]
    assert not re.search(r"<script(?![^>]*\bsrc=)[^>]*>[^<]*\S", text)


def test_it_is_open_to_anybody_read_only_and_costs_one_query(django_assert_max_num_queries):
    with django_assert_max_num_queries(1):
        assert Client().get(PAGE).status_code == 200
    assert Client().post(PAGE).status_code == 405


def test_the_help_page_leads_to_it():
    assert f'href="{PAGE}"' in read("/bantuan/").content.decode()
