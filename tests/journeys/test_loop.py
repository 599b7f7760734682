"""The loop: module, workbook, clinic, reading, door, quiz and worker, until the finding changes.

Everything runs in processes of its own: the web server, which is killed in the middle of the quiz,
and the worker, which alone does the jobs. Pictures of each step stay under ``var/journeys/``.
"""

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.conf import settings
from django.utils import timezone
from playwright.sync_api import Error

from attendance.models import Event, Presence, Registration
from clinic.assessments.models import Sheet
from clinic.insights.models import Finding
from clinic.management.demo.answers import take_quiz
from clinic.people.models import Unit
from courses.models import ModuleEdition, SectionPage, SectionProgress
from quizzes import authoring
from quizzes.models import Assignment, Attempt, Response
from tests.clinic.assessments.made_workbooks import SAMPLE
from tests.courses import made as courses_made
from tests.journeys.conftest import signed_in_cookie, visitors
from tests.processes import wait_until
from tests.quizzes.made import wrong_of

pytestmark = [
    pytest.mark.journey,
    pytest.mark.django_db(transaction=True),
]
PICTURES = settings.BASE_DIR / "var" / "journeys"
AREA_NAME = "Penguatan Pengawasan"
AREA, EDITION, PERIOD = "pengawasan", "zi-2021", 2026
CLINIC = "klinik-pengawasan"
STAFF, PHONE = 1280, 360
QUESTIONS = 10
PATIENCE = 30
EARLY, LATE = time(0, 10), time(22, 0)


@pytest.fixture
def enter(browser, server):
    """Return a function that opens the house signed in as a person."""
    with visitors(browser, server.url) as go:

        def opened(person, width):
            page = go("/tentang/", width=width)
            page.context.add_cookies([signed_in_cookie(person.account, server.url)])
            page.on("dialog", lambda dialog: dialog.accept())
            return page

        yield opened


@pytest.fixture
def ground(cast):
    """The draft of the module and the questions of its area, with the quiz made of them."""
    module = courses_made.draft(cast, AREA)
    bank = courses_made.CONTENT / "bank"
    head, first, *_others = (bank / "blueprint.toml").read_text().split("[[quiz]]\n")
    authoring.load_bank(
        [(bank / f"{AREA}.toml").read_text()],
        f"{head}[[quiz]]\n{first}",
        author=cast.author.account,
        reviewer=cast.reviewer.account,
    )
    return module


def keep(page, name):
    """Keep a picture of the page over its whole height.

    Hiding the caret would leave empty styles behind, which htmx then copies. A busy machine's
    Chromium may have no picture to give; it is asked once more.
    """
    PICTURES.mkdir(parents=True, exist_ok=True)
    page.bring_to_front()
    page.wait_for_load_state()
    for tries_left in (1, 0):
        try:
            page.screenshot(path=PICTURES / f"{name}.png", full_page=True, caret="initial")
        except Error:
            if not tries_left:
                raise
        else:
            return


def test_the_loop(enter, worker, server, cast, ground):
    write_and_publish(enter(cast.author, STAFF), enter(cast.reviewer, STAFF), module=ground)
    import_workbook(enter(cast.other_unit_official, STAFF))
    unit = Sheet.objects.get().unit
    organiser = enter(cast.organiser, STAFF)
    quiz = open_clinic(organiser, cast)
    invite(organiser, cast.participant)
    register(enter(cast.colleague, PHONE))
    take_quiz(quiz, cast.colleague.account, skill=0.0, started_at=quiz.opens_at)
    wait_for_finding(unit, answers=QUESTIONS)
    staff = enter(cast.regency_official, STAFF)
    before = read_profile(staff, unit, "06-profil-sebelum")

    participant = enter(cast.participant, PHONE)
    confirm(participant)
    read_a_section(participant)
    check_in(organiser, participant)
    take_quiz_in_the_browser(participant, server, cast.participant)

    wait_for_finding(unit, answers=2 * QUESTIONS)
    after = read_profile(staff, unit, "16-profil-sesudah")
    assert "Belum diketahui" in before
    assert "1 orang, 10 jawaban" in before
    assert "Belum diketahui" not in after
    assert "Perlu verifikasi bukti" in after


def write_and_publish(author, reviewer, *, module):
    """The author writes a title and sends the module to review; the reviewer publishes it."""
    section = SectionPage.objects.child_of(module).get(slug="gratifikasi")
    author.goto(f"/admin/pages/{section.pk}/edit/")
    author.locator("#id_title").fill("Gratifikasi, ditulis penyusun")
    keep(author, "01-penyusun-menulis")
    author.locator("button[name='action-kirim']").click()
    author.wait_for_url(f"**/admin/tinjau/{AREA}/")
    assert not ModuleEdition.objects.exists()

    reviewer.goto("/admin/tinjau/")
    reviewer.locator(f"main a[href$='/admin/tinjau/{AREA}/']").first.click()
    keep(reviewer, "02-pengulas-meninjau")
    reviewer.locator("#id_note").fill("Terbitan pertama")
    reviewer.locator("button[value=terbitkan]").click()
    reviewer.wait_for_url("**/admin/tinjau/")
    keep(reviewer, "03-pengulas-menerbitkan")
    assert ModuleEdition.objects.get().module == module


