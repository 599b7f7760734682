"""One part of the product alone, for systemd: ``python -m clinic.management.part web``.

Nothing keeps a part running but systemd. A production that is unfit ends at once, with one sentence
and the exit code that systemd takes for the last word (``clinic.management.starting``).
"""

import argparse
import os

from clinic.management import starting
from clinic.management.processes import name_process
from clinic.management.supervisor import bind, port_of, run_timer, run_worker


def serve_web(host: str, port: int) -> None:
    """Serve on a port of its own until INT or TERM."""
    listener = bind(host, port)
    from clinic.management import web

    web.serve(listener.fileno(), web.load_application())


def main() -> None:
    """Look once whether production may start, then be the part."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("part", choices=["web", "worker", "timer"])
    parser.add_argument("--host", default="127.0.0.1", help="where the web listens")
    parser.add_argument("--port", type=port_of, default=os.environ.get("PORT") or "8000")
    options = parser.parse_args()
    name_process(f"klinik-{options.part}")
    if options.part == "timer":  # it looks at the database in a process of its own
        with starting.faults_in_one_sentence():
            import clinic.environment  # noqa: F401 - reading it is the question
        run_timer()
    starting.refuse_unfit()
    if options.part == "web":
        serve_web(options.host, options.port)
    else:
        run_worker()


if __name__ == "__main__":
    main()
