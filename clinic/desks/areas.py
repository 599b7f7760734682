"""The eight change areas as the front page tells them: a name, what it is about, an icon.

Names as in the worksheet of the reform programme (facts: Permenpan RB 26/2020, agency sheet); the
sentences are our own words. Slugs and order of record are rows of ``assessments.ChangeArea``.
"""

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True)
class Area:
    """One change area on the front page."""

    slug: str
    icon: str
    name: Promise
    about: Promise


AREAS = (
    Area(
        slug="manajemen-perubahan",
        icon="refresh",
        name=_("Change management"),
        about=_("A working team, a plan, leaders who set an example."),
    ),
    Area(
        slug="deregulasi-kebijakan",
        icon="gavel",
        name=_("Policy deregulation"),
        about=_("Rules that fit each other and can be followed."),
    ),
    Area(
        slug="organisasi",
        icon="sitemap",
        name=_("Organisation"),
        about=_("A structure that fits the tasks."),
    ),
    Area(
        slug="tatalaksana",
        icon="route",
        name=_("Business processes"),
        about=_("Process maps, procedures and services that run online."),
    ),
    Area(
        slug="sdm",
        icon="users",
        name=_("Human resources"),
        about=_("The right people, fairly chosen, with skills that grow."),
    ),
    Area(
        slug="akuntabilitas",
        icon="target",
        name=_("Accountability"),
        about=_("Goals that are measured and budgets that serve them."),
    ),
    Area(
        slug="pengawasan",
        icon="shield-check",
        name=_("Oversight"),
        about=_("Gifts, complaints and conflicts of interest under control."),
    ),
    Area(
        slug="pelayanan-publik",
        icon="heart-handshake",
        name=_("Public service"),
        about=_("Standards that are kept and complaints that are solved."),
    ),
)
