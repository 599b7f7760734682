"""The four blocks of a profile: an area without points left is never called weak."""

from decimal import Decimal

from clinic.assessments.models import ChangeArea
from clinic.insights.arithmetic.diagnosis import Word
from clinic.insights.arithmetic.suppression import State
from clinic.insights.profile import ProfileLine, in_blocks
from clinic.insights.reading import Shown


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
