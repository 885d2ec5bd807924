"""Run the proof, or a part of it, on one of its two grounds."""

from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import get_context

from hypothesis import HealthCheck, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.proof.aws_ground import on_aws
from tests.proof.enumeration import visit
from tests.proof.ground import Stand, in_memory
from tests.proof.machine import machine_on
from tests.proof.scenarios import SCENARIOS


def enumerate_all(
    name: str, seed_: int, part: float, processes: int, tell: Callable[[str], None]
) -> tuple[int, list[str]]:
    """Every crash point of every story on the given ground, spread over processes; returns executions and findings."""
    executions, broken = 0, []
    tasks = [(name, index, seed_, part) for index in range(len(SCENARIOS))]
    with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
        for scenario, (done, found) in zip(SCENARIOS, pool.map(_one_story, tasks), strict=True):
            executions += done
            broken += found
            tell(f"{scenario.name}: {done:,} executions, {len(found)} violations")
    return executions, broken


def play(name: str, seed_: int, games: int) -> tuple[int, list[str]]:
    """The state machine on the given ground; returns steps and findings."""
    with _ground(name) as stand:
        machine = machine_on(stand)
        plan = settings(
            max_examples=games, stateful_step_count=50, deadline=None, database=None,
            suppress_health_check=list(HealthCheck),
        )  # fmt: skip
        try:
            run_state_machine_as_test(seed(seed_)(machine), settings=plan)
        except AssertionError as error:
            return machine.steps, [f"{error}\n" + "\n".join(getattr(error, "__notes__", []))]
        return machine.steps, []


def _one_story(task: tuple[str, int, int, float]) -> tuple[int, list[str]]:
    name, index, seed_, part = task
    with _ground(name) as stand:
        found = list(visit(stand, seed_, part, [SCENARIOS[index]]))
    return len(found), [line for broken in found for line in broken]


@contextmanager
def _ground(name: str) -> Iterator[Stand]:
    if name == "memory":
        yield in_memory
    else:
        with on_aws() as stand:
            yield stand
