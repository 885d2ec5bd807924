"""Lose the table, or move to another account, in the middle of two days, and continue with the restored jobs.

The jobs are copied with the command's own code, which may die at any request and is then run again. Rows of keys are
copied unchanged, as `infra.cloud.restore.rows` does in DynamoDB.
"""

import random
import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Self
from unittest.mock import patch

from chalicelib.batches.memory import MemoryBatches
from infra.cloud.restore import copying
from infra.cloud.restore.copying import Copying
from tests.proof.grounds.faults import ReplyLost, Throttled
from tests.proof.grounds.ground import TYPES
from tests.proof.grounds.memory import LoggingStore, MemoryGround
from tests.proof.invariants import broken_at_rest
from tests.proof.months.month import HOUR, LONGEST_REST, Players, steer
from tests.proof.months.weather import Weather
from tests.proof.promises import RESTORED, plays
from tests.proof.roles.script import TIMEOUT, silence
from tests.proof.world import World
from tests.support import Clock

BEFORE, BETWEEN, AFTER = 24.0, 2.0, 24.0
"""Hours until the backup is made, until the table is lost, and after the restore."""
LEASES = 1_000.0
"""Seconds for which a restore waits for earlier workers."""
ASKED = 5
"""Requests that are made before the backup, and repeated after the restore."""
STOPPED = "to be stopped"
MOST_TRIES = 200
"""Number of restores that may die."""
NOT_LOST = ("I10 ", "I14 ")
"""Lines about a restored job that are accepted: it is created in a later generation, and its history ends with the
backup."""
AGAIN = re.compile(
    r"I2 token \('(.+)', (\d+), \d+\) ran twice$"
    r"|I5 (.+) was completed 2 times in generation (\d+)$"
    r"|I28 the end of \('(.+)', (\d+)\) is told 2 times$"
    r"|I38 \('(.+)', (\d+), .+\) is delivered 2 times$"
)
"""Lines that are accepted about a lost generation: the id of its job, and its number."""

plays("M", (*range(1, 12), 14), (RESTORED,))


@dataclass(frozen=True)
class Restored:
    """How many jobs were restored, how many the backup contained, and what is wrong."""

    back: int
    held: int
    broken: list[str]


def restored(seed: int, *, moved: bool = False) -> Restored:
    """Simulate a day, back up, continue, lose the table, restore it, and simulate another day.

    With `moved`, nothing happens between the backup and the restore, and the new account's queues are empty.
    """
    clock, rng = Clock(), random.Random(f"{seed} restored")
    random.seed(seed)
    with silence():
        ground = MemoryGround(clock, 6 * TIMEOUT, TYPES)
        world = World(ground, clock, rng)
        steer(world, seed)
        players, weather = Players(world, rng), Weather(world, rng)
        _live(world, players, weather, BEFORE)
        weather.clear()
        _ask_for_one(world)
        ask_with_keys(world)
        world.submit(STOPPED, delay_seconds=40_000)
        world.cancel(STOPPED)
        backup, at, composed = ground.backup(), clock.now, world.composed.known()
        of_batches, known_changes = (
            None if world.batching is None else world.batching.rows.copy(),
            len(ground.changed()),
        )
        ids = set(backup.ids)
        known = {name: job_id for name, job_id in world.accepted.items() if job_id in ids}
        if moved:
            for kind in TYPES:
                world.lose_messages(kind)
        else:
            work(world, BETWEEN)
        lost = _lost(backup, ground)
        ground.lose()
        if world.batching is not None and of_batches is not None:
            world.batching.lose_table(of_batches, known_changes)
        world.composed.forget_since(composed)
        clock.advance(LEASES)
        world.accepted.clear()
        world.accepted.update(known)
        world.only.clear()
        world.answered.clear()
        back = _bring_back(world, ground, backup, of_batches, at)
        world.excused |= ids
        world.waking.excuse()
        _ask_for_one(world)
        ask_with_keys(world)
        work(world, 1.0)
        ran = list(_run_though_stopped(world, known[STOPPED]))
        _live(world, players, Weather(world, rng), AFTER)
        world.ground.faults.calm()
        weather.clear()
        players.end()
        world.rest(LONGEST_REST)
        gone = {job_id for job_id, _, _ in ground.writes()} - {job.id for job in ground.jobs()}
        broken = [f"seed {seed}: {line}" for line in broken_at_rest(world) if not _excused(line, ids, gone, lost)]
        broken += ran
        held = len(ids)
    return Restored(back, held, broken)


