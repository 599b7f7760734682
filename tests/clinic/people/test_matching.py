import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinic.people.arithmetic.matching import (
    PersonIndex,
    PersonKeys,
    names_agree,
    names_share_a_word,
    normalise_name,
)

WORDS = st.sampled_from(["andi", "budi", "citra", "dewi", "eko", "fitri", "gunawan", "hasan"])
NAMES = st.lists(WORDS, min_size=1, max_size=4, unique=True).map(" ".join)
BEFORE = st.sampled_from(["", "Dr. ", "Drs. H. ", "Ir. ", "dr. ", "Hj. "])
BEHIND = st.sampled_from(["", ", S.E.", ", SE, MM", ", S.Sos., M.Si", " SKM", ", S. STP., M. AP."])


@pytest.mark.parametrize(
    ("typed", "plain"),
    [
        ("Dr. H. Muh. Ilham, S.STP., M.Si.", "muhammad ilham"),
        ("MUHAMMAD ILHAM", "muhammad ilham"),
        ("Muh.Ilham", "muhammad ilham"),
        ("drg. Siti Nurhaliza", "siti nurhaliza"),
        ("Andi Tenri SE MM", "andi tenri"),
        ("Santoso, Budi", "santoso budi"),
        ("Ma'ruf  Amin", "maruf amin"),
        ("José Ximenes, A.Md.Keb", "jose ximenes"),
        ("Abd. Rahman", "abdul rahman"),
        ("dr. Budi, Sp.A", "budi"),
        ("Dr.", "dr"),
        ("", ""),
    ],
)
def test_a_name_without_its_titles(typed, plain):
    assert normalise_name(typed) == plain


@given(name=NAMES, before=BEFORE, behind=BEHIND, shout=st.booleans())
def test_titles_and_case_never_change_the_name(name, before, behind, shout):
    typed = f"{before}{name.title()}{behind}"

    assert normalise_name(typed.upper() if shout else typed) == normalise_name(name)


@given(st.text(max_size=80))
def test_normalising_twice_is_normalising_once(text):
    once = normalise_name(text)

    assert normalise_name(once) == once


def test_names_that_have_no_word_in_common():
    assert not names_share_a_word("Budi Santoso", "Siti Aminah, S.E.")
    assert names_share_a_word("Drs. Budi Santoso", "SANTOSO")


@pytest.fixture
def known():
    return PersonIndex(
        [
            (1, PersonKeys("Budi Santoso", nip="111", email="budi@contoh.test", unit="dinkes")),
            (2, PersonKeys("Siti Aminah", email="Siti@contoh.test", unit="dinkes")),
            (3, PersonKeys("Siti Aminah, S.E.", nip="333", unit="dinkes")),
            (4, PersonKeys("Eko", email="kantor@contoh.test", unit="setda")),
            (5, PersonKeys("Dewi", email="kantor@contoh.test", unit="setda")),
        ]
    )


@pytest.mark.parametrize(
    ("row", "found"),
    [
        (PersonKeys("Budi", nip="111"), ("nip", 1)),
        (PersonKeys("Budi", nip="111", email="BUDI@contoh.test"), ("nip", 1)),
        (PersonKeys("Budi", nip="111", email="siti@contoh.test"), ("conflict", 2)),
        (PersonKeys("Budi", nip="999", email="budi@contoh.test"), ("conflict", 1)),
        (PersonKeys("Siti", nip="222", email="siti@contoh.test"), ("email", 2)),
        (PersonKeys("Siti", email="siti@contoh.test"), ("email", 2)),
        (PersonKeys("Eko", email="kantor@contoh.test"), ("ambiguous", None)),
        (PersonKeys("Siti Aminah", unit="dinkes"), ("none", None)),
    ],
)
def test_which_key_finds_whom(known, row, found):
    assert known.find(row) == found


def test_a_name_in_the_same_unit_only_suggests(known):
    assert known.alike(PersonKeys("SITI AMINAH", unit="dinkes")) == {2, 3}
    assert known.alike(PersonKeys("Siti Aminah", unit="setda")) == set()
    assert known.alike(PersonKeys("Siti Aminah", nip="444", unit="dinkes")) == {2}


@given(
    st.dictionaries(st.integers(1, 50), st.text("0123456789", min_size=3, max_size=5), min_size=1)
)
def test_two_different_nips_never_join(nips):
    known = PersonIndex((key, PersonKeys("Budi", nip=nip)) for key, nip in nips.items())

    for nip in nips.values():
        how, found = known.find(PersonKeys("Budi", nip=nip))
        assert how == "nip"
        assert nips[found] == nip


@pytest.mark.parametrize(
    ("name", "other", "agree"),
    [
        ("Dr. H. Muh. Ilham, S.STP.", "MUHAMMAD ILHAM", True),
        ("Siti Aminah", "Siti Aminah Rahman, S.E.", True),
        ("Rahman Siti Aminah", "Siti Aminah", True),
        ("Suharto", "Suharto", True),
        ("Siti", "Siti Aminah", False),
        ("Siti Aminah", "Siti Rahma", False),
        ("", "", False),
    ],
)
def test_names_agree_where_they_may_be_one_persons(name, other, agree):
    assert names_agree(name, other) is names_agree(other, name) is agree
