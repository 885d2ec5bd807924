"""Test the commands for batches with one end."""

import pytest

from chalicelib.assembly import parts
from chalicelib.jobs.changed import JobChanged
from chalicelib.jobs.job import Status
from tests.chalicelib.api.support import BODY, World
from tests.jobflow.cli.conftest import Shell


@pytest.fixture
def batch(world: World) -> str:
    made: str = world.post("/batches", {"key": "parts"}).json["id"]
    world.post(f"/batches/{made}/jobs", {"jobs": [BODY, {**BODY, "tags": ["x"]}]})
    return made


def ended(world: World, batch: str, status: Status) -> None:
    ids, _ = world.store.members(batch, 9)
    parts.batches.follow(
        [JobChanged(str(n), world.store.get(one), world.put_in(one, status)) for n, one in enumerate(ids)], "shard"
    )


def test_a_batch_is_listed_shown_closed_and_retried(
    shell: Shell, world: World, batch: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert [row["key"] for row in shell("batches list").lines] == ["parts"]
    assert shell(f"batches close {batch} --total 2").lines[0]["newest"]["state"] == "running"
    assert shell(f"batches close {batch} --total 3").code != 0
    monkeypatch.setattr("time.sleep", lambda _: ended(world, batch, Status.FAILED))
    states = [row["newest"]["state"] for row in shell(f"batches show {batch} --watch").lines]
    assert states == ["running", "ended"]
    assert shell(f"batches retry {batch}").lines[0]["newest"]["round"] == 2
    assert shell(f"batches cancel {batch}").code == 0
    assert "parts" in shell("batches list --table").out
    assert shell(f"batches show {batch} --table").out.count(batch) == 1


def test_more_batches_than_a_page_of_the_api_are_listed_up_to_the_limit(shell: Shell, world: World) -> None:
    for n in range(27):
        world.post("/batches", {"key": f"parts-{n}"})
    assert len(shell("batches list").lines) == 20
    assert len(shell("batches list --limit 26").lines) == 26
    assert len({row["id"] for row in shell("batches list -n 99").lines}) == 27
