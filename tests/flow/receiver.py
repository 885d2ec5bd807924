"""Receive the messages of webhooks on the loopback address, for the flow tests."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Receiver:
    """Records each message by the path of its URL. On /dead it answers nobody until `released`, and then 500."""

    port: int = 0
    got: list[tuple[str, bytes, dict[str, str]]] = field(default_factory=list)
    released: threading.Event = field(default_factory=threading.Event)

    def url(self, name: str) -> str:
        """Return the URL of a webhook."""
        return f"http://127.0.0.1:{self.port}/{name}"

    def told(self, name: str) -> list[str]:
        """Return the ids of the jobs whose ends this webhook was told, in order."""
        return [json.loads(body)["data"]["job_id"] for path, body, _ in list(self.got) if path == f"/{name}"]


@contextmanager
def receiving() -> Iterator[Receiver]:
    """Yield a receiver that runs."""
    receiver = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            receiver.got.append((self.path, body, dict(self.headers.items())))
            if self.path == "/dead":
                receiver.released.wait(120)
            self.send_response(500 if self.path == "/dead" else 204)
            self.end_headers()

        def log_message(self, *_args: Any) -> None:
            """Log nothing."""

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *_args: Any) -> None:
            """Report nothing: a client that gave up is expected."""

    with Server(("127.0.0.1", 0), Handler) as server:
        receiver.port = server.server_port
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield receiver
        finally:
            receiver.released.set()
            server.shutdown()
            thread.join(10)
