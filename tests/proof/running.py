"""Run the proof, or a part of it, on one of its two grounds, with one process for each core and one ground in each."""

import gc
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from hypothesis import HealthCheck, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.proof.enumeration import visit
from tests.proof.games.machine import machine_on
from tests.proof.grounds.aws import on_aws
from tests.proof.grounds.ground import Stand
from tests.proof.grounds.memory import in_memory
from tests.proof.months import answers as lost
from tests.proof.months import restored
from tests.proof.months.month import Report, episode, episodes
from tests.proof.months.outages import HOURS, SERVICES, judged
from tests.proof.roles.script import silence
from tests.proof.stories.scenarios import SCENARIOS
from tests.proof.versions import deploy
from tests.proof.versions.trees import older

PARTS = 4
"""Number of parts of the games, each with its own seed; it is the same on every machine, so that a seed can be
repeated."""

GAMES_OF_A_SEED = 100
"""Games of the model for each new seed."""

_stand: list[Stand] = []
"""The ground of this process."""
_open = ExitStack()


class Shares(NamedTuple):
    """Which crash points are run.

    `part`: the share of all points. `beside`: the share of the skipped points that are compared with an equivalent one.
    `between`: the share of the points that are not inside a call of a port.
    """

    part: float
    beside: float
    between: float


@dataclass
class Played:
    """The results: how much was run, what was broken, and how often each fault happened during each move."""

    number: int = 0
    compared: int = 0
    """Skipped crash points that were compared with an equivalent one."""
    broken: list[str] = field(default_factory=list)
    struck: Counter[tuple[str, str]] = field(default_factory=Counter)

    def add(self, other: "Played") -> None:
        """Add the results of another part to this one."""
        self.number += other.number
        self.compared += other.compared
        self.broken += other.broken
        self.struck.update(other.struck)


def enumerate_all(name: str, seed_: int, shares: Shares, processes: int, tell: Callable[[str], None]) -> Played:
    """Run every crash point of every scenario on the given ground, in several processes; count executions."""
    played = Played()
    tasks = [(index, duplicate, seed_, shares) for index in range(len(SCENARIOS)) for duplicate in (False, True)]
    with _pool(name, processes) as pool:
        for (index, duplicate, *_), one in zip(tasks, pool.map(_one_story, tasks), strict=True):
            played.add(one)
            what = f"{SCENARIOS[index].name}{', duplicated' * duplicate}"
            tell(f"{what}: {one.number:,} executions, {len(one.broken)} violations")
    return played


