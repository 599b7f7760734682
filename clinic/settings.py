"""One settings file; every value comes from the environment and has a safe default.

``KLINIK_ENV`` is ``demo`` (default), ``test`` or ``production``. What settings alone can see to be
unsafe in production stops the start here, in one sentence; what needs the database is refused by
``clinic.health.refuse_to_start``.
"""

import logging
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import dj_database_url
from csp.constants import NONCE, NONE, SELF, UNSAFE_INLINE
from django.core.exceptions import ImproperlyConfigured

from clinic.environment import (
    BASE_DIR,
    BROKER_OPTIONS,
    BROKER_URL,
    DATA_DIR,
    IS_PRODUCTION,
    KLINIK_ENV,
    QUEUE,
    env,
    env_bool,
    env_int,
)

IS_DEMO = KLINIK_ENV == "demo"

# --- where data lives ---------------------------------------------------------------------------
PRIVATE_ROOT = DATA_DIR / "private"
MEDIA_ROOT = DATA_DIR / "media"
MEDIA_URL = "/media/"
STATIC_ROOT = DATA_DIR / "static"
STATIC_URL = "/static/"

# --- who we are ---------------------------------------------------------------------------------
SHORTEST_SECRET_KEY = 50
DEMO_SECRET_KEY = "demo-only-key-that-production-refuses-0123456789-abcdefghijk"  # noqa: S105
SECRET_KEY = env("SECRET_KEY", "" if IS_PRODUCTION else DEMO_SECRET_KEY)
SECRET_KEY_FALLBACKS = [key for key in env("SECRET_KEY_FALLBACKS").split(",") if key]
DEBUG = env_bool("DEBUG", default=False)
ALLOWED_HOSTS = [host for host in env("ALLOWED_HOSTS").split(",") if host]
if not IS_PRODUCTION and not ALLOWED_HOSTS:
    ALLOWED_HOSTS = ["127.0.0.1", "localhost", "[::1]", "testserver"]
BASE_URL = env("BASE_URL", f"http://127.0.0.1:{env('PORT', '8000')}").rstrip("/")
CSRF_TRUSTED_ORIGINS = [BASE_URL] if BASE_URL.startswith("https://") else []
ROOT_URLCONF = "clinic.urls"
WSGI_APPLICATION = "clinic.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
SITE_NAME = "Klinik RB"

INSTALLED_APPS = [
    # First, so that a test's serialized rows begin with the content types: signals that fire
    # while later rows load would otherwise create them a second time.
    "django.contrib.contenttypes",
    "clinic.apps.ClinicConfig",
    "clinic.lib",
    "clinic.records",
    "clinic.people",
    "clinic.assessments",
    "clinic.insights",
    "quizzes",
    "courses",
    "attendance",
    "wagtail.users",
    "wagtail.sites",
    "wagtail.documents",
    "wagtail.images",
    "wagtail.search",
    "wagtail.admin",
    "wagtail",
    "modelcluster",
    "taggit",
    "django_tasks",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "django_htmx",
    "django_structlog",
    "csp",
    "django.contrib.auth",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
]

MIDDLEWARE = [
    "django.middleware.gzip.GZipMiddleware",
    "clinic.lib.middleware.RequestId",
    "clinic.lib.middleware.Probes",
    "clinic.lib.middleware.BrowserRules",
    "clinic.lib.middleware.ContentPolicy",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "clinic.lib.public_pages.PublicPages",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "clinic.lib.middleware.Language",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "clinic.lib.middleware.RequestLog",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "allauth.usersessions.middleware.UserSessionsMiddleware",
    "clinic.people.middleware.RegionMiddleware",
    "clinic.people.middleware.SessionMiddleware",
    "clinic.people.middleware.DoorMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "clinic.lib.middleware.Refusals",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "django.template.context_processors.i18n",
                "csp.context_processors.nonce",
                "clinic.lib.context_processors.page",
                "clinic.desks.navigation.links",
            ],
        },
    }
]

