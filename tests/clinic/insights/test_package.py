"""Reading and writing evidence packages: every fault named by file, line and column."""

from pathlib import Path

import pytest

from clinic.insights.package import (
    FaultyPackage,
    FolderTaken,
    read_package,
    write_package,
)
from clinic.insights.package_format import FILES
from tests.clinic.insights.small import MANIFEST, edit, edit_manifest, package, rows

FILENAMES = ["manifest.json", *(file.filename for file in FILES)]


@pytest.fixture
def folder(tmp_path) -> Path:
    return package(tmp_path / "p")


def faults(folder: Path) -> list[str]:
    with pytest.raises(FaultyPackage) as refused:
        read_package(folder)
    assert refused.value.code == "faulty_package"
    return [str(fault) for fault in refused.value.faults]


def test_what_was_written_is_read_back(folder):
    read = read_package(folder)

    assert len(read.evidence.units) == 6
    assert len(read.evidence.responses["credit"]) == 18 * 8
    assert read.gap_threshold == 0.65
    assert read.evidence.areas == ("pengawasan", "sdm")


@pytest.mark.parametrize("name", FILENAMES)
def test_a_missing_file_is_named(folder, name):
    (folder / name).unlink()

    assert faults(folder) == [f"{name}:1: file: is missing"]


@pytest.mark.parametrize(
    ("name", "column"),
    [
        (file.filename, column.name)
        for file in FILES
        for column in file.columns
        if column.default is None
    ],
)
def test_a_missing_column_is_named(folder, name, column):
    header = (folder / name).read_text().splitlines()[0]
    renamed = ",".join("other" if c == column else c for c in header.split(","))
    edit(folder, name, header, renamed)

    assert f"{name}:1: {column}: column is missing" in faults(folder)


