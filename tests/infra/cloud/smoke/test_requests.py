"""Test the smoke test's requests to a new stage: which are repeated, and what is reported."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from infra.cloud.smoke.calls import Api
from infra.cloud.smoke.problem import SmokeFailed


@dataclass
class Server:
    """Answers with the next of these; the last one is repeated."""

    answers: list[tuple[int, str]]
    seen: list[tuple[str, str, str | None]] = field(default_factory=list)


@contextmanager
def serving(*answers: tuple[int, str]) -> Iterator[tuple[Api, Server]]:
    script = Server(list(answers))

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            script.seen.append((self.command, self.path, self.headers.get("Idempotency-Key")))
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            status, text = script.answers.pop(0) if len(script.answers) > 1 else script.answers[0]
            self.send_response(status)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text.encode())

        do_POST = do_GET  # noqa: N815 - http.server's name

        def log_message(self, *_: object) -> None: ...

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        waited = [0.0]
        api = Api(
            f"http://127.0.0.1:{server.server_port}/api/", "jf_x",
            sleep=lambda seconds: waited.__setitem__(0, waited[0] + seconds), clock=lambda: waited[0],
        )  # fmt: skip
        yield api, script
        api.pool.clear()
        server.shutdown()
        thread.join()


@pytest.mark.parametrize("status", [403, 429, 500, 503])
def test_what_a_new_deployment_answers_for_a_moment_is_asked_again(status: int) -> None:
    with serving((status, "not yet"), (201, '{"id": "1"}')) as (api, server):
        assert api.send("POST", "/jobs", {}, key="k") == {"id": "1"}
        assert server.seen == [("POST", "/api/jobs", "k")] * 2


def test_a_request_without_a_key_is_sent_once() -> None:
    with serving((503, "x")) as (api, server), pytest.raises(SmokeFailed, match="POST /jobs answers 503: x"):
        api.send("POST", "/jobs", {})
    assert len(server.seen) == 1


def test_a_refusal_is_told_in_the_words_of_its_problem_document() -> None:
    problem = json.dumps({"detail": "There is no job type."})
    with serving((422, problem)) as (api, server), pytest.raises(SmokeFailed, match=r"422: There is no job type\."):
        api.send("POST", "/jobs", {}, key="k")
    assert len(server.seen) == 1


def test_an_api_that_stays_broken_is_given_up_in_a_minute() -> None:
    with serving((502, "")) as (api, server), pytest.raises(SmokeFailed, match="GET /metrics answers 502"):
        api.send("GET", "/metrics")
    assert 30 <= len(server.seen) <= 32


def test_an_api_that_nobody_answers_for_is_told() -> None:
    with pytest.raises(SmokeFailed, match=r"GET /metrics answers nothing \("):
        Api("http://127.0.0.1:9", "jf_x", patience=0).send("GET", "/metrics")
