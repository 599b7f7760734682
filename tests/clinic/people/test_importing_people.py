from datetime import date

import pytest
from allauth.account.models import EmailAddress

from clinic.lib.arithmetic.tables import read_table
from clinic.lib.errors import Refused
from clinic.people import accounts, granting
from clinic.people.arithmetic.lists import ColumnsMissing
from clinic.people.granting import Scope, standing_grants
from clinic.people.importing import PlanOutdated
from clinic.people.importing_people import apply_people, plan_people, read_people
from clinic.people.importing_units import apply_units, read_units
from clinic.people.models import Membership, Person, Unit
from clinic.records.audit import AuditDetail, AuditEntry
from tests.clinic.people.lists import PERSON_HEADER, UNIT_HEADER, as_xlsx, codes, table
from tests.given import Role

TODAY = date(2026, 6, 1)
BUDI = ["196608011988031001", "Budi Santoso, S.E.", "Dinas Kesehatan", "Kasubag", "L",
        "0812 3456 7890", "budi@contoh.test", "01-01-2020"]  # fmt: skip
SITI = ["", "Siti Aminah", "Dinas Sosial", "Staf", "P", "", "siti@contoh.test", ""]
EKO = ["", "Eko", "Bagian Hukum", "Staf", "", "", "", ""]


@pytest.fixture(autouse=True)
def region(db):
    units = [
        ["kabupaten-contoh", "Kabupaten Contoh", "kabupaten", "", "0"],
        ["setda", "Sekretariat Daerah", "sekretariat-daerah", "kabupaten-contoh", "1"],
        ["bagian-hukum", "Bagian Hukum", "bagian", "setda", "1"],
        ["dinas-kesehatan", "Dinas Kesehatan", "dinas", "kabupaten-contoh", "2"],
        ["dinas-sosial", "Dinas Sosial", "dinas", "kabupaten-contoh", "3"],
        ["bpkpd", "Badan Pengelola Keuangan", "badan", "kabupaten-contoh", "4"],
    ]
    apply_units(*read_units(table([UNIT_HEADER, *units])), actor=None)


def plan_of(*rows, header=PERSON_HEADER, today=TODAY):
    read, problems = read_people(table([header, *rows]))
    return plan_people(read, problems, today=today)


def write(*rows, today=TODAY, **options):
    read = read_people(table([PERSON_HEADER, *rows]))
    return apply_people(*read, actor=None, today=today, **options).counts


def memberships_of(person):
    found = person.memberships.order_by("start").values_list("unit__slug", "start", "end")
    return list(found)


def problem_codes(plan):
    return [code for _, _, code in codes(plan)]


def changes(plan, row=0):
    return {change.field: (change.before, change.after) for change in plan.rows[row].changes}


def test_a_cell_that_holds_an_error_is_told_once():
    plan = plan_of(["=1+1", *BUDI[1:]], ["", "#N/A", *SITI[2:]])

    problems = [(each.code, each.row, each.column, each.level) for each in plan.problems]
    assert problems == [
        ("cell_holds_error", 2, "nip", "error"),
        ("cell_holds_error", 3, "name", "error"),
    ]


def test_persons_come_in_with_their_units_and_a_second_time_nothing_changes():
    counts = write(BUDI, SITI, EKO)

    budi = Person.objects.get(nip="196608011988031001")
    assert counts["created"] == 3
    assert (budi.name, budi.phone, budi.sex) == ("Budi Santoso, S.E.", "081234567890", "L")
    assert memberships_of(budi) == [("dinas-kesehatan", date(2020, 1, 1), None)]
    assert memberships_of(Person.objects.get(name="Eko")) == [("bagian-hukum", TODAY, None)]
    entries = AuditEntry.objects.count()
    later = date(2026, 9, 1)
    assert write(BUDI, SITI, EKO, today=later)["unchanged"] == 3
    assert (Person.objects.count(), Membership.objects.count()) == (3, 3)
    assert AuditEntry.objects.count() == entries


