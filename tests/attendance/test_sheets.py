"""The daftar hadir as PDF, read back."""

import io
from uuid import UUID, uuid4

import pypdf
import pytest
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from attendance import checkin, registration, sheets
from attendance.models import Event
from clinic.records.audit import AuditEntry
from clinic.records.notices import Notice
from tests.attendance import made


class TestDaftarHadir:
    """The list as PDF, read back."""

    @pytest.fixture
    def full(self, cast, today, regencies):
        name = "Nama Yang Cukup Panjang Sekali"
        made.guests(today, regencies[0].clinic, 40, by=None, name=name)
        row = made.joined(today, cast.participant)
        made.scanned(today, made.badge(row), now=timezone.now())
        return today

    def read(self, answer):
        assert answer.headers["Content-Type"] == "application/pdf"
        return pypdf.PdfReader(io.BytesIO(answer.content))

    def test_to_sign(self, cast, signed_in, full):
        browser = signed_in(cast.organiser.account)
        found = self.read(browser.get(f"/panitia/{full.code}/daftar-hadir.pdf"))
        pages = [page.extract_text() for page in found.pages]

        assert len(pages) > 2
        with translation.override("id"):
            for number, text in enumerate(pages, start=1):
                foot = _("Page {page} of {pages}")
                assert foot.format(page=number, pages=len(pages)) in text
            rows = [text for text in pages if "Nama Yang" in text]
            assert all(_("Signature") in text for text in rows)
        whole = " ".join(" ".join(pages).split())
        assert "Nama Yang Cukup Panjang Sekali 040" in whole
        assert cast.participant.nip not in whole
        assert found.pages[0].mediabox.width == pytest.approx(210 / 25.4 * 72, abs=1)

    def test_zigzag_of_the_signatures(self, cast, full):
        sessions, by = list(full.sessions.all()), cast.organiser.account
        drawn = sheets.attendance_list(full, sessions, by=by, now=timezone.now())
        places = {}

        def note(text, matrix, _text_matrix, _font, _size):
            if text.strip()[:2] in {"1.", "2.", "3.", "4."}:
                places[text.strip()[:2]] = round(matrix[4])

        pypdf.PdfReader(io.BytesIO(drawn)).pages[0].extract_text(visitor_text=note)
        assert places["1."] == places["3."] < places["2."] == places["4."]

    def test_recorded_on_f4_with_whole_nips_is_audited(self, cast, confirmed, full):
        browser = confirmed(cast.organiser.account)
        place = f"/panitia/{full.code}/daftar-hadir.pdf"
        found = self.read(browser.post(place, {"edisi": "tercatat", "kertas": "f4"}))

        text = "".join("".join(page.extract_text() for page in found.pages).split())
        assert cast.participant.nip in text
        assert found.pages[0].mediabox.width == pytest.approx(330 / 25.4 * 72, abs=1)
        assert AuditEntry.objects.filter(verb="sheet.with_nip").count() == 1

    def test_same_rows_same_bytes_in_the_faces_we_ship(self, cast, full, settings):
        settings.IS_DEMO = True
        sessions, by = list(full.sessions.all()), cast.organiser.account
        now = timezone.now()
        first, second = (
            sheets.attendance_list(full, sessions, is_recorded=True, by=by, now=now)
            for _again in range(2)
        )
        assert first == second
        page = pypdf.PdfReader(io.BytesIO(first)).pages[0]
        fonts = {font.get_object()["/BaseFont"] for font in page["/Resources"]["/Font"].values()}
        assert all("LibertinusSerif" in font for font in fonts)
        assert "CONTOH" in page.extract_text()


class TestDaftarHadirPages:
    """What stands where on the paper."""

    def drawn(self, event, by, *, is_recorded=False, paper="a4"):
        with translation.override("id"):
            pdf = sheets.attendance_list(
                event,
                list(event.sessions.all()),
                is_recorded=is_recorded,
                paper=paper,
                by=by,
                now=timezone.now(),
            )
        return [page.extract_text() for page in pypdf.PdfReader(io.BytesIO(pdf)).pages]

    @pytest.mark.parametrize("paper", ["a4", "f4"])
    @pytest.mark.parametrize("is_recorded", [False, True])
    @pytest.mark.parametrize("size", [0, 5, 70])
    def test_the_signature_stands_under_names(
        self, cast, event, regencies, size, is_recorded, paper
    ):
        made.guests(event, regencies[0].clinic, size, by=None, name="Pegawai")
        pages = self.drawn(event, cast.organiser.account, is_recorded=is_recorded, paper=paper)
        office = event.unit.name
        assert office in pages[-1]
        last = [f"Pegawai {number:03}" for number in range(max(size - 2, 1), size + 1)]
        text = " ".join(pages[-1].split())
        assert all(name in text for name in last)
        with translation.override("id"):
            assert all(_("Printed %(moment)s").split(" ")[0] in page for page in pages)
        if size == 5:
            assert len(pages) == 1

    def test_columns_without_a_value_are_left_out(self, cast, event):
        row = made.joined(event, cast.participant)
        with translation.override("id"):
            rank, sex = _("Rank/grade"), _("M/F")
        type(row.person).objects.update(rank="", sex="")
        text = self.drawn(event, cast.organiser.account)[0]
        assert sex not in text
        assert text.count(rank) == 1
        type(row.person).objects.update(rank="Penata", sex="L")
        text = self.drawn(event, cast.organiser.account)[0]
        assert sex in text
        assert "Penata" in text

    def test_a_guest_undone_is_not_listed_and_minutes_are_explained(self, cast, today, regencies):
        raw = {"uid": str(uuid4()), "group": "d1", "direction": "in"}
        by = cast.organiser.account
        checkin.record_walk_in(today, raw, name="Tamu Keliru", unit=regencies[0].clinic, by=by)
        assert "Tamu Keliru" in "".join(self.drawn(today, by, is_recorded=True))
        checkin.undo(today, UUID(raw["uid"]), by=by)
        text = " ".join("".join(self.drawn(today, by, is_recorded=True)).split())
        assert "Tamu Keliru" not in text
        with translation.override("id"):
            assert _(sheets.HOW_COUNTED["close_at_end"]) in text

    @pytest.mark.parametrize("kind", Event.Kind)
    def test_page_sheet_and_invitation_of_a_clinic_alone_are_proof_of_training(
        self, cast, event, client, kind
    ):
        Event.objects.filter(pk=event.pk).update(kind=kind)
        event.refresh_from_db()
        registration.invite(event, cast.participant, actor=None)
        sheet = " ".join("".join(self.drawn(event, cast.organiser.account)).split())
        page = client.get(f"/kegiatan/{event.code}/").content.decode()
        for text in (sheet, page, Notice.objects.get().body):
            assert ("90/2021" in text) is (kind == Event.Kind.CLINIC)
