"""Test GET /metrics/health: which of the older dead letters are acknowledged."""

from collections import Counter
from typing import Any

import pytest

from chalicelib.counters.keys import STEPS
from chalicelib.counters.port import Additions, Row, Standing
from chalicelib.jobs.job import Status
from chalicelib.jobs.listing import iso
from tests.chalicelib.api.support import World

ONE, OTHER_ERROR = "0123456789ab", "ba9876543210"
HOUR = 3600


def dead(world: World, fingerprint: str | None, ago: float = 2 * HOUR) -> str:
    job_id = world.create()
    died = world.clock.now - ago
    world.put_in(job_id, Status.DEAD_LETTER, fingerprint=fingerprint, finished_at=died)
    minute = Row(f"{STEPS[60]}#test.note", iso(died - died % 60))
    world.counters.add(minute, Additions(Counter({"dead_lettered": 1})), job_id, "1", "1")
    return job_id


def told(world: World) -> list[tuple[Any, ...]]:
    found = world.get("/metrics/health").json["findings"]
    fields = ("kind", "type", "number", "acknowledged", "fingerprint")
    return [tuple(one[name] for name in fields) for one in found if one["kind"] == "dead_letters"]


def test_those_of_an_acknowledged_error_are_told_apart_with_the_error_that_leads_to_them(world: World) -> None:
    for _ in range(3):
        dead(world, ONE)
    dead(world, OTHER_ERROR)
    assert told(world) == [("dead_letters", "test.note", 4, 0, None)]
    assert world.post(f"/errors/{ONE}/acknowledge").status == 200
    assert told(world) == [("dead_letters", "test.note", 4, 3, ONE)]
    listed = world.get(f"/jobs?status=dead_letter&fingerprint={ONE}").json["jobs"]
    assert len(listed) == 3
    assert world.post(f"/errors/{OTHER_ERROR}/resolve").status == 200
    assert told(world) == [("dead_letters", "test.note", 4, 4, None)]
    assert world.post(f"/errors/{ONE}/reopen").status == 200
    assert told(world) == [("dead_letters", "test.note", 4, 1, OTHER_ERROR)]


def test_an_error_that_comes_again_leaves_the_known_ones_known(world: World) -> None:
    dead(world, ONE)
    world.post(f"/errors/{ONE}/acknowledge")
    world.clock.now += 2 * HOUR
    dead(world, ONE, ago=HOUR + 60)
    assert told(world) == [("dead_letters", "test.note", 2, 1, ONE)]


def test_of_very_many_it_is_not_known_how_many_are_acknowledged(world: World) -> None:
    dead(world, ONE)
    world.post(f"/errors/{ONE}/acknowledge")
    many = Standing({("test.note", Status.DEAD_LETTER): 1001})
    world.counters.standing = lambda: many  # type: ignore[method-assign]
    assert told(world) == [("dead_letters", "test.note", 1001, None, None)]


def counted(filters: dict[str, Any], world: World) -> int:
    asked = "&".join(f"{name}={value}" for name, value in filters.items() if value is not None)
    return len(world.get(f"/jobs?limit=100&{asked}").json["jobs"])


@pytest.mark.parametrize("acknowledge", [False, True])
@pytest.mark.parametrize("ago", [0.0, 3570.0, 3599.0, 3630.0])
def test_the_filter_of_a_finding_lists_just_its_number(world: World, ago: float, acknowledge: bool) -> None:
    for _ in range(2):
        dead(world, ONE, ago)
    dead(world, OTHER_ERROR, ago=5 * HOUR)
    for _ in range(3):
        world.create()
    world.post("/job-types/test.note/pause")
    if acknowledge:
        world.post(f"/errors/{ONE}/acknowledge")
    found = [one for one in world.get("/metrics/health").json["findings"] if one["kind"] != "errors"]
    assert {"paused", "dead_letters"} <= {one["kind"] for one in found}
    assert [counted(one["filter"], world) for one in found] == [one["number"] for one in found]
    dry = [{"action": "retry", "dry_run": True, "filter": {k: v for k, v in one["filter"].items() if v is not None}}
           for one in found if one["kind"] != "paused"]  # fmt: skip
    assert sum(world.post("/jobs/bulk", body).json["matched"] for body in dry) == 3


def test_what_was_retried_is_no_new_dead_letter_any_more(world: World) -> None:
    job_id = dead(world, ONE, ago=60)
    assert world.get("/metrics/health").json["findings"][0]["kind"] == "new_dead_letters"
    assert world.post(f"/jobs/{job_id}/retry").status == 200
    assert [one for one in world.get("/metrics/health").json["findings"] if "dead" in one["kind"]] == []