@pytest.mark.parametrize(
    ("name", "old", "new", "fault"),
    [
        ("responses.csv", "sdm-3,1\n", "sdm-3,1.2\n", "credit: is not a number from 0 to 1"),
        ("responses.csv", "sdm-3,1\n", "sdm-3,x\n", "credit: is not a number from 0 to 1"),
        ("responses.csv", "sdm-3,1\n", "sdm-3,\n", "credit: is not a number from 0 to 1"),
        ("responses.csv", "sdm-3,1\n", "sdm-3,nan\n", "credit: is not a number from 0 to 1"),
        ("responses.csv", "sdm-3,1\n", "sdm-9,1\n", "item_id: names an id that items.csv"),
        ("responses.csv", "a-p00,sdm-3", "a-p99,sdm-3", "attempt_id: names an id that attempts"),
        ("responses.csv", "a-p00,sdm-3", "a-p00,sdm-2", "attempt_id+item_id: repeats a key"),
        ("items.csv", "sdm-0,sdm,single,0.25,1", "sdm-0,sdm,single,1,1", "chance: is not a"),
        ("items.csv", "sdm-0,sdm,single,0.25,1", "sdm-0,sdm,single,-1,1", "chance: is not a"),
        ("items.csv", "sdm-0,sdm,single,0.25,1", "sdm-0,sdm,single,0.25,2", "in_pool: is neither"),
        ("items.csv", "sdm-0,sdm,", "sdm-0,other,", "area: names an id that areas.csv"),
        ("items.csv", "sdm-1,", "sdm-0,", "item_id: repeats a key"),
        ("areas.csv", "Sdm,10", "Sdm,-1", "max_points: is not a number of points"),
        ("areas.csv", "Sdm,10,1", "Sdm,10,1.5", "link_share: is not a number from 0 to 1"),
        ("areas.csv", "sdm,Sdm", "pengawasan,Sdm", "area: repeats a key"),
        ("units.csv", "u1,u1", "u0,u1", "unit_id: repeats a key"),
        ("units.csv", "u1,u1", ",u1", "unit_id: is empty"),
        ("persons.csv", "p01", "p00", "person_id: repeats a key"),
        ("memberships.csv", "2024-01-01", "2024-02-30", "start: is not a date"),
        ("memberships.csv", "2024-01-01", "01/01/2024", "start: is not a date"),
        ("memberships.csv", "2024-01-01,", "2024-01-01,2025-13-01", "end: is not a date"),
        ("memberships.csv", "p00,u0", "p00,u77", "unit_id: names an id that units.csv"),
        ("memberships.csv", "p00,u0", "p77,u0", "person_id: names an id that persons.csv"),
        ("attendance.csv", "2026-05-05", "2026-05-32", "date: is not a date"),
        ("attendance.csv", "2026-05-05,1", "2026-05-05,2", "present: is neither 0 nor 1"),
        ("attendance.csv", "e1,p01", "e1,p00", "event_id+person_id: repeats a key"),
        ("attempts.csv", ",finished", ",done", "state: is none of finished, open, void"),
        ("attempts.csv", ",pre,", ",before,", "phase: is none of"),
        ("attempts.csv", ",1,2026", ",x,2026", "number: is not a whole number"),
        ("attempts.csv", "2026-05-05", "", "submitted: is empty in a finished attempt"),
        ("attempts.csv", "2026-05-05", "2026-5-5", "submitted: is not a date"),
        ("attempts.csv", "a-p01,p01", "a-p01,p77", "person_id: names an id that persons.csv"),
        ("assessment.csv", "10,8,3,4,2", "10,11,3,4,2", "answered_points: is more than max_points"),
        ("assessment.csv", "10,8,3,4,2", "10,8,9,4,2", "self_points: is more than answered"),
        ("assessment.csv", "10,8,3,4,2", "10,8,3,11,2", "reviewed_points: is more than max"),
        ("assessment.csv", "10,8,3,4,2", "10,8,3,4,5", "reviewer_points: is more than reviewed"),
        ("assessment.csv", "10,8,3,4,2", "-1,8,3,4,2", "max_points: is not a number of points"),
        ("assessment.csv", "10,8,3,4,2", "10,inf,3,4,2", "answered_points: is not a number"),
        ("assessment.csv", "u1,sdm", "u0,sdm", "unit_id+area: repeats a key"),
        ("assessment.csv", "u1,sdm", "u1,other", "area: names an id that areas.csv"),
    ],
)
def test_a_faulty_value_is_named_by_file_line_and_column(folder, name, old, new, fault):
    text = (folder / name).read_text()
    line = text[: text.index(old)].count("\n") + 1
    edit(folder, name, old, new)

    told = [f for f in faults(folder) if fault in f]
    assert len(told) == 1
    assert told[0].startswith((f"{name}:{line}: ", f"{name}:{line + 1}: "))


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"format": "other"}, "format: is not gap-evidence"),
        ({"version": 2}, "version: 2 cannot be read; this release reads 0 and 1"),
        ({"version": "1"}, "version: '1' cannot be read"),
        ({"version": True}, "version: True cannot be read"),
        ({"as_of": "2026-02-30"}, "as_of: is not a date"),
        ({"gap_threshold": 65}, "gap_threshold: is not a number from 0 to 1"),
        ({"weak_threshold": "x"}, "weak_threshold: is not a number from 0 to 1"),
    ],
)
def test_a_faulty_manifest_is_named(folder, change, fault):
    edit_manifest(folder, **change)

    assert [fault in told for told in faults(folder)] == [True]


@pytest.mark.parametrize("text", ["", "{", "[1]"])
def test_a_manifest_that_is_no_object_is_named(folder, text):
    (folder / "manifest.json").write_text(text)

    assert faults(folder) == ["manifest.json:1: file: is not a JSON object"]


