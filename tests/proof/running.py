"""Run the proof, or a part of it, on one of its two grounds: one process a core, and one ground a process."""

from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack, contextmanager
from multiprocessing import get_context

from hypothesis import HealthCheck, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.proof.aws_ground import on_aws
from tests.proof.enumeration import visit
from tests.proof.ground import Stand, in_memory
from tests.proof.machine import machine_on
from tests.proof.scenarios import SCENARIOS

LANES = 4
"""Parts of the games, each from a seed of its own: as many on every machine, so that a seed repeats."""

_stand: list[Stand] = []
"""What this process stands on."""
_open = ExitStack()


def enumerate_all(
    name: str, seed_: int, part: float, processes: int, tell: Callable[[str], None]
) -> tuple[int, list[str]]:
    """Every crash point of every story on the given ground, spread over processes; returns executions and findings."""
    executions, broken = 0, []
    tasks = [(index, duplicate, seed_, part) for index in range(len(SCENARIOS)) for duplicate in (False, True)]
    with _pool(name, processes) as pool:
        for (index, duplicate, *_), (done, found) in zip(tasks, pool.map(_one_story, tasks), strict=True):
            executions += done
            broken += found
            tell(f"{SCENARIOS[index].name}{', duplicated' * duplicate}: {done:,} executions, {len(found)} violations")
    return executions, broken


def play(name: str, seed_: int, games: int, processes: int) -> tuple[int, list[str]]:
    """The state machine on the given ground, spread over processes; returns steps and findings."""
    tasks = [(seed_ + lane, -(-games // LANES)) for lane in range(LANES)]
    with _pool(name, processes) as pool:
        played = list(pool.map(_some_games, tasks))
    return sum(steps for steps, _ in played), [line for _, found in played for line in found]


def _pool(name: str, processes: int) -> ProcessPoolExecutor:
    return ProcessPoolExecutor(processes, mp_context=get_context("spawn"), initializer=_begin, initargs=(name,))


def _begin(name: str) -> None:
    _stand.append(_open.enter_context(_ground(name)))


def _one_story(task: tuple[int, bool, int, float]) -> tuple[int, list[str]]:
    index, duplicate, seed_, part = task
    found = list(visit(_stand[0], seed_, part, [SCENARIOS[index]], (duplicate,)))
    return len(found), [line for broken in found for line in broken]


def _some_games(task: tuple[int, int]) -> tuple[int, list[str]]:
    seed_, games = task
    machine = machine_on(_stand[0])
    plan = settings(
        max_examples=games, stateful_step_count=50, deadline=None, database=None,
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    try:
        run_state_machine_as_test(seed(seed_)(machine), settings=plan)
    except Exception as error:
        # Whatever a game ends with is a finding: also an error that the code under test or the emulator raised.
        notes = "\n".join(getattr(error, "__notes__", []))
        return machine.steps, [f"{type(error).__name__}: {error}\n{notes}"]
    return machine.steps, []


@contextmanager
def _ground(name: str) -> Iterator[Stand]:
    if name == "memory":
        yield in_memory
    else:
        with on_aws() as stand:
            yield stand
