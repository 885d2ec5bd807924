"""Test schedules over HTTP: which requests are stored or refused, what is shown, and the jobs that are made ahead."""

from dataclasses import replace
from typing import Any

import pytest

from chalicelib.access.tokens import Role
from chalicelib.assembly import parts
from chalicelib.job_types.schedule import Cron
from chalicelib.schedules.constants import LONGEST_PAYLOAD, MOST_SCHEDULES
from chalicelib.schedules.schedule import Schedule
from tests.chalicelib.api.support import ADDRESS, BODY, NOTE, World, only_types
from tests.support import written

DAILY: dict[str, Any] = {**BODY, "cron": "0 9 * * *", "timezone": "Europe/Berlin"}
NEW = {"id": "daily", **DAILY}
HOURLY = {**NEW, "id": "hourly", "cron": "0 * * * *"}
DECLARED = "test.note-default"


def run(world: World, after: float = 0) -> dict[str, int]:
    """Run the watchdog's firings, after that many seconds."""
    world.clock.advance(after)
    return dict(parts.firings.run(lambda: 50.0))


def statuses(world: World) -> list[str]:
    return [job["status"] for job in world.get("/jobs").json["jobs"]]


def test_a_schedule_is_stored_and_shown_with_its_next_firings(world: World) -> None:
    created = world.post("/schedules", NEW)
    assert created.status == 201, created
    assert created.headers["location"].endswith("/schedules/daily")
    assert created.json["next_firings"][0] == {"at": "2027-01-16T08:00:00.000Z", "local": "2027-01-16T09:00:00+01:00"}
    assert len(created.json["next_firings"]) == 5
    told = {**DAILY, "catch_up": 1, "overlap": "allow", "declared": False, "paused": False}
    assert told.items() <= created.json.items()
    assert world.get("/schedules/daily").json == created.json
    assert world.get("/schedules").json == {"schedules": [created.json], "next_after": None}


@pytest.mark.parametrize(
    ("wrong", "loc"),
    [
        ({"cron": "0 9 * *"}, ["cron"]),
        ({"cron": "0 0 31 2 *"}, ["cron"]),
        ({"cron": "1," * 60 + "1 * * * *"}, ["cron"]),
        ({"timezone": "Mars/X"}, ["timezone"]),
        ({"id": "Not so"}, ["id"]),
        ({"id": "has.a-dot"}, ["id"]),
        ({"id": "preview"}, ["id"]),
        ({"type": "test.none"}, ["type"]),
        ({"payload": {"to": []}}, ["payload", "to"]),
        ({"payload": {"to": ["a"], "text": "x" * LONGEST_PAYLOAD}}, ["payload"]),
        ({"catch_up": 101}, ["catch_up"]),
        ({"expires_seconds": 0}, ["expires_seconds"]),
        ({"starts_at": "2027-02-01T00:00:00Z", "ends_at": "2027-01-31T00:00:00Z"}, ["ends_at"]),
    ],
)  # fmt: skip
def test_what_cannot_work_is_refused_by_field(world: World, wrong: dict[str, Any], loc: list[str]) -> None:
    answers = [world.post("/schedules", {**NEW, **wrong})]
    assert world.schedules.count() == 0
    if "id" not in wrong:
        world.post("/schedules", NEW)
        answers.append(world.call("PUT", "/schedules/daily", {**DAILY, **wrong}))
    assert [(answer.status, answer.locs) for answer in answers] == [(422, [loc])] * len(answers)


def test_an_id_is_taken_once(world: World) -> None:
    world.post("/schedules", NEW)
    again = world.post("/schedules", {**NEW, "cron": "0 1 * * *"})
    assert (again.status, again.json["type"]) == (409, "urn:jobflow:problem:schedule-conflict")


def test_there_is_a_most_of_them(world: World) -> None:
    for number in range(MOST_SCHEDULES):
        world.schedules.add(Schedule(f"s{number}", "test.note", "* * * * *", "UTC", {}, writer="w"))
    assert world.post("/schedules", NEW).status == 409


@pytest.mark.parametrize(("cron", "status"), [("0 * * * *", "scheduled"), ("30 * * * *", "cancelled")])
def test_a_change_keeps_the_job_made_ahead_if_it_still_fires_then(world: World, cron: str, status: str) -> None:
    world.post("/schedules", HOURLY)
    assert run(world, 3540) == {"fired": 1}
    world.call("PUT", "/schedules/hourly", {**DAILY, "cron": cron})
    assert statuses(world) == [status]
    run(world, 120)
    assert statuses(world) == [status], "and its time is not made twice"


