"""Test POST /jobs: a job is created once, and a repeated request gets the same answer."""

import json
import uuid
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, ClassVar

import pytest

from chalicelib.access.tokens import Role
from chalicelib.job_types.at_most import AtMost
from chalicelib.job_types.end import JobEnd
from chalicelib.job_types.jobtype import JobType
from chalicelib.job_types.unique import Unique
from chalicelib.jobs.job import Status
from chalicelib.jobs.listing import iso
from chalicelib.schedules.schedule import Schedule
from tests.chalicelib.api.support import BODY, NOTE, OTHER, T0, World, only_types

YEAR = 365 * 86_400


def test_a_new_job_is_201_with_its_place_and_a_message(world: World) -> None:
    answer = world.post("/jobs", BODY)

    job = answer.json
    assert answer.status == 201
    assert answer.headers["location"] == f"/jobs/{job['id']}"
    assert uuid.UUID(job["id"]).version == 4
    assert job == {
        "id": job["id"], "type": "test.note", "status": "queued", "payload": {"to": ["a@example.com"], "text": "hello"},
        "payload_bytes": 39, "payload_removed_at": None, "attempts": 0, "max_attempts": 3, "gen": 1,
        "error_message": None, "error_class": None,
        "fingerprint": None,
        "idempotency_key": None, "created_at": "2027-01-15T08:00:00.000Z", "updated_at": "2027-01-15T08:00:00.000Z",
        "started_at": None, "finished_at": None, "next_attempt_at": None, "give_up_at": None, "expires_at": None,
        "waits_for": None, "steps": 0,
        "result": None, "progress": None, "tags": [], "tenant": None,
        "correlation_id": answer.headers["x-correlation-id"], "cancel_requested": False, "discarded": None,
        "parent": None, "on_end": None, "notify": [], "priority": "normal", "batch": None, "round": None,
    }  # fmt: skip
    assert [message.message.id for message in world.queue.messages["test.note"]] == [job["id"]]


def test_location_has_the_stage_that_api_gateway_puts_in_front(world: World) -> None:
    sent = {"Authorization": f"Bearer {world.secrets[Role.OPERATOR]}"}
    event = world.gateway().event_converter.create_lambda_event("POST", "/jobs", sent, json.dumps(BODY).encode())
    event["requestContext"]["path"] = "/prod/jobs"
    assert world.app(event, None)["headers"]["Location"].startswith("/prod/jobs/")


def test_what_may_be_asked_for_is_kept(world: World) -> None:
    job = world.post("/jobs", {**BODY, "max_attempts": 10, "tags": ["a:b", "x/y", "a:b"], "delay_seconds": 90}).json
    assert (job["max_attempts"], job["tags"], job["status"]) == (10, ["a:b", "x/y"], "scheduled")
    assert job["next_attempt_at"] == iso(T0 + 90)


def test_a_job_that_expires_says_when_and_refuses_a_time_that_is_none(world: World) -> None:
    job = world.post("/jobs", {**BODY, "delay_seconds": 90, "expires_seconds": 30}).json
    assert job["expires_at"] == iso(T0 + 120)
    assert world.get(f"/jobs/{job['id']}").json["why"].endswith(f" It expires at {iso(T0 + 120)}.")
    for wrong in (0, "60", 366 * 86_400):
        answer = world.post("/jobs", {**BODY, "expires_seconds": wrong})
        assert (answer.status, answer.json["errors"][0]["loc"]) == (422, ["expires_seconds"])


def test_a_job_says_whom_it_tells_its_end_and_refuses_a_type_that_cannot_be_told(world: World) -> None:
    told: JobType[JobEnd, None] = JobType("test.told", lambda _payload, _ctx: None, JobEnd)
    with only_types(NOTE, told):
        assert world.post("/jobs", {**BODY, "on_end": "test.told"}).json["on_end"] == "test.told"
        answers = [world.post("/jobs", {**BODY, "on_end": wrong}) for wrong in ("test.note", "test.nobody", "")]
        (listed,) = [one for one in world.get("/job-types").json["job_types"] if one["type"] == "test.told"]
    assert [(one.status, one.json["errors"][0]["loc"]) for one in answers] == [(422, ["on_end"])] * 3
    assert "test.told" in answers[1].json["errors"][0]["msg"]
    assert listed["takes_ends"]


def test_a_job_has_a_priority_if_its_type_has_limits(world: World) -> None:
    limited = replace(NOTE, name="test.limited", limits=(AtMost(1),))
    with only_types(NOTE, limited):
        for priority in ("high", "normal", "low"):
            made = world.post("/jobs", {**BODY, "type": "test.limited", "priority": priority})
            assert (made.status, made.json["priority"]) == (201, priority)
            assert world.get(f"/jobs/{made.json['id']}").json["priority"] == priority
        listed = world.get("/jobs").json["jobs"]
        batch = world.post(
            "/jobs/batch", {"jobs": [{**BODY, "type": one, "priority": "low"} for one in ("test.limited", "test.note")]}
        ).json["results"]
        wrong = [
            world.post("/jobs", body)
            for body in ({**BODY, "priority": "low"}, {**BODY, "type": "test.limited", "priority": "urgent"})
        ]
        plain = world.post("/jobs", {**BODY, "priority": "normal"})
    assert sorted(one["priority"] for one in listed) == ["high", "low", "normal"]
    assert ([one["status"] for one in batch], batch[0]["job"]["priority"]) == ([201, 422], "low")
    assert [(one.status, one.json["errors"][0]["loc"]) for one in wrong] == [(422, ["priority"])] * 2
    assert "test.note has no limits=" in wrong[0].json["errors"][0]["msg"]
    assert plain.status == 201


