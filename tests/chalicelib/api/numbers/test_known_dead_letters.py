"""GET /metrics/health: which of the older dead letters an operator has acknowledged."""

from collections.abc import Iterator
from typing import Any

import pytest

from chalicelib.assembly import parts
from chalicelib.counters.port import Standing
from chalicelib.jobs.job import Status
from tests.chalicelib.api.support import NOTE, OTHER, World, only_types

ONE, OTHER_ERROR = "0123456789ab", "ba9876543210"
HOUR = 3600


@pytest.fixture
def world() -> Iterator[World]:
    with only_types(NOTE, OTHER):
        yield World()
        parts.reset()


def dead(world: World, fingerprint: str | None, ago: float = 2 * HOUR) -> str:
    job_id = world.create()
    world.put_in(job_id, Status.DEAD_LETTER, fingerprint=fingerprint, finished_at=world.clock.now - ago)
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
