"""What is said of a password that is refused, and before one is chosen."""

import pytest
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.utils import translation


def test_a_common_password_is_refused_in_plain_words(cast):
    with translation.override("id"), pytest.raises(ValidationError) as refused:
        validate_password("1qaz2wsx3edc", cast.participant.account)

    assert refused.value.error_list[0].code == "password_too_common"
    assert refused.value.messages == [
        "Kata sandi ini dipakai banyak orang sehingga mudah ditebak. Pilih kata sandi lain."
    ]


def test_the_page_says_beforehand_what_is_not_taken(cast, confirmed, one_factor):
    page = confirmed(cast.participant.account).get("/akun/sandi/").content.decode()

    assert "Bukan kata sandi yang dipakai banyak orang." in page
    assert "sandi umum digunakan" not in page


def test_no_point_of_that_list_is_empty(cast, confirmed, one_factor):
    page = confirmed(cast.participant.account).get("/akun/sandi/").content.decode()

    assert "Bukan kata sandi akun contoh." in page
    assert "<li></li>" not in page
