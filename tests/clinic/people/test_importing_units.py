from datetime import date

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from clinic.lib.errors import Refused
from clinic.people.arithmetic.lists import ColumnsMissing
from clinic.people.importing import PlanOutdated
from clinic.people.importing_units import apply_units, plan_units, read_units
from clinic.people.models import Unit, UnitSuccession
from clinic.records.audit import AuditEntry
from tests.clinic.people.lists import UNIT_HEADER, codes, sample, table
from tests.given import make_person

ROOT = ["kab", "Kabupaten Uji", "kabupaten", "", "0"]
OFFICE = ["dinas-a", "Dinas A", "dinas", "kab", "1"]
PART = ["upt-a", "UPTD A", "uptd", "dinas-a", "1"]


def plan_of(*rows, header=UNIT_HEADER):
    read, problems = read_units(table([header, *rows]))
    return plan_units(read, problems)


def write(*rows, header=UNIT_HEADER, **options):
    read = read_units(table([header, *rows]))
    return apply_units(*read, actor=None, **options).counts


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("name", "units", "root", "code"),
    [
        ("units-contoh.csv", 48, "kabupaten-contoh", "99.99"),
        ("units-luwu-utara.csv", 45, "kabupaten-luwu-utara", "73.22"),
    ],
)
def test_a_whole_regency_comes_in_and_a_second_time_nothing_changes(name, units, root, code):
    rows, problems = read_units(sample(name))

    plan = apply_units(rows, problems, actor=None)
    counts = plan.counts

    assert codes(plan) == []
    assert counts["created"] == units == Unit.objects.count()
    assert Unit.objects.get(slug=root).national_code == code
    assert AuditEntry.objects.filter(verb="unit.created").count() == units
    again = plan_units(*read_units(sample(name)))
    assert again.counts == {
        "rows": units, "created": 0, "changed": 0, "unchanged": units, "refused": 0, "warnings": 0
    }  # fmt: skip
    apply_units(*read_units(sample(name)), actor=None)
    assert AuditEntry.objects.count() == units


@pytest.mark.django_db
def test_units_stand_in_official_order_whatever_the_order_of_rows():
    rows, problems = read_units(sample("units-contoh.csv"))

    apply_units(rows[::-1], problems, actor=None)

    root = Unit.objects.get(slug="kabupaten-contoh")
    offices = list(root.get_children().values_list("order", flat=True))
    assert offices == list(range(1, 42))
    assert Unit.find_problems() == ([], [], [], [], [])