# --- database -----------------------------------------------------------------------------------
DATABASE_URL = env("DATABASE_URL")
DEMO_DATABASE = "klinik.sqlite3"
# IMMEDIATE takes the write lock at BEGIN: a read before a write never dies of "database is
# locked". FULL keeps every commit through a loss of power (R1), and where ``clinic.lib.sqlite3``
# commits without it, that waits for the disk itself. With recursive_triggers a REPLACE
# over any unique value fires the trigger of DELETE (S22). Each thread keeps its connection, since
# opening one reads the whole schema; so its own cache is small, and pages of the file are mapped,
# which all processes share.
EMBEDDED_OPTIONS = {
    "transaction_mode": "IMMEDIATE",
    "timeout": 20,
    "init_command": (
        "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA cache_size=-4000; "
        "PRAGMA mmap_size=268435456; PRAGMA recursive_triggers=ON;"
    ),
}
DATABASES: dict[str, dict[str, Any]] = {
    "default": dict(dj_database_url.parse(DATABASE_URL, conn_max_age=60, conn_health_checks=True))
    if DATABASE_URL
    else {"ENGINE": "clinic.lib.sqlite3", "NAME": DATA_DIR / DEMO_DATABASE}
}
if KLINIK_ENV == "test" and env("KLINIK_DATABASE_NAME"):  # a real worker on the test database
    DATABASES["default"]["NAME"] = env("KLINIK_DATABASE_NAME")
IS_EMBEDDED = DATABASES["default"]["ENGINE"].endswith("sqlite3")
if IS_EMBEDDED:
    DATABASES["default"]["ENGINE"] = "clinic.lib.sqlite3"
    DATABASES["default"]["CONN_MAX_AGE"] = None
    DATABASES["default"]["OPTIONS"] = {
        **EMBEDDED_OPTIONS,
        **DATABASES["default"].get("OPTIONS", {}),
    }
    # A file, so that a real worker process sees what the test wrote.
    DATABASES["default"]["TEST"] = {"NAME": DATA_DIR / "test.sqlite3"}

REDIS_SCHEMES = {"redis", "rediss"}
CACHE_URL = env("CACHE_URL")
# Counters of tries stand here: with Django's 300 rows a few hundred strangers would wipe them.
CACHE_TABLE: dict[str, object] = {
    "BACKEND": "django.core.cache.backends.db.DatabaseCache",
    "LOCATION": "cache",
    "OPTIONS": {"MAX_ENTRIES": 20_000},
    "KEY_PREFIX": env("KLINIK_CACHE_PREFIX", "klinik"),
}
if CACHE_URL:
    shared = {"BACKEND": "clinic.lib.shared_cache.SharedCache", "LOCATION": CACHE_URL}
    CACHES = {"default": {**shared, "KEY_PREFIX": CACHE_TABLE["KEY_PREFIX"]}, "spare": CACHE_TABLE}
else:
    CACHES = {"default": CACHE_TABLE}
# Content of modules as it was drawn, in each process by itself (courses.reading).
CACHES["pages"] = {
    "BACKEND": "django.core.cache.backends.locmem.LocMemCache",
    "LOCATION": "pages",
    "TIMEOUT": None,
    "OPTIONS": {"MAX_ENTRIES": 300},
}

# How long a public page or the demo's list of roles may be shown as it was drawn; what an editor
# publishes empties the pages at once. Tests look at what is drawn now.
PAGE_CACHE_SECONDS = 0 if KLINIK_ENV == "test" else 60
# What is published: public pages show these rows, and readers share what was read of them.
PUBLISHED_MODELS = [
    "courses.ModulePage",
    "courses.ModuleEdition",
    "courses.Regulation",
    "assessments.ChangeArea",
    "assessments.Outcome",
    "assessments.FrameworkEdition",
    "assessments.Node",
    "quizzes.QuestionVersion",
    "quizzes.QuizVersion",
]

