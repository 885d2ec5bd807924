"""The whole proof: `python -m tests.proof [--seed N] [--part 1.0] [--games N]`, prints its figures and what broke."""

import argparse
import os
import random
import sys
import time

from tests.proof.running import enumerate_all, play

GAMES_OVER_AWS = 0.1
"""Of the games played in memory: over the adapters a step takes twenty times as long."""


def main() -> int:
    """Run everything; returns 1 when an invariant was broken."""
    asked = _arguments()
    print(f"seed {asked.seed}; repeat with: make proof SEED={asked.seed} PART={asked.part:g} GAMES={asked.games}")
    broken: list[str] = []
    for name in ("memory", "aws"):
        began = time.monotonic()
        executions, found = enumerate_all(name, asked.seed, asked.part, asked.processes, _tell)
        broken += found
        _say(f"crash points over {name}", executions, "executions", found, began)
    for name, games in (("memory", asked.games), ("aws", max(1, int(asked.games * GAMES_OVER_AWS)))):
        began = time.monotonic()
        steps, found = play(name, asked.seed, games, asked.processes)
        broken += found
        _say(f"state machine over {name}", steps, "steps", found, began)
    return 1 if broken else 0


def _say(what: str, number: int, unit: str, found: list[str], began: float) -> None:
    print(f"{what}: {number:,} {unit}, {len(found)} violations, {time.monotonic() - began:.0f} s", flush=True)
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
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 2, help="default: one a core")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