@pytest.mark.django_db
@settings(
    max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(order=st.permutations(range(6)))
def test_any_order_of_rows_gives_the_same_tree(order, undone):
    rows = [
        ROOT, OFFICE, PART,
        ["dinas-b", "Dinas B", "dinas", "kab", "2"],
        ["upt-b", "UPTD B", "uptd", "dinas-b", "1"],
        ["upt-c", "UPTD C", "uptd", "upt-b", "1"],
    ]  # fmt: skip
    with undone():
        write(*[rows[place] for place in order])

        tree = [(unit.depth, unit.slug) for unit in Unit.objects.all()]

    assert tree == [
        (1, "kab"), (2, "dinas-a"), (3, "upt-a"), (2, "dinas-b"), (3, "upt-b"), (4, "upt-c")
    ]  # fmt: skip


@pytest.mark.django_db
def test_a_plan_writes_nothing():
    plan = plan_of(ROOT, OFFICE)

    assert plan.counts["created"] == 2
    assert not Unit.objects.exists()


@pytest.mark.django_db
def test_a_new_name_keeps_the_old_one_and_shows_both():
    write(ROOT, OFFICE)

    row = ["dinas-a", "Dinas A Baru", "dinas", "kab", "1"]
    plan = plan_of(row)
    write(row, expected_digest=plan.digest)

    unit = Unit.objects.get(slug="dinas-a")
    assert (unit.name, unit.former_name_list) == ("Dinas A Baru", ["Dinas A"])
    assert [(c.field, c.before, c.after) for c in plan.rows[0].changes] == [
        ("name", "Dinas A", "Dinas A Baru"),
        ("former_names", "", "Dinas A"),
    ]
    assert plan_of(["dinas-a", "Dinas A Baru", "dinas", "kab", "1"]).counts["unchanged"] == 1


@pytest.mark.django_db
def test_a_name_that_comes_back_is_no_longer_a_former_one():
    write(ROOT, OFFICE)
    write(["dinas-a", "Dinas A Baru", "dinas", "kab", "1"])

    write(OFFICE)

    unit = Unit.objects.get(slug="dinas-a")
    assert (unit.name, unit.former_name_list) == ("Dinas A", ["Dinas A Baru"])


@pytest.mark.django_db
def test_an_empty_cell_changes_nothing():
    header = [*UNIT_HEADER, "short_name", "note"]
    write([*ROOT, "", ""], [*OFFICE, "DA", "catatan"], header=header)

    plan = plan_of(["dinas-a", "Dinas A", "dinas", "kab", "", "-", ""], header=header)

    assert plan.counts["unchanged"] == 1


@pytest.mark.django_db
def test_another_parent_moves_the_unit_with_all_below_it():
    write(ROOT, OFFICE, PART, ["dinas-b", "Dinas B", "dinas", "kab", "2"])

    write(["dinas-a", "Dinas A", "dinas", "dinas-b", "1"])

    part = Unit.objects.get(slug="upt-a")
    assert [unit.slug for unit in part.get_ancestors()] == ["kab", "dinas-b", "dinas-a"]
    assert Unit.find_problems() == ([], [], [], [], [])


@pytest.mark.django_db
def test_units_trade_places_without_going_below_themselves():
    write(ROOT, OFFICE, PART)

    write(["dinas-a", "Dinas A", "dinas", "upt-a", "1"], ["upt-a", "UPTD A", "uptd", "kab", "1"])

    assert [(unit.depth, unit.slug) for unit in Unit.objects.all()] == [
        (1, "kab"), (2, "upt-a"), (3, "dinas-a")
    ]  # fmt: skip


@pytest.mark.django_db
def test_another_order_changes_the_place_among_siblings():
    write(ROOT, OFFICE, ["dinas-b", "Dinas B", "dinas", "kab", "2"])

    write(["dinas-b", "Dinas B", "dinas", "kab", "0"])

    assert [unit.slug for unit in Unit.objects.all()] == ["kab", "dinas-b", "dinas-a"]


HISTORY = [*UNIT_HEADER, "valid_from", "valid_to", "succeeded_by", "former_names"]


@pytest.mark.django_db
def test_a_merger_and_a_split_come_in_with_their_days():
    write(
        [*ROOT, "", "", "", ""],
        ["lama-1", "Dinas Lama Satu", "dinas", "kab", "1", "", "31-12-2020", "dinas-a", ""],
        ["lama-2", "Dinas Lama Dua", "dinas", "kab", "2", "", "2020-12-31", "dinas-a; dinas-b", ""],
        ["dinas-a", "Dinas A", "dinas", "kab", "3", "1 Januari 2021", "", "", "Badan A; Kantor A"],
        ["dinas-b", "Dinas B", "dinas", "kab", "4", "2021-01-01", "", "", ""],
        header=HISTORY,
    )

    split = Unit.objects.get(slug="lama-2")
    assert split.valid_to == date(2020, 12, 31)
    successors = UnitSuccession.objects.filter(before=split).values_list("after__slug", flat=True)
    assert list(successors) == ["dinas-a", "dinas-b"]
    assert Unit.objects.get(slug="dinas-a").former_name_list == ["Badan A", "Kantor A"]


def ended(successors):
    return ["dinas-a", "Dinas A", "dinas", "kab", "1", "", "2025-12-31", successors, ""]


def memberships_of(person):
    found = person.memberships.order_by("start").values_list("unit__slug", "start", "end")
    return list(found)


@pytest.mark.django_db
def test_people_of_an_ended_unit_go_to_the_one_that_carries_on():
    write(ROOT, OFFICE, ["dinas-b", "Dinas B", "dinas", "kab", "2"])
    person = make_person("Budi", Unit.objects.get(slug="dinas-a"))

    plan = plan_of(ended("dinas-b"), header=HISTORY)
    write(ended("dinas-b"), header=HISTORY, expected_digest=plan.digest)

    assert codes(plan) == [(2, "valid_to", "people_carried")]
    assert memberships_of(person) == [
        ("dinas-a", date(2020, 1, 1), date(2025, 12, 31)),
        ("dinas-b", date(2026, 1, 1), None),
    ]
    assert plan_of(ended("dinas-b"), header=HISTORY).problems == ()


@pytest.mark.django_db
@pytest.mark.parametrize("successors", ["", "dinas-b; dinas-c"])
def test_people_whose_next_unit_is_not_known_stay_and_are_told(successors):
    write(
        ROOT, OFFICE, ["dinas-b", "Dinas B", "dinas", "kab", "2"],
        ["dinas-c", "Dinas C", "dinas", "kab", "3"],
    )  # fmt: skip
    person = make_person("Budi", Unit.objects.get(slug="dinas-a"))

    plan = plan_of(ended(successors), header=HISTORY)
    write(ended(successors), header=HISTORY, expected_digest=plan.digest)

    assert codes(plan) == [(2, "valid_to", "people_left_behind")]
    assert memberships_of(person) == [("dinas-a", date(2020, 1, 1), None)]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("rows", "told"),
    [
        ([ROOT, OFFICE, OFFICE], (4, "slug", "slug_twice")),
        ([ROOT, ["kab-2", "Kabupaten Dua", "kabupaten", "", "0"]], (3, "parent", "second_root")),
        ([["a", "Dinas", "dinas", "tidak-ada", "1"]], (2, "parent", "parent_unknown")),
        ([ROOT, ["a", "Dinas", "dinas", "", "1"]], (3, "parent", "parent_not_stated")),
        ([ROOT, ["a", "Kota", "kabupaten", "kab", "1"]], (3, "parent", "regency_below_a_unit")),
        ([ROOT, ["a", "Dinas", "dinas", "a", "1"]], (3, "parent", "parent_circle")),
        ([ROOT, ["", "", "dinas", "kab", "1"]], (3, "name", "cell_empty")),
        (
            [ROOT, OFFICE, ["b", "UPTD", "uptd", "Dinas Aa", "1"]],
            (4, "parent", "parent_unknown_alike"),
        ),
        ([ROOT, ["a b", "Dinas", "dinas", "kab", "1"]], (3, "slug", "slug_form")),
        ([ROOT, ["a", "", "dinas", "kab", "1"]], (3, "name", "cell_empty")),
        ([ROOT, ["a", "123", "dinas", "kab", "1"]], (3, "name", "name_form")),
        ([ROOT, ["a", "Dinas", "toko", "kab", "1"]], (3, "kind", "kind_unknown")),
        ([ROOT, ["a", "Dinas", "dinas", "kab", "satu"]], (3, "order", "order_form")),
        ([ROOT, ["a", "D" * 201, "dinas", "kab", "1"]], (3, "name", "text_too_long")),
    ],
)
def test_a_bad_row_is_refused_by_name_and_nothing_is_written(rows, told):
    plan = plan_of(*rows)

    assert told in codes(plan)
    with pytest.raises(Refused) as refusal:
        write(*rows)
    assert refusal.value.code == "rows_rejected"
    assert not Unit.objects.exists()


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("history", "told"),
    [
        (["2021-01-01", "2020-12-31", "", ""], "ends_before_it_begins"),
        (["", "31-02-2020", "", ""], "not_a_day"),
        (["", "2020-12-31", "tidak-ada", ""], "successor_unknown"),
        (["", "2020-12-31", "dinas-a", ""], "succeeds_itself"),
        (["", "", "kab", ""], "successor_without_end"),
    ],
)
def test_a_history_that_cannot_be_is_refused(history, told):
    plan = plan_of([*ROOT, "", "", "", ""], [*OFFICE, *history], header=HISTORY)

    assert told in [code for _, _, code in codes(plan)]
    assert plan.counts["refused"] == 1


