"""No two attempts of a key overlap, whatever happens to their messages and workers; and they keep their order."""

from collections.abc import Iterator
from typing import Any

import pytest

from chalicelib.job_types.jobtype import registered
from chalicelib.jobs.job import Status
from tests.chalicelib.worker.together.one_of_a_key import OneOfAKey, often
from tests.chalicelib.worker.together.side_by_side import NAME

HOUR = 3600.0
KEYS = ("a", "b")


@pytest.fixture(autouse=True)
def _registered() -> Iterator[None]:
    yield
    registered.pop(NAME, None)


TROUBLES: dict[str, dict[str, Any]] = {
    "processes die": {"dies": often(0.1), "falls": often(0.02)},
    "messages come to two workers": {"copies": often(0.4), "takes": lambda rng: rng.uniform(0, 30)},
    "the queue is purged": {"loses": often(0.3), "takes": lambda rng: rng.uniform(1, 55)},
    "jobs are parked": {"parks": often(0.3)},
    "all of it": {
        "dies": often(0.05), "falls": often(0.01), "copies": often(0.2), "loses": often(0.1), "parks": often(0.1),
        "fails": often(0.2), "repeats": often(0.2), "takes": lambda rng: rng.uniform(0, 50),
    },
}  # fmt: skip


@pytest.mark.parametrize("batch", [1, 4])
@pytest.mark.parametrize("trouble", TROUBLES)
def test_no_two_attempts_of_a_key_overlap(trouble: str, batch: int) -> None:
    for seed in range(2):
        world = OneOfAKey(seed=seed, workers=4, batch_size=batch, **TROUBLES[trouble])
        for key in KEYS:
            world.submit_for(key, 8)
        world.run(4 * HOUR)
        world.retry_the_dead()
        world.run(20 * HOUR)
        assert world.wrong == []
        assert {job.status for job in world.jobs()} <= {Status.COMPLETED, Status.DEAD_LETTER}, "all of them ended"
        assert all(world.began.values())


@pytest.mark.parametrize("batch", [1, 10])
def test_the_jobs_of_a_key_begin_in_order_and_each_ends_before_the_next(batch: int) -> None:
    """Attempts that fail hold up their own key, and no other; a dead letter lets the next one go on."""
    world = OneOfAKey(seed=batch, workers=4, batch_size=batch, fails=often(0.5))
    sent = {key: world.submit_for(key, 12) for key in KEYS}
    world.run(HOUR)
    for key in KEYS:
        assert list(dict.fromkeys(world.began[key])) == sent[key]
        assert world.began[key] == sorted(world.began[key]), "no attempt of a job comes after one of the next job"
    assert {job.status for job in world.jobs()} <= {Status.COMPLETED, Status.DEAD_LETTER}
    assert any(job.attempts > 1 for job in world.jobs())
    assert world.ghosts == []
