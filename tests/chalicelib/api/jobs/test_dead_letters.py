"""POST /dead-letters/redrive."""

import pytest

from chalicelib.jobs.job import Status
from tests.chalicelib.api.support import World

NOTHING = {"matched": 0, "done": 0, "skipped": [], "more": False, "next_cursor": None}


def dead(world: World, count: int, **fields: str) -> list[str]:
    """So many dead-lettered jobs."""
    ids = []
    for _ in range(count):
        world.clock.now += 1
        ids.append(world.create(**fields))
        world.put_in(ids[-1], Status.DEAD_LETTER)
    return ids


def test_dead_letters_are_worked_off_in_steps_and_a_repetition_does_nothing(world: World) -> None:
    jobs = dead(world, 5)
    steps = [world.post("/dead-letters/redrive", {"limit": 2}).json for _ in range(3)]
    assert [(step["matched"], step["done"], step["more"]) for step in steps] == [
        (2, 2, True),
        (2, 2, True),
        (1, 1, False),
    ]
    assert world.post("/dead-letters/redrive").json == NOTHING
    after = [world.store.get(job_id) for job_id in jobs]
    assert {(job.status, job.gen, job.attempts) for job in after} == {(Status.QUEUED, 2, 0)}
    messages = [held.message for held in world.queue.messages["test.note"]]
    assert sorted(message.id for message in messages if message.gen == 2) == sorted(jobs)


def test_only_dead_letters_of_the_type_are_retried(world: World) -> None:
    note, other = dead(world, 1), dead(world, 1, type="test.other")
    failed, cancelled = world.create(), world.create()
    world.put_in(failed, Status.FAILED)
    world.put_in(cancelled, Status.CANCELLED)
    answer = world.post("/dead-letters/redrive", {"type": "test.other"}).json
    assert (answer["matched"], answer["done"]) == (1, 1)
    assert [world.store.get(job_id).gen for job_id in (*note, *other, failed, cancelled)] == [1, 2, 1, 1]


def test_a_dry_run_says_what_would_be_done_and_does_nothing(world: World) -> None:
    jobs = dead(world, 3)
    assert world.post("/dead-letters/redrive", {"dry_run": True}).json == {**NOTHING, "matched": 3}
    assert [world.store.get(job_id).status for job_id in jobs] == [Status.DEAD_LETTER] * 3


@pytest.mark.parametrize(
    "body", [{"type": "no.such"}, {"limit": 0}, {"limit": 101}, {"limit": "5"}, {"dry_run": 1}, {"status": "failed"}]
)
def test_a_wrong_body_is_refused_and_retries_nothing(world: World, body: dict[str, object]) -> None:
    jobs = dead(world, 1)
    assert world.post("/dead-letters/redrive", body).status == 422
    assert world.store.get(jobs[0]).status is Status.DEAD_LETTER
