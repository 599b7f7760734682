"""Modules for tests, made through the services: content file, draft, review, publication."""

import tomllib
from contextlib import contextmanager
from pathlib import Path

import pytest

from clinic.assessments import frameworks
from clinic.assessments.outcome_links import load_outcomes
from clinic.lib.errors import Refused
from courses import importing, publishing
from courses.importing import load_regulations
from courses.models import SectionPage
from quizzes import authoring
from tests.replaying import Recording

CONTENT = Path("clinic/management/content")
SLUG = "pengawasan"


@contextmanager
def refused(code):
    """Hold that what stands below is refused with this code."""
    with pytest.raises(Refused) as refusal:
        yield refusal
    assert refusal.value.code == code


def ground():
    """Load editions, outcomes and regulations: what modules point at."""
    GROUND.play()


def _ground():
    for path in frameworks.shipped_files():
        frameworks.load_framework(path.read_text())
    load_outcomes((CONTENT / "outcomes.toml").read_text())
    load_regulations((CONTENT / "regulations.toml").read_text())


def checks(cast, slug=SLUG):
    """Publish the practice questions of one area."""
    authoring.load_bank(
        [(CONTENT / "bank" / f"{slug}.toml").read_text()],
        author=cast.author.account,
        reviewer=cast.reviewer.account,
    )


def shipped(cast):
    """The module on supervision as it is shipped, published, with its practice questions."""
    return SHIPPED.play(cast, ground=cast.author.account.pk)


def _shipped(cast):
    module = published(cast)
    checks(cast)
    return module


GROUND = Recording(_ground)
SHIPPED = Recording(_shipped)


def content(slug=SLUG):
    return (CONTENT / "modules" / f"{slug}.toml").read_text()


def table(slug=SLUG):
    return tomllib.loads(content(slug))


def draft(cast, slug=SLUG):
    ground()
    return importing.load_module(content(slug), author=cast.author.account)


def published(cast, slug=SLUG):
    module = draft(cast, slug)
    publishing.publish(module, actor=cast.reviewer.account)
    module.refresh_from_db()
    return module


def small_text(slug, mark, *, sections=2):
    """A content file with the same mark in its title and in each of its sections."""
    parts = [
        f'title = "Modul {mark}"\nslug = "{slug}"\narea = "pengawasan"\npromise = "Janji {mark}."\n'
        'frameworks = []\noutcomes = []\nlevel = "dasar"'
    ]
    parts += [
        f'[[section]]\ntitle = "Bagian {number} {mark}"\nslug = "bagian-{number}"\n'
        f'lead = "Mengapa {mark}."\n[[section.block]]\ntype = "text"\n'
        f'html = "<p>Isi {number} {mark}.</p>"'
        for number in range(1, sections + 1)
    ]
    return "\n\n".join(parts)


def small(cast, slug="kecil", mark="satu", *, sections=2):
    """A published module of two short sections without checks."""
    text = small_text(slug, mark, sections=sections)
    module = importing.load_module(text, author=cast.author.account)
    publishing.publish(module, actor=cast.reviewer.account)
    module.refresh_from_db()
    return module


def rewrite(module, mark, *, actor, only=None):
    """Save new drafts of the module and its sections, as an author does; nothing is published."""
    draft = module.get_latest_revision_as_object()
    draft.title, draft.promise = f"Modul {mark}", f"Janji {mark}."
    draft.save_revision(user=actor)
    for section in SectionPage.objects.child_of(module).order_by("path"):
        if only is None or section.slug in only:
            newer = section.get_latest_revision_as_object()
            newer.title, newer.lead = f"Bagian {mark}", f"Mengapa {mark}."
            newer.body = newer.body.stream_block.to_python(
                [{"type": "text", "value": f"<p>Isi {mark}.</p>"}]
            )
            newer.save_revision(user=actor)
