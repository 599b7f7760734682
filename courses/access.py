"""Who may read, write and publish modules."""

from django.db.models import Q

from clinic.people.access import Reach, rule
from courses.models import ModulePage

_EVERY_ROLE = (
    "peserta:* panitia:* pejabat-unit:* operator:* kabupaten:* penilai:* penyusun:* pengulas:* "
    "admin:*"
)


@rule("read-module", ModulePage, f"publik:* {_EVERY_ROLE}", is_reading=True)
def modules_read(reach: Reach) -> Q:
    """Published modules that are open to everybody."""
    return Q(live=True, is_internal=False)


@rule("read-internal-module", ModulePage, _EVERY_ROLE, is_reading=True)
def internal_modules_read(reach: Reach) -> Q:
    """Published modules, internal ones among them."""
    return Q(live=True)


@rule("read-module-draft", ModulePage, "penyusun:a pengulas:k admin:*", is_reading=True)
def drafts_read(reach: Reach) -> Q:
    """Own drafts; a reviewer and the administrator see all."""
    return reach.written("owner__person") | reach.programme()


@rule("write-module", ModulePage, "penyusun:a admin:*")
def modules_written(reach: Reach) -> Q:
    """Own modules."""
    return reach.written("owner__person")


@rule("publish-module", ModulePage, "pengulas:k")
@rule("comment-module", ModulePage, "pengulas:k")
def modules_reviewed(reach: Reach) -> Q:
    """Any module; that nobody publishes their own work is a rule of ``publishing``."""
    return reach.programme()
