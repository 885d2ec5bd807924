"""Test the commands for batches with one end."""

from collections import Counter

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
    said = shell(f"batches show {batch} --table")
    assert said.out.count(batch) == 1
    assert "[]" not in said.out


def test_the_payloads_of_members_are_searched(shell: Shell, batch: str) -> None:
    assert len(shell(f"jobs list --batch {batch} --payload example.com").lines) == 2
    assert "--batch" in shell("jobs list --payload example.com").err


@pytest.mark.parametrize("width", ["80", "110"])
def test_an_id_that_is_copied_stays_on_one_line(
    shell: Shell, batch: str, monkeypatch: pytest.MonkeyPatch, width: str
) -> None:
    monkeypatch.setenv("COLUMNS", width)
    assert batch in shell("batches list --table").out


@pytest.mark.parametrize("width", [30, 40, 50, 60, 70])
def test_no_text_is_cut_on_a_narrow_terminal(
    shell: Shell, batch: str, monkeypatch: pytest.MonkeyPatch, width: int
) -> None:
    monkeypatch.setenv("COLUMNS", "300")
    _, row = shell("batches list --table").out.splitlines()
    monkeypatch.setenv("COLUMNS", str(width))
    lines = shell("batches list --table").out.splitlines()
    assert all(len(one.rstrip()) <= width for one in lines)
    # a folded text stands below itself, so its letters are there, but not one after the other
    there, wanted = (Counter("".join(text.split())) for text in ("".join(lines), row))
    assert there >= wanted


def test_a_list_that_may_be_longer_says_how_to_see_the_rest(shell: Shell, world: World) -> None:
    for number in range(30):
        world.post("/batches", {"key": f"k{number}"})
    said = shell("batches list --table --limit 25")
    assert (said.out.count(" open "), "newest 25" in said.err, "--limit" in said.err) == (25, True, True)
    assert shell("batches list --table --limit 31").err == ""
    assert len(shell("batches list --limit 30").lines) == 30
