"""Loading editions: idempotent, locked once used, wording as revisions (D3, D4)."""

import pytest
from django.db.models import CharField

from clinic.assessments import frameworks, sheets
from clinic.assessments.models import FrameworkEdition, Node
from clinic.lib.errors import Refused
from clinic.people.models import Unit
from clinic.records.audit import AuditEntry

pytestmark = pytest.mark.django_db

ZI = (frameworks.SHIPPED / "zi-2021.toml").read_text()


@pytest.fixture
def zi():
    return frameworks.load_framework(ZI).edition


def test_every_shipped_edition_loads_and_loading_again_changes_nothing():
    for path in frameworks.shipped_files():
        assert frameworks.load_framework(path.read_text()).created > 0
        assert not frameworks.load_framework(path.read_text()).changed


def too_long(row):
    """Name the fields whose text is longer than their column."""
    return [
        f"{field.name}: {field.value_from_object(row)}"
        for field in row._meta.concrete_fields
        if isinstance(field, CharField) and len(field.value_from_object(row)) > field.max_length
    ]


def test_every_shipped_edition_fits_its_columns():
    """SQLite stores a text of any length; PostgreSQL refuses the whole file."""
    for path in frameworks.shipped_files():
        edition = frameworks.load_framework(path.read_text()).edition
        for row in [edition, edition.framework, *edition.nodes.all()]:
            assert too_long(row) == []


def test_zi_has_its_whole_tree_and_every_question_one_change_area(zi):
    assert zi.nodes.count() == 199
    questions = zi.nodes.filter(kind="question")
    assert questions.count() == 110
    assert questions.filter(area__isnull=False).count() == 110
    assert questions.values("area").distinct().count() == 6


def test_rb_general_says_no_area():
    text = (frameworks.SHIPPED / "rb-general-2023.toml").read_text()
    edition = frameworks.load_framework(text).edition
    assert not edition.nodes.filter(area__isnull=False).exists()


def test_a_changed_weight_of_a_used_edition_is_refused(zi):
    frameworks.lock(zi)
    changed = ZI.replace('weight = "0.5"', 'weight = "0.6"', 1).replace(
        'weight = "1.5"', 'weight = "1.4"', 1
    )
    with pytest.raises(Refused) as refusal:
        frameworks.load_framework(changed)
    assert refusal.value.code == "edition_locked"
    assert "zi-2021" in refusal.value.message


def test_a_changed_wording_of_a_used_edition_becomes_a_revision(zi):
    frameworks.lock(zi)
    node = zi.nodes.get(code="A.I.1.i.a")
    loaded = frameworks.load_framework(ZI.replace(node.name, node.name + " (diperjelas)", 1))
    assert (loaded.created, loaded.reworded, loaded.removed) == (0, 1, 0)
    node.refresh_from_db()
    assert node.name.endswith("(diperjelas)")
    assert list(node.revisions.values_list("number", flat=True)) == [1, 2]


WORDS = [
    ("zi-2021", 'name = "Wilayah Bebas dari Korupsi'),
    ("zi-2021", 'label = "Ya/Tidak'),
    ("akip-2021", 'name = "Sangat Memuaskan'),
    ("akip-2021", 'name = "Evaluasi'),
    ("akip-2021", 'AA = "semua kriteria terpenuhi'),
]


@pytest.mark.parametrize(("slug", "words"), WORDS, ids=[words for _slug, words in WORDS])
def test_each_kind_of_wording_of_a_used_edition_may_change(slug, words):
    text = (frameworks.SHIPPED / f"{slug}.toml").read_text()
    frameworks.lock(frameworks.load_framework(text).edition)
    assert words in text

    loaded = frameworks.load_framework(text.replace(words, f"{words} (diperjelas)", 1))

    assert (loaded.created, loaded.reworded, loaded.removed) == (0, 1, 0)
    assert "(diperjelas)" in loaded.edition.definition["toml"]
    assert AuditEntry.objects.filter(verb="framework.load").count() == 2


@pytest.mark.parametrize(
    "change",
    [
        ('minimum = "75"', 'minimum = "74"'),
        ('steps = { A = "1", B = "0.5", C = "0" }', 'steps = { A = "1", B = "0.6", C = "0" }'),
        ('id = "WBK"', 'id = "WBX"'),
    ],
)
def test_what_is_no_wording_of_a_used_edition_is_refused(zi, change):
    frameworks.lock(zi)
    with pytest.raises(Refused) as refusal:
        frameworks.load_framework(ZI.replace(*change, 1))
    assert refusal.value.code == "edition_locked"


def test_an_edition_in_use_since_an_earlier_release_loads_again(zi):
    frameworks.lock(zi)
    FrameworkEdition.objects.update(digest="of an earlier release")

    assert not frameworks.load_framework(ZI).changed


def test_an_unused_edition_may_change_its_tree(zi):
    before = Node.objects.get(edition=zi, code="A.I.1.i.a").pk
    table = ZI.replace('name = "Zona Integritas menuju', 'name = "ZI menuju', 1)
    frameworks.load_framework(table)
    assert FrameworkEdition.objects.get(slug="zi-2021").name.startswith("ZI menuju")
    assert Node.objects.get(edition=zi, code="A.I.1.i.a").pk == before


def test_the_first_sheet_locks_the_edition(zi):
    root = Unit.add_root(slug="kabupaten-contoh", name="Kabupaten Contoh", kind="kabupaten")
    sheets.record_sheet(
        unit=root, edition=zi, period=2022, rows={"A.I.1.i.a": sheets.RowEntry(value="Ya")}
    )
    zi.refresh_from_db()
    assert zi.locked_at is not None


def test_a_letter_of_akip_that_is_explained_anew_leaves_stored_scores():
    """One ladder for every sub-component: the words of AA change, its value does not."""
    akip = (frameworks.SHIPPED / "akip-2021.toml").read_text()
    earlier = akip.replace("layak menjadi percontohan nasional", "bertahan 5 tahun", 1)
    edition = frameworks.load_framework(earlier).edition
    root = Unit.add_root(slug="kabupaten-contoh", name="Kabupaten Contoh", kind="kabupaten")
    sheet = sheets.record_sheet(
        unit=root, edition=edition, period=2025, rows={"1.a": sheets.RowEntry(value="AA")}
    ).sheet

    assert frameworks.load_framework(akip).reworded == 1

    sheet.refresh_from_db()
    assert (sheet.total, sheet.edition_id) == (6, edition.pk)


def test_a_process_reads_the_text_of_an_edition_once_and_again_after_a_load(
    zi, django_assert_num_queries
):
    frameworks.edition_file(FrameworkEdition.objects.get())
    again = FrameworkEdition.objects.get()
    with django_assert_num_queries(0):
        first = frameworks.edition_file(again)

    frameworks.load_framework(ZI.replace("Manajemen Perubahan", "Perubahan", 1))

    later = frameworks.edition_file(FrameworkEdition.objects.get())
    assert [node.code for node in later.nodes] == [node.code for node in first.nodes]
    assert later != first
