"""Test tenants in the API: they are shown, searched, and counted."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from chalicelib.job_types.jobtype import JobType
from chalicelib.jobs.job import Status
from tests.chalicelib.api.support import NOTE, Answer, World, only_types
from tests.support import a_job

FAIR: JobType[Any, Any] = replace(NOTE, name="test.fair", fair_by="text")


@pytest.fixture
def world() -> Iterator[World]:
    with only_types(NOTE, FAIR):
        yield World()


def create(world: World, tenant: str, **more: Any) -> Answer:
    return world.post("/jobs", {"type": "test.fair", "payload": {"to": ["a"], "text": tenant}, **more})


def names(answer: Answer) -> list[str]:
    return [job["tenant"] for job in answer.json["jobs"]]


def test_a_job_shows_its_tenant_apart_from_its_tags(world: World) -> None:
    made = create(world, "two words", tags=["vip"])
    assert (made.json["tenant"], made.json["tags"]) == ("two words", ["vip"])
    found = world.get(f"/jobs/{made.json['id']}").json
    assert (found["tenant"], found["tags"]) == ("two words", ["vip"])
    plain = world.post("/jobs", {"type": "test.note", "payload": {"to": ["a"]}}).json
    assert (plain["tenant"], plain["tags"]) == (None, [])


def test_jobs_are_found_by_tenant_with_type_and_status(world: World) -> None:
    for tenant in ("acme", "bolt", "acme", "x" * 300):
        create(world, tenant)
    create(world, "acme", delay_seconds=60)
    assert names(world.get("/jobs?tenant=acme")) == ["acme"] * 3
    assert names(world.get("/jobs?tenant=acme&type=test.fair&status=queued")) == ["acme"] * 2
    assert names(world.get("/jobs?tenant=acm")) == []
    assert len(names(world.get(f"/jobs?tenant={'x' * 300}"))) == 1
    page = world.get("/jobs?tenant=acme&limit=2").json
    assert page["total"] is None
    assert names(world.get(f"/jobs?tenant=acme&limit=2&cursor={page['next_cursor']}")) == ["acme"]
    assert world.get(f"/jobs?tenant=bolt&cursor={page['next_cursor']}").status == 400


LACKS = "test.note does not have `fair_by` or `serial_by`, so its jobs have no tenant"


def test_a_type_without_tenants_is_told(world: World) -> None:
    asked = {"action": "retry", "filter": {"type": "test.note", "tenant": "a"}}
    for answer, loc in (
        (world.get("/jobs?tenant=acme&type=test.note"), ["query", "tenant"]),
        (world.get("/job-types/test.note/tenants"), ["path", "job_type"]),
        (world.post("/bulk", asked), ["filter", "tenant"]),
        (world.post("/jobs/bulk", asked), ["filter", "tenant"]),
    ):
        assert (answer.status, answer.json["errors"]) == (422, [{"loc": loc, "msg": LACKS}])
    assert world.get("/job-types/no.such/tenants").status == 404
    with only_types(NOTE):
        answer = world.get("/jobs?tenant=acme")
    assert (answer.status, "no job type has `fair_by`" in answer.text) == (422, True)


def test_many_jobs_of_a_tenant_are_cancelled(world: World) -> None:
    kept = create(world, "bolt").json["id"]
    for _ in range(3):
        create(world, "acme")
    answer = world.post("/jobs/bulk", {"action": "cancel", "filter": {"tenant": "acme"}})
    assert (answer.json["done"], world.get(f"/jobs/{kept}").json["status"]) == (3, "queued")
    started = world.post("/bulk", {"action": "cancel", "filter": {"tenant": "bolt"}})
    assert (started.json["done"], started.json["filter"]) == (1, {"tenant": "bolt"})


def test_the_ten_tenants_with_the_most_jobs_at_work_are_counted(world: World) -> None:
    for number in range(12):
        for _ in range(12 - number):
            create(world, f"tenant-{number:02}")
    create(world, "later", delay_seconds=9000)
    world.store.add(a_job(id="done", type="test.fair", status=Status.COMPLETED, tags=("tenant=done",)))
    answer = world.get("/job-types/test.fair/tenants").json
    assert answer["tenants"] == [{"tenant": f"tenant-{n:02}", "jobs": 12 - n} for n in range(10)]
    assert (answer["looked"], answer["complete"]) == (78, True)
