"""Settings of the bare application: no session, no account, the product's database options.

Its connection is opened and closed with each request, as Django does unless it is told otherwise;
the second alias stays open, as the product's does, so that the bench can tell what that is worth.
``BENCH_BARE_DATABASE`` names its own SQLite file; with ``DATABASE_URL`` its tables stand in that
PostgreSQL database, beside the product's.
"""

import os

from clinic.settings import DATABASES as PRODUCT
from clinic.settings import IS_EMBEDDED

SECRET_KEY = "bare-application-of-the-bench-that-signs-nothing-at-all"  # noqa: S105
DEBUG = False
ALLOWED_HOSTS = ["127.0.0.1"]
ROOT_URLCONF = "scripts.bench.bare.views"
INSTALLED_APPS = ["scripts.bench.bare"]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.middleware.common.CommonMiddleware",
]
TEMPLATES = [{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True}]
DATABASES = {"default": dict(PRODUCT["default"])}
if IS_EMBEDDED:
    DATABASES["default"] |= {"NAME": os.environ["BENCH_BARE_DATABASE"], "CONN_MAX_AGE": 0}
DATABASES["kept"] = DATABASES["default"] | {"CONN_MAX_AGE": None}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True
TIME_ZONE = "UTC"
