"""What is judged of an upload before any parser."""

import io
import zipfile

import pytest

from clinic.lib.arithmetic.uploads import TEXTS, WORKBOOK, UploadLimits, check_content, check_size
from clinic.lib.errors import Refused

ALL = {WORKBOOK, *TEXTS}
SMALL = UploadLimits(workbook=3000, unpacked=6000, text=2000)


def workbook(**parts):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr("xl/workbook.xml", "<workbook/>")
        for name, content in parts.items():
            archive.writestr(name.replace("__", "/"), content)
    return stream.getvalue()


@pytest.mark.parametrize(
    ("name", "size", "code", "status"),
    [
        ("sheet.xls", 100, "file_kind", 415),
        ("sheet", 100, "file_kind", 415),
        ("people.csv", 0, "file_empty", 422),
        ("people.csv", 2001, "file_too_large", 413),
        ("sheet.XLSX", 3001, "file_too_large", 413),
    ],
)
def test_name_and_size_are_judged_first(name, size, code, status):
    with pytest.raises(Refused) as refused:
        check_size(name, size, suffixes=ALL, limits=SMALL)

    assert (refused.value.code, refused.value.status) == (code, status)
    assert refused.value.message % refused.value.details


def test_an_importer_reads_only_its_own_kinds():
    with pytest.raises(Refused) as refused:
        check_size("people.csv", 10, suffixes={WORKBOOK}, limits=SMALL)

    assert refused.value.details == {"allowed": ".xlsx"}


def test_a_text_file_holds_no_null_byte():
    check_content("people.csv", b"nip,nama\n", limits=SMALL)

    with pytest.raises(Refused) as refused:
        check_content("people.csv", b"PK\x03\x04\x00", limits=SMALL)

    assert refused.value.code == "file_not_text"


def test_a_workbook_goes_through_the_inspection_of_archives():
    check_content("sheet.xlsx", workbook(), limits=SMALL)

    with pytest.raises(Refused) as refused:
        check_content("sheet.xlsx", workbook(xl__big="x" * 7000), limits=SMALL)

    assert refused.value.code == "unpacks_too_large"
