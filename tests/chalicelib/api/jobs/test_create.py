"""POST /jobs: created once, answered alike ever after."""

import json
import uuid
from datetime import UTC, datetime
from typing import Any, ClassVar

import pytest

from chalicelib.access.tokens import Role
from chalicelib.jobs.job import Status
from chalicelib.jobs.listing import iso
from tests.chalicelib.api.support import BODY, T0, World

YEAR = 365 * 86_400


def test_a_new_job_is_201_with_its_place_and_a_message(world: World) -> None:
    answer = world.post("/jobs", BODY)

    job = answer.json
    assert answer.status == 201
    assert answer.headers["location"] == f"/jobs/{job['id']}"
    assert uuid.UUID(job["id"]).version == 4
    assert job == {
        "id": job["id"], "type": "test.note", "status": "queued", "payload": {"to": ["a@example.com"], "text": "hello"},
        "payload_bytes": 39, "attempts": 0, "max_attempts": 3, "gen": 1, "error_message": None, "error_class": None,
        "fingerprint": None,
        "idempotency_key": None, "created_at": "2027-01-15T08:00:00.000Z", "updated_at": "2027-01-15T08:00:00.000Z",
        "started_at": None, "finished_at": None, "next_attempt_at": None, "give_up_at": None,
        "result": None, "progress": None, "tags": [], "tenant": None,
        "correlation_id": answer.headers["x-correlation-id"], "cancel_requested": False, "discarded": None,
        "parent": None,
    }  # fmt: skip
    assert [message.message.id for message in world.queue.messages["test.note"]] == [job["id"]]


def test_location_has_the_stage_that_api_gateway_puts_in_front(world: World) -> None:
    event = world.gateway().event_converter.create_lambda_event("POST", "/jobs", {}, json.dumps(BODY).encode())
    operator = {"token": "t", "role": "operator", "label": "x", "expires": ""}
    event["requestContext"] |= {"path": "/prod/jobs", "authorizer": operator}
    assert world.app(event, None)["headers"]["Location"].startswith("/prod/jobs/")


def test_what_may_be_asked_for_is_kept(world: World) -> None:
    job = world.post("/jobs", {**BODY, "max_attempts": 10, "tags": ["a:b", "x/y", "a:b"], "delay_seconds": 90}).json
    assert (job["max_attempts"], job["tags"], job["status"]) == (10, ["a:b", "x/y"], "scheduled")
    assert job["next_attempt_at"] == iso(T0 + 90)


def test_nobody_makes_a_job_look_like_one_of_a_schedule(world: World) -> None:
    body = {**BODY, "tags": ["a", "schedule:nightly"]}
    answer = world.post("/jobs", body)
    assert answer.status == 422
    (error,) = answer.json["errors"]
    assert (error["loc"], error["msg"]) == (
        ["tags", 1], "must not begin with schedule:, the tag of jobs of a schedule",
    )  # fmt: skip
    world.post("/jobs/batch", {"jobs": [body]})
    assert world.get("/jobs?schedule=nightly").json["jobs"] == []


@pytest.mark.parametrize(
    ("run_at", "status"),
    [(T0 + 60, "scheduled"), (T0 + YEAR, "scheduled"), (T0, "queued"), (T0 - 86_400, "queued")],
)
def test_run_at_decides_whether_it_waits(world: World, run_at: float, status: str) -> None:
    text = datetime.fromtimestamp(run_at, UTC).isoformat()
    assert world.post("/jobs", {**BODY, "run_at": text}).json["status"] == status


def test_far_ahead_jobs_send_no_message_yet(world: World) -> None:
    world.create(delay_seconds=901)
    assert world.queue.messages == {}
    world.create(delay_seconds=900)
    assert world.queue.depth("test.note").delayed == 1


class TestIdempotencyKey:
    KEY: ClassVar = {"Idempotency-Key": "~" * 255}

    def test_the_same_again_is_200_and_says_so(self, world: World) -> None:
        first = world.post("/jobs", BODY, headers=self.KEY)
        second = world.post("/jobs", dict(reversed(BODY.items())), headers=self.KEY)

        assert (first.status, second.status) == (201, 200)
        assert second.headers["idempotent-replayed"] == "true"
        assert "idempotent-replayed" not in first.headers
        assert "location" not in second.headers
        assert second.json["id"] == first.json["id"]
        assert second.json["idempotency_key"] == "~" * 255
        assert len(world.queue.messages["test.note"]) == 1

    @pytest.mark.parametrize(
        "change", [{"payload": {"to": ["b@example.com"]}}, {"max_attempts": 4}, {"tags": ["x"]}, {"type": "test.other"}]
    )
    def test_another_body_is_422(self, world: World, change: dict[str, Any]) -> None:
        world.post("/jobs", BODY, headers=self.KEY)
        answer = world.post("/jobs", {**BODY, **change}, headers=self.KEY)

        assert answer.status == 422
        assert answer.json["type"] == "urn:jobflow:problem:idempotency-mismatch"
        assert answer.locs == [["header", "Idempotency-Key"]]

    def test_another_token_has_keys_of_its_own(self, world: World) -> None:
        answers = [world.post("/jobs", BODY, headers=self.KEY, role=role) for role in (Role.OPERATOR, Role.ADMIN)]
        assert [answer.status for answer in answers] == [201, 201]

    @pytest.mark.parametrize("key", ["x" * 256, "a b", "ключ", " ", "\x7f"])
    def test_a_key_that_cannot_be_one_is_400(self, world: World, key: str) -> None:
        answer = world.post("/jobs", BODY, headers={"Idempotency-Key": key})
        assert (answer.status, answer.json["type"]) == (400, "urn:jobflow:problem:malformed-request")
        assert world.store.totals() == {}

    def test_a_replay_sends_the_message_of_a_job_that_was_left_behind(self, world: World) -> None:
        job_id = world.post("/jobs", BODY, headers=self.KEY).json["id"]
        world.put_in(job_id, Status.QUEUED, sent=False)
        world.queue.messages.clear()

        world.post("/jobs", BODY, headers=self.KEY)
        assert world.queue.messages == {}

        world.clock.now += 5
        world.post("/jobs", BODY, headers=self.KEY)
        assert len(world.queue.messages["test.note"]) == 1
