"""What authors have under way and what waits for reviewers, module by module."""

from collections.abc import Iterable
from dataclasses import dataclass
from operator import itemgetter

from django.db.models import QuerySet
from wagtail.models import Page

from clinic.people.access import Actor, visible
from clinic.people.models import Account
from courses.models import ModulePage, ReviewRequest, SectionPage

WAITING, RETURNED = ReviewRequest.State.WAITING.value, ReviewRequest.State.RETURNED.value
CHANGED, NEW, PUBLISHED = "changed", "new", "published"
# What asks for the author's hand comes first.
ORDER = (RETURNED, CHANGED, NEW, WAITING, PUBLISHED)


@dataclass(frozen=True)
class Standing:
    """One module with what becomes of its draft next.

    Attributes:
        state: ``returned`` to the author, ``changed`` since it was published, ``new`` and never
            published, ``waiting`` for a reviewer, or ``published`` as it stands.
        request: the last review that was asked for, if any.
    """

    module: ModulePage
    state: str
    request: ReviewRequest | None

    @property
    def is_open(self) -> bool:
        """Something is left to do, by the author or by a reviewer."""
        return self.state != PUBLISHED

    @property
    def is_waiting(self) -> bool:
        """A reviewer is asked; ``request`` says by whom and since when."""
        return self.state == WAITING and self.request is not None


def standings_of(actor: Account) -> list[Standing]:
    """Return every module that the actor may write, what asks for a hand first."""
    return _standings(visible(actor, "write-module", ModulePage.objects.all()))


def waiting_for(actor: Actor) -> list[Standing]:
    """Return the modules that wait for a review which the actor may give, longest first."""
    rows = visible(actor, "comment-module", ModulePage.objects.all())
    found = [(one.request.sent_at, one) for one in _standings(rows) if one.is_waiting]
    return [one for _sent_at, one in sorted(found, key=itemgetter(0))]


def _standings(rows: QuerySet[ModulePage]) -> list[Standing]:
    modules = list(rows.select_related("area").order_by("title"))
    requests = _last_requests(modules)
    changed = _changed_parents()
    found = [
        Standing(one, _state(one, requests.get(one.pk), changed), requests.get(one.pk))
        for one in modules
    ]
    return sorted(found, key=lambda one: ORDER.index(one.state))


def _last_requests(modules: Iterable[ModulePage]) -> dict[int, ReviewRequest]:
    rows = ReviewRequest.objects.filter(module__in=[one.pk for one in modules])
    rows = rows.select_related("sent_by__person").order_by("sent_at", "pk")
    return {row.module_id: row for row in rows}


def _changed_parents() -> set[str]:
    """Return the paths of modules of which a section has a newer draft."""
    paths = SectionPage.objects.filter(has_unpublished_changes=True).values_list("path", flat=True)
    return {path[: -Page.steplen] for path in paths}


def _state(module: ModulePage, request: ReviewRequest | None, changed: set[str]) -> str:
    if request and request.state in (WAITING, RETURNED):
        return request.state
    if not module.live:
        return NEW
    is_changed = module.has_unpublished_changes or module.path in changed
    return CHANGED if is_changed else PUBLISHED


def module_of(page: Page | None) -> ModulePage | None:
    """Return the saved module that a page is or belongs to, if any."""
    if page is None or page.pk is None:
        return None
    specific = page.specific
    if isinstance(specific, SectionPage):
        return ModulePage.objects.get(pk=specific.get_parent().pk)
    return specific if isinstance(specific, ModulePage) else None
