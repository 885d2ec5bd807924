"""Receive the messages of webhooks on the loopback address, for the flow tests."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler

from tests.loopback import serving


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

    def answer(request: BaseHTTPRequestHandler) -> None:
        body = request.rfile.read(int(request.headers["Content-Length"]))
        receiver.got.append((request.path, body, dict(request.headers.items())))
        if request.path == "/dead":
            receiver.released.wait(120)
        request.send_response(500 if request.path == "/dead" else 204)
        request.end_headers()

    with serving(answer) as receiver.port:
        try:
            yield receiver
        finally:
            receiver.released.set()
