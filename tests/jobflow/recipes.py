"""Serve the API over HTTP for programs of another process, and disable its answers on request."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.chalicelib.api.support import World


@contextmanager
def served(world: World, down: threading.Event) -> Iterator[str]:
    """Serve the API on a free port of the loopback address; while `down` is set, it answers 500 to every request."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            if down.is_set():
                self._answer(500, json.dumps({"status": 500}).encode(), {})
                return
            headers = {name.title(): value for name, value in self.headers.items()}
            done = world.call(self.command, self.path, raw=body, role=None, headers=headers)
            self._answer(done.status, done.text.encode(), {"Content-Type": "application/json"})

        def do_GET(self) -> None:
            self.do_POST()

        def _answer(self, status: int, body: bytes, headers: dict[str, str]) -> None:
            self.send_response(status)
            for name, value in {**headers, "Content-Length": str(len(body))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            """Log nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
