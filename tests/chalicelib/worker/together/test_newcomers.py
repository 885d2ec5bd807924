"""Jobs that come while a backlog waits for its turns queue up behind it, however long ago a worker read the plan."""

from dataclasses import dataclass
from itertools import accumulate
from typing import Any

import pytest

from chalicelib.job_types.rate import Rate
from tests.chalicelib.worker.together.side_by_side import SideBySide

LONG: list[tuple[Rate, int, dict[str, Any]]] = [
    (Rate(1), 300, {"workers": 20}),
    (Rate(5), 800, {"workers": 40}),
    (Rate(60, per=60, burst=10), 300, {"workers": 20}),
    (Rate(12, per=60), 80, {"workers": 4}),
    (Rate(12, per=60), 80, {"workers": 4, "batch_size": 10}),
]
"""Rate, jobs in the backlog, and workers: some of them see no turn that is near for more than a minute and 3 slots."""
NEWCOMERS = 60


@dataclass
class Joined(SideBySide):
    """Workers of a type to which more jobs come `after` so many seconds."""

    after: float = 100.0

    def _watch(self) -> None:
        self.sleep(self.after)
        self.submit(NEWCOMERS, prefix="new")
        super()._watch()


@pytest.mark.parametrize(
    ("rate", "jobs", "more"), LONG, ids=lambda value: value.said if isinstance(value, Rate) else ""
)
def test_a_queue_whose_jobs_start_is_not_forgotten_by_newcomers(rate: Rate, jobs: int, more: dict[str, Any]) -> None:
    world = Joined(rate, **more)
    world.submit(jobs)
    world.run(3 * (jobs + NEWCOMERS) * rate.apart + 60)
    assert all(job.terminal for job in world.jobs())
    assert "forget" not in world.writes
    # claim, settle, and the turn; a worker that claims while another one takes the last slot gives the job back
    writes = [world.writes[job.id] for job in world.jobs()]
    assert sum(times > 3 for times in writes) <= world.workers
    assert max(writes) <= 4
    assert max(world.received.values()) <= 2
    turns = sorted((job.turn_at, job.started_at) for job in world.jobs() if job.turn_at and job.started_at)
    latest = list(accumulate((started for _, started in turns), max))
    # workers that wait for near slots may pass each other
    assert all(before - started < 1 for before, (_, started) in zip(latest, turns, strict=True))
    assert max(_starts(world, "job")) < min(_starts(world, "new"))


def _starts(world: SideBySide, prefix: str) -> list[float]:
    return [job.started_at or 0.0 for job in world.jobs() if job.id.startswith(prefix)]
