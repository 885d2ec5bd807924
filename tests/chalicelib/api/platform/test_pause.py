"""Test POST /job-types/{type}/pause and /resume."""

from typing import Any

from chalicelib.access.tokens import Role
from chalicelib.counters import keys
from chalicelib.counters.port import Additions
from chalicelib.counters.wait_times import queued
from chalicelib.jobs.listing import iso
from tests.chalicelib.api.support import T0, World


def note(world: World) -> Any:
    world.clock.now += 2  # no cached answer is left
    told = world.get("/metrics").json["by_type"]
    assert not told["test.other"]["paused"]
    assert told["test.note"]["paused"] is (told["test.note"]["pause"] is not None)
    return told["test.note"]["pause"]


def test_a_pause_says_by_whom_and_why_until_it_is_resumed(world: World) -> None:
    job_id = world.create()
    assert note(world) is None
    since = iso(world.clock.now)
    answer = world.post("/job-types/test.note/pause", {"reason": "  The provider is down "})
    assert (answer.status, answer.json) == (200, {"type": "test.note", "paused": True})
    told = {"since": since, "by": "a admin", "reason": "The provider is down", "next_probe_at": None}
    assert note(world) == told
    assert "paused since" in world.get(f"/jobs/{job_id}").json["why"]
    assert world.post("/jobs", {"type": "test.note", "payload": {"to": ["a"]}}).status == 201
    world.post("/job-types/test.note/pause", {"reason": "Another one"})
    assert note(world) == told, "the first pause stays told"
    assert world.post("/job-types/test.note/resume").json == {"type": "test.note", "paused": False}
    assert note(world) is None
    world.post("/job-types/test.note/pause")
    assert note(world)["reason"] == ""


def test_pauses_that_have_ended_are_told_with_both_names(world: World) -> None:
    path = "/job-types/test.note/pauses"
    assert world.get(path).json == {"pauses": []}
    since = iso(world.clock.now)
    world.post("/job-types/test.note/pause", {"reason": "The provider is down"})
    assert world.get(path, role=Role.VIEWER).json == {"pauses": []}, "GET /metrics tells the present one"
    world.clock.now += 60
    world.post("/job-types/test.note/resume")
    told = {"since": since, "until": iso(world.clock.now), "by": "a admin", "reason": "The provider is down",
            "resumed_by": "a admin"}  # fmt: skip
    assert world.get(path).json == {"pauses": [told]}
    assert world.get("/job-types/test.other/pauses").json == {"pauses": []}
    assert world.get("/job-types/no.such/pauses").status == 404


def test_a_wrong_reason_is_422_naming_the_field_and_a_type_that_is_not_there_404(world: World) -> None:
    for body, field in (({"reason": "x" * 201}, "reason"), ({"why": "x"}, "why")):
        answer = world.post("/job-types/test.note/pause", body)
        assert (answer.status, answer.locs) == (422, [[field]])
    assert note(world) is None
    for path in ("no.such/pause", "TEST.NOTE/resume"):
        answer = world.post(f"/job-types/{path}")
        assert (answer.status, answer.json["type"]) == (404, "urn:jobflow:problem:job-type-not-found")


def test_prometheus_is_told_too(world: World) -> None:
    world.post("/job-types/test.note/pause")
    world.create()
    world.counters.add(keys.totals("test.note"), Additions(queued(T0 - 30, T0)), "s", "1", "1")
    text = world.get("/metrics", headers={"Accept": "text/plain"}).text
    assert 'jobflow_queue_paused{job_type="test.note"} 1' in text
    assert 'jobflow_queue_oldest_age_seconds{job_type="test.other"} 0' in text
    oldest = 'jobflow_queue_oldest_age_seconds{job_type="test.note"}'
    [age] = [line for line in text.splitlines() if line.startswith(oldest)]
    assert abs(float(age.split()[-1]) - 30) <= 2.5
