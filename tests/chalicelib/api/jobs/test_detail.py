"""Test GET /jobs/{id}: one job with its attempts, its operators' actions, and why it waits."""

import json
from typing import Any

import pytest

from chalicelib.assembly import parts
from chalicelib.errors import PermanentError
from chalicelib.jobs.constants import MOST_HISTORY
from chalicelib.jobs.job import Attempt, Status
from chalicelib.jobs.listing import iso
from chalicelib.worker.constants import LARGEST_BODY
from chalicelib.worker.enqueue import Enqueuing
from chalicelib.worker.result import as_json
from tests.chalicelib.api.support import T0, World
from tests.support import a_job

LOST = Attempt(1, 1, "lost", T0 + 1, T0 + 61, request_id="r1", cold_start=True, receive_count=1, claim=1)


class TestDetail:
    def test_a_running_job_shows_lost_and_running_attempts_and_progress(self, world: World) -> None:
        job_id = world.create()
        world.store.record(job_id, LOST)
        world.put_in(
            job_id, Status.PROCESSING, attempts=2, started_at=T0 + 70, request_id="r2", cold_start=False,
            receive_count=2, progress=40.0, progress_note="halfway",
        )  # fmt: skip

        job = world.get(f"/jobs/{job_id.upper()}").json
        assert job["progress"] == {"percent": 40.0, "note": "halfway"}
        lost, running = job["attempt_history"]
        assert (lost["attempt"], lost["outcome"], lost["duration_ms"]) == (1, "lost", 60_000)
        assert running == {
            "gen": 1, "attempt": 2, "claim": 2, "outcome": "running", "started_at": iso(T0 + 70), "finished_at": None,
            "duration_ms": None, "error_class": None, "error_message": None, "stack": None, "request_id": "r2",
            "cold_start": False, "receive_count": 2, "retry_delay_s": None,
            "progress": {"percent": 40.0, "note": "halfway"}, "cost_nano_usd": None,
        }  # fmt: skip

    def test_of_thousands_of_attempts_the_newest_are_told_and_that_there_were_more(self, world: World) -> None:
        job_id = world.create()
        for claim in range(1, MOST_HISTORY + 1):
            world.store.record(
                job_id, Attempt(1, 1, "deferred", T0 + claim, T0 + claim, "KeyHeld", "held", claim=claim)
            )
        assert world.get(f"/jobs/{job_id}").json["older_attempts"] is False
        world.store.record(job_id, Attempt(1, 1, "deferred", T0 + 999, T0 + 999, "KeyHeld", "held", claim=999))
        job = world.get(f"/jobs/{job_id}").json
        assert job["older_attempts"] is True
        assert [row["claim"] for row in job["attempt_history"]] == [*range(2, MOST_HISTORY + 1), 999]

    def test_a_deferred_attempt_is_told_beside_the_one_that_took_its_number(self, world: World) -> None:
        job_id = world.create()
        world.store.record(
            job_id, Attempt(1, 1, "deferred", T0, T0 + 1, "RetryLater", "429", retry_delay_s=60, claim=1)
        )
        world.put_in(job_id, Status.PROCESSING, attempts=1, claims=2, started_at=T0 + 61)
        history = world.get(f"/jobs/{job_id}").json["attempt_history"]
        assert [(row["attempt"], row["claim"], row["outcome"]) for row in history] == [
            (1, 1, "deferred"),
            (1, 2, "running"),
        ]

    def test_a_recorded_attempt_is_not_told_twice(self, world: World) -> None:
        job_id = world.create()
        world.store.record(job_id, Attempt(1, 1, "error", T0, T0 + 1, "ValueError", "no", "Traceback", retry_delay_s=2))
        world.put_in(job_id, Status.RETRYING, attempts=1, started_at=T0, next_attempt_at=T0 + 3)
        history = world.get(f"/jobs/{job_id}").json["attempt_history"]
        assert [(row["outcome"], row["stack"], row["retry_delay_s"]) for row in history] == [("error", "Traceback", 2)]

    @pytest.mark.parametrize(
        ("status", "fields", "words"),
        [
            (Status.QUEUED, {"sent": True}, "Next in the test.note queue"),
            (Status.SCHEDULED, {"next_attempt_at": T0}, "scheduled for 2027-01-15T08:00:00.000Z"),
            (Status.PROCESSING, {}, None),
            (Status.DEAD_LETTER, {}, None),
        ],
    )
    def test_why_it_waits(self, world: World, status: Status, fields: dict[str, Any], words: str | None) -> None:
        job_id = world.create()
        world.put_in(job_id, status, **fields)
        why = world.get(f"/jobs/{job_id}").json["why"]
        assert why is None if words is None else words in why

    def test_whatever_a_job_returned_can_be_read(self, world: World) -> None:
        job_id = world.create()
        odd = {"nan": float("nan"), "list": [float("inf"), 1.5], "half": "\ud83d", "nested": {"x": [float("-inf")]}}
        world.put_in(job_id, Status.COMPLETED, result=odd)

        answer = world.get(f"/jobs/{job_id}")
        assert answer.status == 200
        assert answer.text.isascii()
        assert answer.json["result"] == {"nan": None, "list": [None, 1.5], "half": "\ud83d", "nested": {"x": [None]}}


