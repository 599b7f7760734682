import gzip
import re

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from clinic.assessments.frameworks import find_edition
from clinic.assessments.models import Sheet
from clinic.assessments.sheets import RowEntry, record_sheet, rows_of, sheet_url
from clinic.assessments.workbook.reading import read_workbook
from clinic.people import granting
from clinic.people.granting import Scope
from clinic.people.models import Unit
from clinic.records import jobs
from clinic.records.audit import AuditEntry
from clinic.records.imports import Import
from tests.clinic.assessments.made_workbooks import SAMPLE, ZI
from tests.given import Role

pytestmark = pytest.mark.django_db
ROW = "A.I.1.i.a"
OPEN_DETAILS = re.compile(r'<details\s+class="fold"\s+open\s*>')


@pytest.fixture(autouse=True)
def no_second_factor(settings):
    settings.KLINIK_SECOND_FACTOR = False


@pytest.fixture(scope="module")
def entries():
    return read_workbook(SAMPLE, ZI).entries


@pytest.fixture
def unit(cast):
    return Unit.objects.get(slug="dinas-kesehatan-contoh")


@pytest.fixture
def sheet(unit, entries):
    return record_sheet(unit=unit, edition=find_edition("zi-2021"), period=2026, rows=entries).sheet


@pytest.fixture
def operator(cast, signed_in):
    return signed_in(cast.operator.account)


def text(answer):
    return answer.content.decode()


def row_url(sheet, code=ROW):
    return f"{sheet_url(sheet)}butir/{code}/"


def send(browser, unit, content=None):
    upload = SimpleUploadedFile("lke.xlsx", content or SAMPLE.read_bytes())
    fields = {"unit": unit.slug, "period": "2026", "framework": "zi-2021", "file": upload}
    return browser.post(reverse("sheet_import"), fields)


def typed(browser, sheet, code=ROW, **changes):
    """Post a row's form as it is drawn, with some fields changed."""
    form = browser.get(row_url(sheet, code)).context["form"]
    fields = {name: form[name].value() or "" for name in form.fields}
    return {**fields, **changes}


def test_a_unit_checks_looks_at_and_applies_its_workbook_once(operator, unit):
    address = send(operator, unit).headers["Location"]
    jobs.run_due()
    preview = operator.get(address)
    assert "95,710 poin" in text(preview)
    assert preview.context["differences"].is_first
    assert not Sheet.objects.exists()

    done = operator.post(address, follow=True)

    sheet = Sheet.objects.get()
    assert sheet_url(sheet) in text(done)
    assert (sheet.unit, sheet.period) == (unit, 2026)
    assert AuditEntry.objects.filter(verb="sheet.record").count() == 1
    assert operator.post(address).status_code == 409


def test_a_sheet_that_changed_since_the_check_is_not_overwritten(operator, unit):
    address = send(operator, unit).headers["Location"]
    jobs.run_due()
    record_sheet(
        unit=unit,
        edition=find_edition("zi-2021"),
        period=2026,
        rows={ROW: RowEntry(value="Tidak", text="Tidak")},
    )

    refused = operator.post(address)

    assert refused.status_code == 409
    assert Sheet.objects.get().rev == 1
    assert Import.objects.get().state == Import.State.READY
    (row,) = [one for one in refused.context["differences"].rows if one.code == ROW]
    assert row.answers == (("", "Tidak", "Ya"),)
    assert operator.post(address).status_code == 302
    assert Sheet.objects.get().rev == 2


def test_the_same_file_again_has_nothing_to_apply(operator, unit, sheet):
    address = send(operator, unit).headers["Location"]
    jobs.run_due()
    page = operator.get(address)

    assert not page.context["differences"].any
    assert 'icon="check"' not in text(page)


def test_a_unit_outside_reach_cannot_be_chosen(operator, cast):
    other = Unit.objects.get(slug="kecamatan-hulu-contoh")

    answer = send(operator, other)

    assert answer.status_code == 422
    assert not Import.objects.exists()


