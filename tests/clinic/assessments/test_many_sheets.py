"""Several workbooks in one zip: one row a file, hostile members named, none spoils the rest."""

import io
import zipfile

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from openpyxl import load_workbook

from clinic.assessments import many_page, many_sheets
from clinic.assessments.models import Sheet
from clinic.lib.arithmetic.uploads import MOST_MEMBERS, UploadLimits, list_members, read_member
from clinic.lib.errors import Refused
from clinic.records import imports, jobs
from clinic.records.imports import Import
from tests.clinic.assessments.made_workbooks import SAMPLE, copy_of_sample, with_answers

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("one_factor")]

LIMITS = UploadLimits()
MANY = "/periksa-lke/banyak/"


def zip_of(files, *, method=zipfile.ZIP_DEFLATED, change=lambda info: None):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for name, content in files.items():
            info = zipfile.ZipInfo(name)
            info.compress_type = method
            change(info)
            archive.writestr(info, content)
    return buffer.getvalue()


def refusal_of(content):
    with pytest.raises(Refused) as refused:
        list_members(content, limits=LIMITS)
    return refused.value.code


def refusals_in(content):
    members = list_members(content, limits=LIMITS)
    return {each.path: each.refused.code if each.refused else "" for each in members}


def take_in(actor, files):
    upload = SimpleUploadedFile("lke.zip", files if isinstance(files, bytes) else zip_of(files))
    zip_ = many_sheets.receive_zip(upload, actor=actor)
    jobs.run_due()
    zip_.refresh_from_db()
    return zip_


def test_each_hostile_member_is_named_and_the_good_one_stays():
    content = zip_of(
        {
            "baik.xlsx": b"PK\x03\x04",
            "../keluar.xlsx": b"x",
            "/etc/passwd.xlsx": b"x",
            "dalam.zip": b"x",
            "catatan.pdf": b"x",
            "bom.xlsx": bytes(4_000_000),
            "besar.xlsx": bytes(6 * 1024 * 1024),
        }
    )
    assert refusals_in(content) == {
        "baik.xlsx": "",
        "../keluar.xlsx": "unsafe_name",
        "/etc/passwd.xlsx": "unsafe_name",
        "dalam.zip": "member_nested",
        "catatan.pdf": "member_kind",
        "bom.xlsx": "unpacks_too_large",
        "besar.xlsx": "unpacks_too_large",
    }


def test_a_locked_member_is_named():
    content = bytearray(zip_of({"kunci.xlsx": b"x" * 20}, method=zipfile.ZIP_STORED))
    content[6] |= 1
    content[content.index(b"PK\x01\x02") + 8] |= 1

    assert refusals_in(bytes(content)) == {"kunci.xlsx": "member_locked"}


def test_a_link_to_another_place_is_named():
    def change(info):
        info.create_system = 3
        info.external_attr = 0o120777 << 16

    assert refusals_in(zip_of({"tautan.xlsx": b"/etc/passwd"}, change=change)) == {
        "tautan.xlsx": "holds_link"
    }


def test_what_systems_leave_behind_is_passed_over():
    content = zip_of(
        {"a/": b"", "a/lke.xlsx": b"x", "__MACOSX/a/._lke.xlsx": b"x", "a/~$lke.xlsx": b"x"}
    )
    assert list(refusals_in(content)) == ["a/lke.xlsx"]


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"bukan zip", "file_not_zip"),
        (b"PK\x03\x04 rusak", "file_damaged"),
        (zip_of({"a.txt": b"x"}), "no_workbook"),
        (zip_of({f"{n}.xlsx": b"x" for n in range(MOST_MEMBERS + 1)}), "too_many_workbooks"),
        (zip_of({f"{n}.txt": b"" for n in range(401)}), "too_many_parts"),
        (zip_of({f"{n}.xlsx": bytes(40_000_000) for n in range(7)}), "unpacks_too_large"),
    ],
)
def test_a_zip_that_is_not_opened_says_why(content, code):
    assert refusal_of(content) == code


def test_parts_that_lie_upon_each_other_are_refused():
    once = zip_of({"a.xlsx": b"x" * 500}, method=zipfile.ZIP_STORED)
    with zipfile.ZipFile(io.BytesIO(once)) as archive:
        entry = archive.infolist()[0]
    start = once.index(b"PK\x01\x02")
    record, tail = once[start : once.index(b"PK\x05\x06")], once[once.index(b"PK\x05\x06") :]
    twice = record + record.replace(b"a.xlsx", b"b.xlsx")
    end = bytearray(tail)
    end[8:12] = (2).to_bytes(2, "little") * 2
    end[12:16] = len(twice).to_bytes(4, "little")

    assert entry.compress_size == 500
    assert refusal_of(once[:start] + twice + bytes(end)) == "file_damaged"