# --- jobs ---------------------------------------------------------------------------------------
CELERY_TASK_DEFAULT_QUEUE = QUEUE
CELERY_BROKER_URL = BROKER_URL
CELERY_BROKER_TRANSPORT_OPTIONS = BROKER_OPTIONS
CELERY_WORKER_PREFETCH_MULTIPLIER = 4
# A child that has grown is replaced after its job: a calibration does not give memory back.
CELERY_WORKER_MAX_MEMORY_PER_CHILD = 200 * 1024  # KiB; an idle one and a refresh need 165
CELERY_TASK_IGNORE_RESULT = True
CELERY_WORKER_ENABLE_REMOTE_CONTROL = False
CELERY_WORKER_SEND_TASK_EVENTS = False
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_TASK_PUBLISH_RETRY = False
CELERY_BROKER_CONNECTION_TIMEOUT = 1
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TIMEZONE = "UTC"
CELERY_IMPORTS = ["clinic.records.jobs"]
# Callables without arguments that return a context manager around each job, as MIDDLEWARE is
# around each request.
KLINIK_JOB_MIDDLEWARE: list[str] = ["clinic.people.zones.in_region_zone"]

# --- how long things are kept, in days; 0 is for ever (docs/explanation/privacy.md) -------------
KLINIK_KEEP_JOBS_DAYS = env_int("KLINIK_KEEP_JOBS_DAYS", 7)
KLINIK_KEEP_NOTICES_DAYS = env_int("KLINIK_KEEP_NOTICES_DAYS", 365)
KLINIK_KEEP_REJECTED_ITEMS_DAYS = env_int("KLINIK_KEEP_REJECTED_ITEMS_DAYS", 90)
KLINIK_KEEP_AUDIT_DAYS = env_int("KLINIK_KEEP_AUDIT_DAYS", 0)

# How old the newest archive may be before the administrator is told; 0 asks for none.
KLINIK_BACKUP_HOURS = env_int("KLINIK_BACKUP_HOURS", 48 if IS_PRODUCTION else 0)

# --- files that come in -------------------------------------------------------------------------
KLINIK_FILE_MEMORY_MB = env_int("KLINIK_FILE_MEMORY_MB", 512)
KLINIK_FILE_SECONDS = env_int("KLINIK_FILE_SECONDS", 60)
KLINIK_IMPORT_DAYS = env_int("KLINIK_IMPORT_DAYS", 30)
KLINIK_UPLOAD_LIMITS = {
    "workbook": env_int("KLINIK_UPLOAD_WORKBOOK_MB", 5) * 1024 * 1024,
    "unpacked": env_int("KLINIK_UPLOAD_UNPACKED_MB", 60) * 1024 * 1024,
    "bundle": env_int("KLINIK_UPLOAD_ZIP_MB", 25) * 1024 * 1024,
    "text": env_int("KLINIK_UPLOAD_TEXT_MB", 2) * 1024 * 1024,
}

