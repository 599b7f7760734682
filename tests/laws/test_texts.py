"""House laws over what is said: the catalogue complete (U12), and words (U58).

English has no catalogue: its texts are the msgids themselves.
"""

import ast
import re
import tomllib
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.pofile import read_po

from tests.laws.extraction import PACKAGES, collect, literals, messages_of

ROOT = Path(__file__).resolve().parents[2]
LOCALES = ROOT / "clinic" / "locale"
TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))
CONTENT = sorted((ROOT / "clinic" / "management" / "content").rglob("*.toml"))
CATALOGUES = sorted((ROOT / "clinic").glob("locale*/id/LC_MESSAGES/*.po"))
MODULES = sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))

# Words of auditors, of blame and of loss; the second part of each is what pages say instead.
UNWANTED = {
    "temuan": "hasil pemetaan",
    "celah": "belum paham",
    "dipertaruhkan": "poin yang belum diraih",
    "galat": "belum dapat …",
    "gagal": "perlu diulang, belum dapat …",
    "terburuk": "belum meraih",
    "kehilangan": "belum meraih",
}
UNWANTED_PATTERN = re.compile(rf"\b(?:{'|'.join(UNWANTED)})(?:nya)?\b", re.IGNORECASE)

# A "bidang" is a division of an office, with a head of its own; "dugaan" is what one is suspected
# of. The eight areas are "area perubahan", a figure worked out is a "perkiraan".
OFFICE = r"(?<!kepala )(?<!kementerian )"  # whose name has the word in it
MISREAD_PATTERN = re.compile(rf"\b(?:{OFFICE}bidang|dugaan)(?:nya)?\b", re.IGNORECASE)
# Modules and questions tell of the divisions of offices: there only the areas go by their name.
AREAS = (
    "perubahan|reformasi|manajemen|deregulasi|organisasi|tata ?laksana|sdm|akuntabilitas|"
    "pengawasan|pelayanan publik"
)
MISNAMED_PATTERN = re.compile(
    rf"\b(?:delapan bidang|{OFFICE}bidang (?:{AREAS})|dugaan(?:nya)?)\b", re.IGNORECASE
)
ADDRESS = re.compile(r"[a-z0-9<>:/?=-]+")  # a form key, a slug, a path

EVENT_MODE = re.compile(r"\b(?:luring|daring)\b", re.IGNORECASE)
ROOMS_OF_EVENTS = ("attendance/", "templates/attendance/")

# Names that are the same in every language.
NAMES = {
    "Bahasa Indonesia", "English", "Klinik RB", "e-SAKIP", "PMPZI", "SIASN", "SP4N-LAPOR",
    "SRIKANDI", "JP", "NIP", "LKE", "WBK", "WBBM", "PDF", "QR",
}  # fmt: skip
# Shows each component once, with Indonesian sample texts; exists in the demo alone.
SAMPLE_PAGE = ROOT / "templates" / "desks" / "components.html"


def said(message: Message) -> list[str]:
    """Return the forms of a translation; an empty text for what is missing."""
    forms = message.string if isinstance(message.string, tuple | list) else [message.string]
    return [form or "" for form in forms] or [""]


def untranslated(wanted: Catalog, catalogue: Catalog) -> list[str]:
    """Name each wanted message that has no text, or only a guessed one."""
    problems = []
    for message in wanted:
        if not message.id:
            continue
        found = catalogue.get(message.id, message.context)
        if found is None or not all(said(found)) or found.fuzzy:
            places = sorted({place for place, _line in message.locations})
            problems.append(f"{places[0]}: {message.id!r}")
    return problems


def stale(wanted: Catalog, catalogue: Catalog) -> list[str]:
    """Name each message of the catalogue that no page says any more."""
    return [
        repr(message.id)
        for message in catalogue
        if message.id and wanted.get(message.id, message.context) is None
    ]


def unwanted_words(text: str) -> list[str]:
    """Return the words of a text that no screen shows."""
    return [word.lower() for word in UNWANTED_PATTERN.findall(text)]


