"""Test POST /jobs/{id}/retry and /cancel."""

from typing import Any

import pytest

from chalicelib.access.tokens import Role
from chalicelib.jobs.job import RETRYABLE, TERMINAL, WAITING, Status
from chalicelib.jobs.listing import iso
from chalicelib.jobs.step import Step
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
    for raw in (b"", b"{}", b'{"payload": null}'):
        world.put_in(job_id, Status.FAILED)
        assert world.post(f"/jobs/{job_id}/retry", raw=raw, headers={"Content-Type": ""}).status == 200
    assert world.post(f"/jobs/{job_id}/retry", raw=b" \n").status == 400, "send no body, or an object"


def test_retry_from_a_step_keeps_what_is_before_it_and_a_preview_changes_nothing(world: World) -> None:
    job_id = world.create()
    world.put_in(job_id, Status.FAILED, kept=2)
    job = world.store.get(job_id)
    for number, name in enumerate(("pay", "ship"), 1):
        world.store.keep_step(job, Step(f"step:{name}", T0 + number, number=number))
    shown = world.get(f"/jobs/{job_id}/retry?from=ship").json
    assert [step["name"] for step in shown.pop("kept")] == ["pay"]
    assert shown == {"older": False, "anew": ["ship"], "events": [], "places": ["pay", "ship"]}
    assert world.get(f"/jobs/{job_id}/retry?from=start").json["anew"] == ["pay", "ship"]
    assert [step["name"] for step in world.get(f"/jobs/{job_id}/retry").json["kept"]] == ["pay", "ship"]
    for answer, loc in (
        (world.post(f"/jobs/{job_id}/retry", {"from": "refund"}), ["from"]),
        (world.get(f"/jobs/{job_id}/retry?from=refund"), ["query", "from"]),
    ):
        assert (answer.status, answer.locs) == (422, [loc])
        assert "must be start, or one of: pay, ship" in answer.json["errors"][0]["msg"]
    assert world.store.get(job_id) == job
    again = world.post(f"/jobs/{job_id}/retry", {"from": "ship", "payload": {"to": ["b"]}})
    assert (again.status, again.json["gen"], again.json["payload"]["to"]) == (200, 2, ["b"])
    assert [step["name"] for step in world.get(f"/jobs/{job_id}/steps").json["steps"]] == ["pay"]
    assert world.get(f"/jobs/{job_id}/retry").status == 409


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


def test_an_event_wakes_the_job_that_waits_for_it(world: World) -> None:
    job_id = world.create()
    until = T0 + 5000
    world.put_in(
        job_id, Status.SUSPENDED, attempts=1, kept=1, waits="event:approved", next_attempt_at=until, parked_until=until
    )
    before = world.get(f"/jobs/{job_id}").json
    assert before["waits_for"] == {"event": "approved", "since": before["updated_at"], "until": iso(until), "job": None}
    assert "waits for the event approved" in before["why"]
    for replayed in (None, "true"):
        answer = world.post(f"/jobs/{job_id}/events/approved", {"data": {"by": "ada"}})
        assert (answer.status, answer.json["status"], answer.json["waits_for"]) == (200, "queued", None)
        assert answer.headers.get("idempotent-replayed") == replayed
        world.clock.now += 1
    [step] = world.get(f"/jobs/{job_id}/steps", role=Role.VIEWER).json["steps"]
    assert (step["kind"], step["name"], step["value"], step["timed_out"]) == ("event", "approved", {"by": "ada"}, False)
    assert step["by"]
    assert world.post(f"/jobs/{job_id}/events/approved", {"data": 2}).status == 409
    assert world.post(f"/jobs/{job_id}/events/no%20name").locs == [["path", "name"]]
    assert world.post(f"/jobs/{job_id}/events/large", {"data": "x" * 40_000}).locs == [["data"]]
    assert world.post(f"/jobs/{job_id}/events/other", {"data": 1}, role=Role.VIEWER).status == 403
    world.put_in(job_id, Status.COMPLETED)
    assert world.post(f"/jobs/{job_id}/events/other").status == 409
    assert world.post(f"/jobs/{job_id}/events/approved", {"data": 2}).status == 409
    repeated = world.post(f"/jobs/{job_id}/events/approved", {"data": {"by": "ada"}})
    assert (repeated.status, repeated.json["status"]) == (200, "completed"), "the answer to the first one was lost"


def test_an_event_is_stored_only_if_its_job_will_be_woken(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    job_id = world.create()
    world.put_in(job_id, Status.SUSPENDED, attempts=1, kept=1, waits="event:approved", next_attempt_at=T0 + 5000)

    def refuse(*_: object) -> None:
        raise ConnectionError

    with monkeypatch.context() as outage:
        outage.setattr(world.queue, "send", refuse)
        refused = world.post(f"/jobs/{job_id}/events/approved", {"data": 1})
    assert (refused.status, refused.json["type"]) == (503, "urn:jobflow:problem:not-stored")
    assert world.get(f"/jobs/{job_id}/steps").json["steps"] == []
    assert world.post(f"/jobs/{job_id}/events/approved", {"data": 1}).json["status"] == "queued"


def test_the_steps_of_a_job_are_shown_with_small_values_only(world: World) -> None:
    job_id = world.create()
    job = world.store.get(job_id)
    for n, value in enumerate(("x" * 400, "x" * 600)):
        world.store.keep_step(job, Step(f"step:{n}", T0 + n, value, took=0.5))
    answer = world.get(f"/jobs/{job_id}/steps").json
    assert [step["value"] for step in answer["steps"]] == ["x" * 400, None]
    assert not answer["older"]
