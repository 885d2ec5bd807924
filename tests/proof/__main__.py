"""Run the whole proof: crash points, games and simulated months; print violations, and faults by moves.

`python -m tests.proof [--seed N] [--part 1.0] [--games N] [--hours N]`; with `--hours`, only the months are simulated.
`python -m tests.proof --seeds 20` runs 20 new seeds and prints each with its violations.
"""

import argparse
import os
import random
import sys
import time
from collections import Counter
from collections.abc import Iterable

from tests.proof.coverage import empty, table
from tests.proof.faced import to_do
from tests.proof.months.answers import JOBS as ANSWERED
from tests.proof.months.month import Report
from tests.proof.months.outages import JOBS
from tests.proof.months.weather import COUNTED
from tests.proof.running import Shares, answers, enumerate_all, months, outages, play, restores, seeds, versions

GAMES_OVER_AWS = 0.1
"""The share of the games that run in memory: over the adapters, a step takes twenty times as long."""
BESIDE = {"memory": 0.25, "aws": 0.03}
"""The share of the skipped crash points that are compared with the point that has the same effect.

Each comparison runs one more execution, and in memory there are twice as many skipped points as others. The seed
chooses, so many seeds compare all of them; the tests of one scenario compare all at once.
"""
BETWEEN = {"memory": 1.0, "aws": 0.25}
"""The share of the crash points between two calls of ports that are run. Both grounds have these points, and over the
adapters an execution takes fifteen times as long. Points inside a call exist only on the adapters; all of these are
run."""
RESTORES = 9
"""The number of restores, and of moves: with every kind of month, also with the batches of one in nine."""
HOURS = 4_320.0
"""Half a year in the whole proof: enough for every fault to happen during every move."""


class Began:
    """The start of a part, and the CPU time of all processes until then; as text, what the part needed."""

    def __init__(self) -> None:
        self._at, self._spent = time.monotonic(), _cpu()

    def __str__(self) -> str:
        return f"{time.monotonic() - self._at:.0f} s, {_cpu() - self._spent:.0f} s of CPU"


def _cpu() -> float:
    """Return the CPU seconds of this process and of its children that have ended."""
    spent = os.times()
    return spent.user + spent.system + spent.children_user + spent.children_system


def main() -> int:
    """Run everything; return 1 if an invariant was broken, or if a fault never happened where it can happen."""
    asked = _arguments()
    if asked.seeds:
        return _fresh_seeds(asked)
    broken: list[str] = []
    struck = Counter[tuple[str, str]]()
    if asked.hours is None:
        print(f"seed {asked.seed}; repeat with: make proof SEED={asked.seed} PART={asked.part:g} GAMES={asked.games}")
        _points_and_games(asked, broken, struck)
        part = min(1.0, asked.part)
        _told("outages", outages(int(JOBS * part), asked.processes), broken)
        _told("lost answers", answers(int(ANSWERED * part), asked.seed, asked.processes), broken)
        _told("restores and moves", restores(int(RESTORES * part), asked.seed, asked.processes), broken)
        _told("deploys", versions(asked.seed, asked.processes), broken)
    else:
        print(f"seed {asked.seed}; repeat with: make proof SEED={asked.seed} HOURS={asked.hours:g}")
    hours = HOURS * min(1.0, asked.part) if asked.hours is None else asked.hours
    report = _months(asked.seed, hours, asked.processes, broken, struck)
    print(table(struck))
    print(", ".join(f"{name}: {report.came[name]:,}" for name in COUNTED))
    missed = [*empty(struck), *report.missed()] if hours >= HOURS else []
    for line in missed:
        print(f"  {line}")
    for line in to_do():
        print(f"to do: {line}")
    return 1 if broken or missed else 0


def _fresh_seeds(asked: argparse.Namespace) -> int:
    """Run this many new seeds, each with a month, a restore, a move and games; return 1 if an invariant was broken."""
    numbers = random.Random(asked.seed).sample(range(1_000_000), asked.seeds)
    print(f"{asked.seeds} seeds; repeat with: python -m tests.proof --seeds {asked.seeds} --seed {asked.seed}")
    began, bad = Began(), 0
    for number, report in zip(numbers, seeds(numbers, asked.processes), strict=True):
        said = f"{report.hours:,.0f} hours, {report.jobs:,} jobs, {report.woken:,} waits that ended without a fault"
        said += f", {report.cpu_seconds:.0f} s of CPU"
        print(f"seed {number}: {said}, {len(report.broken)} violations", flush=True)
        for line in report.broken[:20]:
            print(f"  {line}")
        bad += bool(report.broken)
    print(f"{bad} of {len(numbers)} seeds with violations, {began}")
    return 1 if bad else 0


def _points_and_games(asked: argparse.Namespace, broken: list[str], struck: Counter[tuple[str, str]]) -> None:
    for name, beside in BESIDE.items():
        began = Began()
        shares = Shares(asked.part, beside, BETWEEN[name])
        played = enumerate_all(name, asked.seed, shares, asked.processes, _tell)
        number = f"{played.number:,} executions, {played.compared:,} points left out compared with the one played"
        _say(f"crash points over {name}", number, played.broken, began)
        broken += played.broken
        struck.update(played.struck)
    for name, games in (("memory", asked.games), ("aws", max(1, int(asked.games * GAMES_OVER_AWS)))):
        began = Began()
        played = play(name, asked.seed, games, asked.processes)
        _say(f"state machine over {name}", f"{played.number:,} steps", played.broken, began)
        broken += played.broken
        struck.update(played.struck)


def _told(what: str, played: Iterable[tuple[str, list[str]]], broken: list[str]) -> None:
    began, before = Began(), len(broken)
    for said, wrong in played:
        print(said, flush=True)
        for line in wrong[:20]:
            print(f"  {line}")
        broken += wrong
    print(f"{what}: {len(broken) - before} violations, {began}", flush=True)


def _months(seed: int, hours: float, processes: int, broken: list[str], struck: Counter[tuple[str, str]]) -> Report:
    began = Began()
    report = months(seed, hours, processes, _tell)
    rate = report.job_hours / (report.cpu_seconds / 60 or 1)
    played = (
        f"{report.hours:,.0f} hours, {report.jobs:,} jobs, I16 asked {report.judged:,} times, "
        f"I37 {report.woken:,} times, "
        f"{rate:,.0f} job-hours a CPU minute"
    )
    _say("months in memory", played, report.broken, began)
    broken += report.broken
    struck.update(report.struck)
    return report


def _say(what: str, number: str, found: list[str], began: "Began") -> None:
    print(f"{what}: {number}, {len(found)} violations, {began}", flush=True)
    for line in found[:20]:
        print(f"  {line}")


def _tell(line: str) -> None:
    if sys.stderr.isatty():
        print(f"  {line}", file=sys.stderr, flush=True)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make proof", description=__doc__)
    parser.add_argument("--seed", type=int, default=random.randrange(1_000_000))
    parser.add_argument("--part", type=float, default=1.0, help="which part of the crash points to visit (0-1)")
    parser.add_argument("--games", type=int, default=1500, help="games of 50 steps of the state machine")
    parser.add_argument("--hours", type=float, help="play so many simulated hours, and nothing else")
    parser.add_argument("--seeds", type=int, default=0, help="play so many fresh seeds, and nothing else")
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 2, help="default: one a core")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
