"""Test POST /jobs/{id}/retry and /cancel."""

from typing import Any

import pytest

from chalicelib.jobs.job import RETRYABLE, TERMINAL, WAITING, Status
from tests.chalicelib.api.support import T0, World


@pytest.mark.parametrize("status", list(Status))
def test_retry_is_for_jobs_that_ended_badly(world: World, status: Status) -> None:
    job_id = world.create()
    world.put_in(job_id, status, attempts=3, error_class="E", error_message="e", finished_at=T0)

    answer = world.post(f"/jobs/{job_id}/retry")

    if status in RETRYABLE:
        job = answer.json
        assert (answer.status, job["status"], job["attempts"], job["gen"]) == (200, "queued", 0, 2)
        assert (job["error_class"], job["error_message"], job["finished_at"]) == (None, None, None)
        assert [message.message.gen for message in world.queue.messages["test.note"]] == [1, 2]
    else:
        assert (answer.status, answer.json["type"]) == (409, "urn:jobflow:problem:job-conflict")
        assert world.store.get(job_id).gen == 1


def test_retry_may_bring_another_payload(world: World) -> None:
    job_id = world.create()
    world.put_in(job_id, Status.FAILED)
    job = world.post(f"/jobs/{job_id}/retry", {"payload": {"to": ["b"]}}).json
    assert (job["payload"], job["payload_bytes"]) == ({"to": ["b"], "text": "hello"}, 27)


def test_a_retry_needs_no_body_and_one_that_is_not_valid_changes_nothing(world: World) -> None:
    job_id = world.create()
    world.put_in(job_id, Status.FAILED)
    wrong: dict[str, Any] = {"payload": {"to": [1]}}
    for body, locs in ((wrong, [["payload", "to", 0]]), ({"max_attempts": 3}, [["max_attempts"]])):
        answer = world.post(f"/jobs/{job_id}/retry", body)
        assert (answer.status, answer.locs) == (422, locs)
    assert world.store.get(job_id).status is Status.FAILED
    for raw in (b"", b"{}", b'{"payload": null}', b" \n"):
        world.put_in(job_id, Status.FAILED)
        assert world.post(f"/jobs/{job_id}/retry", raw=raw, headers={"Content-Type": ""}).status == 200


@pytest.mark.parametrize("status", list(Status))
def test_cancel_is_for_jobs_that_have_not_ended(world: World, status: Status) -> None:
    job_id = world.create()
    world.put_in(job_id, status)

    answer = world.post(f"/jobs/{job_id}/cancel")

    if status in TERMINAL:
        assert (answer.status, answer.json["type"]) == (409, "urn:jobflow:problem:job-conflict")
        return
    after = "cancelled" if status in WAITING else "processing"
    assert (answer.status, answer.json["status"], answer.json["cancel_requested"]) == (200, after, True)