def test_the_preview_and_the_audit_log_hold_no_number_in_full():
    plan = plan_of(BUDI)
    write(BUDI, expected_digest=plan.digest)

    assert changes(plan)["nip"] == ("", "19********1001")
    assert changes(plan)["phone"] == ("", "08**-****-*90")
    assert changes(plan)["email"] == ("", "b***@contoh.test")
    stored = str(list(AuditDetail.objects.values_list("values", flat=True)))
    assert "196608011988031001" not in stored
    assert "081234567890" not in stored
    assert "196608011988031001" not in str(plan.as_report())


def test_another_unit_ends_the_old_membership_the_day_before():
    write(BUDI)

    row = [*BUDI[:2], "Dinas Sosial", "Kepala Bidang", "", "", "", "01-03-2026"]
    plan = plan_of(row)
    write(row, expected_digest=plan.digest)

    assert changes(plan) == {
        "unit": ("Dinas Kesehatan", "Dinas Sosial"),
        "position": ("Kasubag", "Kepala Bidang"),
        "start": ("2020-01-01", "2026-03-01"),
    }
    assert memberships_of(Person.objects.get()) == [
        ("dinas-kesehatan", date(2020, 1, 1), date(2026, 2, 28)),
        ("dinas-sosial", date(2026, 3, 1), None),
    ]


def test_a_move_without_a_day_begins_today():
    write(SITI)

    write([*SITI[:2], "Dinas Kesehatan", *SITI[3:]], today=date(2026, 7, 1))

    assert memberships_of(Person.objects.get()) == [
        ("dinas-sosial", TODAY, date(2026, 6, 30)),
        ("dinas-kesehatan", date(2026, 7, 1), None),
    ]


def test_an_empty_cell_erases_nothing():
    write(BUDI)

    assert plan_of([BUDI[0], BUDI[1], "", "", "", "-", "", ""]).counts["unchanged"] == 1


def test_a_nip_fills_a_known_person_found_by_e_mail():
    write(SITI)

    row = ["198005052005012003", *SITI[1:]]
    plan = plan_of(row)
    write(row, expected_digest=plan.digest)

    assert changes(plan) == {"nip": ("", "19********2003")}
    assert Person.objects.get().nip == "198005052005012003"


def test_a_row_without_keys_is_taken_for_the_one_of_that_name_in_the_unit_and_says_so():
    write(BUDI)

    plan = plan_of(["", "BUDI SANTOSO", "dinas-kesehatan", "", "", "", "", ""])

    assert ("taken_by_name" in problem_codes(plan), plan.rows[0].target) == (
        True,
        Person.objects.get().pk,
    )


def test_a_new_nip_with_a_known_name_only_suggests():
    write(EKO)

    plan = plan_of(["198005052005011003", "Eko, S.H.", "Bagian Hukum", "", "", "", "", ""])

    assert (plan.rows[0].state, problem_codes(plan)) == ("created", ["maybe_same"])


def test_two_of_one_name_in_a_unit_need_a_key():
    write(EKO, ["198005052005011003", "Eko, S.H.", "Bagian Hukum", "", "", "", "", ""])

    plan = plan_of(EKO)

    assert codes(plan) == [(2, "name", "name_ambiguous")]


def test_a_confirmed_e_mail_address_is_never_overwritten():
    write(SITI)
    siti = Person.objects.get()
    accounts.create_account(siti)
    EmailAddress.objects.update(verified=True)
    Person.objects.update(nip="198005052005012003")

    row = ["198005052005012003", *SITI[1:6], "lain@contoh.test", ""]
    plan = plan_of(row)
    write(row, expected_digest=plan.digest)

    assert problem_codes(plan) == ["email_verified_kept"]
    assert Person.objects.get().email == "siti@contoh.test"