def test_what_operators_did_is_told_with_the_job_and_the_payload_it_had_before(world: World) -> None:
    job_id = world.put_in(world.create(), Status.FAILED, gen=12_345).id
    before = world.get(f"/jobs/{job_id}").json
    assert before["actions"] == []
    edited = {"to": ["b@example.com"], "text": "again"}
    assert world.post(f"/jobs/{job_id}/retry", {"payload": edited}).status == 200
    after = world.get(f"/jobs/{job_id}").json
    [action] = after["actions"]
    assert {**action, "by": "?"} == {
        "action": "retry", "at": iso(world.clock.now), "by": "?", "gen": 12_346, "edited": True, "in_bulk": False,
        "bulk": None,
    }  # fmt: skip
    assert action["by"] != ""
    assert after["payload"] == edited
    assert world.get(f"/jobs/{job_id}/payloads/12345").json == {"gen": 12_345, "payload": before["payload"]}
    for gen in ("12346", "0", "01", "x", "9" * 400, "-1"):
        gone = world.get(f"/jobs/{job_id}/payloads/{gen}")
        assert (gone.status, gone.json["type"]) == (404, "urn:jobflow:problem:payload-not-found")


@pytest.mark.parametrize(
    ("status", "attempts", "left"),
    [
        (Status.PROCESSING, 1, [(2, 1, 2), (3, 1, 4)]),
        (Status.QUEUED, 0, [(2, 1, 2), (3, 1, 4)]),
        (Status.RETRYING, 1, [(3, 1, 4)]),
        (Status.PROCESSING, 3, []),
        (Status.COMPLETED, 1, []),
    ],
)
def test_the_attempts_that_are_left_are_told_with_their_waits(
    world: World, status: Status, attempts: int, left: list[tuple[int, int, int]]
) -> None:
    job_id = world.create()
    world.put_in(job_id, status, attempts=attempts, max_attempts=3)
    told = world.get(f"/jobs/{job_id}").json["next_attempts"]
    assert [(one["attempt"], one["earliest"], one["latest"]) for one in told] == left


def test_the_curve_of_a_type_that_is_not_declared_is_unknown(world: World) -> None:
    job_id = world.create()
    world.put_in(job_id, Status.QUEUED, type="gone.type")
    assert world.get(f"/jobs/{job_id}").json["next_attempts"] is None


def test_attempts_from_before_claims_were_counted_are_beside_those_that_are(world: World) -> None:
    job_id = world.create()
    world.store.record(job_id, Attempt(1, 1, "error", T0, T0 + 1, "ValueError", "no"))
    # the first charged claim was the claim of the second attempt
    world.put_in(job_id, Status.COMPLETED, attempts=2, claims=1, started_at=T0 + 2, finished_at=T0 + 3)
    history = world.get(f"/jobs/{job_id}").json["attempt_history"]
    assert [(one["attempt"], one["claim"], one["outcome"]) for one in history] == [(1, 0, "error"), (2, 1, "completed")]


LAMBDA = 6 * 1024 * 1024
"""Maximum bytes of a function's answer: https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html"""


def kept(world: World, payload: int, result: int) -> str:
    """Return a completed job whose payload and result have this many characters, which their limits allow."""
    asked = {"to": ["a@example.com"], "text": "x" * payload}
    job_id = Enqueuing(("test.note",), parts.job_service).make(a_job(), "test.note", asked, key="key").id
    world.put_in(job_id, Status.COMPLETED, result=as_json(["y" * result]))
    return job_id


def as_lambda_hands_it_on(world: World, job_id: str) -> tuple[int, Any]:
    """Return the bytes of the complete answer, and its content."""
    answer = world.get(f"/jobs/{job_id}")
    assert answer.status == 200
    whole = {"statusCode": answer.status, "headers": dict(answer.headers), "multiValueHeaders": {}, "body": answer.text}
    return len(json.dumps(whole).encode()), answer.json


@pytest.mark.parametrize(
    ("payload", "result"), [(3_500_000, 3_000_000), (LARGEST_BODY - 100, LARGEST_BODY - 100), (LARGEST_BODY - 100, 9)]
)
def test_a_job_is_told_whatever_it_carries(world: World, payload: int, result: int) -> None:
    size, job = as_lambda_hands_it_on(world, kept(world, payload, result))
    assert size < LAMBDA
    assert len(job["result"][0]) == result
    assert job["payload_bytes"] > payload
    assert (job["payload"] is None) == (payload + result > 6_000_000)


def test_a_result_counts_as_it_is_written_in_the_answer(world: World) -> None:
    with pytest.raises(PermanentError, match="at most 5,000,000"):
        as_json(['"' * 1_300_000])
    job_id = world.create()
    world.put_in(job_id, Status.COMPLETED, result=as_json(['"' * 1_249_000]))
    size, job = as_lambda_hands_it_on(world, job_id)
    assert size < LAMBDA
    assert len(job["result"][0]) == 1_249_000


def test_a_long_history_counts(world: World) -> None:
    job_id = kept(world, 2_500_000, 2_500_000)
    assert as_lambda_hands_it_on(world, job_id)[1]["payload"] is not None
    for claim in range(1, MOST_HISTORY + 1):
        world.store.record(job_id, Attempt(1, 1, "error", T0, T0, "E", "no", "line\n" * 1600, claim=claim))
    size, job = as_lambda_hands_it_on(world, job_id)
    assert size < LAMBDA
    assert (job["payload"], len(job["attempt_history"]) >= MOST_HISTORY) == (None, True)
