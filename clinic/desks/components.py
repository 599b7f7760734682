"""Every component once, under ``/komponen/``: demo and tests only.

Values for the page of components. Everything here is made up and stands for content.
"""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from django import forms
from django.core.paginator import Paginator
from django.utils.html import format_html
from django.views.generic import TemplateView

from clinic.lib.arithmetic.qr import draw_path


class SampleForm(forms.Form):
    """One field of each kind."""

    name = forms.CharField(label="Nama unit kerja", help_text="Seperti pada surat keputusan.")
    reason = forms.CharField(
        label="Catatan", widget=forms.Textarea(attrs={"rows": 3}), required=False
    )
    framework = forms.ChoiceField(
        label="Kerangka", choices=[("zi-2021", "ZI 2021"), ("pmprb-2020", "PMPRB 2020, unit")]
    )
    size = forms.ChoiceField(
        label="Jawaban",
        choices=[("a", "A: seluruhnya"), ("b", "B: sebagian besar"), ("c", "C: sebagian kecil")],
        widget=forms.RadioSelect,
    )
    areas = forms.MultipleChoiceField(
        label="Area perubahan",
        choices=[("pengawasan", "Penguatan pengawasan"), ("layanan", "Pelayanan publik")],
        widget=forms.CheckboxSelectMultiple,
        required=False,
    )
    private_device = forms.BooleanField(label="Perangkat pribadi", required=False)


class SampleFileForm(forms.Form):
    """A file to be checked."""

    sheet = forms.FileField(label="Berkas LKE")


class FilterForm(forms.Form):
    """A filter of a list."""

    area = forms.ChoiceField(
        label="Area perubahan",
        choices=[("", "Semua"), ("pengawasan", "Pengawasan")],
        required=False,
    )
    status = forms.ChoiceField(
        label="Status", choices=[("", "Semua"), ("selesai", "Selesai")], required=False
    )


MOMENT = datetime(2026, 11, 24, 1, 41, tzinfo=UTC)
_QR_PATH, _QR_SIZE = draw_path("CONTOH-7K4M2")


def _make_cell(tone: str, state: str, sign: tuple[str, str], **more: Any) -> dict[str, Any]:
    letter, shape = sign
    points = more.get("points")
    words = f"Dinas Contoh, pengawasan, {state}"
    return {
        "tone": tone,
        "letter": letter,
        "shape": shape,
        "points": points,
        "share": more.get("share", ""),
        "url": "#peta",
        "label": words if points is None else f"{words}, {points} poin belum diraih",
    }


_CELLS = [
    _make_cell("m", "Memadai", ("M", "sound"), points=Decimal("0.4"), share=3),
    _make_cell("b", "Perlu pembelajaran", ("B", "knowledge-gap"), points=Decimal("4.1"), share=2),
    _make_cell("d", "Perlu pendampingan", ("D", "practice-gap"), points=Decimal("2.7"), share=2),
    _make_cell("v", "Perlu verifikasi bukti", ("V", "hidden-risk"), points=Decimal("1.2"), share=1),
    _make_cell("unknown", "Belum diketahui", ("?", "unknown"), points=Decimal("3.3")),
    _make_cell("hidden", "Tidak ditampilkan", ("-", ""), points=Decimal("1.0")),
    {"tone": "none", "label": "tidak dinilai di ZI"},
]

