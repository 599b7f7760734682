"""The four blocks of a profile: an area without points left is never called weak."""

from dataclasses import replace
from decimal import Decimal

import pytest

from clinic.assessments import frameworks, sheets
from clinic.assessments.models import ChangeArea, Proof
from clinic.assessments.sheet_page import page_of
from clinic.insights.arithmetic.diagnosis import Word
from clinic.insights.arithmetic.suppression import State
from clinic.insights.profile import (
    ProfileLine,
    SheetGaps,
    blocks,
    blocks_of_sheet,
    gaps_of_sheet,
    in_blocks,
)
from clinic.insights.reading import Shown
from tests.clinic.insights import made


def line(slug, word, points):
    shown = Shown(state=State.SHOWN, minimum=1, word=word.value)
    return ProfileLine(area=ChangeArea(slug=slug), shown=shown, points=Decimal(points), url="")


def slugs(lines):
    return [each.area.slug for each in lines]


def test_what_is_to_be_verified_is_weak_only_while_points_are_left():
    found = in_blocks(
        [
            line("pengawasan", Word.HIDDEN_RISK, "2.63"),
            line("sdm", Word.HIDDEN_RISK, "0"),
            line("tatalaksana", Word.SOUND, "0"),
            line("akuntabilitas", Word.UNKNOWN, "0.8"),
        ]
    )
    assert slugs(found.weak) == ["pengawasan"]
    assert slugs(found.known) == ["sdm", "tatalaksana"]
    assert slugs(found.unknown) == ["akuntabilitas"]
    assert slugs(found.steps) == ["pengawasan", "sdm", "akuntabilitas"]


GAPS = SheetGaps(
    blank=6,
    blank_points=Decimal("3.646"),
    unproven=37,
    unproven_points=Decimal("51.2"),
    outside_points=Decimal("10.2"),
)


def texts(block):
    return [drawn["text"] for drawn in block["lines"]]


def test_what_the_sheet_lacks_stands_first_with_its_points_and_where_to_do_it():
    content = in_blocks([line("pengawasan", Word.KNOWLEDGE_GAP, "6.942")])
    *_others, steps = blocks(content, GAPS, "/lke/")
    fill, link, learn = steps["lines"]
    assert (fill["url"], link["url"]) == ("/lke/?saring=kosong", "/lke/?saring=tanpa-bukti")
    assert "6 butir" in fill["text"]
    assert "3,6 poin" in fill["text"]
    assert "37 butir" in link["text"]
    assert "51,2 poin" in link["text"]
    assert "6,9 poin" in learn["text"]
    assert fill["hint"]


def test_who_reads_no_rows_gets_the_areas_alone():
    content = in_blocks([line("pengawasan", Word.KNOWLEDGE_GAP, "6.942")])
    *_others, steps = blocks(content, GAPS)
    assert len(steps["lines"]) == 1


def test_points_outside_the_areas_stand_where_their_weight_puts_them():
    content = in_blocks(
        [line("pengawasan", Word.KNOWLEDGE_GAP, "12"), line("sdm", Word.KNOWLEDGE_GAP, "2")]
    )
    weak = texts(blocks(content, GAPS, "/lke/")[1])
    assert [text for text in weak if "10,2 poin" in text] == [weak[1]]
    nothing = replace(GAPS, outside_points=Decimal(0))
    assert len(texts(blocks(content, nothing, "/lke/")[1])) == 2


@pytest.mark.django_db
def test_what_a_sheet_lacks_is_what_its_own_page_filters(regencies):
    edition = frameworks.find_edition("zi-2021")
    said = made.rows(frameworks.edition_file(edition), strength=0.8)
    code = next(iter(said))
    sheet = sheets.record_sheet(
        unit=regencies[0].health, edition=edition, period=made.PERIOD, rows=said
    ).sheet
    node = sheet.answers.get(node__code=code).node
    Proof.objects.create(sheet=sheet, node=node, link="https://contoh.test/bukti")
    scores = list(sheet.area_scores.select_related("area"))
    gaps = gaps_of_sheet(sheet, scores)
    page = page_of(sheet, "tanpa-bukti")
    rows = [row for part in page.parts for row in part.rows]
    assert (gaps.unproven, gaps.unproven_points) == (len(rows), sum(row.score for row in rows))
    assert gaps.blank == page.counts["kosong"] == sheet.unanswered
    *_others, steps = blocks_of_sheet(sheet, scores, "/lke/", gaps=gaps, reads_findings=False)
    assert f"{gaps.unproven} butir" in " ".join(texts(steps))