def misread_words(text: str) -> list[str]:
    """Return the words of a text that an office reads as something else."""
    return [word.lower() for word in MISREAD_PATTERN.findall(text)]


def spoken(source: str) -> list[str]:
    """Return the texts of a module, without its docstrings, keys and addresses."""
    tree = ast.parse(source)
    notes = {
        id(node.value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    }
    return [
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and id(node) not in notes
        and not ADDRESS.fullmatch(node.value)
    ]


@pytest.fixture(scope="module")
def wanted():
    return collect(ROOT)


@pytest.fixture(scope="module")
def catalogue():
    with (LOCALES / "id" / "LC_MESSAGES" / "django.po").open(encoding="utf-8") as stream:
        return read_po(stream, locale="id")


@pytest.fixture(scope="module")
def indonesian(catalogue):
    return [(message, form) for message in catalogue if message.id for form in said(message)]


def test_indonesian_is_the_only_catalogue():
    assert [path.parts[-3] for path in LOCALES.glob("*/LC_MESSAGES/django.po")] == ["id"]


def test_u12_every_text_is_translated(wanted, catalogue):
    assert untranslated(wanted, catalogue) == []


def test_the_catalogue_holds_only_what_is_said(wanted, catalogue):
    assert stale(wanted, catalogue) == []


def test_translations_fill_the_same_places(catalogue):
    """A placeholder that is missing or misspelt would break the page, not only the sentence."""
    faults = [
        f"{message.id!r}: {error}"
        for message in catalogue
        if message.id and all(said(message))
        for error in message.check(catalogue)
    ]
    assert faults == []


def test_u58_no_text_blames_or_audits(indonesian):
    assert [(form, words) for _, form in indonesian if (words := unwanted_words(form))] == []


@pytest.mark.parametrize("path", CONTENT, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_u58_no_module_or_question_blames_or_audits(path):
    text = path.read_text()
    assert tomllib.loads(text)
    assert unwanted_words(text) == []


@pytest.mark.parametrize("path", CATALOGUES, ids=lambda path: f"{path.parts[-4]}/{path.stem}")
def test_u58_no_text_takes_an_area_for_a_division_or_a_figure_for_a_suspicion(path):
    with path.open(encoding="utf-8") as stream:
        texts = [form for message in read_po(stream) if message.id for form in said(message)]
    assert texts
    assert [text for text in texts if misread_words(text)] == []


def test_u58_no_sample_in_the_code_does_so_either():
    texts = [text for path in MODULES for text in spoken(path.read_text())]
    texts += [literal.text for literal in literals(SAMPLE_PAGE.read_text())]
    assert [text for text in texts if misread_words(text)] == []


@pytest.mark.parametrize("path", CONTENT, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_u58_modules_and_questions_name_the_areas_as_the_rules_do(path):
    assert MISNAMED_PATTERN.findall(path.read_text()) == []


def test_u58_luring_and_daring_are_the_mode_of_an_event(wanted, indonesian):
    strangers = [
        form
        for message, form in indonesian
        if EVENT_MODE.search(form)
        and not any(
            place.startswith(ROOMS_OF_EVENTS)
            for place, _line in wanted.get(message.id, message.context).locations
        )
    ]
    assert strangers == []


def test_no_text_shouts(indonesian):
    shouted = [
        text for message, form in indonesian for text in (str(message.id), form) if "!" in text
    ]
    assert shouted == []


def test_no_template_speaks_outside_the_catalogues():
    found = [
        f"{path.relative_to(ROOT)}:{literal.line}: {literal.text}"
        for path in TEMPLATES
        if path != SAMPLE_PAGE
        for literal in literals(path.read_text())
        if literal.text not in NAMES
    ]
    assert found == []


class TestTheLawsThemselves:
    """Each reading of texts finds what it is there for."""

    @pytest.mark.parametrize(
        ("text", "suffix", "messages"),
        [
            ('{% translate "Print" %}', ".html", ["Print"]),
            ("{% blocktranslate trimmed %}\n  One\n  line\n{% endblocktranslate %}", ".html",
             ["One line"]),
            ('<b>\n   {% translate "A" %}\n {{ x|default:_("B") }}', ".html", ["A", "B"]),
            ('gettext_lazy("One " "line")', ".py", ["One line"]),
            ("f\"{x}; {_('two')}\"", ".py", ["two"]),
            ("_(told) % {}", ".py", []),
            ('ngettext("%(n)s row", "%(n)s rows", n)', ".py", [("%(n)s row", "%(n)s rows")]),
        ],
    )  # fmt: skip
    def test_messages_are_found(self, text, suffix, messages):
        assert [each.texts for each in messages_of(text, suffix)] == messages

    @pytest.mark.parametrize(
        ("template", "texts"),
        [
            ("<p>Simpan</p>", ["Simpan"]),
            ('<img alt="Peta unit">', ["Peta unit"]),
            ("<p>{% translate 'Save' %} sekarang {{ name }}</p>", ["sekarang"]),
            ("{% blocktranslate %}Save{% endblocktranslate %}", []),
            ("{# Simpan #}{% comment %}Simpan{% endcomment %}", []),
            ('<p class="wide">{{ total }} / {{ most }} ×</p><script src="a.js"></script>', []),
            ('{% block main %} class="wide"{% endblock %}', []),
        ],
    )
    def test_literal_text_is_found(self, template, texts):
        assert [literal.text for literal in literals(template)] == texts

    def test_missing_empty_and_guessed_texts_are_named(self):
        wanted, catalogue = Catalog(), Catalog(locale="id")
        for text in ("Missing", "Empty", "Guessed", "Done"):
            wanted.add(text, locations=[("x.html", 1)])
        catalogue.add("Empty")
        catalogue.add("Guessed", "Dikira", flags=["fuzzy"])
        catalogue.add("Done", "Selesai")
        catalogue.add("Old", "Lama")

        assert untranslated(wanted, catalogue) == [
            "x.html: 'Missing'",
            "x.html: 'Empty'",
            "x.html: 'Guessed'",
        ]
        assert stale(wanted, catalogue) == ["'Old'"]

    @pytest.mark.parametrize(
        ("text", "words"),
        [
            ("Pengiriman gagal.", ["gagal"]),
            ("Temuannya tiga", ["temuannya"]),
            ("Kegagalan sambungan diulang sendiri", []),
            ("Hasil pemetaan", []),
        ],
    )
    def test_unwanted_words_are_found(self, text, words):
        assert unwanted_words(text) == words

    @pytest.mark.parametrize(
        ("text", "words"),
        [
            ("Poin per bidang", ["bidang"]),
            ("Bidang terberatnya; dugaannya", ["bidang", "dugaannya"]),
            ("Unit dan bidangnya", ["bidangnya"]),
            ("Kepala Bidang Pengawasan", []),
            ("Kementerian bidang hukum membidangi peraturan", []),
            ("Perkiraan menurut area perubahan", []),
        ],
    )
    def test_misread_words_are_found(self, text, words):
        assert misread_words(text) == words

    @pytest.mark.parametrize(
        ("text", "words"),
        [
            ("tiga indikator bidang pengawasan", ["bidang pengawasan"]),
            ("satu dari delapan bidang", ["delapan bidang"]),
            ("Dugaan pelanggaran", ["Dugaan"]),
            ("Dua bidang lain tidak dimuat; bidang perizinan", []),
            ("Kementerian bidang reformasi birokrasi", []),
        ],
    )
    def test_misnamed_areas_are_found(self, text, words):
        assert MISNAMED_PATTERN.findall(text) == words

    def test_texts_of_modules_are_found(self):
        source = (
            '"""Bidang."""\nx = {"bidang": "Bidang", "u": "bidang/<u>/"}\ny = f"Per bidang {x}"'
        )
        found = [text for text in spoken(source) if misread_words(text)]
        assert sorted(found) == ["Bidang", "Per bidang "]