def test_a_member_longer_than_its_directory_says_is_not_unpacked_whole():
    content = zip_of({"a.xlsx": bytes(1000)})
    with pytest.raises(Refused) as refused:
        read_member(content, "a.xlsx", limits=UploadLimits(workbook=100))
    assert refused.value.code == "file_too_large"


def test_u89_one_poisoned_member_never_spoils_the_rest(cast):
    actor = cast.regency_official.account
    zip_ = take_in(
        actor,
        {
            "dinas-kesehatan-contoh.xlsx": SAMPLE.read_bytes(),
            "rusak.xlsx": b"PK\x03\x04 tidak utuh",
            "lain.xlsx": zip_of({"[Content_Types].xml": b"<a/>", "xl/workbook.xml": b"<b/>"}),
            "sama.xlsx": SAMPLE.read_bytes(),
        },
    )
    page = many_page.page_of(zip_, actor=actor)
    needs = {line.name: line.needs for line in page.lines}

    assert zip_.state == Import.State.READY
    assert needs["dinas-kesehatan-contoh.xlsx"] == ""
    assert needs["sama.xlsx"] == "Isinya sama dengan dinas-kesehatan-contoh.xlsx."
    assert "rusak" in needs["rusak.xlsx"]
    assert needs["lain.xlsx"]
    assert (page.ready, page.needing, page.waiting) == (1, 3, 0)
    assert not Sheet.objects.exists()


def test_a_second_attempt_makes_no_file_twice(cast):
    zip_ = take_in(cast.regency_official.account, {"a.xlsx": SAMPLE.read_bytes()})

    many_sheets.take_apart(zip_)

    assert zip_.members.count() == 1


def test_a_unit_is_recognised_by_the_file_then_by_its_name_and_a_near_one_is_proposed(cast):
    def name_it(value):
        return with_answers({"K9": "A", "B3": value})

    zip_ = take_in(
        cast.regency_official.account,
        {
            "lke1.xlsx": name_it("Unit Kerja: Dinas Kesehatan Contoh"),
            "LKE_ZI_Dinas Kesehatan Contoh_final2.xlsx": with_answers({"K9": "B"}),
            "Dinas Kesehatn Contoh.xlsx": with_answers({"K9": "C"}),
            "entah.xlsx": with_answers({"K10": "C"}),
        },
    )
    told = {
        each.original_name: (each.options["unit_from"], each.options["near"])
        for each in zip_.members.all()
    }
    assert told["lke1.xlsx"] == ("file", "")
    assert told["LKE_ZI_Dinas Kesehatan Contoh_final2.xlsx"] == ("name", "")
    assert told["Dinas Kesehatn Contoh.xlsx"] == ("", "Dinas Kesehatan Contoh")
    assert told["entah.xlsx"] == ("", "")


def test_the_fault_that_many_share_is_the_title(cast):
    actor = cast.regency_official.account
    files = {f"{number}.xlsx": copy_of_sample(number) for number in range(3)}
    page = many_page.page_of(take_in(actor, files), actor=actor)

    assert page.faults[0] == ("LHKASN tidak terjumlah", 3)
    assert page.headline == "LHKASN tidak terjumlah pada 3 dari 3 berkas: perbaiki templatnya"
    assert [test.code for test in page.lines[0].tests] == ["WBK", "WBBM"]
    assert page.lines[0].tests[0].words == "12 dari 12"


def test_the_table_asks_no_more_for_four_files_than_for_one(cast):
    actor = cast.regency_official.account
    asked = []
    for most in (1, 4):
        zip_ = take_in(
            actor, {f"{most}{n}.xlsx": copy_of_sample(f"{most}{n}") for n in range(most)}
        )
        with CaptureQueriesContext(connection) as queries:
            many_page.page_of(zip_, actor=actor)
        asked.append(len(queries))

    assert asked[1] <= asked[0] <= 12