def test_the_list_names_what_is_missing_and_units_without_a_sheet(operator, sheet, unit):
    record_sheet(unit=unit, edition=sheet.edition, period=2025, rows={})

    page = text(operator.get(f"{reverse('sheets')}?tahun=semua"))

    assert 0 < page.index(sheet_url(sheet).replace("2026", "2025")) < page.index(sheet_url(sheet))
    assert "113" in page


def test_the_sheet_page_shows_every_row_and_filters_them(operator, sheet):
    page = operator.get(sheet_url(sheet))
    everything = page.context["page"]

    assert sum(len(part.rows) for part in everything.parts) == everything.counts["semua"] == 113
    assert everything.counts["tanpa-bukti"] == 27
    assert "bukti.example" in text(page)
    lost = operator.get(f"{sheet_url(sheet)}?saring=belum-diraih").context["page"]
    rows = [row for part in lost.parts for row in part.rows]
    assert 0 < len(rows) == everything.counts["belum-diraih"] < 113
    assert all(row.not_reached > 0 for row in rows)


def test_paper_shows_all_rows_in_one_table_and_rubrics_only_where_asked(operator, sheet):
    page = text(operator.get(sheet_url(sheet)))
    table = page.split('<table class="print-only sheet-table">')[1].split("</table>")[0]

    assert table.count('<th scope="row">') == 113
    assert not OPEN_DETAILS.search(page.split("</table>")[-1])
    asked = text(operator.get(f"{sheet_url(sheet)}?cetak=rubrik"))
    assert len(OPEN_DETAILS.findall(asked)) > 90


def test_the_list_is_narrowed_by_name_framework_and_year(operator, sheet, unit):
    record_sheet(unit=unit, edition=sheet.edition, period=2025, rows={})

    def shown(query):
        listed = operator.get(f"{reverse('sheets')}{query}").context["sheets"]
        return [one["sheet"].period for one in listed]

    assert shown("") == [2026]
    assert shown("?tahun=2026") == [2026]
    assert shown("?tahun=2025") == [2025]
    assert shown("?kerangka=zi-2021&cari=kesehatan") == [2026]
    assert shown("?kerangka=zi-2021&cari=kesehatan&tahun=semua") == [2025, 2026]
    assert shown("?cari=tidak-ada&tahun=semua") == []
    assert shown("?tahun=abc") == [2025, 2026]


def test_at_first_the_newest_year_of_each_edition_is_listed(operator, sheet, unit):
    other = find_edition("akip-2021")
    for year in (2023, 2024):
        record_sheet(unit=unit, edition=other, period=year, rows={})
    for year in (2024, 2025):
        record_sheet(unit=unit, edition=sheet.edition, period=year, rows={})

    page = operator.get(reverse("sheets"))

    listed = {(each["sheet"].edition.slug, each["sheet"].period) for each in page.context["sheets"]}
    assert listed == {("zi-2021", 2026), ("akip-2021", 2024)}
    assert "?tahun=semua" in text(page)


def test_the_list_has_pages_and_grows_neither_in_statements_nor_in_size_with_the_years(
    signed_in, cast, sheet
):
    """A page costs what it shows, however many years of sheets a regency has."""
    browser = signed_in(cast.regency_official.account)

    def look():
        browser.get(reverse("sheets"))
        with CaptureQueriesContext(connection) as asked:
            page = browser.get(reverse("sheets"))
        return len(asked), len(page.content), [each["sql"] for each in asked]

    statements, size, _asked = look()
    Sheet.objects.bulk_create(
        Sheet(unit=unit, unit_name=unit.name, edition=sheet.edition, period=period)
        for unit in Unit.objects.exclude(pk=sheet.unit_id)
        for period in range(2006, 2026)
    )
    years = 20 * len("<option value='2006'>2006</option>")

    later_statements, later_size, asked = look()

    assert later_statements == statements
    assert later_size < size + 2 * years + 400
    assert not [each for each in asked if '"definition"' in each or '"reading"' in each]
    every = browser.get(f"{reverse('sheets')}?tahun=semua").context
    assert (len(every["sheets"]), every["page_obj"].paginator.num_pages > 1) == (50, True)