# --- language and time --------------------------------------------------------------------------
LANGUAGE_CODE = "id"
LANGUAGES = [("id", "Bahasa Indonesia"), ("en", "English")]
# The first wins. The second holds the texts of the page editor, whose own Indonesian is partial.
LOCALE_PATHS = [BASE_DIR / "clinic" / "locale", BASE_DIR / "clinic" / "locale_editor"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"  # the root unit's zone is activated per request and per job
DEFAULT_REGION_ZONE = "Asia/Makassar"
USE_THOUSAND_SEPARATOR = False

# --- accounts -----------------------------------------------------------------------------------
AUTH_USER_MODEL = "people.Account"
AUTHENTICATION_BACKENDS = ["clinic.people.signin.Backend"]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/beranda/"
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 12},
    },
    {"NAME": "clinic.people.passwords.NotEasilyGuessed"},
    {"NAME": "clinic.people.passwords.NotWhoYouAre"},
    {"NAME": "clinic.people.passwords.NotTheDemoPassword"},
]
PASSWORD_RESET_TIMEOUT = 3600
SESSION_ENGINE = "clinic.lib.sessions"
SESSION_COOKIE_AGE = 8 * 3600  # idle; the log-in form lengthens it on a person's own device
ACCOUNT_ADAPTER = "clinic.people.signin.AccountAdapter"
ACCOUNT_USER_MODEL_USERNAME_FIELD = "login_name"
ACCOUNT_USER_MODEL_EMAIL_FIELD = "email"
ACCOUNT_LOGIN_METHODS = {"username", "email"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "email", "password1*"]
ACCOUNT_PRESERVE_USERNAME_CASING = False
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_REAUTHENTICATION_REQUIRED = True
ACCOUNT_REAUTHENTICATION_TIMEOUT = 600
ACCOUNT_FORMS = {
    "login": "clinic.people.forms.SignInForm",
    "reset_password": "clinic.people.forms.ForgottenPasswordForm",
    "user_token": "clinic.people.forms.ResetLinkForm",
}
# 64 people behind one hall router log in within a minute (S9); a wrong password is another thing.
ACCOUNT_RATE_LIMITS = {
    "login": "300/m/ip",
    "login_failed": "60/m/ip,5/5m/key",
    "reset_password": "20/m/ip,3/m/key",
}
MFA_ADAPTER = "clinic.people.signin.FactorAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_ALLOW_UNVERIFIED_EMAIL = True  # most accounts have a NIP and no mailbox of ours
MFA_TOTP_ISSUER = SITE_NAME
MFA_TOTP_TOLERANCE = 1
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not IS_PRODUCTION
DEMO_PASSWORD = env("DEMO_PASSWORD", "klinik-demo-2026")

# --- static files: finders serve in demo and tests, compressed files only in production ---------
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"
        if IS_PRODUCTION
        else "django.contrib.staticfiles.storage.StaticFilesStorage"
    },
}
WHITENOISE_USE_FINDERS = not IS_PRODUCTION
WHITENOISE_AUTOREFRESH = False

# --- Wagtail ------------------------------------------------------------------------------------
WAGTAIL_SITE_NAME = SITE_NAME
WAGTAILADMIN_BASE_URL = BASE_URL
WAGTAIL_GRAVATAR_PROVIDER_URL = None
WAGTAIL_ENABLE_UPDATE_CHECK = False
WAGTAIL_ENABLE_WHATS_NEW_BANNER = False
WAGTAILADMIN_LOGIN_URL = "account_login"
WAGTAIL_FRONTEND_LOGIN_URL = "account_login"
WAGTAIL_PASSWORD_RESET_ENABLED = False
WAGTAIL_PASSWORD_MANAGEMENT_ENABLED = False
WAGTAIL_EMAIL_MANAGEMENT_ENABLED = False
WAGTAIL_WORKFLOW_ENABLED = False
WAGTAILEMBEDS_FINDERS: list[dict[str, str]] = []
WAGTAILDOCS_SERVE_METHOD = "serve_view"
WAGTAILDOCS_BLOCK_EMBEDDED_CONTENT = True
WAGTAILDOCS_EXTENSIONS = [
    "pdf", "xlsx", "docx", "pptx", "png", "jpg", "zip", "mp4", "webm", "vtt",
]  # fmt: skip
WAGTAILIMAGES_EXTENSIONS = ["png", "jpg", "jpeg", "webp"]
WAGTAILIMAGES_MAX_UPLOAD_SIZE = 10 * 1024 * 1024
WAGTAIL_PRIVATE_PAGE_OPTIONS = {"SHARED_PASSWORD": False}
WAGTAIL_CONTENT_LANGUAGES = LANGUAGES
# No choice of its own: the editor speaks the language of the page and tells the regency's hour.
WAGTAILADMIN_PERMITTED_LANGUAGES = LANGUAGES[:1]
WAGTAIL_USER_TIME_ZONES: list[str] = []