def import_workbook(official):
    """The unit sends in the ministry's workbook as it is, looks at the report, applies it."""
    official.goto("/penilaian/impor/")
    official.set_input_files("input[type=file]", SAMPLE)
    official.fill("input[name=period]", str(PERIOD))
    official.click("main form button[type=submit]")
    official.wait_for_selector("#nilai", timeout=PATIENCE * 1000)
    keep(official, "04-lke-diperiksa")
    assert not Sheet.objects.exists()
    official.click("main form button[type=submit]")
    official.wait_for_selector(".notice.ok")
    keep(official, "05-lke-diterapkan")


def open_clinic(organiser, cast):
    """The organiser plans the clinic step by step and opens it."""
    hours = hours_of_today(cast)
    organiser.goto("/panitia/")
    organiser.locator("main a[href$='/panitia/baru/']").click()
    organiser.locator("#id_title").fill("Klinik Pengawasan")
    keep(organiser, "05a-panitia-membuat-kegiatan")
    organiser.locator("main form .button").first.click()
    organiser.wait_for_url(f"**/panitia/{CLINIC}/atur/waktu")
    for name, text in hours.items():
        organiser.locator(f"#id_{name}").fill(text)
    organiser.locator("button[value=sesi]").click()
    organiser.locator("main .rows a").wait_for()
    keep(organiser, "05b-panitia-menyusun-sesi")

    quiz = give_quiz(organiser)
    organiser.goto(f"/panitia/{CLINIC}/atur/periksa")
    keep(organiser, "05d-panitia-memeriksa")
    organiser.locator("form[action$='/keadaan/buka'] button").click()
    organiser.wait_for_url(f"**/panitia/{CLINIC}/")
    assert Event.objects.get().state == Event.State.OPEN
    return quiz


def invite(organiser, person):
    """The organiser finds one person by name and keeps them a seat."""
    organiser.goto(f"/panitia/{CLINIC}/undang")
    organiser.locator("#q").fill(person.name)
    organiser.locator("#q").press("Enter")
    organiser.locator("main input[name=orang]").first.check()
    keep(organiser, "05e-panitia-mengundang")
    organiser.locator("main form:has([name=orang]) button").click()
    organiser.locator("main form:has([name=setuju]) button").click()
    organiser.locator("#pesan .notice").wait_for()
    assert Registration.objects.get().person == person


def register(colleague):
    """Somebody who was not invited takes a seat by themselves."""
    colleague.goto(f"/kegiatan/{CLINIC}/daftar")
    colleague.locator("main form .button").click()
    colleague.wait_for_url("**/saya")


def hours_of_today(cast):
    """What is typed for a session around now; near midnight the regency lies further west."""
    zone, now = "Asia/Makassar", timezone.now()
    if not EARLY <= now.astimezone(ZoneInfo(zone)).time() <= LATE:
        zone = "Asia/Jakarta"
    Unit.objects.filter(pk=cast.organiser.memberships.get().unit.get_root().pk).update(zone=zone)
    start = now.astimezone(ZoneInfo(zone)) - timedelta(minutes=5)
    end = min(start + timedelta(hours=3), start.replace(hour=23, minute=59))
    return {
        "title": "Pagi",
        "day": f"{start:%Y-%m-%d}",
        "starts": f"{start:%H:%M}",
        "ends": f"{end:%H:%M}",
    }


def give_quiz(organiser):
    """Give the pre-quiz, open for an hour already and without an end."""
    organiser.goto(f"/panitia/{CLINIC}/atur/kuis")
    organiser.locator("#id_awal-quiz").select_option(f"kuis-{AREA}")
    opens = organiser.locator("#id_awal-opens")
    suggested = datetime.fromisoformat(opens.input_value())
    opens.fill(f"{suggested - timedelta(hours=1):%Y-%m-%dT%H:%M}")
    organiser.locator("#id_awal-closes").fill("")
    organiser.locator("button[value=awal]").click()
    organiser.locator("main .rows button[name=tarik]").wait_for()
    keep(organiser, "05c-panitia-memberikan-kuis")
    return Assignment.objects.get()


def confirm(participant):
    """Whoever was invited confirms the seat."""
    participant.goto(f"/kegiatan/{CLINIC}/saya")
    participant.locator(f"main a[href$='/kegiatan/{CLINIC}/daftar']").click()
    keep(participant, "07-peserta-diundang")
    participant.locator("main form .button").click()
    participant.wait_for_url("**/saya")
    assert not Registration.objects.exclude(state=Registration.State.CONFIRMED).exists()


