"""Inject faults for SECONDS and check the result: `python -m scripts.chaos SECONDS SEED [JOBS_A_SECOND]`.

Wait for the end of all jobs, print the figures; exit with 1 if one is wrong.
"""

import asyncio
import random
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from scripts.chaos import verdict
from scripts.chaos.clients import Clients
from scripts.chaos.monkey import Monkey
from scripts.chaos.site import Events, Stack, options
from scripts.chaos.wire import Weather

RATE = 9.5
"""Jobs a second: this makes more than 5,000 jobs in 10 minutes."""
WORDS = ("lost", "doubled", "given up", "unrun")
"""The first words of those lines of a verdict that are counted separately."""


def main() -> int:
    """Run the soak and check its result."""
    seconds, seed = float(sys.argv[1]), int(sys.argv[2])
    rate = float(sys.argv[3]) if len(sys.argv) > 3 else RATE
    print(f"chaos for {seconds:g} s; repeat with: make chaos SECONDS={seconds:g} SEED={seed}", flush=True)
    with tempfile.TemporaryDirectory(prefix="jobflow-chaos-") as folder:
        return _soak(Path(folder), seconds, seed, rate)


def _soak(folder: Path, seconds: float, seed: int, rate: float) -> int:
    events, weather = Events(), Weather(random.Random(f"{seed} wire"))
    stack = Stack(options(folder), events, weather)
    runs = folder / "runs.txt"
    try:
        stack.start()
        clients = Clients(stack.api_url, stack.token, random.Random(f"{seed} clients"), runs)
        monkey = Monkey(stack, weather, random.Random(f"{seed} monkey"), seconds)
        monkey.start()
        asyncio.run(clients.run(seconds, rate))
        monkey.stop()
        verdict.stop_firing(stack.api_url, stack.token)
        began = time.monotonic()
        auditor = verdict.Auditor(stack.variables())
        reports = verdict.ended(stack.api_url, stack.token, clients.bulk)
        found = auditor.rest()
        print(f"at rest {time.monotonic() - began:.0f} s after the faults stopped")
        wrong = [f"lost: {key} was never answered" for key in clients.unanswered]
        wrong += verdict.judge(found, clients.accepted, runs, events)
        wrong += verdict.keys(folder / "keys.txt")
        wrong += verdict.steps(found, folder / "steps.txt", clients.posted, clients.stopped)
        wrong += verdict.bulk(found, clients.bulk, reports)
        wrong += verdict.counters(stack.api_url, stack.token, found)
        wrong += verdict.recount(stack.state(), folder)
        wrong += verdict.evidence(found, auditor.dead(found))
    finally:
        stack.close()
    _report(found, clients, monkey, weather, events, wrong)
    return 1 if wrong else 0


def _report(
    found: verdict.Table, clients: Clients, monkey: Monkey, weather: Weather, events: Events, wrong: list[str]
) -> None:
    ends = Counter(str(job["status"]) for job in found.jobs.values())
    print(f"jobs accepted: {len(clients.accepted):,} ({_listed(Counter(clients.accepted.values()))})")
    print(f"how they ended: {_listed(ends)}")
    print(f"clients: {_listed(clients.done)}")
    print(f"killed: {_listed(monkey.done)}")
    print(f"faults on the wire: {_listed(weather.seen)}")
    print(f"events: {_listed(events.seen)}")
    composed = Counter(str(job["status"]) for job in found.jobs.values() if job.get("type") == verdict.STEPS)
    undone = sum(name == "undo" for _, name in found.kept)
    called = sum(bool(job.get("parent")) for job in found.jobs.values())
    kept = f"{len(found.kept):,} kept steps, {undone} of them undo one, {called} called jobs"
    print(f"jobs with steps: {_listed(composed)}; {kept}")
    capped = Counter(str(job["status"]) for job in found.jobs.values() if job.get("type") == "chaos.capped")
    print(f"jobs with a limit: {_listed(capped)}")
    lost, doubled, early, unrun = (sum(line.startswith(word) for line in wrong) for word in WORDS)
    others = len(wrong) - lost - doubled - early - unrun
    print(
        f"{lost} lost, {doubled} doubled, {early} given up with attempts left, {unrun} dead letters without a run, "
        f"{others} otherwise wrong"
    )
    for line in wrong[:40]:
        print(f"  {line}")


def _listed(counts: Counter[str]) -> str:
    return ", ".join(f"{name} {count:,}" for name, count in sorted(counts.items())) or "none"


if __name__ == "__main__":
    sys.exit(main())