@pytest.mark.parametrize("name", [file.filename for file in FILES if not file.may_be_empty])
def test_a_file_that_needs_rows_is_named(folder, name):
    header = (folder / name).read_text().splitlines()[0]
    (folder / name).write_text(f"{header}\n")

    assert f"{name}:1: file: has no rows" in faults(folder)


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        (b"", "persons.csv:1: file: is empty"),
        (b"person_id\n\xff\xfe\n", "persons.csv:1: file: is not readable as UTF-8 text"),
        (b"person_id\np00\np01,extra\n", "persons.csv:3: row: has more fields than the header"),
        (b'person_id\n"p00\n', "persons.csv:"),
        (b"\x00\x01\x02", "persons.csv:"),
    ],
    ids=["no byte", "not utf-8", "too many fields", "open quote", "binary"],
)
def test_a_file_that_is_no_table_is_named_without_a_crash(folder, content, fault):
    (folder / "persons.csv").write_bytes(content)

    assert any(told.startswith(fault) for told in faults(folder))


def test_all_kinds_of_fault_are_told_at_once_with_their_number(folder):
    text = (folder / "responses.csv").read_text().replace(",1\n", ",7\n")
    (folder / "responses.csv").write_text(text)
    edit(folder, "units.csv", "u1,u1", "u0,u1")

    told = faults(folder)
    assert any(f.startswith("units.csv:3: unit_id: repeats a key") for f in told)
    assert any(f.startswith("responses.csv:") and f.endswith(" cases)") for f in told)


def test_a_line_break_inside_a_field_does_not_shift_the_line(folder):
    edit(folder, "units.csv", "u0,u0", 'u0,"two\nlines"')
    edit(folder, "units.csv", "u2,u2", "u0,u2")

    assert [told for told in faults(folder) if told.startswith("units.csv:5: ")]


def test_blank_lines_extra_columns_and_a_byte_order_mark_are_no_fault(folder):
    text = (
        (folder / "units.csv").read_text().replace("\n", ",x\n").replace("group_id,x", "group_id,z")
    )
    (folder / "units.csv").write_text("\ufeff" + text.replace("u3,", "\nu3,", 1), encoding="utf-8")

    assert len(read_package(folder).evidence.units) == 6


def test_optional_columns_have_their_defaults(folder):
    header, *lines = (folder / "areas.csv").read_text().splitlines()
    short = [line.rsplit(",", 1)[0] for line in (header, *lines)]
    (folder / "areas.csv").write_text("\n".join(short))

    read = read_package(folder)
    assert list(read.link_share) == [1.0, 1.0]
    assert set(read.sheets["self_scored"]) == {1}


def test_the_version_before_may_lack_groups_and_this_one_may_not(folder):
    header, *lines = (folder / "units.csv").read_text().splitlines()
    short = [line.rsplit(",", 1)[0] for line in (header, *lines)]
    (folder / "units.csv").write_text("\n".join(short))
    assert faults(folder) == ["units.csv:1: group_id: column is missing"]

    edit_manifest(folder, version=0)
    assert set(read_package(folder).evidence.groups) == {""}


def test_rows_are_checked_by_the_same_rules(tmp_path):
    given = rows()
    given["responses"][3]["credit"] = 2.0

    with pytest.raises(FaultyPackage) as refused:
        write_package(tmp_path / "p", MANIFEST, given)

    assert str(refused.value.faults[0]).startswith("responses.csv:5: credit: ")


def test_faulty_rows_write_nothing(tmp_path):
    given = rows()
    given["units"][0]["unit_id"] = "u1"

    with pytest.raises(FaultyPackage):
        write_package(tmp_path / "p", MANIFEST, given)

    assert list(tmp_path.iterdir()) == []


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_a_package_is_never_written_over_another(folder):
    before = contents(folder)

    with pytest.raises(FolderTaken) as refused:
        write_package(folder, MANIFEST, rows())

    assert refused.value.code == "folder_taken"
    assert contents(folder) == before


def test_a_package_is_written_sorted_by_key_and_areas_as_they_come(tmp_path, folder):
    turned = {name: list(reversed(some)) for name, some in rows().items()}
    turned["areas"].reverse()
    write_package(tmp_path / "q", MANIFEST, turned)

    assert contents(tmp_path / "q") == contents(folder)