def test_a_priority_that_a_later_version_has_written_hides_no_job(world: World) -> None:
    plain = world.post("/jobs", BODY).json["id"]
    later = str(uuid.uuid4())
    world.store.add(replace(world.store.get(plain), id=later, priority="urgent"))
    world.schedules.add(Schedule("s", "test.note", "* * * * *", "UTC", {}, writer="w", priority="urgent"))
    assert [one["priority"] for one in world.get("/schedules").json["schedules"]] == ["normal"]
    assert {one["id"]: one["priority"] for one in world.get("/jobs").json["jobs"]} == {plain: "normal", later: "normal"}
    assert world.get(f"/jobs/{later}").json["priority"] == "normal"


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


OTHER_TEXT = {**BODY, "payload": {**BODY["payload"], "text": "another"}}
OTHER_TYPE = {**BODY, "type": OTHER.name}


@pytest.fixture
def unique(world: World) -> Iterator[None]:
    with only_types(replace(NOTE, unique=Unique(by=("to",), seconds=60)), OTHER):
        yield


@pytest.mark.usefixtures("unique")
def test_a_unique_job_is_answered_again(world: World) -> None:
    first, second = world.post("/jobs", BODY), world.post("/jobs", OTHER_TEXT)
    assert (first.status, second.status) == (201, 200)
    assert second.json["id"] == first.json["id"]
    assert second.headers["existing-job"] == "unique"
    assert "idempotent-replayed" not in second.headers
    assert "existing-job" not in first.headers


@pytest.mark.usefixtures("unique")
def test_a_repeated_key_says_so_also_for_a_unique_type(world: World) -> None:
    key = {"Idempotency-Key": "k"}
    world.post("/jobs", BODY, headers=key)
    again = world.post("/jobs", BODY, headers=key)
    assert (again.status, again.headers["idempotent-replayed"]) == (200, "true")
    assert world.post("/jobs", OTHER_TEXT, headers=key).status == 422


def test_a_debounced_job_is_replaced(world: World) -> None:
    debounce = {"debounce": {"key": "doc-1", "seconds": 30}}
    first, second = world.post("/jobs", {**BODY, **debounce}), world.post("/jobs", {**OTHER_TEXT, **debounce})
    assert (first.status, second.status) == (201, 200)
    assert (second.json["id"], second.json["gen"]) == (first.json["id"], 2)
    assert second.json["payload"]["text"] == "another"
    assert second.headers["existing-job"] == "debounced"
    assert first.headers["location"].endswith(first.json["id"])


def test_a_debounced_request_that_is_sent_again_says_so_whoever_replaced_its_job(world: World) -> None:
    debounce, key = {"debounce": {"key": "k", "seconds": 30}}, {"Idempotency-Key": "k1"}
    first = world.post("/jobs", {**BODY, **debounce}, headers=key)
    world.post("/jobs", {**OTHER_TEXT, **debounce})
    again = world.post("/jobs", {**BODY, **debounce}, headers=key)
    assert (again.status, again.json["id"], again.json["gen"]) == (200, first.json["id"], 2)
    assert (again.headers["idempotent-replayed"], "existing-job" in again.headers) == ("true", False)


@pytest.mark.usefixtures("unique")
def test_a_batch_says_why_a_job_was_there(world: World) -> None:
    keyed, later = {**BODY, "idempotency_key": "k"}, {**OTHER_TYPE, "debounce": {"key": "k", "seconds": 30}}
    first = world.post("/jobs/batch", {"jobs": [keyed, BODY, {"type": "no.such"}, later, later]}).json["results"]
    assert [one["existing"] for one in first] == [None, "unique", None, None, "debounced"]
    assert first[4]["job"]["gen"] == 2
    again = world.post("/jobs/batch", {"jobs": [keyed]}).json["results"]
    assert [(one["existing"], one["job"]["id"]) for one in again] == [("key", first[0]["job"]["id"])]


@pytest.mark.parametrize(
    ("more", "loc"),
    [
        ({"debounce": {"key": "two words", "seconds": 5}}, ["debounce", "key"]),
        ({"debounce": {"key": "k", "seconds": 86_401}}, ["debounce", "seconds"]),
        ({"debounce": {"key": "k", "seconds": 5}, "delay_seconds": 5}, ["debounce"]),
        ({"debounce": {"key": "k", "seconds": 5}, "run_at": "2027-01-15T09:00:00Z"}, ["debounce"]),
        ({"delay_seconds": 5, "run_at": "2027-01-15T09:00:00Z"}, ["run_at"]),
    ],
)
def test_what_is_wrong_is_named(world: World, more: dict[str, Any], loc: list[str]) -> None:
    answer = world.post("/jobs", {**BODY, **more})
    assert (answer.status, answer.locs) == (422, [loc])


@pytest.mark.usefixtures("unique")
def test_the_two_do_not_go_together(world: World) -> None:
    answer = world.post("/jobs", {**BODY, "debounce": {"key": "k", "seconds": 5}})
    assert (answer.status, answer.locs) == (422, [["debounce"]])


def test_a_key_of_a_job_that_is_being_deleted_is_a_conflict(world: World) -> None:
    key = {"Idempotency-Key": "of-a-deleted-job"}
    made = world.post("/jobs", BODY, headers=key).json["id"]
    world.put_in(made, Status.FAILED)
    assert world.call("DELETE", f"/jobs/{made}", role=Role.ADMIN).status == 202
    answer = world.post("/jobs", BODY, headers=key)
    assert (answer.status, answer.json["type"]) == (409, "urn:jobflow:problem:id-not-free")
