import pytest
from django.contrib.sessions.models import Session
from django.test import Client

pytestmark = pytest.mark.django_db


def test_a_chosen_theme_stays_for_the_session():
    client = Client()
    answered = client.post("/tampilan/", {"theme": "dark", "next": "/bantuan/"})
    assert answered["Location"] == "/bantuan/"
    assert 'data-theme="dark"' in client.get("/").content.decode()
    client.post("/tampilan/", {"theme": "", "next": "/"})
    assert "data-theme" not in client.get("/").content.decode()


def test_an_unknown_theme_means_as_the_device():
    client = Client()
    client.post("/tampilan/", {"theme": '"><script>', "next": "/"})
    assert "data-theme" not in client.get("/").content.decode()


@pytest.mark.parametrize("address", ["/tampilan/", "/bahasa/"])
@pytest.mark.parametrize(
    "target", ["https://jahat.example/", "//jahat.example", "javascript:alert(1)", "/\\jahat"]
)
def test_the_way_back_never_leaves_the_house(address, target):
    values = {"theme": "dark", "language": "en", "next": target}
    assert Client().post(address, values)["Location"] == "/"


def test_looking_changes_nothing():
    client = Client()
    assert client.get("/tampilan/?theme=dark").status_code == 405
    client.get("/bahasa/?language=en&next=/")
    for address in ("/", "/bantuan/", "/komponen/"):
        client.get(address)
        client.head(address)
        client.options(address)
    assert '<html lang="id"' in client.get("/").content.decode()
    assert Session.objects.count() == 0


def test_the_language_switch_turns_the_page():
    client = Client()
    client.post("/bahasa/", {"language": "en", "next": "/bantuan/"})
    assert '<html lang="en"' in client.get("/bantuan/").content.decode()
