"""The sheets of the demo region: made up, deterministic, recorded as people record them.

Every unit has a strength per change area, drawn from its name; planted units have theirs fixed, so
that each word of the diagnosis is seen once. No figure says anything about a real office.
"""

import random
from datetime import date
from decimal import Decimal
from fractions import Fraction
from io import StringIO
from pathlib import Path

from django.core.management import call_command

from clinic.assessments import conditions, sheets
from clinic.assessments.arithmetic.answers import AnswerValue
from clinic.assessments.arithmetic.conditions import EXCEPTED
from clinic.assessments.arithmetic.editions import AnswerScale, EditionNode, Formula, FrameworkFile
from clinic.assessments.frameworks import edition_file
from clinic.assessments.models import FrameworkEdition
from clinic.assessments.sheets import RowEntry
from clinic.management.demo.region import SEED
from clinic.people.models import Account, Unit

PMPRB, AKIP, ZI = ("pmprb-2020-unit", 2021), ("akip-2021", 2025), ("zi-2021", 2025)
WORKBOOK = Path(__file__).parent / "lke-zi-2021-puskesmas.xlsx"
WORKBOOK_UNIT = "puskesmas-contoh-kota"
ZI_UNITS = (
    "inspektorat",
    "dinas-kesehatan",
    "puskesmas-contoh-hulu",
    "rsud-contoh",
    "dinas-sosial",
    "dinas-pertanian",
    "dinas-dukcapil",
    "dpmptsp",
    "bkpsdm",
    "kecamatan-contoh-kota",
    "kecamatan-contoh-hilir",
)
# Strength of the sheet in every area, 0..1, where a planted case needs it.
PLANTED_STRENGTH = {
    "dinas-dukcapil": 0.92,
    "dinas-sosial": 0.34,
    "kecamatan-contoh-hilir": 0.30,
    "dinas-kesehatan": 0.45,
}
BLANK_SHARE = 0.04
PROOF_SHARE = 0.6


def load_sheets(units: dict[str, Unit], tops: list[Unit]) -> None:
    """Record a PMPRB and an AKIP sheet for every top unit and a ZI sheet for twelve units.

    One of the twelve is the real workbook, imported by the command that operators use.
    """
    call_command(
        "import_workbook",
        str(WORKBOOK),
        unit=WORKBOOK_UNIT,
        period=ZI[1],
        apply=True,
        partial=True,
        json=True,
        stdout=StringIO(),
    )
    for (slug, period), assessed in (
        (PMPRB, tops),
        (AKIP, tops),
        (ZI, [units[name] for name in ZI_UNITS]),
    ):
        edition = FrameworkEdition.objects.get(slug=slug)
        framework_file = edition_file(edition)
        for unit in assessed:
            sheets.record_sheet(
                unit=unit,
                edition=edition,
                period=period,
                rows=made_up_rows(framework_file, unit.slug),
            )


# What the agency states for all its units, and what two units state of themselves; the rest is left
# open, so that "not stated" is seen as well.
STATED = {
    "kabupaten-contoh": {
        "bpk-opinion": ("WTP", "LHP BPK atas LKPD 2025 (contoh)"),
        "sakip": ("B", "LHE AKIP kabupaten 2025 (contoh)"),
        "rb-index": ("CC", "Hasil evaluasi RB 2025 (contoh)"),
        "spip": ("3", "Hasil penjaminan kualitas SPIP 2025 (contoh)"),
    },
    WORKBOOK_UNIT: {
        "core-service": ("Ya", "SK penetapan unit Zona Integritas (contoh)"),
        "public-effect": ("Ya", "Survei unit triwulan IV 2025 (contoh)"),
        "audit-follow-up": ("95", "Rekap tindak lanjut Inspektorat (contoh)"),
        "months-of-building": ("14", "Pakta integritas 20 Oktober 2024 (contoh)"),
    },
    "rsud-contoh": {
        "core-service": ("Ya", "SK penetapan unit Zona Integritas (contoh)"),
        EXCEPTED: ("Rumah sakit umum daerah", "Peraturan bupati tentang RSUD (contoh)"),
    },
}
STATED_ON = date(2026, 2, 16)


def state_conditions() -> None:
    """State conditions of the year of the sheets, each by whom it belongs to."""
    secretariat = Account.objects.get(email="kabupaten@demo.test")
    official = Account.objects.get(email="pejabat@demo.test")
    for slug, values in STATED.items():
        unit = Unit.objects.get(slug=slug)
        for code, (value, source) in values.items():
            conditions.state_condition(
                unit, ZI[1], code, value=value, source=source, as_of=STATED_ON,
                actor=secretariat if unit.is_root() else official,
            )  # fmt: skip


def made_up_rows(framework_file: FrameworkFile, unit: str) -> dict[str, RowEntry]:
    """Return the rows of one unit's made-up sheet; the same names give the same rows."""
    chance = random.Random(f"{SEED}:{framework_file.id}:{unit}")  # noqa: S311 - sample data
    level = chance.uniform(0.35, 0.85)
    areas: dict[str, float] = {}
    rows: dict[str, RowEntry] = {}
    for node in framework_file.nodes:
        drawn = min(1.0, max(0.05, level + chance.uniform(-0.2, 0.2)))
        strength = PLANTED_STRENGTH.get(unit, areas.setdefault(node.area, drawn))
        if node.formula is not None:
            rows |= _make_counts(node.formula, strength, chance)
        elif framework_file.is_scored(node) and chance.random() > BLANK_SHARE:
            scale = framework_file.by_scale[node.scale]
            rows[node.code] = _make_row(node, _make_answer(scale, strength, chance), unit, chance)
    return rows


def _make_answer(scale: AnswerScale, strength: float, chance: random.Random) -> AnswerValue:
    if scale.kind == "letters":
        best_first = sorted(scale.steps, key=lambda step: -step.value)
        step = int((1 - strength + chance.uniform(-0.2, 0.2)) * len(best_first))
        return best_first[min(len(best_first) - 1, max(0, step))].letter
    if scale.kind == "value":
        maximum = scale.maximum or Fraction(1)
        share = Fraction(int(100 * min(0.99, 0.6 + 0.4 * strength)), 100)
        return Decimal(share.numerator * int(maximum)) / share.denominator
    return Fraction(int(100 * strength), 100)


def _make_counts(formula: Formula, strength: float, chance: random.Random) -> dict[str, RowEntry]:
    """Return counts whose ratio is about the strength and whose parts add up."""
    whole = chance.randint(4, 12)
    above = max(1, round(whole * (strength if formula.kind == "ratio" else 1 - strength)))
    rows = {code: RowEntry(value=whole) for code in formula.denominator}
    rows |= {code: RowEntry(value=min(above, whole)) for code in formula.numerator}
    for number, code in enumerate(formula.parts):
        rows[code] = RowEntry(value=whole if number == len(formula.parts) - 1 else 0)
    return rows


def _make_row(node: EditionNode, value: AnswerValue, unit: str, chance: random.Random) -> RowEntry:
    link = ("Dokumen contoh", f"https://bukti.contoh.test/{unit}/{node.code}")
    proofs = (link,) if chance.random() < PROOF_SHARE else ()
    return RowEntry(
        value=value, text=str(value), note="Catatan contoh, bukan keadaan nyata.", proofs=proofs
    )
