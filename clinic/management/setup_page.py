"""What the port answers while the product is prepared: which step runs, 503, and come again.

Knows the standard library alone, since nothing else may be installed yet.
"""

import contextlib
import json
import socket
import threading
from html import escape
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

# What a person waits for, and how the lines begin with which it starts.
STEPS = (
    ("Memasang paket perangkat lunak", ("Making .venv", "Installing")),
    ("Menyiapkan basis data", ("Preparing the database", "Checking the database")),
    ("Memuat data contoh", ("Loading the demo region", "Checking the demo region")),
    ("Menjalankan aplikasi", ("Ready after",)),
)
STATES = ("selesai", "sedang berjalan", "menunggu")
RETRY_SECONDS = 3
HEALTH = ("/healthz", "/readyz")
PAGE = """<!doctype html>
<html lang="id">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="refresh" content="{seconds}">
<title>Klinik RB sedang disiapkan</title>
<style>
:root {{ color-scheme: light dark; --text: #17212b; --muted: #4a5763; --bg: #fff; --line: #d5dbe1;
  --primary: #0b5c6b; }}
@media (prefers-color-scheme: dark) {{
  :root {{ --text: #e6ebf0; --muted: #a9b4bf; --bg: #12181e; --line: #33404c; --primary: #6fc3d3; }}
}}
body {{ margin: 0; background: var(--bg); color: var(--text);
  font: 1rem/1.5 system-ui, "Segoe UI", Roboto, "Noto Sans", Arial, sans-serif; }}
main {{ max-width: 40rem; margin: 0 auto; padding: 3rem 1rem; }}
h1 {{ font-size: 1.75rem; line-height: 1.2; margin: 0 0 .75rem; }}
ol {{ list-style: none; margin: 1.5rem 0; padding: 0; }}
li {{ display: flex; justify-content: space-between; gap: 1rem; padding: .75rem 0;
  border-bottom: 1px solid var(--line); }}
li span, .muted {{ color: var(--muted); font-size: .875rem; }}
li[aria-current] {{ font-weight: 600; }}
li[aria-current] span {{ color: var(--primary); font-weight: 600; }}
</style>
</head>
<body>
<main>
<h1>Klinik RB sedang disiapkan</h1>
<p>Halaman ini memuat ulang sendiri dan membuka Klinik RB begitu siap.</p>
<ol>
{steps}
</ol>
<p class="muted">{detail}</p>
<p class="muted" lang="en">Klinik RB is being prepared. This page reloads by itself.</p>
</main>
</body>
</html>
"""


class SetupPage:
    """Answers on a listening socket, between ``start`` and ``stop``, and follows the output."""

    def __init__(self, listener: socket.socket) -> None:
        self.step = 0
        self.detail = ""
        page = self

        class Handler(BaseHTTPRequestHandler):
            timeout = 5

            def do_GET(self) -> None:
                with contextlib.suppress(ConnectionError):  # who asked has gone
                    page.answer(self)

            do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_GET  # noqa: N815

            def log_message(self, *_args: object) -> None:
                """Leave the terminal to what is prepared."""

        host, port = listener.getsockname()[:2]
        self._server = ThreadingHTTPServer((host, port), Handler, bind_and_activate=False)
        self._server.socket.close()
        self._server.socket = listener.dup()
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    def start(self) -> None:
        """Begin to answer."""
        self._thread.start()

    def stop(self) -> None:
        """Answer no more; who comes now waits for the product."""
        self._server.shutdown()
        self._server.socket.close()

    def follow(self, line: str) -> None:
        """Take a line that the preparation said."""
        for number, (_label, starts) in enumerate(STEPS):
            if line.startswith(starts):
                self.step, self.detail = number, ""
                return
        self.detail = line.strip(" .") if line.startswith("Me") else ""

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        """Answer any request with 503: health as JSON, everything else as the page."""
        if request.path.startswith(HEALTH):
            kind, body = "application/json", json.dumps({"status": "preparing"})
        else:
            kind, body = "text/html; charset=utf-8", self.draw()
        content = body.encode()
        request.send_response(HTTPStatus.SERVICE_UNAVAILABLE)
        request.send_header("Content-Type", kind)
        request.send_header("Content-Length", str(len(content)))
        request.send_header("Retry-After", str(RETRY_SECONDS))
        request.send_header("Cache-Control", "no-store")
        request.send_header("Connection", "close")
        request.end_headers()
        if request.command != "HEAD":
            request.wfile.write(content)

    def draw(self) -> str:
        """Return the page: each step with its state in words."""
        steps = []
        for number, (label, _starts) in enumerate(STEPS):
            state = STATES[(number > self.step) - (number < self.step) + 1]
            current = ' aria-current="step"' if number == self.step else ""
            steps.append(f"<li{current}>{label} <span>{state}</span></li>")
        return PAGE.format(
            seconds=RETRY_SECONDS, steps="\n".join(steps), detail=escape(self.detail)
        )