VALUES: dict[str, Any] = {
    "word_tiles": [
        {
            "tone": "b",
            "shape": "knowledge-gap",
            "name": "Perlu pembelajaran",
            "points": "141,9",
            "extent": "5 unit, 23 area",
            "url": "#peta",
            "current": True,
        },
        {
            "tone": "unknown",
            "shape": "unknown",
            "name": "Belum diketahui",
            "points": "121,7",
            "extent": "5 unit, 24 area",
            "url": "#peta",
        },
    ],
    "notice_kinds": ("info", "ok", "warn", "err"),
    "file_form": SampleFileForm(auto_id="berkas_%s"),
    "file_form_whole": SampleFileForm(auto_id="utuh_%s"),
    "moment_saved": MOMENT,
    "unreadable": {
        "title": "Berkas belum dapat dibaca",
        "text": "Simpan sebagai .xlsx, lalu unggah lagi.",
    },
    "approval": {
        "title": "Setujui 12 pendaftaran",
        "text": "12 orang menerima undangan. Anda dapat membatalkannya dalam 30 detik.",
    },
    "crumbs": [{"label": "Beranda", "url": "/"}, {"label": "Komponen"}],
    "tasks": [
        {"label": "Bawa LKE tahun terakhir", "hint": "5 menit", "state": "done", "word": "Selesai"},
        {
            "label": "Baca modul pengendalian gratifikasi",
            "url": "#tugas",
            "hint": "18 menit",
            "state": "doing",
            "word": "Sedang",
        },
        {
            "label": "Kerjakan kuis awal",
            "url": "#tugas",
            "state": "late",
            "word": "Terlambat 2 hari",
        },
        {"label": "Siapkan satu bukti untuk dibahas", "state": "todo", "word": "Belum mulai"},
    ],
    "module": {
        "url": "#modul",
        "title": "Menyusun bukti pengendalian gratifikasi",
        "promise": "Satu sore untuk bukti yang dapat dibaca penilai.",
        "area": "Penguatan pengawasan",
        "minutes": 18,
        "sections": 4,
        "status": "in-force",
        "state": "doing",
        "word": "Sedang dipelajari",
    },
    "sections": [
        {
            "title": "Apa yang ditanyakan",
            "url": "#b1",
            "minutes": 4,
            "state": "done",
            "word": "Selesai",
        },
        {
            "title": "Bukti yang kuat",
            "url": "#b2",
            "minutes": 6,
            "state": "todo",
            "word": "Belum mulai",
        },
    ],
    "columns": [
        {"label": "Komponen"},
        {"label": "Bobot", "numeric": True},
        {"label": "Nilai", "numeric": True},
        {"label": "Belum diraih", "numeric": True},
    ],
    "rows": [
        [
            {"value": "Pemenuhan", "url": "#tabel"},
            {"value": "20,00", "numeric": True, "label": "Bobot"},
            {"value": "15,90", "numeric": True, "label": "Nilai"},
            {"value": "4,10", "numeric": True, "label": "Belum diraih"},
        ],
        [
            {"value": "Reform"},
            {"value": "30,00", "numeric": True, "label": "Bobot"},
            {"value": "28,35", "numeric": True, "label": "Nilai"},
            {"value": "1,65", "numeric": True, "label": "Belum diraih"},
        ],
    ],
    "totals": [
        {"value": "Jumlah"},
        {"value": "50,00", "numeric": True, "label": "Bobot"},
        {"value": "44,25", "numeric": True, "label": "Nilai"},
        {"value": "5,75", "numeric": True, "label": "Belum diraih"},
    ],
    "tabs": [
        {"label": "Poin yang belum diraih", "url": "?tampilan=poin", "current": True},
        {"label": "Hasil pemetaan", "url": "?tampilan=hasil"},
        {"label": "Nilai LKE", "url": "?tampilan=nilai"},
    ],
    "pairs": [
        {"term": "Kerangka", "value": "Zona Integritas 2021"},
        {"term": "Periode", "value": "2022"},
        {"term": "Data sampai", "value": "24 November 2026, 09.41 WITA"},
    ],
    "rubric": {
        "indicator": "Pelaporan gratifikasi ditindaklanjuti",
        "reference": "ZI 2021, A.I.5.i",
        "points_up": "Butir ini bernilai paling banyak 1 poin.",
    },
    "rubric_rows": [
        {
            "letter": "A",
            "text": "Seluruh laporan gratifikasi ditindaklanjuti dan dipublikasikan.",
        },
        {
            "letter": "B",
            "text": "Seluruh laporan gratifikasi ditindaklanjuti.",
            "step_up": "Naik ke A bila hasilnya dipublikasikan.",
            "own_class": "own",
            "own_note": format_html(
                '<br><strong>{}</strong> <span class="muted">{}</span>',
                "Jawaban unit Anda 2025: B",
                "+0,33 poin bila A",
            ),
        },
        {
            "letter": "C",
            "text": "Sebagian laporan gratifikasi ditindaklanjuti.",
            "step_up": "Naik ke B bila seluruhnya ditindaklanjuti.",
        },
    ],
    "proof_notes": [
        {"number": 1, "text": "Tanggal dan nomor surat terbaca."},
        {"number": 2, "text": "Daftar hadir memuat unit dan tanda tangan."},
    ],
    "proof_items": [
        {"text": "Undangan bernomor", "kind": "surat", "required": True},
        {"text": "Foto kegiatan", "kind": "gambar", "required": False},
    ],
    "photos": [
        {"title": "Foto tanpa keterangan", "text": "Tidak terlihat kapan dan untuk apa."},
        {
            "title": "Foto dengan undangan dan notula",
            "text": "Tanggal, peserta dan hasilnya cocok.",
        },
    ],
    "photo_lesson": "Bukti menjadi kuat bila saling menunjuk.",
    "figure": {
        "story": "Unit menerima 8 laporan dan menyelesaikan 6.",
        "formula": "6 / 8 = 0,75",
        "result": "Persentase 75%",
        "edge_case": "Tanpa laporan sama sekali, butir ini dihitung penuh.",
    },
    "options": [
        {"value": "1", "text": "Daftar hadir tanpa tanggal"},
        {"value": "2", "text": "Notula dengan daftar tindak lanjut", "chosen": True},
    ],
    "feedback": {
        "right": False,
        "text": "Notula menunjukkan isi rapat; yang ditanyakan adalah pelaksanaannya.",
        "url": "#bagian",
        "label": "Bagian 2: Bukti yang kuat",
    },
    "numbers": [
        {"term": "Laporan diterima", "value": "8"},
        {"term": "Laporan selesai", "value": "6"},
    ],
    "why_lines": [
        "Unit Anda belum meraih 4,1 poin pada area ini.",
        "Dua butir menunggu bukti dukung.",
    ],
    "areas": [
        {
            "label": label,
            "short": label,
            "url": "#peta",
            "sort_url": "#peta",
            "sort_label": f"Urutkan menurut {label}",
        }
        for label in (
            "Perubahan",
            "Deregulasi",
            "Organisasi",
            "Tata laksana",
            "SDM",
            "Akuntabilitas",
            "Pengawasan",
        )
    ],
    "heat_rows": [
        {
            "name": "Dinas Kesehatan Contoh",
            "url": "#peta",
            "cells": _CELLS,
            "fold": {"url": "#peta", "label": "3 unit", "said": "Buka 3 unit", "is_open": False},
        },
        {"name": "Kecamatan Contoh Hulu", "url": "#peta", "cells": _CELLS[::-1]},
    ],
    "qr_modules": _QR_PATH,
    "qr_size": _QR_SIZE,
}


class ComponentsPage(TemplateView):
    """A bare page of examples; the axe run visits it."""

    template_name = "desks/components.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(
            is_demo=True,
            sample_form=SampleForm(),
            faulty_form=SampleForm({"name": "", "size": "9"}, auto_id="salah_%s"),
            filter_form=FilterForm(auto_id="saring_%s"),
            sample_page=Paginator(range(60), 10).page(2),
            **VALUES,
            **kwargs,
        )
