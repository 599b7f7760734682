"""Every sentence about a workbook has an Indonesian translation that fills the same places."""

import re
from pathlib import Path

import pytest
from babel.messages.pofile import read_po

import clinic
from clinic.assessments.arithmetic import sheet_checks
from clinic.assessments.workbook import grid, problems
from clinic.lib.arithmetic import tables, uploads

CATALOGUE = Path(clinic.__file__).parent / "locale" / "id" / "LC_MESSAGES" / "django.po"
SENTENCES = [
    *problems.SENTENCES.values(),
    *sheet_checks.SENTENCES.values(),
    *grid.REASONS.values(),
    *uploads.ARCHIVE_REASONS.values(),
    *tables.REASONS.values(),
]
NEVER = re.compile(r"\b(temuan|celah|dipertaruhkan|galat|gagal|terburuk)\b", re.IGNORECASE)


@pytest.fixture(scope="module")
def catalogue():
    with CATALOGUE.open("rb") as file:
        return read_po(file)


@pytest.mark.parametrize("sentence", sorted(set(SENTENCES)))
def test_a_sentence_is_translated_and_keeps_its_places(catalogue, sentence):
    entry = catalogue.get(sentence)
    assert entry is not None
    assert entry.string
    assert not NEVER.search(entry.string)
    places = [sorted(re.findall(r"%\(\w+\)s|%%", text)) for text in (sentence, entry.string)]
    assert places[0] == places[1]
