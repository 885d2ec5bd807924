"""The whole proof: `python -m tests.proof [--seed N] [--part 1.0] [--games N]`, prints its figures and what broke."""

import argparse
import random
import sys
import time
from collections.abc import Iterator
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

GAMES_OVER_AWS = 0.1
"""Of the games played in memory: over the adapters a step takes twenty times as long."""


def main() -> int:
    """Run everything; returns 1 when an invariant was broken."""
    asked = _arguments()
    print(f"seed {asked.seed}; repeat with: make proof SEED={asked.seed} PART={asked.part:g} GAMES={asked.games}")
    broken: list[str] = []
    for name in ("memory", "aws"):
        began = time.monotonic()
        executions, found = enumerate_all(name, asked.seed, asked.part, asked.processes)
        broken += found
        _say(f"crash points over {name}", executions, "executions", found, began)
    for name, games in (("memory", asked.games), ("aws", max(1, int(asked.games * GAMES_OVER_AWS)))):
        began = time.monotonic()
        steps, found = play(name, asked.seed, games)
        broken += found
        _say(f"state machine over {name}", steps, "steps", found, began)
    return 1 if broken else 0


def enumerate_all(name: str, seed_: int, part: float, processes: int) -> tuple[int, list[str]]:
    """Every crash point of every story on the given ground, spread over processes; returns executions and findings."""
    executions, broken = 0, []
    tasks = [(name, index, seed_, part) for index in range(len(SCENARIOS))]
    with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
        for done, found in pool.map(_one_story, tasks):
            executions += done
            broken += found
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


def _say(what: str, number: int, unit: str, found: list[str], began: float) -> None:
    print(f"{what}: {number:,} {unit}, {len(found)} violations, {time.monotonic() - began:.0f} s", flush=True)
    for line in found[:20]:
        print(f"  {line}")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make proof", description=__doc__)
    parser.add_argument("--seed", type=int, default=random.randrange(1_000_000))
    parser.add_argument("--part", type=float, default=1.0, help="which part of the crash points to visit (0-1)")
    parser.add_argument("--games", type=int, default=1500, help="games of 50 steps of the state machine")
    parser.add_argument("--processes", type=int, default=2)
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