def read_a_section(participant):
    """Read, answer what the section asks, mark it as finished."""
    participant.goto(f"/modul/{AREA}/")
    participant.locator("main form button").first.click()
    participant.wait_for_url("**/gratifikasi/")
    assert participant.locator("h1").inner_text() == "Gratifikasi, ditulis penyusun"
    keep(participant, "08-peserta-membaca")
    check = participant.locator("form", has=participant.locator("input[name=pertanyaan]"))
    check.locator("input[type=radio]").first.check()
    check.locator("button").click()
    participant.locator("[role=status] .notice").first.wait_for()
    participant.locator("button[name=selesai]").click()
    participant.wait_for_url("**/pengendalian-intern/")
    keep(participant, "09-peserta-selesai-membaca")
    assert SectionProgress.objects.get(finished_at__isnull=False).section.slug == "gratifikasi"


def check_in(organiser, participant):
    """The organiser types the short code that the participant's phone shows."""
    participant.goto(f"/kegiatan/{CLINIC}/saya")
    keep(participant, "10-peserta-kode-qr")
    organiser.goto(f"/panitia/{CLINIC}/absen")
    organiser.locator("#kode").fill(participant.locator(".qr .code").inner_text())
    organiser.locator("#kode").press("Enter")
    organiser.locator("#hasil.ok").wait_for()
    keep(organiser, "11-panitia-mencatat-hadir")
    wait_until(
        lambda: Presence.objects.filter(state="present").exists(), PATIENCE, what="a presence"
    )


def take_quiz_in_the_browser(participant, server, person):
    """Answer ten questions, none of them right; reload after one, lose the server at the next."""
    participant.goto("/kuis/")
    participant.locator("main .rows a").first.click()
    keep(participant, "12-kuis-mulai")
    participant.locator("main form .button").click()
    participant.wait_for_selector("#soal")
    attempt = Attempt.objects.get(person=person)

    answer_and_reload(participant, attempt)
    lose_the_server(participant, attempt, server)
    for index in range(3, QUESTIONS + 1):
        go_on(participant, attempt, index)
        answer(participant, attempt, index)
        wait_for_word(participant, "saved")
    go_on(participant, attempt, "periksa")
    participant.locator("main form button").click()
    participant.wait_for_url("**/hasil/")
    keep(participant, "15-kuis-dikumpulkan")
    attempt.refresh_from_db()
    assert attempt.state == Attempt.State.SUBMITTED


def answer_and_reload(participant, attempt):
    answer(participant, attempt, 1)
    wait_for_word(participant, "saved")
    participant.reload()
    assert is_shown(participant, attempt, 1)
    keep(participant, "13-kuis-dimuat-ulang")


def lose_the_server(participant, attempt, server):
    """What was saved before is still there; what was answered meanwhile arrives."""
    go_on(participant, attempt, 2)
    server.kill()
    answer(participant, attempt, 2)
    wait_for_word(participant, "waiting")
    keep(participant, "14-kuis-server-mati")
    assert stored(attempt, 2) is None
    server.start()
    participant.evaluate("dispatchEvent(new Event('online'))")
    wait_for_word(participant, "saved")
    for index in (1, 2):
        participant.goto(f"/kuis/pengerjaan/{attempt.uuid}/{index}/")
        assert is_shown(participant, attempt, index)
        assert stored(attempt, index) == wrong(attempt, index)


def wrong(attempt, index):
    return wrong_of(attempt.items.get(index=index).question_version.parsed)


def stored(attempt, index):
    return Response.objects.get(item__attempt=attempt, item__index=index).value


def answer(page, attempt, index):
    """Give the wrong answer in the fields of the question's type."""
    match wrong(attempt, index):
        case {"raw": text}:
            page.locator("[name=jawaban]").fill(text)
        case dict() as pairs:
            for prompt, target in pairs.items():
                page.locator(f"[name='jawaban-{prompt}']").select_option(target)
        case list() as options:
            for option in options:
                page.locator(f"[name=jawaban][value='{option}']").check()
        case option:
            page.locator(f"[name=jawaban][value='{option}']").check()


def is_shown(page, attempt, index):
    """Whether the page holds the answer; the first two questions are of single choice."""
    page.wait_for_selector("#soal")
    chosen = page.locator("[name=jawaban]:checked")
    return chosen.count() == 1 and chosen.get_attribute("value") == wrong(attempt, index)


def go_on(page, attempt, to):
    page.locator("button[name=ke]").first.click()
    page.wait_for_url(f"**/pengerjaan/{attempt.uuid}/{to}/")


def wait_for_word(page, name):
    """Wait until the page says that the answer is saved, or waits on the device."""
    said = page.locator("#soal").get_attribute(f"data-word-{name}").replace("{n}", "1")
    page.wait_for_function(
        "said => document.querySelector('#keadaan').textContent.startsWith(said)", arg=said
    )


def wait_for_finding(unit, *, answers):
    """Wait until the worker has made a finding on supervision of so many answers."""
    rows = Finding.objects.filter(
        unit=unit, area=AREA, edition__slug=EDITION, period=PERIOD, answers=answers
    )
    wait_until(rows.exists, PATIENCE, what=f"a finding of {answers} answers")


def read_profile(staff, unit, name):
    """Return what the secretariat reads of the area in the unit's profile."""
    staff.goto(f"/pemetaan/unit/{unit.slug}/")
    keep(staff, name)
    return staff.locator("table.aligned tbody tr", has_text=AREA_NAME).inner_text()
