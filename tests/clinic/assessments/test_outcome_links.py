"""Outcomes and their links: whole weights, no unknown rows, loading twice changes nothing."""

from decimal import Decimal
from pathlib import Path

import pytest

from clinic.assessments import frameworks
from clinic.assessments.models import Outcome, OutcomeLink
from clinic.assessments.outcome_links import (
    LinkEntry,
    link_outcome,
    load_outcomes,
    write_outcome,
)
from clinic.lib.errors import Refused

pytestmark = pytest.mark.django_db

STARTER = Path("clinic/management/content/outcomes.toml").read_text()


@pytest.fixture
def zi():
    return frameworks.load_framework((frameworks.SHIPPED / "zi-2021.toml").read_text()).edition


def outcome(slug):
    return write_outcome(
        slug=slug, area="pengawasan", statement="Menyusun bukti", statement_en="", order=1
    )


def test_the_starter_outcomes_load_and_loading_again_changes_nothing():
    for path in frameworks.shipped_files():
        frameworks.load_framework(path.read_text())
    load_outcomes(STARTER)
    before = set(OutcomeLink.objects.values_list("outcome__slug", "node", "weight"))
    load_outcomes(STARTER)
    assert set(OutcomeLink.objects.values_list("outcome__slug", "node", "weight")) == before
    assert Outcome.objects.values("area").distinct().count() == 8


def test_links_of_an_edition_that_is_not_loaded_wait_for_it(zi):
    load_outcomes(STARTER)
    assert {link.node.edition.slug for link in OutcomeLink.objects.all()} == {"zi-2021"}


def test_outcomes_of_one_row_never_bear_on_more_than_the_whole_of_it(zi):
    link_outcome(outcome("a"), [LinkEntry("zi-2021", "A.I.5.i", Decimal("0.7"))])
    with pytest.raises(Refused) as refusal:
        link_outcome(outcome("b"), [LinkEntry("zi-2021", "A.I.5.i", Decimal("0.4"))])
    assert refusal.value.code == "link_weights_over_one"
    assert OutcomeLink.objects.count() == 1


@pytest.mark.parametrize(
    ("node", "weight"), [("A.I.99", "0.5"), ("A.I.5.i", "0"), ("A.I.5.i", "2")]
)
def test_a_link_to_no_row_or_without_weight_is_refused(zi, node, weight):
    with pytest.raises(Refused) as refusal:
        link_outcome(outcome("a"), [LinkEntry("zi-2021", node, Decimal(weight))])
    assert refusal.value.code == "link_invalid"


def test_a_link_that_is_no_longer_wanted_goes(zi):
    row = outcome("a")
    link_outcome(row, [LinkEntry("zi-2021", "A.I.5.i", Decimal("0.5"))])
    link_outcome(row, [LinkEntry("zi-2021", "A.I.5.ii", Decimal("0.5"))])
    assert [link.node.code for link in row.links.all()] == ["A.I.5.ii"]