class InTurn:
    """Works in one thread, so that nothing runs after a crash, and a seed can be repeated."""

    def __init__(self, _threads: int) -> None:
        pass

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    map = staticmethod(map)


def _live(world: World, players: Players, weather: Weather, hours: float) -> None:
    began = world.clock.now
    while world.clock.now < began + hours * HOUR:
        weather.change()
        players.act(began)
        world.clock.advance(world.rng.choice((5, 15, 30)))


def _lost(backup: LoggingStore, ground: MemoryGround) -> set[tuple[str, int]]:
    """Return the generations that began after the backup: of new jobs, and of jobs that were replaced or retried.

    A restored job may then have this generation a second time, and a lost child runs again if a restored job makes it
    again. The runs have other names (`run_name`), and no worker from before the loss is left.
    """
    held = {job_id: backup.get(job_id).gen for job_id in backup.ids}
    return {(job_id, new.gen) for job_id, _, new in ground.writes() if new.gen > held.get(job_id, 0)}


def _ask_for_one(world: World) -> None:
    """Make requests for a unique job, which then waits."""
    world.script["one"] = []
    world.submit_unkeyed("one", TYPES[1])


def ask_with_keys(world: World) -> None:
    """Make requests with keys.

    If the backup contains a key, the request gets its job, whatever happened to this job.
    """
    for number in range(ASKED):
        world.submit(f"asked before and after {number}")


def _run_though_stopped(world: World, stopped: str) -> Iterator[str]:
    """Check that a job that was stopped before the backup does not run before an operator retries it."""
    if any(job_id == stopped for job_id, _, _ in world.runs):
        yield f"{stopped} was stopped before the backup, and ran"


def work(world: World, hours: float) -> None:
    """Let the existing jobs be processed: the work that is done now is lost with the table."""
    ends = world.clock.now + hours * HOUR
    while world.clock.now < ends:
        _tried(world, world.poll_all)
        world.clock.advance(60)


def _tried(world: World, work: Callable[[], object]) -> bool:
    with suppress(Throttled, ReplyLost):
        return world.process(work)
    return False


def rows_of_keys(backup: LoggingStore, ground: MemoryGround, copying: Copying) -> None:
    """Copy the rows of keys, each after its job, as `infra.cloud.restore.rows` does."""
    for name, lock in backup.locks().items():
        copying.named(lock.job)
        ground.store.acquire(name, None, lock)


def rows_of_batches(source: MemoryBatches, world: World) -> None:
    """Copy the batches with their rounds, after the jobs."""
    assert world.batching is not None
    copying.batches(source, world.batching.port)


def _bring_back(
    world: World, ground: MemoryGround, backup: LoggingStore, of_batches: MemoryBatches | None, at: float
) -> int:
    """Run the restore until one of its processes completes it; return how many jobs were restored.

    Requests that come meanwhile, after the keys are back, get the restored jobs.
    """
    faults, keys_are_back = world.ground.faults, False
    for tries in range(MOST_TRIES):
        faults.crash_at, faults.after = faults.calls + world.rng.randint(1, 60 + 20 * tries), world.rng.random() < 0.5
        one = Copying(backup, world.ground.store, at, world.clock, run=True)

        def copy(one: Copying = one) -> None:
            nonlocal keys_are_back
            rows_of_keys(backup, ground, one)
            keys_are_back = True
            one.jobs()
            if of_batches is not None:
                rows_of_batches(of_batches, world)

        with patch.object(copying, "ThreadPoolExecutor", InTurn):
            if _tried(world, copy):
                break
        if keys_are_back:
            with faults.asleep():
                _ask_for_one(world)
    faults.crash_at = None
    return len(set(backup.ids).intersection(job.id for job in world.ground.jobs()))


def _excused(line: str, back: set[str], gone: set[str], lost: set[tuple[str, int]]) -> bool:
    """Return whether a line is about a restored job, a job that is gone, or a lost generation that came again."""
    came_back = any(word in line for word in NOT_LOST) and any(job_id in line for job_id in back)
    again = AGAIN.match(line)
    job_id, gen = filter(None, again.groups()) if again else ("", "0")
    return came_back or (job_id, int(gen)) in lost or any(job_id in line for job_id in gone)


def judged(seed: int, moved: bool) -> tuple[str, list[str]]:
    """Return the result of a restore or a move in the middle of two days, in a line, and what is wrong."""
    played = restored(seed, moved=moved)
    what = "moved" if moved else "restored from two hours before"
    return f"{what}: {played.back} of {played.held} jobs; {len(played.broken)} violations", played.broken