def test_u90_only_who_sent_a_zip_sees_it_and_only_these_roles_send_one(cast, signed_in):
    zip_ = take_in(cast.regency_official.account, {"a.xlsx": SAMPLE.read_bytes()})
    member = zip_.members.get()
    addresses = [f"{MANY}{zip_.uuid}/", f"{MANY}{zip_.uuid}/tabel.xlsx"]
    addresses += [f"{MANY}berkas/{member.uuid}/", f"{MANY}berkas/{member.uuid}/catatan.xlsx"]

    for address in addresses:
        assert signed_in(cast.regency_official.account).get(address).status_code == 200, address
        assert signed_in(cast.assessor.account).get(address).status_code == 404, address
        assert Client().get(address).status_code == 302, address
        assert signed_in(cast.admin.account).get(address).status_code in {403, 404}, address
    assert signed_in(cast.assessor.account).get(MANY).status_code == 200
    assert signed_in(cast.operator.account).get(MANY).status_code in {403, 404}
    assert Client().get(f"/periksa-lke/{member.uuid}/").status_code == 404


def test_a_line_opens_its_report_and_both_tables_come_as_workbooks(cast, signed_in):
    zip_ = take_in(cast.regency_official.account, {"=1+1.xlsx": SAMPLE.read_bytes()})
    browser, member = signed_in(cast.regency_official.account), zip_.members.get()

    report = browser.get(f"{MANY}berkas/{member.uuid}/").content.decode()
    table = load_workbook(io.BytesIO(browser.get(f"{MANY}{zip_.uuid}/tabel.xlsx").content)).active
    remarks = load_workbook(
        io.BytesIO(browser.get(f"{MANY}berkas/{member.uuid}/catatan.xlsx").content)
    ).worksheets[0]

    assert "65,9 poin belum memiliki tautan bukti" in report
    assert (table["B2"].value, table["B2"].data_type) == ("=1+1.xlsx", "s")
    assert table["C2"].value == 95.71
    assert remarks["K9"].value == "A"
    assert remarks["L175"].comment


def test_u91_nothing_is_applied_without_a_persons_word(cast, signed_in):
    zip_ = take_in(cast.regency_official.account, {"a.xlsx": SAMPLE.read_bytes()})
    browser, member = signed_in(cast.regency_official.account), zip_.members.get()
    unit = cast.operator.memberships.get().unit
    address = f"{MANY}berkas/{member.uuid}/"

    assert browser.post(address, {"period": 2025}).status_code == 422
    browser.post(address, {"unit": unit.slug, "period": 2025})
    member.refresh_from_db()
    assert (member.options["unit"], member.options["unit_from"]) == (unit.slug, "person")
    assert not Sheet.objects.exists()

    sent = browser.post(address, {"unit": unit.slug, "period": 2025, "kirim": "1"})
    jobs.run_due()

    assert "/impor/" in sent.headers["Location"]
    assert browser.get(sent.headers["Location"]).status_code == 200
    assert not Sheet.objects.exists()


def test_files_go_with_their_zip(cast, signed_in):
    zip_ = take_in(cast.regency_official.account, {"a.xlsx": SAMPLE.read_bytes()})
    member = zip_.members.get()

    assert member.expires_at == zip_.expires_at
    for each in (zip_, member):
        imports.expire(str(each.uuid))
        each.refresh_from_db()
        assert (each.state, each.report, each.parsed, each.file.name) == ("expired", {}, {}, "")
    assert signed_in(cast.regency_official.account).get(f"{MANY}{zip_.uuid}/").status_code == 200


def test_a_zip_that_is_refused_at_once_leaves_nothing(cast, signed_in):
    answer = signed_in(cast.regency_official.account).post(
        MANY, {"file": SimpleUploadedFile("lke.zip", b"bukan zip")}
    )

    assert answer.status_code == 422
    assert "Berkas ini bukan arsip zip." in answer.content.decode()
    assert not Import.objects.exists()


def test_while_files_are_read_the_page_counts_them_and_then_comes_in_with_its_heading(
    cast, signed_in
):
    browser = signed_in(cast.regency_official.account)
    upload = SimpleUploadedFile("lke.zip", zip_of({"a.xlsx": SAMPLE.read_bytes()}))
    address = browser.post(MANY, {"file": upload}).headers["Location"]

    waiting = browser.get(address, headers={"HX-Request": "true"})
    jobs.run_due()
    swapped = browser.get(address, headers={"HX-Request": "true"})

    assert "hx-get" in waiting.content.decode()
    assert swapped.headers["HX-Retarget"] == "#isi"
    assert "autofocus" in swapped.content.decode()
