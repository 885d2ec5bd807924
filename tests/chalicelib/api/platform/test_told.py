"""Test what the API reports about itself: the caller, job types, numbers, status sets and limits."""

import sys
from dataclasses import replace
from types import ModuleType

import pytest

from chalicelib.access.tokens import Role
from chalicelib.assembly import parts
from chalicelib.job_types.changes import Changes
from chalicelib.job_types.keep import Keep, days, hours
from chalicelib.job_types.unique import Unique
from chalicelib.jobs.job import Status
from chalicelib.jobs.listing import iso
from tests.chalicelib.api.support import BODY, NOTE, OTHER, T0, World, only_types


def test_me(world: World) -> None:
    token = next(one for one in parts.tokens.list() if one.role is Role.VIEWER)
    told = {"id": token.id, "role": "viewer", "label": "a viewer"}
    assert world.get("/me", role=Role.VIEWER).json == {
        **told, "expires_at": None, "types": None, "tenants": None, "payloads": True, "personal": False,
    }  # fmt: skip
    text, _ = parts.tokens.issue(Role.VIEWER, "for a day", 86_400)
    assert world.get("/me", token=text).json["expires_at"] == iso(T0 + 86_400)


def test_job_types_say_all_that_a_form_needs(world: World) -> None:
    more = replace(NOTE, fair_by="text", unique=Unique(by=("to",), seconds=60), enqueues=("test.other",), urgent=True,
                   keep=Keep(done=days(7), payload=hours(1)))  # fmt: skip
    with only_types(more, OTHER):
        note, other = world.get("/job-types").json["job_types"]
    assert note == {
        "type": "test.note", "title": "Note", "description": "Do nothing with a note.", "schema": note["schema"],
        "example": {"to": ["a@example.com"]}, "max_attempts": 3, "timeout": 30, "budget": 25.0, "batch_size": 1,
        "concurrency": 40, "memory": 512, "retry_waits": note["retry_waits"], "retired": False, "rate": None,
        "enqueues": ["test.other"], "unique_for": 60, "unique_by": ["to"], "give_up_after": None, "fair_by": "text",
        "expires": None, "retry_on": [], "fail_on": [], "pause_when": None, "serial_by": None, "queue": None,
        "at_most": None, "limits": [], "rates": [], "problem": None, "on_end": None, "takes_ends": False,
        "takes_batch_ends": False, "urgent": True,
        "spending": None, "keep": {"done": 604_800, "dead": 7_776_000, "payload": 3_600},
    }  # fmt: skip
    assert note["retry_waits"] == [min(3600, 2**attempt) for attempt in range(1, 30)]
    assert note["schema"]["properties"]["to"]["minItems"] == 1
    assert other["type"] == "test.other"


def test_metrics(world: World) -> None:
    for status in Status:
        world.put_in(world.create(), status)
    world.create(type="test.other", delay_seconds=30)
    world.clock.now += 2

    answer = world.get("/metrics").json
    each = {str(status): 1 for status in Status}
    note = {
        "total_jobs": 10, "active_jobs": 3, "completed_jobs": 1, "failed_jobs": 1, "dead_letter_jobs": 1,
        "queue_length": 10, "retry_queue_length": 1, "dlq_length": 0, "by_status": each,
    }  # fmt: skip
    by_type = answer.pop("by_type")
    assert answer == {
        **note, "total_jobs": 11, "queue_length": 11, "by_status": {**each, "scheduled": 2}, "as_of": iso(T0 + 2),
        "deploys": [], "by_queue": {},
    }  # fmt: skip
    assert note.items() <= by_type["test.note"].items()
    assert {"oldest_queued_age_s", "in_flight", "paused"} <= by_type["test.note"].keys()
    assert (by_type["test.other"]["total_jobs"], by_type["test.other"]["queue_length"]) == (1, 1)


def test_meta_tells_the_sets_and_limits_that_the_code_has(world: World) -> None:
    told = world.get("/meta", role=Role.VIEWER).json
    assert told["statuses"]["all"] == [str(status) for status in Status]
    assert told["statuses"]["retryable"] == ["failed", "dead_letter", "cancelled"]
    assert set(told["statuses"]["active"]) | set(told["statuses"]["finished"]) == set(told["statuses"]["all"])
    limits = told["limits"]
    assert world.post("/jobs/batch", {"jobs": [BODY] * (limits["batch_jobs"] + 1)}).status == 422
    assert world.post("/jobs", {**BODY, "max_attempts": limits["max_attempts"] + 1}).status == 422
    assert world.post("/jobs", {**BODY, "max_attempts": limits["max_attempts"]}).status == 201


def test_a_retired_type_is_listed_as_such_and_takes_no_new_jobs(world: World) -> None:
    kept = world.create()
    with only_types(replace(NOTE, changes=Changes(retired=True)), OTHER):
        rows = {row["type"]: row["retired"] for row in world.get("/job-types").json["job_types"]}
        assert rows == {NOTE.name: True, OTHER.name: False}
        answer = world.post("/jobs", {"type": NOTE.name, "payload": {"to": ["a"]}})
        assert (answer.status, answer.json["type"]) == (422, "urn:jobflow:problem:job-type-retired")
        assert world.get(f"/jobs/{kept}").json["status"] == "queued"


@pytest.mark.parametrize(("written", "told"), [({}, True), ({"handler": None}, True), ({"handler": print}, False)])
def test_a_type_whose_file_has_no_handler_says_so(
    world: World, monkeypatch: pytest.MonkeyPatch, written: dict[str, object], told: bool
) -> None:
    file = ModuleType("handlers.test_note")
    vars(file).update(written)
    monkeypatch.setitem(sys.modules, "handlers.test_note", file)
    rows = {row["type"]: row["problem"] for row in world.get("/job-types").json["job_types"]}
    assert (NOTE.name in (rows[NOTE.name] or ""), rows[OTHER.name]) == (told, None)