def test_an_unconfirmed_e_mail_address_is_replaced():
    write(BUDI)

    write([*BUDI[:6], "baru@contoh.test", ""])

    assert Person.objects.get().email == "baru@contoh.test"


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        (["1", "", "Dinas Sosial"], (2, "name", "cell_empty")),
        (["", "Budi", ""], (2, "unit", "cell_empty")),
        (["", "Budi", "Dinas Antariksa"], (2, "unit", "unit_unknown")),
        (["", "Budi", "Dinas Kesehatann"], (2, "unit", "unit_unknown_alike")),
        (["", "=2+5+cmd|' /C calc'!A0", "Dinas Sosial"], (2, "name", "cell_holds_error")),
        (["Budi", "196608011988031001", "Kasubag"], (2, "name", "name_form")),
        (["", "Budi", "Dinas Sosial", "", "X"], (2, "sex", "sex_unknown")),
        (["", "Budi", "Dinas Sosial", "", "", "", "budi@"], (2, "email", "email_form")),
        (["", "Budi", "Dinas Sosial", "", "", "", "", "32-01-2020"], (2, "start", "not_a_day")),
        (["", "Budi", "Dinas Sosial", "J" * 161], (2, "position", "text_too_long")),
        (["1,98001E+17", "Budi", "Dinas Sosial"], (2, "nip", "nip_broken_by_spreadsheet")),
        (["1" * 40, "Budi", "Dinas Sosial"], (2, "nip", "nip_too_long")),
    ],
)
def test_a_bad_row_is_named_with_its_column_and_nothing_is_written(row, problem):
    plan = plan_of(SITI, row)

    assert (problem[0] + 1, *problem[1:]) in codes(plan)
    with pytest.raises(Refused) as refusal:
        write(SITI, row)
    assert refusal.value.code == "rows_rejected"
    assert not Person.objects.exists()


@pytest.mark.parametrize(
    ("nip", "code"),
    [
        ("131234567", "nip_has_the_old_form"),
        ("196613011988031001", "nip_birth_date"),
        ("7322010108900001", "nip_is_a_nik"),
        ("tidak ada", "nip_is_no_number"),
    ],
)
def test_a_nip_of_wrong_form_is_a_warning_and_the_row_comes_in(nip, code):
    row = [nip, "Budi", "Dinas Sosial", "", "", "", "", ""]

    assert codes(plan_of(row)) == [(2, "nip", code)]
    assert write(row)["created"] == 1


def test_a_nik_reaches_neither_the_person_nor_the_plan():
    row = ["7322010108900001", "Budi", "Dinas Sosial", "", "", "", "", ""]
    plan = plan_of(row)
    write(row, expected_digest=plan.digest)

    assert Person.objects.get().nip == ""
    assert "7322010108900001" not in repr(plan)


def test_a_numeric_nip_cell_of_a_workbook_is_broken_by_excel():
    content = as_xlsx([PERSON_HEADER, [196608011988031001, "Budi", "Dinas Sosial"]])

    rows, problems = read_people(read_table(content, "pegawai.xlsx"))

    assert [(p.row, p.column, p.code) for p in problems] == [
        (2, "nip", "nip_broken_by_spreadsheet")
    ]
    assert rows[0].nip == ""


def test_a_numeric_phone_cell_gets_its_zero_back_and_a_date_cell_is_a_day():
    row = ["", "Budi", "Dinas Sosial", "Staf", "L", 81234567890, "", date(2022, 5, 25)]
    rows, problems = read_people(read_table(as_xlsx([PERSON_HEADER, row]), "pegawai.xlsx"))

    assert (rows[0].phone, rows[0].start, problems) == ("081234567890", date(2022, 5, 25), [])


@pytest.mark.parametrize(
    ("second", "problem"),
    [
        ([BUDI[0], "Budi S.", "Dinas Sosial"], (3, "nip", "nip_twice")),
        (["", "Wati", "Dinas Sosial", "", "", "", BUDI[6]], (3, "email", "email_twice")),
    ],
)
def test_a_list_that_names_one_human_twice_is_refused(second, problem):
    assert problem in codes(plan_of(BUDI, second))


def test_the_same_name_twice_in_a_unit_without_a_key_is_refused():
    assert codes(plan_of(EKO, EKO)) == [(3, "name", "same_name_twice")]


def test_one_known_person_reached_by_two_rows_is_refused():
    write(BUDI)

    plan = plan_of([BUDI[0], *BUDI[1:6], "", ""], ["", *BUDI[1:]])

    assert (3, "", "person_twice") in codes(plan)


def test_an_e_mail_address_of_somebody_else_is_refused_with_the_name():
    write(BUDI)

    plan = plan_of(["199001012015011001", "Wati", "Dinas Sosial", "", "", "", BUDI[6], ""])

    assert codes(plan) == [(2, "email", "email_taken")]
    assert plan.problems[0].values == {"known": "Budi Santoso, S.E."}