def test_a_pause_cancels_the_job_made_ahead_and_a_resume_goes_on_behind_it(world: World) -> None:
    world.post("/schedules", HOURLY)
    run(world, 3540)
    for _ in range(2):
        paused = world.post("/schedules/hourly/pause", role=Role.OPERATOR)
        assert (paused.status, paused.json["paused"], paused.json["next_firings"]) == (200, True, [])
    assert statuses(world) == ["cancelled"]
    assert paused.json["paused_by"]
    assert run(world, 7200) == {}
    [gap] = world.get("/schedules/hourly").json["missed_firings"]
    assert (gap["at"], gap["reason"]) == ("2027-01-15T10:00:00.000Z", "paused")
    for _ in range(2):
        resumed = world.post("/schedules/hourly/resume", role=Role.OPERATOR)
        assert resumed.json["next_firings"][0]["at"] == "2027-01-15T11:00:00.000Z"
        assert (resumed.json["paused_by"], resumed.json["paused_at"]) == (None, None)
    # a minute before its time, the resume itself has created the job
    assert [one["status"] for one in resumed.json["last_firings"]] == ["scheduled", "cancelled"]


def test_a_paused_schedule_that_is_changed_keeps_the_firings_that_it_missed(world: World) -> None:
    world.post("/schedules", HOURLY)
    world.clock.advance(60)
    world.post("/schedules/hourly/pause", role=Role.OPERATOR)
    world.clock.advance(2 * 3600)
    before = world.get("/schedules/hourly").json
    assert len(before["missed_firings"]) == 2
    after = world.call("PUT", "/schedules/hourly", {**DAILY, "cron": "*/5 * * * *"}).json
    assert (after["missed_firings"], after["paused_at"]) == (before["missed_firings"], before["paused_at"])
    world.clock.advance(300)
    later = world.get("/schedules/hourly").json["missed_firings"]
    assert (len(later), later[1:]) == (3, before["missed_firings"])


def test_a_firing_whose_job_was_cancelled_is_not_shown_as_the_next_one(world: World) -> None:
    world.post("/schedules", HOURLY)
    run(world, 3540)
    ahead = world.get("/schedules/hourly").json["next_firings"][0]["at"]
    world.post("/schedules/hourly/pause", role=Role.OPERATOR)
    resumed = world.post("/schedules/hourly/resume", role=Role.OPERATOR)
    assert statuses(world) == ["cancelled"]
    assert ahead == resumed.json["last_firings"][0]["at"]
    assert resumed.json["next_firings"][0]["at"] > ahead


def test_a_deletion_cancels_the_job_made_ahead(world: World) -> None:
    world.post("/schedules", HOURLY)
    run(world, 3540)
    assert world.call("DELETE", "/schedules/hourly").json["id"] == "hourly"
    assert statuses(world) == ["cancelled"]
    for method in ("GET", "DELETE", "PUT"):
        answer = world.call(method, "/schedules/hourly", DAILY if method == "PUT" else None)
        assert (answer.status, answer.json["type"]) == (404, "urn:jobflow:problem:schedule-not-found")


def test_a_run_now_makes_a_job_and_leaves_the_firings(world: World) -> None:
    before = world.post("/schedules", {**NEW, "paused": True}).json
    key = {"Idempotency-Key": "once"}
    first = world.post("/schedules/daily/run", role=Role.OPERATOR, headers=key)
    assert (first.status, first.json["status"], first.json["tags"]) == (201, "queued", ["schedule:daily"])
    assert first.headers["location"].endswith(f"/jobs/{first.json['id']}")
    again = world.post("/schedules/daily/run", role=Role.OPERATOR, headers=key)
    assert (again.status, again.json["id"]) == (200, first.json["id"])
    assert world.get("/schedules/daily").json == before


def test_jobs_are_found_by_their_schedule(world: World) -> None:
    world.create()
    world.post("/schedules", HOURLY)
    run(world, 3540)
    (found,) = world.get("/jobs?schedule=hourly").json["jobs"]
    detail = world.get(f"/jobs/{found['id']}").json
    assert (detail["schedule"], detail["fires_at"]) == ("hourly", "2027-01-15T09:00:00.000Z")
    assert world.get("/jobs?schedule=hourly&tag=other").json["jobs"] == []
    assert world.get("/jobs?schedule=none").json["jobs"] == []


def test_last_firings_tell_how_their_jobs_ended_newest_first(world: World) -> None:
    world.post("/schedules", {**HOURLY, "cron": "* * * * *"})
    for _ in range(25):
        run(world, 60)
    assert len(world.get("/schedules").json["schedules"][0]["last_firings"]) == 14
    last = world.get("/schedules/hourly").json["last_firings"]
    assert len(last) == 20
    assert [one["at"] for one in last] == sorted((one["at"] for one in last), reverse=True)
    del world.store._jobs[last[0]["job_id"]]
    assert [one["status"] for one in world.get("/schedules/hourly").json["last_firings"][:2]] == [None, "scheduled"]


def test_pages_follow_each_other(world: World) -> None:
    for number in range(5):
        world.post("/schedules", {**NEW, "id": f"s{number}"})
    first = world.get("/schedules?limit=3").json
    second = world.get(f"/schedules?limit=3&after={first['next_after']}").json
    assert [one["id"] for one in first["schedules"] + second["schedules"]] == [f"s{n}" for n in range(5)]
    assert second["next_after"] is None


