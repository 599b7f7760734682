"""What is asked before a proposal, by version of the rule, beside what was stated."""

from datetime import date

import pytest

from clinic.assessments.arithmetic.conditions import (
    EXCEPTED,
    PREDICATES,
    judge,
    shipped_versions,
    version_of_year,
)

VERSIONS = shipped_versions()
NEWEST = VERSIONS[-1]
# Least values for WBK and WBBM of a regency, by version: 52/2014 halaman 20-21; 90/2021 Lampiran II
# halaman 46 and 58; 5/2024 Lampiran II halaman 4, the same as 90/2021 under newer names.
OF_2021 = {
    "bpk-opinion": ("WTP", "WTP"),
    "sakip": ("B", "BB"),
    "rb-index": ("CC", "B"),
    "spip": ("3", "3"),
    "core-service": ("Ya", "Ya"),
    "public-effect": ("Ya", "Ya"),
    "audit-follow-up": ("100", "100"),
    "wealth-reports": ("100", "100"),
    "months-of-building": ("12", "12"),
    "internal-sakip": ("B", "BB"),
    "earlier-predicate": (None, "Menuju WBK"),
}
OF_2014 = {
    "bpk-opinion": ("WTP", "WTP dua tahun berturut-turut"),
    "sakip": ("CC", "CC"),
    "echelon": ("Ya", "Ya"),
    "core-service": ("Ya", "Ya"),
    "reform-done": ("Ya", "Ya"),
    "resources": ("Ya", "Ya"),
    "earlier-predicate": (None, "Menuju WBK"),
}
ASKED = {"52-2014": OF_2014, "90-2021": OF_2021, "5-2024": OF_2021}
OF_THE_AGENCY = {"bpk-opinion", "sakip", "rb-index", "spip"}
READY = {code: wbbm for code, (_wbk, wbbm) in OF_2021.items()}


def states(stated, predicate="WBK", version=NEWEST):
    return {each.condition.code: each.state for each in judge(version, predicate, stated)}


@pytest.mark.parametrize("version", VERSIONS, ids=lambda version: version.id)
def test_u111_each_version_asks_what_its_table_asks(version):
    asked = {
        condition.code: tuple(condition.required.get(test) for test in PREDICATES)
        for condition in version.conditions
    }
    assert asked == ASKED[version.id]
    of_agency = {each.code for each in version.conditions if each.level == "agency"}
    assert of_agency == OF_THE_AGENCY & set(asked)


def test_ten_conditions_for_wbk_and_eleven_for_wbbm():
    assert [len(NEWEST.asked_for(test)) for test in PREDICATES] == [10, 11]


def test_the_day_of_proposals_may_be_another_one_since_2024():
    days = [
        (each.proposal.day, each.proposal.month, each.proposal.or_announced)
        if each.proposal
        else None
        for each in VERSIONS
    ]
    assert days == [None, (31, 5, False), (31, 5, True)]


def test_the_newest_rule_names_what_wealth_reports_are_called_since_2024():
    names = [
        condition.name
        for version in VERSIONS
        for condition in version.conditions
        if condition.code == "wealth-reports"
    ]
    assert names == ["Penyampaian LHKPN dan LHKASN", "Penyampaian LHKPN dan LHKAN"]


@pytest.mark.parametrize(
    ("year", "rule"), [(2013, "52-2014"), (2020, "52-2014"), (2021, "90-2021"),
                       (2023, "90-2021"), (2024, "5-2024"), (2026, "5-2024")]
)  # fmt: skip
def test_the_rule_in_force_at_the_end_of_the_year_holds(year, rule):
    assert version_of_year(VERSIONS, year).id == rule


def test_the_versions_begin_on_the_day_they_came_into_force():
    begin = [date(2014, 11, 21), date(2021, 12, 31), date(2024, 8, 1)]
    assert [version.valid_from for version in VERSIONS] == begin


def test_u60_what_nobody_stated_is_neither_met_nor_unmet():
    assert set(states({}).values()) == {"not_stated"}
    half = states({"sakip": "BB", "spip": "2"})
    assert (half["sakip"], half["spip"], half["bpk-opinion"]) == ("met", "not_met", "not_stated")


def test_every_condition_at_its_least_value_is_met_and_one_step_less_is_not():
    for predicate in PREDICATES:
        assert set(states(READY, "WBBM").values()) == {"met"}
        for condition in NEWEST.asked_for(predicate):
            least = condition.required[predicate]
            if condition.choices:
                below = condition.choices[condition.choices.index(least) - 1]
            else:
                below = str(int(least) - 1)
            assert condition.state(predicate, least) == "met"
            assert condition.state(predicate, below) == "not_met"


def test_a_regency_of_cc_and_b_may_propose_wbk_and_not_wbbm():
    regency = {"rb-index": "CC", "sakip": "B"}
    assert {states(regency)[code] for code in regency} == {"met"}
    assert {states(regency, "WBBM")[code] for code in regency} == {"not_met"}


def test_a_value_of_another_version_counts_as_not_stated():
    old = version_of_year(VERSIONS, 2020)
    stated = {"bpk-opinion": "WTP dua tahun berturut-turut"}
    assert states(stated, "WBBM", old)["bpk-opinion"] == "met"
    assert states(stated)["bpk-opinion"] == "not_stated"


def test_only_six_services_of_the_newest_rule_are_excepted():
    assert [len(version.exceptions) for version in VERSIONS] == [0, 0, 6]
    assert NEWEST.is_excepted({EXCEPTED: "Rumah sakit umum daerah"})
    assert not NEWEST.is_excepted({EXCEPTED: "Tidak termasuk"})
    assert not NEWEST.is_excepted({})
    assert EXCEPTED not in states({})


def test_the_way_of_affirmation_is_told_as_practice_for_wbk_alone():
    ways = [version.affirmation for version in VERSIONS]
    assert ways[:2] == [None, None]
    assert (ways[2].name, ways[2].predicates) == ("WBK-AFIRMASI", ("WBK",))
    assert "portal" in ways[2].source


@pytest.mark.parametrize("value", ["101", "-1", "", "1.5", "\u0661"])
def test_a_number_outside_its_range_is_not_accepted(value):
    follow_up = next(each for each in NEWEST.conditions if each.code == "audit-follow-up")
    assert not follow_up.accepts(value)
    assert follow_up.accepts("100")
