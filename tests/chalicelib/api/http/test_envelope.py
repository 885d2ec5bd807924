"""Check the common parts of every answer, also after unexpected errors."""

import json
import uuid
from typing import Any

import pytest

from chalicelib.adapters.memory.jobs import MemoryJobStore
from chalicelib.adapters.memory.queue import MemoryJobQueue
from chalicelib.jobs.job import Attempt, Job
from chalicelib.jobs.port import Message
from tests.chalicelib.api.support import BODY, ORIGIN, World
from tests.support import T0

ALLOWED = {"Authorization", "Content-Type", "Idempotency-Key", "X-Correlation-Id"}
EXPOSED = {"Location", "Retry-After", "Idempotent-Replayed", "Existing-Job", "ETag", "X-Correlation-Id"}
SECRET = "a secret that only the traceback knows"


class Broken(MemoryJobStore):
    """A store whose every call fails with a secret text."""

    def add(self, job: Job) -> None:
        raise RuntimeError(SECRET)

    def view(self, job_id: str) -> Any:
        raise KeyError(SECRET)


class Deaf(MemoryJobQueue):
    """A queue that accepts nothing."""

    def send(self, message: Message, delay: int = 0) -> None:
        raise ConnectionError(SECRET)


def every_kind_of_answer(world: World) -> dict[int, Any]:
    job_id = world.create()
    return {
        200: world.get("/health"), 201: world.post("/jobs", BODY), 400: world.post("/jobs", raw=b"{"),
        404: world.get("/jobs/1"), 405: world.call("DELETE", "/jobs"),
        409: world.post(f"/jobs/{job_id}/retry"), 413: world.post("/jobs", raw=b"1" * 300_000),
        415: world.post("/jobs", BODY, headers={"Content-Type": "text/plain"}), 422: world.post("/jobs", {}),
    }  # fmt: skip


def test_every_answer_has_its_headers_and_every_error_is_a_problem(world: World) -> None:
    for status, answer in every_kind_of_answer(world).items():
        assert answer.status == status
        assert answer.headers["access-control-allow-origin"] == ORIGIN
        assert set(answer.headers["access-control-expose-headers"].split(",")) == EXPOSED
        assert set(answer.headers["access-control-allow-headers"].split(",")) >= ALLOWED
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "max-age=" in answer.headers["strict-transport-security"]
        assert uuid.UUID(answer.headers["x-correlation-id"])
        if status < 400:
            assert answer.headers["content-type"] == "application/json"
            continue
        assert answer.headers["content-type"] == "application/problem+json"
        assert {"type", "title", "status", "detail", "correlation_id"} <= answer.json.keys()
        assert answer.json["status"] == status
        assert answer.json["correlation_id"] == answer.headers["x-correlation-id"]


def test_a_wrong_method_says_which_are_right(world: World) -> None:
    answer = world.call("PUT", "/jobs")
    assert (answer.status, set(answer.headers["allow"].split(", "))) == (405, {"GET", "POST"})


@pytest.mark.parametrize(
    ("sent", "kept"), [("x" * 128, True), ("!~", True), ("x" * 129, False), ("a b", False), ("a\r\nX: y", False)]
)
def test_a_sane_correlation_id_is_kept_and_goes_with_the_job(world: World, sent: str, kept: bool) -> None:
    answer = world.post("/jobs", BODY, headers={"X-Correlation-Id": sent})
    told = answer.headers["x-correlation-id"]
    assert told == answer.json["correlation_id"] == world.queue.messages["test.note"][0].message.cid
    assert told == sent if kept else uuid.UUID(told)


@pytest.mark.parametrize(("method", "path"), [("POST", "/jobs"), ("GET", "/jobs/6a1de45f-45b5-4cf2-8fa3-0f8b5a0bd1b0")])
def test_an_unforeseen_error_tells_nothing_and_is_logged(
    method: str, path: str, world: World, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    answer = World(parts={"job_store": Broken()}).call(method, path, BODY if method == "POST" else None)
    assert answer.status == 500
    assert SECRET not in answer.text
    assert "Traceback" not in answer.text
    assert answer.json["type"] == "about:blank"
    assert answer.headers["access-control-allow-origin"] == ORIGIN
    [logged] = [record for record in caplog.records if record.message == "api.error"]
    assert logged.exc_info
    assert SECRET in str(logged.exc_info[1])
    assert logged.__dict__["correlation_id"] == answer.json["correlation_id"]


def test_an_answer_that_does_not_fit_is_logged_without_what_it_held(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    job_id = world.create()
    world.store.record(job_id, Attempt(1, 1, SECRET, T0))
    assert world.get(f"/jobs/{job_id}").status == 500
    [logged] = [record for record in caplog.records if record.message == "api.error"]
    assert logged.exc_info
    assert SECRET not in str(logged.exc_info[1])


def test_a_job_whose_message_does_not_get_out_is_created_all_the_same(world: World) -> None:
    answer = World(parts={"job_queue": Deaf()}).post("/jobs", BODY)
    assert (answer.status, answer.json["status"]) == (201, "queued")


def test_an_event_that_is_no_request_is_a_500(world: World) -> None:
    answer = world.app({"requestContext": {}}, None)
    assert (answer["statusCode"], json.loads(answer["body"])["status"]) == (500, 500)
    assert answer["headers"]["X-Correlation-Id"]


def test_preflight(world: World) -> None:
    answer = world.call("OPTIONS", "/jobs/{job_id}/cancel", role=None)
    assert answer.status == 200
    assert answer.headers["access-control-allow-origin"] == ORIGIN
    assert set(answer.headers["access-control-allow-methods"].split(",")) == {"POST", "OPTIONS"}
    assert set(answer.headers["access-control-allow-headers"].split(",")) >= ALLOWED


READS = [
    "/metrics",
    "/jobs?limit=5",
    "/metrics/series?metric=throughput",
    "/errors",
    "/metrics/health",
    "/metrics/flow",
]


@pytest.mark.parametrize("path", READS)
def test_what_did_not_change_is_not_sent_again_though_time_passes(world: World, path: str) -> None:
    first = world.get(path)
    world.clock.now += 7
    again = world.get(path, headers={"If-None-Match": f'"other", {first.headers["etag"]}'})
    assert (again.status, again.text, again.headers["etag"]) == (304, "", first.headers["etag"])
    assert again.headers["cache-control"] == "no-store"
    assert "x-correlation-id" in again.headers


@pytest.mark.parametrize("path", READS[:2])
def test_what_changed_is_sent(world: World, path: str) -> None:
    tag = world.get(path).headers["etag"]
    world.create()
    world.clock.now += 7
    again = world.get(path, headers={"If-None-Match": tag})
    assert (again.status, again.headers["etag"] != tag) == (200, True)


def test_other_answers_have_no_tag(world: World) -> None:
    assert "etag" not in world.get("/job-types").headers
    assert "etag" not in world.get("/metrics", headers={"Accept": "text/plain"}).headers