def test_a_preview_needs_no_schedule(world: World) -> None:
    found = world.get("/schedules/preview?cron=30+2+*+*+*&timezone=Europe/Berlin&count=2", role=Role.VIEWER).json
    assert found["firings"] == [
        {"at": "2027-01-16T01:30:00.000Z", "local": "2027-01-16T02:30:00+01:00"},
        {"at": "2027-01-17T01:30:00.000Z", "local": "2027-01-17T02:30:00+01:00"},
    ]
    wrong = world.get("/schedules/preview?cron=30+2+*+*&count=21&timezone=x")
    assert (wrong.status, sorted(wrong.locs)) == (422, [["query", "count"], ["query", "cron"], ["query", "timezone"]])


def test_a_declared_one_is_paused_and_run_and_changed_in_its_file_only(world: World) -> None:
    with only_types(replace(NOTE, schedules=(Cron("0 * * * *", payload=BODY["payload"]),))):
        run(world)
        shown = world.get(f"/schedules/{DECLARED}").json
        assert (shown["declared"], shown["next_firings"][0]["at"]) == (True, "2027-01-15T09:00:00.000Z")
        for method, body in (("PUT", DAILY), ("DELETE", None)):
            answer = world.call(method, f"/schedules/{DECLARED}", body)
            assert (answer.status, "in the file of test.note" in answer.json["detail"]) == (409, True)
        assert world.post(f"/schedules/{DECLARED}/pause").json["paused"]
        assert world.post(f"/schedules/{DECLARED}/run").status == 201
    with only_types(NOTE):
        assert world.get(f"/schedules/{DECLARED}").status == 404, "the next deploy does not declare it"
        assert world.get("/schedules").json["schedules"] == []


def test_every_operation_is_logged_with_who_did_it(world: World) -> None:
    with written() as lines:
        world.post("/schedules", NEW)
        world.call("PUT", "/schedules/daily", DAILY)
        for verb in ("pause", "resume", "run"):
            world.post(f"/schedules/daily/{verb}", role=Role.OPERATOR)
        world.call("DELETE", "/schedules/daily")
    told = [line for line in lines if line["message"].startswith("schedule.")]
    assert [line["message"] for line in told] == [
        f"schedule.{name}" for name in ("created", "changed", "paused", "resumed", "run", "deleted")
    ]
    assert all(len(line["principal"]) == 16 and line["schedule"] == "daily" for line in told)
    assert {line["ip"] for line in told} == {ADDRESS}


def test_writes_of_every_method_count_for_the_rate_limit(world: World) -> None:
    limited = World(settings=replace(world.settings, rate_limit_max=2))
    limited.post("/schedules", NEW)
    limited.call("PUT", "/schedules/daily", DAILY)
    assert limited.call("DELETE", "/schedules/daily").status == 429


def test_a_change_of_what_was_read_overwrites_nobody_elses(world: World) -> None:
    read = world.post("/schedules", NEW).json["version"]
    mine, yours = {**DAILY, "catch_up": 5}, {**DAILY, "overlap": "skip"}
    assert world.call("PUT", "/schedules/daily", {**yours, "version": read}).status == 200
    late = world.call("PUT", "/schedules/daily", {**mine, "version": read})
    assert (late.status, late.json["type"]) == (409, "urn:jobflow:problem:schedule-conflict")
    now = world.get("/schedules/daily").json
    assert (now["overlap"], now["catch_up"]) == ("skip", 1)
    assert f"its version is {now['version']}, not {read}" in late.json["detail"]
    assert world.call("PUT", "/schedules/daily", {**mine, "version": now["version"]}).json["catch_up"] == 5
    assert world.call("PUT", "/schedules/daily", yours).status == 200, "without a version as before"


def test_the_same_change_again_is_no_conflict(world: World) -> None:
    """The reply to the first change was lost. But restoring the old settings does undo the change in between."""
    read = world.post("/schedules", NEW).json["version"]
    change = {**DAILY, "catch_up": 5, "version": read}
    first, again = (world.call("PUT", "/schedules/daily", change) for _ in range(2))
    assert (again.status, again.json["version"]) == (200, first.json["version"])
    assert world.call("PUT", "/schedules/daily", {**DAILY, "version": read}).status == 409


def test_a_version_is_of_the_settings_alone(world: World) -> None:
    read = world.post("/schedules", HOURLY).json["version"]
    run(world, 3540)
    world.post("/schedules/hourly/pause", role=Role.OPERATOR)
    assert world.get("/schedules/hourly").json["version"] == read
    bounds = {"starts_at": "2027-02-01T00:00:00Z", "version": read}
    changed = world.call("PUT", "/schedules/hourly", {**DAILY, "cron": "0 * * * *", **bounds})
    assert (changed.status, changed.json["paused"]) == (200, True)
    assert changed.json["version"] != read
    assert world.get("/schedules/hourly").json["version"] == changed.json["version"]
