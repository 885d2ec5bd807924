"""A small HTTP server that answers like the API, refuses when told to, and counts what is asked of it."""

import json
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

EXAMPLE = {"text": "hello"}
TOKEN = "jf_test"


@dataclass
class FakeApi:
    """Jobs end after so many looks; `refusals` are answered to the first POSTs, then all succeed."""

    looks: int = 2
    status: str = "completed"
    refusals: list[tuple[int, dict[str, str]]] = field(default_factory=list)
    url: str = ""
    asked: Counter[str] = field(default_factory=Counter)
    bodies: list[Any] = field(default_factory=list)
    most_at_once: Counter[str] = field(default_factory=Counter)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _looked: Counter[str] = field(default_factory=Counter)
    _now: Counter[str] = field(default_factory=Counter)

    def enter(self, method: str) -> None:
        with self._lock:
            self.asked[method] += 1
            self._now[method] += 1
            self.most_at_once[method] = max(self.most_at_once[method], self._now[method])

    def leave(self, method: str) -> None:
        with self._lock:
            self._now[method] -= 1

    def post(self, body: Any) -> tuple[int, dict[str, str], Any]:
        with self._lock:
            if self.refusals:
                return (*self.refusals.pop(0), {"detail": "no"})
            self.bodies.append(body)
            return 201, {}, {"id": f"job-{len(self.bodies)}"}

    def get(self, path: str) -> tuple[int, dict[str, str], Any]:
        if path == "/job-types":
            return 200, {}, {"job_types": [{"type": "email.send", "example": EXAMPLE}]}
        with self._lock:
            self._looked[path] += 1
            ended = self._looked[path] >= self.looks
        times = {"created_at": "2026-11-25T00:00:00.000Z", "finished_at": "2026-11-25T00:00:00.250Z"}
        return 200, {}, {"status": self.status if ended else "processing", **times}


@contextmanager
def serving(api: FakeApi) -> Iterator[FakeApi]:
    """Serve it on a free port of 127.0.0.1 while the block runs."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_GET(self) -> None:
            self._serve("GET", lambda: api.get(self.path))

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            self._serve("POST", lambda: api.post(body))

        def _serve(self, method: str, answer: Any) -> None:
            api.enter(method)
            if self.headers["Authorization"] != f"Bearer {TOKEN}":
                status, headers, content = 401, {}, {"detail": "who are you?"}
            else:
                status, headers, content = answer()
            data = json.dumps(content).encode()
            self.send_response(status)
            for name, value in {**headers, "Content-Length": str(len(data))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(data)
            api.leave(method)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        api.url = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield api
        finally:
            server.shutdown()
            thread.join()