def play(name: str, seed_: int, games: int, processes: int) -> Played:
    """Run the state machine on the given ground, in several processes; count steps."""
    played = Played()
    with _pool(name, processes) as pool:
        for one in pool.map(_some_games, [(seed_ + part, -(-games // PARTS)) for part in range(PARTS)]):
            played.add(one)
    return played


def months(seed_: int, hours: float, processes: int, tell: Callable[[str], None]) -> Report:
    """Simulate this number of hours in memory with all faults at random times, in several processes."""
    report, tasks = Report(), episodes(seed_, hours)
    with _pool("memory", processes) as pool:
        for (number, length), one in zip(tasks, pool.map(_one_episode, tasks), strict=True):
            report.add(one)
            tell(f"seed {number}, {length:g} hours: {one.jobs} jobs, {len(one.broken)} violations")
    return report


def outages(jobs: int, processes: int) -> Iterator[tuple[str, list[str]]]:
    """Yield the effect of an outage of each service, and what is wrong."""
    with _pool("memory", processes) as pool:
        yield from pool.map(_one_outage, [(service, HOURS, jobs) for service in SERVICES])


def answers(jobs: int, seed_: int, processes: int) -> Iterator[tuple[str, list[str]]]:
    """Yield the effect of lost answers and refused requests, and what is wrong."""
    with _pool("memory", processes) as pool:
        yield from pool.map(_one_share, [(*game, jobs, seed_) for game in lost.GAMES])


def restores(number: int, seed_: int, processes: int) -> Iterator[tuple[str, list[str]]]:
    """Yield the results of this many restores and moves in the middle of days, and what is wrong."""
    with _pool("memory", processes) as pool:
        yield from pool.map(_one_restore, [(seed_ + one, moved) for one in range(number) for moved in (False, True)])


def seeds(numbers: Sequence[int], processes: int) -> Iterator[Report]:
    """Yield the results of each seed: a month, a restore, a move and games, over the ports in memory."""
    with _pool("memory", processes) as pool:
        yield from pool.map(_one_seed, numbers)


def versions(seed_: int, processes: int) -> Iterator[tuple[str, list[str]]]:
    """Yield the results of a deploy and a rollback in the middle, and what is wrong."""
    commit, why = older()
    if not commit:
        yield f"no deploy was played: {why}", []
        return
    with TemporaryDirectory(prefix="jobflow-two-") as folder, _pool("memory", processes) as pool:
        tasks = [(Path(folder, name), commit, seed_, name == "back") for name in ("deploy", "back")]
        yield from pool.map(_one_deploy, tasks)


def _pool(name: str, processes: int) -> ProcessPoolExecutor:
    # This process has one thread and no ground, so its copies are as good as new processes, which import for 2 s.
    how = get_context("fork" if sys.platform == "linux" else "spawn")
    return ProcessPoolExecutor(processes, mp_context=how, initializer=_begin, initargs=(name,))


def _begin(name: str) -> None:
    _open.enter_context(silence())
    _stand.append(_open.enter_context(_ground(name)))
    gc.freeze()  # the collector need not look at the libraries' many objects again and again


def _one_story(task: tuple[int, bool, int, Shares]) -> Played:
    index, duplicate, seed_, (part, beside, between) = task
    struck = Counter[tuple[str, str]]()
    found = list(visit(_stand[0], seed_, part, [SCENARIOS[index]], (duplicate,), struck, beside, between))
    compared = sum(one.left_out for one in found)
    return Played(len(found) - compared, compared, [line for one in found for line in one.broken], struck)


def _one_episode(task: tuple[int, float]) -> Report:
    return episode(*task)


def _one_seed(number: int) -> Report:
    began = time.process_time()
    report = episode(number)
    for moved in (False, True):
        report.broken += restored.judged(number, moved)[1]
    report.broken += _some_games((number, GAMES_OF_A_SEED)).broken
    report.cpu_seconds = time.process_time() - began
    return report


def _one_outage(task: tuple[str, float, int]) -> tuple[str, list[str]]:
    return judged(*task)


def _one_share(task: tuple[lost.Answers, int, int, int]) -> tuple[str, list[str]]:
    return lost.judged(*task)


def _one_restore(task: tuple[int, bool]) -> tuple[str, list[str]]:
    return restored.judged(*task)


def _one_deploy(task: tuple[Path, str, int, bool]) -> tuple[str, list[str]]:
    folder, commit, seed_, back = task
    return deploy.judged(folder, commit, seed_, back=back)


def _some_games(task: tuple[int, int]) -> Played:
    seed_, games = task
    machine = machine_on(_stand[0])
    plan = settings(
        max_examples=games, stateful_step_count=50, deadline=None, database=None,
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    broken = []
    try:
        run_state_machine_as_test(seed(seed_)(machine), settings=plan)
    except Exception as error:
        # Any exception that ends a game is a finding, also an error in the tested code or the emulator.
        broken = [f"{type(error).__name__}: {error}\n" + "\n".join(getattr(error, "__notes__", []))]
    return Played(machine.steps, broken=broken, struck=machine.struck)


@contextmanager
def _ground(name: str) -> Iterator[Stand]:
    if name == "memory":
        yield in_memory
    else:
        with on_aws() as stand:
            yield stand
