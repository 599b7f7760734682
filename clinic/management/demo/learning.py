"""What there is to learn in the demo: regulations, practice questions, the eight modules.

Written by the author of the demo, published by its reviewer, through the services of both. One
module waits for the reviewer again, with a sentence more, so that reviewing can be tried.
"""

from datetime import UTC, datetime

from clinic.management.demo.region import CONTENT
from clinic.people.models import Account
from courses import importing, publishing, regulations, reviewing
from courses.models import ModulePage, SectionPage

PUBLISHED = datetime(2026, 5, 4, 2, 0, tzinfo=UTC)
AUTHOR = "penyusun@demo.test"
REVIEWER = "pengulas@demo.test"
IN_REVIEW = "deregulasi-kebijakan"
ADDED = " Mulailah dari peraturan yang paling sering ditanyakan kepada unit Anda."


def load_modules() -> list[ModulePage]:
    """Load and publish every shipped module; return them in order of their files."""
    author = Account.objects.get(email=AUTHOR)
    reviewer = Account.objects.get(email=REVIEWER)
    regulations.load_regulations(
        (CONTENT / "regulations.toml").read_text(encoding="utf-8"), actor=author
    )
    modules = []
    for path in sorted((CONTENT / "modules").glob("*.toml")):
        module = importing.load_module(path.read_text(encoding="utf-8"), author=author)
        reviewing.send_to_review(module, actor=author)
        publishing.publish(module, actor=reviewer, now=PUBLISHED)
        modules.append(module)
    return modules


def send_one_again(modules: list[ModulePage]) -> None:
    """Let the author add a sentence to one published module and send it to review."""
    author = Account.objects.get(email=AUTHOR)
    module = next(one for one in modules if one.area_id == IN_REVIEW)
    section = SectionPage.objects.child_of(module).order_by("path").first()
    draft = section.get_latest_revision_as_object()
    draft.lead += ADDED
    draft.save_revision(user=author)
    reviewing.send_to_review(module, actor=author)
