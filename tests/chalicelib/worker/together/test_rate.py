"""Check that a rate is respected over all workers, in any window, whatever happens to them, without useless waiting."""

import math
import random
from collections.abc import Callable
from dataclasses import dataclass
from itertools import accumulate
from typing import Any, cast

import pytest

from chalicelib.adapters.memory.jobs import MemoryJobStore
from chalicelib.job_types.constants import TURNS_APART
from chalicelib.job_types.rate import Rate
from chalicelib.jobs.job import Status
from chalicelib.limits.port import Turns
from chalicelib.operating.dispatch import Dispatcher
from chalicelib.operating.operations import Operations
from tests.chalicelib.worker.together.side_by_side import NAME, SideBySide
from tests.support import T0


def between(low: float, high: float) -> Callable[[random.Random], float]:
    return lambda rng: rng.uniform(low, high)


def share(of_all: float) -> Callable[[random.Random], bool]:
    return lambda rng: rng.random() < of_all


CALM: list[tuple[Rate, int, dict[str, Any]]] = [
    (Rate(500), 800, {"workers": 60, "takes": between(0.01, 0.1)}),
    (Rate(14, burst=7), 200, {"workers": 20, "batch_size": 10, "takes": between(0.1, 0.4)}),
    (Rate(600, per=60), 300, {"batch_size": 10, "takes": between(0.1, 0.4)}),
    (Rate(1), 60, {"workers": 20}),
    (Rate(1, per=3600), 3, {"workers": 2}),
]


@pytest.mark.parametrize(("rate", "jobs", "more"), CALM, ids=[rate.said for rate, *_ in CALM])
def test_a_backlog_starts_as_fast_as_the_rate_allows_and_a_wait_costs_one_write_and_one_receive(
    rate: Rate, jobs: int, more: dict[str, Any]
) -> None:
    world = SideBySide(rate, **more)
    world.submit(jobs)
    world.run(3 * jobs * rate.apart + 60)
    assert all(job.status is Status.COMPLETED for job in world.jobs())
    assert world.most() <= rate.n + rate.burst
    # while workers are free, no job waits longer than until its turn plus 2 s
    late = [at - world.starts[0] - n * TURNS_APART * rate.apart for n, at in enumerate(sorted(world.starts))]
    assert max(late) <= 2.0
    cost_little(world)
    assert sum(world.calls.get(name, 0) for name in ("slots", "turns")) <= 2 * jobs


def cost_little(world: SideBySide) -> None:
    writes = [world.calls[job.id] for job in world.jobs()]
    # claim, settle, and the turn; a worker that claims while another worker takes the last slot returns the job
    assert sum(number > 3 for number in writes) <= world.workers
    assert max(writes) <= 4
    assert max(world.received.values()) <= 2


@dataclass
class Joined(SideBySide):
    """Workers of a type that gets more jobs after 100 s."""

    def _watch(self) -> None:
        self.sleep(100)
        self.submit(60, prefix="new")
        super()._watch()


@pytest.mark.parametrize(
    ("rate", "jobs", "workers", "batch_size"),
    [(Rate(1), 300, 20, 1), (Rate(60, per=60, burst=10), 300, 20, 1), (Rate(12, per=60), 80, 4, 10)],
    ids=["1 a second", "a burst", "batches"],
)
def test_jobs_that_come_later_queue_up_behind_the_backlog(rate: Rate, jobs: int, workers: int, batch_size: int) -> None:
    """Some workers have read the plan long ago, and find no near turn for more than a minute."""
    world = Joined(rate, workers=workers, batch_size=batch_size)
    world.submit(jobs)
    world.run(3 * (jobs + 60) * rate.apart + 60)
    assert all(job.terminal for job in world.jobs())
    assert "forget" not in world.calls
    cost_little(world)
    turns = sorted((job.turn_at, job.started_at) for job in world.jobs() if job.turn_at and job.started_at)
    latest = list(accumulate((started for _, started in turns), max))
    # workers that wait for near slots may overtake each other
    assert all(before - started < 1 for before, (_, started) in zip(latest, turns, strict=True))
    first, later = ([j.started_at or 0.0 for j in world.jobs() if j.id.startswith(p)] for p in ("job", "new"))
    assert max(first) < min(later)