def test_among_several_units_none_is_chosen_and_the_year_is_that_of_most_sheets(
    operator, cast, signed_in, unit, sheet
):
    form = signed_in(cast.regency_official.account).get(reverse("sheet_import")).context["form"]
    assert form["unit"].value() is None
    assert form["period"].value() == 2026
    record_sheet(unit=unit, edition=sheet.edition, period=2027, rows={})
    page = operator.get(f"{reverse('sheet_import')}?unit={unit.slug}")
    assert page.context["form"]["unit"].value() == unit.slug
    assert page.context["form"]["period"].value() == 2027


def test_a_framework_left_open_is_recognised_and_a_new_year_is_pointed_out(operator, unit):
    upload = SimpleUploadedFile("lke.xlsx", SAMPLE.read_bytes())
    fields = {"unit": unit.slug, "period": "2031", "framework": "", "file": upload}
    address = operator.post(reverse("sheet_import"), fields).headers["Location"]
    jobs.run_due()

    page = operator.get(address)

    assert Import.objects.get().options["framework"] == "zi-2021"
    assert page.context["is_first_of_year"]
    done = text(operator.post(address, follow=True))
    assert reverse("unit_profile", kwargs={"slug": unit.slug}) in done
    assert reverse("map") in done
    assert Sheet.objects.get().edition.slug == "zi-2021"


def test_the_sheet_page_costs_few_questions_and_bytes(
    operator, sheet, unit, django_assert_max_num_queries
):
    """113 rows for at most twelve bare views: three queries and 25 lines each."""
    operator.get(sheet_url(sheet))
    with django_assert_max_num_queries(16) as asked:
        page = operator.get(sheet_url(sheet))
    assert not [each["sql"] for each in asked.captured_queries if '"definition"' in each["sql"]]
    assert not [each["sql"] for each in asked.captured_queries if '"rows"' in each["sql"]]
    assert len(gzip.compress(page.content)) < 60_000


def test_rows_stand_folded_by_indicator_and_a_short_list_open(operator, sheet):
    page = operator.get(sheet_url(sheet))

    groups = [group for part in page.context["page"].parts for group in part.groups]
    assert len(groups) == 45 - 1  # two pieces of A.II.5.iii stand together
    assert not any(group.is_open for group in groups)
    assert text(page).count('href="#bagian-') == 14
    few = operator.get(f"{sheet_url(sheet)}?saring=belum-diraih").context["page"]
    assert all(group.is_open for part in few.parts for group in part.groups)
    group = next(each for each in groups if each.code == "A.II.5.ii")
    assert group.facts == "1 butir, 1 tanpa tautan bukti, 2,5 poin belum diraih"


def test_the_blank_rows_begin_with_one_button(operator, unit):
    sheet = record_sheet(unit=unit, edition=find_edition("zi-2021"), period=2026, rows={}).sheet

    page = text(operator.get(sheet_url(sheet)))

    assert f"{row_url(sheet)}?saring=kosong" in page
    assert "Isi butir kosong" in page


def test_an_assessor_begins_with_rows_without_proof_and_reads_that_review_comes_later(
    cast, signed_in, sheet
):
    page = signed_in(cast.assessor.account).get(sheet_url(sheet))

    shown = page.context["page"]
    assert sum(len(part.rows) for part in shown.parts) == shown.counts["tanpa-bukti"] == 27
    assert [tab["current"] for tab in page.context["tabs"]] == [False, False, True, False]
    assert "Reviu butir demi butir menyusul" in text(page)
    assert "/butir/" not in text(page)


def test_an_assessor_lists_the_named_units_and_those_below_behind_a_link(
    cast, regencies, signed_in, sheet
):
    home, _ = regencies
    below = record_sheet(unit=home.clinic, edition=sheet.edition, period=2026, rows={}).sheet
    browser = signed_in(cast.assessor.account)

    page = browser.get(reverse("sheets"))

    assert [item["sheet"] for item in page.context["sheets"]] == [sheet]
    assert "Tampilkan juga 1 LKE unit di bawahnya" in text(page)
    every = browser.get(f"{reverse('sheets')}?bawah=ya")
    assert {item["sheet"] for item in every.context["sheets"]} == {sheet, below}