# --- what a small group is ----------------------------------------------------------------------
KLINIK_MIN_GROUP_PROGRAMME = env_int("KLINIK_MIN_GROUP_PROGRAMME", 1)
KLINIK_MIN_GROUP_UNIT = env_int("KLINIK_MIN_GROUP_UNIT", 3)
KLINIK_MIN_GROUP_OTHERS = env_int("KLINIK_MIN_GROUP_OTHERS", 5)
KLINIK_MIN_GROUP_PUBLIC = env_int("KLINIK_MIN_GROUP_PUBLIC", 10)
# --- when knowledge and practice count as weak, in per cent -------------------------------------
KLINIK_GAP_THRESHOLD = env_int("KLINIK_GAP_THRESHOLD_PERCENT", 65) / 100
KLINIK_WEAK_THRESHOLD = env_int("KLINIK_WEAK_THRESHOLD_PERCENT", 60) / 100
KLINIK_SECOND_PERSON = env_bool("KLINIK_SECOND_PERSON", default=True)
KLINIK_SECOND_FACTOR = env_bool("KLINIK_SECOND_FACTOR", default=not IS_DEMO)
KLINIK_PUBLIC_CHECK = env_bool("KLINIK_PUBLIC_CHECK", default=True)
KLINIK_PUBLIC_CHECK_PER_HOUR = env_int("KLINIK_PUBLIC_CHECK_PER_HOUR", 60)
KLINIK_PUBLIC_CHECK_PER_MINUTE = env_int("KLINIK_PUBLIC_CHECK_PER_MINUTE", 5)
KLINIK_PUBLIC_CHECK_MINUTES = 60
KLINIK_HSTS_SUBDOMAINS = env_bool("KLINIK_HSTS_SUBDOMAINS", default=False)

# --- mail ---------------------------------------------------------------------------------------
EMAIL_URL = env("EMAIL_URL", "none" if not IS_PRODUCTION else "")
DEFAULT_FROM_EMAIL = env("DEFAULT_FROM_EMAIL", "klinik@localhost")
_mail = urlsplit(EMAIL_URL)
SMTP_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
EMAIL_BACKEND = (
    SMTP_BACKEND
    if _mail.scheme in {"smtp", "smtps", "smtp+tls"}
    else "django.core.mail.backends.dummy.EmailBackend"
)
EMAIL_HOST = _mail.hostname or "localhost"
EMAIL_PORT = _mail.port or 25
EMAIL_HOST_USER = _mail.username or ""
EMAIL_HOST_PASSWORD = _mail.password or ""
EMAIL_USE_SSL = _mail.scheme == "smtps"
EMAIL_USE_TLS = _mail.scheme == "smtp+tls"
EMAIL_TIMEOUT = 10

# --- browser rules ------------------------------------------------------------------------------
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_SAMESITE = "Lax"
LANGUAGE_COOKIE_SAMESITE = "Lax"
LANGUAGE_COOKIE_HTTPONLY = True
LANGUAGE_COOKIE_AGE = 365 * 24 * 3600
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"
MESSAGE_TAGS = {20: "info", 25: "ok", 30: "warn", 40: "err"}
CSRF_FAILURE_VIEW = "clinic.lib.error_views.csrf_failed"
BROWSER_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": SECURE_REFERRER_POLICY,
    "Cross-Origin-Opener-Policy": SECURE_CROSS_ORIGIN_OPENER_POLICY,
    "X-Frame-Options": X_FRAME_OPTIONS,
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = LANGUAGE_COOKIE_SECURE = IS_PRODUCTION
SESSION_COOKIE_NAME = "__Host-sessionid" if IS_PRODUCTION else "sessionid"
SECURE_SSL_REDIRECT = IS_PRODUCTION
SECURE_HSTS_SECONDS = 365 * 24 * 3600 if IS_PRODUCTION else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = KLINIK_HSTS_SUBDOMAINS
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]
BEHIND_PROXY = env_bool("BEHIND_PROXY", default=IS_PRODUCTION)
if BEHIND_PROXY:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
# How many proxies of ours add to X-Forwarded-For; with none the header is not read at all (S9).
ALLAUTH_TRUSTED_PROXY_COUNT = env_int("TRUSTED_PROXY_COUNT", 1 if BEHIND_PROXY else 0)
SILENCED_SYSTEM_CHECKS = ["security.W005", "security.W021"]
DATA_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 2000
FILE_UPLOAD_MAX_MEMORY_SIZE = 6 * 1024 * 1024
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF, NONCE],
        "style-src": [SELF, NONCE],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "manifest-src": [SELF],
        "worker-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
        "object-src": [NONE],
    }
}

