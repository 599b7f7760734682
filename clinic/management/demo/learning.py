"""What there is to learn in the demo: regulations, practice questions, the eight modules.

Written by the author of the demo, published by its reviewer, through the services of both.
"""

from clinic.management.demo.region import CONTENT
from clinic.people.models import Account
from courses import importing, publishing, regulations, reviewing
from courses.models import ModulePage

AUTHOR = "penyusun@demo.test"
REVIEWER = "pengulas@demo.test"


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
        publishing.publish(module, actor=reviewer)
        modules.append(module)
    return modules