@pytest.mark.django_db
def test_a_circle_of_parents_over_several_rows_is_refused():
    plan = plan_of(
        ROOT,
        ["a", "Dinas A", "dinas", "c", "1"],
        ["b", "Dinas B", "dinas", "a", "1"],
        ["c", "Dinas C", "dinas", "b", "1"],
    )

    assert [told for told in codes(plan) if told[2] == "parent_circle"] == [
        (3, "parent", "parent_circle"),
        (4, "parent", "parent_circle"),
        (5, "parent", "parent_circle"),
    ]


@pytest.mark.django_db
def test_another_regency_than_the_one_served_is_refused():
    write(ROOT)

    plan = plan_of(["kab-lain", "Kabupaten Lain", "kabupaten", "", "0"])

    assert (2, "parent", "root_exists") in codes(plan)


@pytest.mark.django_db
def test_partial_takes_the_good_rows_and_leaves_what_hangs_on_bad_ones():
    rows = [ROOT, ["dinas-a", "Dinas A", "toko", "kab", "1"], PART,
            ["dinas-b", "Dinas B", "dinas", "kab", "2"]]  # fmt: skip

    counts = write(*rows, partial=True)

    assert (counts["created"], counts["refused"]) == (2, 2)
    assert (4, "", "depends_on_refused") in codes(plan_of(*rows))
    assert set(Unit.objects.values_list("slug", flat=True)) == {"kab", "dinas-b"}