def test_a_shared_address_never_gives_one_person_the_name_of_another():
    write(SITI)

    plan = plan_of(["", "Wati", "Dinas Sosial", "", "", "", "siti@contoh.test", ""])

    assert codes(plan) == [(2, "email", "email_taken")]


def test_a_known_nip_with_a_wholly_different_name_is_a_warning():
    write(BUDI)

    assert problem_codes(plan_of([BUDI[0], "Siti Aminah", *BUDI[2:]])) == ["name_differs"]


def test_the_name_of_a_merged_unit_leads_to_its_successor():
    header = ["slug", "name", "kind", "parent", "valid_to", "succeeded_by"]
    row = ["badan-lama", "Badan Lama", "badan", "kabupaten-contoh", "2021-12-31", "bpkpd"]
    apply_units(*read_units(table([header, row])), actor=None)

    row = ["", "Budi", "Badan Lama Kab. Contoh", "", "", "", "", ""]
    plan = plan_of(row)
    write(row, expected_digest=plan.digest)

    assert problem_codes(plan) == ["unit_carried"]
    assert memberships_of(Person.objects.get())[0][0] == "bpkpd"


def test_partial_takes_the_good_rows():
    counts = write(BUDI, ["", "Wati", "Dinas Antariksa"], partial=True)

    assert (counts["created"], counts["refused"]) == (1, 1)
    assert Person.objects.get().name == "Budi Santoso, S.E."


def test_a_plan_that_is_no_longer_true_is_not_written():
    plan = plan_of(BUDI)
    write(BUDI)

    with pytest.raises(PlanOutdated):
        write(BUDI, expected_digest=plan.digest)

    assert Person.objects.count() == 1


def test_a_list_without_name_or_unit_is_refused():
    with pytest.raises(ColumnsMissing) as refusal:
        read_people(table([["NIP", "Nama"], ["", "Budi"]]))

    assert refusal.value.details == {"columns": "unit"}


def test_an_empty_list_is_told():
    assert problem_codes(plan_of()) == ["no_rows"]


@pytest.mark.parametrize("size", [1, 200])
def test_the_number_of_queries_does_not_grow_with_the_list(size, django_assert_num_queries):
    rows = [["", f"Orang {word(n)}", "Dinas Sosial", "", "", "", "", ""] for n in range(size)]
    write(*rows)

    with django_assert_num_queries(6):
        assert plan_of(*rows).counts["unchanged"] == size


def word(number):
    return "".join(chr(ord("a") + int(digit)) for digit in f"{number:03d}")


class TestRoles:
    """A list that places somebody in another unit ends the roles in units, as a move does."""

    @pytest.fixture
    def budi(self):
        write(BUDI)
        budi = Person.objects.get(name=BUDI[1])
        unit = Unit.objects.get(slug="dinas-kesehatan")
        granting.grant(budi, Role.OPERATOR, actor=None, scope=Scope(unit=unit), starts_on=TODAY)
        granting.grant(budi, Role.AUTHOR, actor=None, starts_on=TODAY)
        return budi

    MOVED = [*BUDI[:2], "Dinas Sosial", *BUDI[3:7], ""]

    def test_who_is_placed_in_another_unit_loses_the_roles_in_units(self, budi):
        plan = plan_of(self.MOVED)
        write(self.MOVED)

        assert "roles_end" in problem_codes(plan)
        assert [given.role for given in standing_grants(budi)] == [Role.AUTHOR]
        assert AuditEntry.objects.filter(verb="grant.ended", subject=budi.pk).count() == 1

    def test_another_post_in_the_same_unit_leaves_the_roles(self, budi):
        promoted = [*BUDI[:3], "Kepala Bidang", *BUDI[4:7], ""]

        assert "roles_end" not in problem_codes(plan_of(promoted))
        write(promoted)

        assert {given.role for given in standing_grants(budi)} == {Role.OPERATOR, Role.AUTHOR}

    def test_whoever_applies_the_list_keeps_their_own_roles(self, budi):
        granting.grant(budi, Role.ADMINISTRATOR, actor=None, starts_on=TODAY)
        own = accounts.create_account(budi)

        apply_people(*read_people(table([PERSON_HEADER, self.MOVED])), actor=own, today=TODAY)

        assert Role.OPERATOR in {given.role for given in standing_grants(budi)}
