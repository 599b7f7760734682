"""WSGI entry point of the bare application; fills its tables when run: ``python -m …wsgi``."""

import os

from django.core.wsgi import get_wsgi_application

os.environ["DJANGO_SETTINGS_MODULE"] = "scripts.bench.bare.settings"

application = get_wsgi_application()

if __name__ == "__main__":
    from scripts.bench.bare.models import fill

    fill()