def test_rows_drawn_before_show_what_the_next_reader_may_see(operator, cast, signed_in, sheet):
    """A process keeps drawn rows: by what they show, never for another right or language."""
    assert row_url(sheet) in text(operator.get(sheet_url(sheet)))

    reader = signed_in(cast.regency_official.account)

    assert "/butir/" not in text(reader.get(sheet_url(sheet)))
    operator.post(row_url(sheet), typed(operator, sheet, note="Dicek lagi"))
    assert "Dicek lagi" in text(operator.get(sheet_url(sheet)))
    operator.cookies[settings.LANGUAGE_COOKIE_NAME] = "en"
    assert "Fill in or change" in text(operator.get(sheet_url(sheet)))


def test_saving_a_row_writes_that_row_alone(operator, sheet, django_assert_max_num_queries):
    fields = typed(operator, sheet, note="Dicek ulang")
    others = dict(sheet.answers.exclude(node__code=ROW).values_list("node__code", "pk"))

    with django_assert_max_num_queries(40):
        operator.post(row_url(sheet), fields)

    assert dict(sheet.answers.exclude(node__code=ROW).values_list("node__code", "pk")) == others


def test_a_row_is_typed_with_remark_and_proof(operator, sheet):
    fields = typed(
        operator, sheet, answer0="Tidak", note="Belum ada SK", link="https://bukti.example/x"
    )

    answer = operator.post(row_url(sheet), fields)

    assert answer.headers["Location"] == f"{sheet_url(sheet)}?butir={ROW}#{ROW}"
    row = rows_of(sheet)[ROW]
    assert (row.value, row.note) == ("Tidak", "Belum ada SK")
    assert row.proofs[0][1] == "https://bukti.example/x"
    sheet.refresh_from_db()
    assert sheet.rev == 2
    assert sheet.total < 95.7


def test_counts_are_typed_and_the_share_follows(operator, sheet):
    code = next(node.parent for node in ZI.nodes if node.kind == "input")
    form = operator.get(row_url(sheet, code)).context["form"]
    numbers = {f"answer{place}": "10" for place in range(len(form.nodes))}

    answer = operator.post(row_url(sheet, code), typed(operator, sheet, code, **numbers))

    assert answer.status_code == 302
    assert {rows_of(sheet)[node.code].value for node in form.nodes} == {(10, 1)}


def test_saving_a_row_unchanged_changes_nothing(operator, sheet):
    operator.post(row_url(sheet), typed(operator, sheet))

    sheet.refresh_from_db()
    assert sheet.rev == 1


@pytest.fixture
def long_row(unit, sheet, entries):
    """What a workbook may say and nobody would type: beyond each limit of the form."""
    note = "\n".join(["Catatan yang panjang sekali"] * 200)
    proofs = (("Dokumen " * 300, "https://intranet/berkas"),)
    rows = {**entries, ROW: RowEntry(value="Ya", text="Ya", note=note, proofs=proofs)}
    record_sheet(unit=unit, edition=sheet.edition, period=2026, rows=rows)
    return rows[ROW]


def test_a_row_longer_than_the_form_can_be_saved_again(operator, sheet, long_row):
    fields = typed(operator, sheet, answer0="Tidak")
    fields["note"] = fields["note"].replace("\n", "\r\n")

    answer = operator.post(row_url(sheet), fields)

    assert answer.status_code == 302
    row = rows_of(sheet)[ROW]
    assert row.value == "Tidak"
    assert row.note.split() == long_row.note.split()
    assert row.proofs[0][1] == "https://intranet/berkas"
    assert row.proofs == long_row.proofs


def test_a_row_that_was_never_so_long_keeps_the_limits(operator, sheet):
    fields = typed(
        operator, sheet, note="x" * 4001, proof="x" * 2001, link="https://intranet/berkas"
    )

    errors = operator.post(row_url(sheet), fields).context["form"].errors

    assert set(errors) == {"note", "proof", "link"}


