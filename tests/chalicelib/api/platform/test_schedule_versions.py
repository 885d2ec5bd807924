"""A change of a schedule that was read before somebody else changed it overwrites nothing."""

from chalicelib.access.tokens import Role
from tests.chalicelib.api.platform.test_schedules import DAILY, HOURLY, NEW, run
from tests.chalicelib.api.support import World


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
    """The reply to the first was lost; but who saves what was there before does undo what came between."""
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
