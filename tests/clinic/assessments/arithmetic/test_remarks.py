from fractions import Fraction

import pytest

from clinic.assessments.arithmetic.sheet_checks import amount_in, closer_letter, says_none, share_in

SURVEYS = {
    letter: f"Survei kepuasan masyarakat dilakukan minimal {times} kali dalam setahun"
    for letter, times in zip("ABCD", (4, 3, 2, 1), strict=True)
}
INNOVATION = {"A": "Jika ada inovasi pelayanan yang direplikasi", "E": "Jika belum ada inovasi"}


def test_a_remark_that_repeats_another_line_names_its_letter():
    remark = "survei kepuasan masyarakat dilakukan minimal 2 kali dalam setahun."
    assert closer_letter(remark, SURVEYS, "A") == "C"
    assert closer_letter(remark, SURVEYS, "C") is None


def test_a_remark_of_ones_own_says_nothing():
    assert (
        closer_letter("SKM dilaporkan tiap triwulan, terakhir 28 September", SURVEYS, "A") is None
    )


def test_a_line_that_denies_is_not_repeated_by_a_remark_that_affirms():
    assert closer_letter("ada inovasi", INNOVATION, "A") is None
    assert closer_letter("belum ada inovasi", INNOVATION, "A") == "E"


@pytest.mark.parametrize("claimed", ["B", "Ya"])
def test_a_letter_without_line_is_never_contradicted(claimed):
    assert closer_letter("belum ada inovasi", INNOVATION, claimed) is None


@pytest.mark.parametrize(
    ("remark", "none"),
    [
        ("Tidak ada pengaduan", True),
        ("tidak terdapat pelanggaran disiplin", True),
        ("NIHIL", True),
        ("Belum ada", True),
        ("Tidak semua pengaduan selesai", False),
        ("Ada 6 pengaduan, tidak ada yang ditolak", False),
        ("", False),
    ],
)
def test_only_a_remark_that_starts_so_says_none(remark, none):
    assert says_none(remark) is none


@pytest.mark.parametrize(
    ("remark", "amount"),
    [
        ("Terdapat 6 pengaduan", 6),
        ("1. Perencanaan\n2. Sarana\n3.Keuangan", 3),
        ("1. satu\n3. tiga", None),
        ("13 orang dari 15", None),
        ("capaian 87,65%", None),
        ("Puskesmas", None),
    ],
)
def test_an_amount_is_told_only_if_it_is_clear(remark, amount):
    assert amount_in(remark) == amount


@pytest.mark.parametrize(
    ("remark", "share"),
    [
        ("Nilai IKM = 87,65%", Fraction("0.8765")),
        ("4 (100%)", 1),
        ("90 persen", Fraction("0.9")),
        ("dari 80% menjadi 90%", None),
        ("baik", None),
    ],
)
def test_a_percentage_is_told_only_if_it_is_the_only_one(remark, share):
    assert share_in(remark) == share