def test_a_link_that_is_none_is_told_how_a_link_begins(operator, sheet):
    page = operator.post(row_url(sheet), typed(operator, sheet, link="berkas di lemari"))

    assert page.status_code == 422
    assert "Tuliskan tautan secara lengkap, diawali https://." in text(page)


@pytest.mark.parametrize(
    ("fields", "said"), [({"link": "javascript:alert(1)"}, "link"), ({"answer0": "Z"}, "answer0")]
)
def test_what_a_row_cannot_take_is_422_beside_its_field(operator, sheet, fields, said):
    answer = operator.post(row_url(sheet), typed(operator, sheet, **fields))

    assert answer.status_code == 422
    assert said in answer.context["form"].errors
    sheet.refresh_from_db()
    assert sheet.rev == 1


def test_who_may_read_and_who_may_write(cast, signed_in, sheet):
    expected = {
        "operator": (200, 200),
        "unit_official": (200, 200),
        "regency_official": (200, 404),
        "assessor": (200, 404),
        "participant": (404, 404),
        "other_unit_official": (404, 404),
        "other_regency_official": (404, 404),
    }
    for name, statuses in expected.items():
        browser = signed_in(getattr(cast, name).account)
        found = (
            browser.get(sheet_url(sheet)).status_code,
            browser.get(row_url(sheet)).status_code,
        )
        assert found == statuses, name


@pytest.mark.parametrize("period", ["20269999", "02026", "2026a", "202", "٢٠٢٦"])
def test_a_year_has_four_digits(operator, sheet, period):
    address = sheet_url(sheet)
    assert address.endswith("/2026/")
    assert operator.get(address).status_code == 200

    other = address.replace("/2026/", f"/{period}/")

    assert operator.get(other).status_code == 404
    assert operator.get(f"{other}butir/{ROW}/").status_code == 404


def test_an_assessor_reads_the_year_of_the_assignment_alone(cast, signed_in, sheet, unit):
    other = record_sheet(unit=unit, edition=sheet.edition, period=2025, rows={}).sheet
    browser = signed_in(cast.assessor.account)

    assert browser.get(sheet_url(sheet)).status_code == 200
    assert browser.get(sheet_url(other)).status_code == 404


def test_an_assessor_lists_the_assigned_units_and_reads_no_other_and_never_the_own(
    cast, regencies, signed_in, sheet
):
    home, _ = regencies
    others = [
        record_sheet(unit=each, edition=sheet.edition, period=sheet.period, rows={}).sheet
        for each in (home.inspectorate, home.district)
    ]

    browser = signed_in(cast.assessor.account)

    assert [item["sheet"] for item in browser.get("/penilaian/").context["sheets"]] == [sheet]
    assert [browser.get(sheet_url(each)).status_code for each in others] == [404, 404]
    scope = Scope(unit=home.root, year=sheet.period)
    granting.grant(cast.assessor, Role.ASSESSOR, actor=cast.admin.account, scope=scope)
    browser = signed_in(cast.assessor.account)
    assert [browser.get(sheet_url(each)).status_code for each in others] == [404, 200]


@pytest.mark.parametrize("number", ["1" + "0" * 30, "9" * 19])
def test_a_count_beyond_all_measure_is_refused_beside_its_field(operator, sheet, number):
    code = next(node.parent for node in ZI.nodes if node.kind == "input")

    answer = operator.post(row_url(sheet, code), typed(operator, sheet, code, answer0=number))

    assert answer.status_code == 422
    assert "answer0" in answer.context["form"].errors


def test_a_value_with_many_decimals_is_stored(operator, sheet):
    (code,) = [node.code for node in ZI.scored if node.scale == "scale4"][:1]

    answer = operator.post(
        row_url(sheet, code), typed(operator, sheet, code, answer0="3," + "3" * 30)
    )

    assert answer.status_code == 302
    below = rows_of(sheet)[code].value[1]
    assert below < 2**63