@pytest.mark.parametrize("seed", [2, 3, 9])
@pytest.mark.parametrize(
    ("rate", "window"), [(Rate(14), 1.0), (Rate(20, per=10, burst=5), 10.0), (Rate(3, per=60), 60.0)]
)
def test_no_window_holds_more_starts_whatever_goes_wrong(rate: Rate, window: float, seed: int) -> None:
    world = SideBySide(
        rate, workers=8, batch_size=1 + seed, timeout=20, seed=seed, latency=0.15, takes=between(0.0, 0.8),
        dies=share(0.1), fails=share(0.2), repeats=share(0.2),
    )  # fmt: skip
    world.submit(60)
    world.run(4000)
    assert len(world.starts) > 60
    assert world.most() <= rate.n + rate.burst
    assert not [job for job in world.jobs() if not job.terminal]


@pytest.mark.parametrize("skew", [0.02, 0.4])
def test_clocks_that_differ_add_no_more_starts_than_fit_into_the_difference(skew: float) -> None:
    rate = Rate(14)
    world = SideBySide(rate, workers=8, skew=skew, takes=between(0.0, 0.3))
    world.submit(300)
    world.run(100)
    assert len(world.starts) == 300
    assert world.most() <= rate.n + math.ceil(skew / rate.apart)


def test_a_backlog_of_hours_is_parked_and_no_message_is_lost_to_the_dead_letter_queue() -> None:
    rate = Rate(2, per=60)
    world = SideBySide(rate, workers=2, batch_size=10)
    world.submit(240)
    world.run(3 * 3600)
    assert [job.status for job in world.jobs()] == [Status.COMPLETED] * 240
    assert not world.queue.dead.get(NAME)
    assert {job.attempts for job in world.jobs()} == {1}
    assert sum(job.parked_until is not None for job in world.jobs()) > 150


def test_a_pause_ends_without_a_jam_and_within_the_rate() -> None:
    rate = Rate(1)
    world = SideBySide(rate, workers=4)
    world.submit(100)
    world.run(20)
    world.paused = True
    world.run(300)
    began, world.paused = len(world.starts), False
    world.run(200)
    assert began < 25
    assert all(job.status is Status.COMPLETED for job in world.jobs())
    assert world.most() <= 1


def test_turns_of_cancelled_jobs_hold_nobody_up() -> None:
    world = SideBySide(Rate(1, per=60), workers=2)
    world.submit(100)
    world.run(30)
    operations = Operations(Dispatcher(world.store, world.queue, world.clock))
    for job in world.jobs():
        if not job.terminal:
            operations.cancel(job.id)
    world.now += 600
    world.submit(3, prefix="new")
    began = world.now
    world.run(400)
    assert len([at for at in world.starts if at >= began]) == 3
    assert world.most() <= 1


@dataclass
class Silent:
    """A port of which one call gets no answer in the first half minute."""

    port: Any
    call: str
    world: SideBySide

    def __getattr__(self, name: str) -> Any:
        silent = name == self.call and self.world.now < T0 + 30
        return self._raise if silent else getattr(self.port, name)

    def _raise(self, *_: Any, **__: Any) -> Any:
        raise TimeoutError("throttled")


@pytest.mark.parametrize("call", ["slots", "taken", "turns", "get_many"])
def test_a_plan_that_answers_in_part_or_not_lets_none_start_too_early_and_spends_no_attempt(call: str) -> None:
    world = SideBySide(Rate(1), workers=20, batch_size=2)
    world.turns = cast("Turns", Silent(world.turns, call, world))
    world.store = cast("MemoryJobStore", Silent(world.store, call, world))
    world.submit(60)
    world.run(4000)
    assert (sum(at < T0 + 30 for at in world.starts) > 3) == (call != "slots"), "who finds a slot starts"
    assert {(job.status, job.attempts) for job in world.jobs()} == {(Status.COMPLETED, 1)}
    assert world.most() <= 1
    assert not world.queue.dead.get(NAME)
    told = {attempt.error_class for job in world.ids for attempt in world.store.view(job).attempts}
    assert ("RateUnavailable" in told) == (call != "get_many")
