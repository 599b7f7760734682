"""WSGI entry point; refuses to start on an unfit production database."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "clinic.settings")

application = get_wsgi_application()

from clinic import health  # noqa: E402 - models load only once Django is set up

health.refuse_to_start()
