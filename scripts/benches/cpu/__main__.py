"""Print CPU milliseconds and calls of each unit of work; compare the calls with the baseline: `make bench-cpu`.

The number of function calls, Python's and C's, is the same on a busy and a quiet machine. CPU time depends on the load,
so it is only printed. It exits with 1 if a unit of work makes more than 15 % more calls than in `baseline.json`, which
is for one version of Python; with another version it only prints.
"""

import argparse
import cProfile
import gc
import json
import pstats
import sys
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from scripts.benches.cpu.stage import Stage, stage
from scripts.benches.cpu.work import WORK, Act

BASELINE = Path(__file__).with_name("baseline.json")
TOLERANCE = 0.15
WARM, COUNTED, TIMED, ROUNDS = 5, 5, 60, 5
VERSION = "{}.{}".format(*sys.version_info)


def calls(act: Act) -> int:
    """Return how many Python and C functions are called in one repetition.

    The garbage collector is off during this time, because it would call finalizers of other objects in the process.
    """
    number = 0

    def count(_frame: FrameType, event: str, _argument: object) -> None:
        nonlocal number
        number += event in ("call", "c_call")

    collecting = gc.isenabled()
    gc.collect()
    gc.disable()
    threading.setprofile(count)
    sys.setprofile(count)
    try:
        for _ in range(COUNTED):
            act()
    finally:
        sys.setprofile(None)
        threading.setprofile(None)
        if collecting:
            gc.enable()
    return round(number / COUNTED)


def milliseconds(act: Act) -> float:
    """Return the CPU time of one repetition: the minimum of several rounds.

    Other processes disturb the minimum least.
    """
    rounds = []
    for _ in range(ROUNDS):
        began = time.process_time()
        for _ in range(TIMED):
            act()
        rounds.append((time.process_time() - began) / TIMED * 1000)
    return min(rounds)


def profile(act: Act) -> None:
    """Print where the time of 200 repetitions goes, by function."""
    profiler = cProfile.Profile()
    profiler.enable()
    for _ in range(200):
        act()
    profiler.disable()
    pstats.Stats(profiler, stream=sys.stderr).sort_stats("tottime").print_stats(35)


@dataclass(frozen=True)
class Figures:
    """The calls, CPU milliseconds and AWS requests of one repetition of a unit of work."""

    calls: int
    milliseconds: float
    requests: int


def measured(prepare: Callable[[Stage], Act], *, profiled: bool = False) -> Figures:
    """Measure one unit of work on a new stage. With `profiled`, also print the profile."""
    with stage() as stood:
        act = prepare(stood)
        act()  # the first repetition also does one-time work, so it is not recorded
        with stood.canned.record():
            act()
        with stood.canned.replay():
            for _ in range(WARM):
                act()
            if profiled:
                profile(act)
            return Figures(calls(act), milliseconds(act), len(stood.canned.answers))


def grown(figures: Mapping[str, Figures], known: Mapping[str, int]) -> list[str]:
    """Return the names of units whose calls have grown too much compared with the baseline."""
    return [name for name, one in figures.items() if name in known and one.calls > known[name] * (1 + TOLERANCE)]


def line(name: str, one: Figures, known: Mapping[str, int]) -> str:
    """Return one line of the table."""
    change = f"{one.calls / known[name] - 1:+.1%}" if name in known else "-"
    return f"{name:26}{one.milliseconds:9.2f} ms CPU{one.calls:9,} calls{change:>8}{one.requests:5} requests"


def main() -> int:
    """Measure the requested units; return 1 if the number of calls of a unit has grown too much."""
    parser = argparse.ArgumentParser(prog="make bench-cpu", description=__doc__)
    parser.add_argument("--write", action="store_true", help="make the calls of now the baseline")
    parser.add_argument("--profile", metavar="NAME", help="measure what begins like this, and print its functions")
    asked = parser.parse_args()
    chosen = {name: prepare for name, prepare in WORK.items() if name.startswith(asked.profile or "")}
    figures = {name: measured(prepare, profiled=bool(asked.profile)) for name, prepare in chosen.items()}
    baseline = json.loads(BASELINE.read_text())
    known = baseline["calls"] if baseline["python"] == VERSION else {}
    for name, one in figures.items():
        print(line(name, one, known))
    if asked.write:
        counted = {name: one.calls for name, one in figures.items()}
        BASELINE.write_text(json.dumps({"python": VERSION, "calls": counted}, indent=2) + "\n")
        return 0
    too_many = grown(figures, known)
    for name in too_many:
        print(
            f"{name} makes more than {TOLERANCE:.0%} more calls than in {BASELINE.name}: `make bench-cpu PROFILE=...`"
        )
    return 1 if too_many else 0


if __name__ == "__main__":
    sys.exit(main())
