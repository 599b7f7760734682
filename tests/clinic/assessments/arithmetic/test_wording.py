from hypothesis import given
from hypothesis import strategies as st

from clinic.assessments.arithmetic.wording import NameIndex, likeness, plain, word_likeness

NAMES = st.text(alphabet="abcde 12-", max_size=30)


def test_doubled_words_case_and_marks_do_not_count():
    assert plain("- Telah  DILAKUKAN dan dan (monev)!") == "telah dilakukan dan monev"
    assert likeness("Monitoring dan dan evaluasi", "monitoring dan evaluasi") == 1


def test_a_slip_is_still_alike_and_another_row_is_not():
    assert likeness("Pejabat Penawas (eselon IV)", "Pejabat Pengawas (eselon IV)") > 0.85
    assert likeness("Kepala satuan kerja", "Jumlah yang sudah melaporkan") < 0.4


def test_a_single_other_number_shows_by_words():
    one, other = "minimal 4 kali dalam setahun", "minimal 2 kali dalam setahun"
    assert word_likeness(one, other) == 0.8
    assert word_likeness("", other) == 0


def test_the_index_finds_the_name_that_is_meant():
    index = NameIndex([("a", "Kepala satuan kerja"), ("b", "Jumlah yang sudah melaporkan")])
    assert max(index.alike("kepala satuan keja").items(), key=lambda item: item[1])[0] == "a"
    assert index.alike("") == {}


@given(NAMES, NAMES)
def test_likeness_is_symmetric_and_a_share(one, other):
    assert likeness(one, other) == likeness(other, one)
    assert 0 <= likeness(one, other) <= 1
