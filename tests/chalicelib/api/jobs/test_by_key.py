"""GET /jobs?idempotency_key=…: a producer finds its own job, by one read."""

import pytest

from chalicelib.access.tokens import Role
from chalicelib.adapters.memory.jobs import MemoryJobStore
from chalicelib.assembly import parts
from tests.chalicelib.api.support import BODY, World


def test_a_producer_finds_the_job_of_its_key(world: World) -> None:
    made = world.post("/jobs", BODY, headers={"Idempotency-Key": "order/1042"}).json
    world.create()
    found = world.get("/jobs?idempotency_key=order/1042").json
    assert [job["id"] for job in found["jobs"]] == [made["id"]]
    assert (found["total"], found["next_cursor"]) == (1, None)


def test_a_key_that_made_nothing_and_the_key_of_another_token_find_nothing(world: World) -> None:
    world.post("/jobs", BODY, headers={"Idempotency-Key": "mine"})
    other, _ = parts.tokens.issue(Role.OPERATOR, "another producer")
    for answer in (
        world.get("/jobs?idempotency_key=nothing"),
        world.get("/jobs?idempotency_key=mine", token=other),
    ):
        assert (answer.status, answer.json["jobs"], answer.json["total"]) == (200, [], 0)


@pytest.mark.parametrize(
    "beside", ["status=queued", "type=test.note", "tag=x", "offset=5", "created_after=2027-01-01T00:00:00Z"]
)
def test_it_goes_with_no_other_filter(world: World, beside: str) -> None:
    answer = world.get(f"/jobs?idempotency_key=k&{beside}")
    assert answer.status == 422
    assert "excludes every other filter" in answer.text


def test_it_is_one_read_and_no_listing(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.post("/jobs", BODY, headers={"Idempotency-Key": "k"})
    monkeypatch.delattr(MemoryJobStore, "page")
    assert world.get("/jobs?idempotency_key=k").status == 200