@pytest.mark.django_db
def test_a_plan_that_is_no_longer_true_is_not_written():
    write(ROOT, OFFICE)
    row = ["dinas-a", "Dinas A Baru", "dinas", "kab", "1"]
    plan = plan_of(row)
    write(["dinas-a", "Dinas Lain", "dinas", "kab", "1"])

    with pytest.raises(PlanOutdated):
        write(row, expected_digest=plan.digest)

    assert Unit.objects.get(slug="dinas-a").name == "Dinas Lain"


@pytest.mark.django_db
def test_a_list_without_its_columns_is_refused_with_their_names():
    with pytest.raises(ColumnsMissing) as refusal:
        read_units(table([["slug", "nama"], ["a", "Dinas"]]))

    assert refusal.value.details == {"columns": "kind, parent"}
    assert refusal.value.message


@pytest.mark.django_db
def test_indonesian_headers_below_a_title_are_found():
    rows, problems = read_units(
        table(
            [
                ["DAFTAR PERANGKAT DAERAH"],
                [],
                ["No", "Induk", "Nama Perangkat Daerah", "Jenis", "Slug", "Kolom lain"],
                ["1", "kab", "Dinas A", "Dinas", "dinas-a", "x"],
            ]
        )
    )

    assert (rows[0].row, rows[0].slug, rows[0].kind) == (4, "dinas-a", "dinas")
    assert [(p.code, p.values["header"]) for p in problems] == [("column_ignored", "Kolom lain")]


@pytest.mark.django_db
def test_planning_asks_the_database_as_often_for_one_row_as_for_fifty(
    django_assert_num_queries,
):
    rows, problems = read_units(sample("units-contoh.csv"))
    apply_units(rows, problems, actor=None)

    for some in (rows[:1], rows):
        with django_assert_num_queries(2):
            plan_units(some)


@pytest.mark.django_db
def test_a_list_without_slugs_takes_them_from_the_names_and_again_changes_nothing():
    header = ["Nama", "Jenis", "Induk", "Urutan"]
    rows = [
        ["Kabupaten Uji", "kabupaten", "", "0"],
        ["Dinas Kesehatan", "dinas", "Kabupaten Uji", "1"],
        ["Dinas Sosial", "dinas", "kabupaten uji", "2"],
        ["Sub Bagian Umum", "uptd", "Dinas Kesehatan", "1"],
        ["Sub Bagian Umum", "uptd", "dinas-sosial", "1"],
    ]
    plan = plan_of(*rows, header=header)
    assert codes(plan) == [(2, "national_code", "national_code_missing")]
    assert write(*rows, header=header)["created"] == len(rows)

    assert {unit.slug: unit.get_parent().slug for unit in Unit.objects.filter(depth__gt=1)} == {
        "dinas-kesehatan": "kabupaten-uji",
        "dinas-sosial": "kabupaten-uji",
        "sub-bagian-umum": "dinas-kesehatan",
        "sub-bagian-umum-dinas-sosial": "dinas-sosial",
    }
    again = write(*rows, header=header)
    assert (again["unchanged"], again["created"], again["changed"]) == (len(rows), 0, 0)


@pytest.mark.django_db
def test_a_misspelt_parent_is_answered_with_the_name_that_was_meant():
    plan = plan_of(ROOT, OFFICE, ["", "UPTD A", "uptd", "Dinaas A", "1"])
    problem = next(one for one in plan.problems if one.column == "parent")
    assert (problem.code, problem.values["option"]) == ("parent_unknown_alike", "Dinas A")