ADMIN_PATH = "/admin/"
# Wagtail's own pages hold inline styles and two inline scripts and preview in a frame.
ADMIN_CONTENT_POLICY = {
    "script-src": [SELF, UNSAFE_INLINE],
    "style-src": [SELF, UNSAFE_INLINE],
    "img-src": [SELF, "data:", "blob:"],
    "frame-src": [SELF],
    "frame-ancestors": [SELF],
}
HTMX_CONFIG = {
    "allowEval": False,
    "includeIndicatorStyles": False,
    "selfRequestsOnly": True,
    "historyCacheSize": 0,
    "responseHandling": [
        {"code": "204", "swap": False},
        {"code": "[23]..", "swap": True},
        {"code": "[45]..", "swap": True, "error": True, "target": "#pesan"},
    ],
}

# --- logs ---------------------------------------------------------------------------------------
LOGGING_CONFIG = "clinic.lib.logs.configure"
# One line a request, when it is answered; the one at its beginning is for who looks for a hang.
DJANGO_STRUCTLOG_STATUS_START_LOG_LEVEL = logging.DEBUG
DJANGO_STRUCTLOG_IP_LOGGING_ENABLED = False  # clinic.people.middleware.RegionMiddleware binds it
DJANGO_STRUCTLOG_TRUST_UPSTREAM_REQUEST_ID = True  # clinic.lib.middleware.RequestId cleans it
LOGGING = {"json": IS_PRODUCTION, "level": env("LOG_LEVEL", "WARNING" if IS_DEMO else "INFO")}


def _is_demo_database() -> bool:
    """Whether the database is the file that ``make demo`` fills."""
    if not IS_EMBEDDED:
        return False
    demo = [folder / DEMO_DATABASE for folder in (DATA_DIR, BASE_DIR / "var")]
    return Path(DATABASES["default"]["NAME"]).resolve() in demo


def _production_problems() -> list[str]:
    """Return what this file can see to be unsafe in production."""
    broker, cache = urlsplit(CELERY_BROKER_URL), urlsplit(CACHE_URL)
    hosts = ALLOWED_HOSTS or ["*"]
    unsafe = {
        "DEBUG is on": DEBUG,
        "SECRET_KEY is missing, short or the demo's": (
            len(SECRET_KEY) < SHORTEST_SECRET_KEY or SECRET_KEY == DEMO_SECRET_KEY
        ),
        "ALLOWED_HOSTS is empty or holds * or a name that begins with a dot": any(
            host == "*" or host.startswith(".") for host in hosts
        ),
        "DATABASE_URL is missing or names the demo's file": (
            not DATABASE_URL or _is_demo_database()
        ),
        "CACHE_URL is missing or names no Redis": cache.scheme not in REDIS_SCHEMES,
        "CELERY_BROKER_URL is not a Redis with a password": (
            broker.scheme not in REDIS_SCHEMES or not broker.password
        ),
        "EMAIL_URL is missing or names no mail server (none is legal)": (
            EMAIL_URL != "none" and EMAIL_BACKEND != SMTP_BACKEND
        ),
        "the second factor for staff is off": not KLINIK_SECOND_FACTOR,
        "media would serve private files": PRIVATE_ROOT.is_relative_to(MEDIA_ROOT),
    }
    return [sentence for sentence, is_unsafe in unsafe.items() if is_unsafe]


if IS_PRODUCTION and (problems := _production_problems()):
    raise ImproperlyConfigured("Production does not start: " + "; ".join(problems) + ".")
