"""Say which server of ``make test-services`` is missing; exit 1 if one is.

PostgreSQL and Redis are only asked for a connection: no password is sent or shown.
"""

import os
import socket
import sys
from urllib.parse import urlsplit

SERVERS = {
    "PostgreSQL": ("DATABASE_URL", 5432),
    "Redis as broker": ("CELERY_BROKER_URL", 6379),
    "Redis as cache": ("CACHE_URL", 6379),
}
PATIENCE = 2  # seconds


def missing() -> list[str]:
    """Return one sentence per server that does not answer."""
    sentences = []
    for server, (variable, usual_port) in SERVERS.items():
        address = urlsplit(os.environ.get(variable, ""))
        host, port = address.hostname or "127.0.0.1", address.port or usual_port
        try:
            socket.create_connection((host, port), timeout=PATIENCE).close()
        except OSError:
            sentences.append(
                f"{server} does not answer at {host}:{port}. Start it, or set {variable}."
            )
    return sentences


if __name__ == "__main__":
    absent = missing()
    sys.stderr.write("".join(f"{sentence}\n" for sentence in absent))
    sys.exit(1 if absent else 0)
