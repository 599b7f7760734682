import io
import stat
import zipfile

import pytest

from clinic.lib.arithmetic.uploads import ArchiveLimits, UnsafeArchive, inspect_archive

PARTS = {
    "[Content_Types].xml": b"<Types/>",
    "xl/workbook.xml": b"<workbook/>",
    "xl/worksheets/sheet1.xml": b"<worksheet/>",
}


def archive_of(parts, *, method=zipfile.ZIP_DEFLATED, change=lambda info: None):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for name, content in parts.items():
            info = zipfile.ZipInfo(name)
            info.compress_type = method
            change(info)
            archive.writestr(info, content)
    return buffer.getvalue()


def refusal(content, limits=None):
    with pytest.raises(UnsafeArchive) as caught:
        inspect_archive(content, limits or ArchiveLimits())
    assert caught.value.message % caught.value.details
    return caught.value.code


def test_a_plain_workbook_passes():
    inspect_archive(archive_of(PARTS))


@pytest.mark.parametrize(
    "name",
    ["/etc/x", "../x", "xl/../../x", "..\\x", "C:/x", "\\\\server\\x", "xl/worksheets/..\\..\\x"],
)
def test_names_that_leave_the_archive_are_refused(name):
    assert refusal(archive_of({**PARTS, name: b"x"})) == "unsafe_name"


def test_a_symbolic_link_is_refused():
    def change(info):
        if info.filename == "xl/link":
            info.create_system = 3
            info.external_attr = (stat.S_IFLNK | 0o777) << 16

    assert refusal(archive_of({**PARTS, "xl/link": b"/etc/passwd"}, change=change)) == "holds_link"


def test_a_part_beyond_the_ratio_is_refused_before_it_is_unpacked():
    assert refusal(archive_of({**PARTS, "xl/a.xml": bytes(3_000_000)})) == "unpacks_too_large"


def test_the_sum_of_all_parts_is_limited():
    limits = ArchiveLimits(unpacked=1000)
    assert refusal(archive_of({**PARTS, "xl/a.xml": b"x" * 2000}), limits) == "unpacks_too_large"


def test_a_directory_that_understates_a_size_is_refused():
    content = bytearray(archive_of({**PARTS, "xl/a.xml": bytes(200_000)}))
    place = content.rfind(b"PK\x01\x02", 0, content.rfind(b"xl/a.xml"))
    content[place + 24 : place + 28] = (100).to_bytes(4, "little")
    assert refusal(bytes(content)) == "file_damaged"


def test_the_same_part_twice_is_refused():
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in PARTS.items():
            archive.writestr(name, content)
        with pytest.warns(UserWarning, match="Duplicate"):
            archive.writestr("xl/workbook.xml", b"<other/>")
    assert refusal(buffer.getvalue()) == "file_damaged"


def test_an_encrypted_part_is_refused():
    content = bytearray(archive_of(PARTS))
    place = content.find(b"PK\x01\x02")
    content[place + 8] |= 1
    assert refusal(bytes(content)) == "file_encrypted"


@pytest.mark.parametrize(
    ("parts", "code"),
    [
        ({"xl/vbaProject.bin": b"x"}, "holds_macros"),
        ({"xl/vbaProjectSignature.bin": b"x"}, "holds_macros"),
        ({"[Content_Types].xml": b"application/vnd.ms-excel.sheet.macroEnabled"}, "holds_macros"),
        ({"xl/externalLinks/externalLink1.xml": b"x"}, "holds_external_links"),
        ({"xl/embeddings/o.bin": b"x"}, "holds_objects"),
        ({"xl/activeX/a.xml": b"x"}, "holds_objects"),
        ({"xl/media/i.png": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"}, "holds_objects"),
        ({"xl/media/i.png": b"PK\x03\x04more"}, "holds_archive"),
        ({"xl/data.gz": b"x"}, "holds_archive"),
        ({"EncryptedPackage": b"x"}, "file_encrypted"),
        ({"xl/a.xml": b"<!DOCTYPE a><a/>"}, "holds_entities"),
        ({"xl/_rels/a.rels": b"<!ENTITY x 'y'>"}, "holds_entities"),
    ],
)
def test_what_no_workbook_of_ours_needs_is_refused(parts, code):
    assert refusal(archive_of({**PARTS, **parts})) == code


def test_a_zip_that_is_no_workbook_is_refused():
    assert refusal(archive_of({"a.txt": b"x"})) == "file_not_xlsx"


def test_too_many_parts_are_refused():
    parts = PARTS | {f"xl/{number}.xml": b"x" for number in range(300)}
    assert refusal(archive_of(parts)) == "too_many_parts"
