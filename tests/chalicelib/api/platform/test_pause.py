"""Test POST /job-types/{type}/pause and /resume."""

from dataclasses import replace
from typing import Any

from chalicelib.access.tokens import Role
from chalicelib.counters import keys
from chalicelib.counters.port import Additions
from chalicelib.counters.wait_times import queued
from chalicelib.job_types.jobtype import registered
from chalicelib.job_types.queue import Queue
from chalicelib.jobs.listing import iso
from tests.chalicelib.api.support import T0, World


def note(world: World) -> Any:
    world.clock.now += 2  # remove cached answers
    told = world.get("/metrics").json["by_type"]
    assert not told["test.other"]["paused"]
    assert told["test.note"]["paused"] is (told["test.note"]["pause"] is not None)
    return told["test.note"]["pause"]


def test_a_pause_says_by_whom_and_why_until_it_is_resumed(world: World) -> None:
    job_id = world.create()
    assert note(world) is None
    since = iso(world.clock.now)
    answer = world.post("/job-types/test.note/pause", {"reason": "  The provider is down "})
    assert (answer.status, answer.json) == (200, {"type": "test.note", "paused": True, "types": ["test.note"]})
    told = {"since": since, "by": "a admin", "reason": "The provider is down", "next_probe_at": None}
    assert note(world) == told
    assert "paused since" in world.get(f"/jobs/{job_id}").json["why"]
    assert world.post("/jobs", {"type": "test.note", "payload": {"to": ["a"]}}).status == 201
    world.post("/job-types/test.note/pause", {"reason": "Another one"})
    assert note(world) == told, "the first pause stays told"
    assert world.post("/job-types/test.note/resume").json["paused"] is False
    assert note(world) is None
    world.post("/job-types/test.note/pause")
    assert note(world)["reason"] == ""


def test_a_pause_of_a_type_that_shares_its_queue_is_one_of_them_all(world: World) -> None:
    before = dict(registered)
    try:
        for name in ("test.one", "test.two"):
            registered[name] = replace(before["test.note"], name=name, queue=Queue("notes"))
        rows = {row["type"]: row["queue"] for row in world.get("/job-types").json["job_types"]}
        assert (rows["test.one"], rows["test.note"]) == ("notes", None)
        job = world.post("/jobs", {"type": "test.two", "payload": {"to": ["a"]}}).json["id"]
        answer = world.post("/job-types/test.one/pause", {"reason": "The provider is down"}).json
        assert answer == {"type": "test.one", "paused": True, "types": ["test.one", "test.two"]}
        world.clock.now += 2
        found = world.get("/metrics").json
        assert [name for name, of in found["by_type"].items() if of["paused"]] == ["test.one", "test.two"]
        assert found["by_queue"]["notes"]["queue_length"] == found["queue_length"] == 1
        assert world.get(f"/jobs/{job}").json["why"].startswith("The notes queue is paused since")
        world.post("/job-types/test.two/resume")
        assert world.get("/job-types/test.one/pauses").json["pauses"][0]["reason"] == "The provider is down"
        world.clock.now += 2
        assert not world.get("/metrics").json["by_type"]["test.one"]["paused"]
    finally:
        registered.clear()
        registered.update(before)


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
