"""Compare the end-to-end rate of two checkouts.

    python -m scripts.benches.paired_load BEFORE AFTER --pairs 5 --minutes 20

Each pair starts `make dev` in one checkout and then in the other, on free ports, and puts the same load on each; every
second pair begins with the other one. Prints a line for each pair: jobs a second, CPU of all processes of the platform
in milliseconds a job, and the ratio after / before; then the medians. Needs a machine without other work: on a busy one
only the CPU can be compared. Starts no further pair after `--minutes`. Both checkouts run with this one's packages.
"""

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

ROOT = Path(__file__).parents[2]
START_SECONDS, LOOK_SECONDS = 120.0, 0.1
FREE_PORTS = {"API_PORT": "0", "AWS_PORT": "0", "DASHBOARD_PORT": "0", "RATE_LIMIT_MAX": "0"}


class CannotCompare(Exception):
    """A platform did not start, or a load did not complete."""


@dataclass(frozen=True, slots=True)
class Measured:
    """One run of a checkout: jobs a second, and CPU in milliseconds a job."""

    rate: float
    cpu: float


@dataclass(frozen=True, slots=True)
class Pair:
    """The runs of both checkouts, one straight after the other."""

    before: Measured
    after: Measured

    @property
    def ratio(self) -> float:
        """Return the rate after as a share of the rate before; more is better."""
        return self.after.rate / self.before.rate


def order(number: int, before: Path, after: Path) -> tuple[Path, Path]:
    """Return the order of the runs of a pair: what runs second may find warm caches, so it alternates."""
    return (before, after) if number % 2 == 0 else (after, before)


def line(name: str, pair: Pair) -> str:
    """Return a pair as a line of the table."""
    rates = f"{pair.before.rate:8.1f} /{pair.after.rate:6.1f} jobs/s"
    cpu = f"{pair.before.cpu:8.1f} /{pair.after.cpu:6.1f} ms CPU a job"
    return f"{name:<8}{rates}   ratio {pair.ratio:.2f} {cpu}   ratio {pair.after.cpu / pair.before.cpu:.2f}"


def summary(pairs: Sequence[Pair]) -> str:
    """Return the medians: of the ratios too, which is not the ratio of the medians."""
    middle = Pair(*(
        Measured(median(run.rate for run in runs), median(run.cpu for run in runs))
        for runs in ([pair.before for pair in pairs], [pair.after for pair in pairs])
    ))  # fmt: skip
    ratios = ", ".join(f"{ratio:.2f}" for ratio in sorted(pair.ratio for pair in pairs))
    return (
        f"{line('medians', middle)}\npaired ratios of the rate: {ratios}; median {median(p.ratio for p in pairs):.2f}"
    )


def measure(checkout: Path, count: int, concurrency: int) -> Measured:
    """Run the platform of a checkout under load. Raises CannotCompare."""
    with tempfile.TemporaryDirectory() as folder, (Path(folder) / "output").open("w") as output:
        platform = subprocess.Popen(
            [sys.executable, "-m", "infra.local"],
            cwd=checkout, env={**os.environ, **FREE_PORTS, "JOBFLOW_STATE_DIR": folder},
            stdout=output, stderr=subprocess.STDOUT,
        )  # fmt: skip
        try:
            _wait_for(Path(folder) / "dev.json", platform)
            rate = _load(folder, count, concurrency)
        finally:
            platform.send_signal(signal.SIGTERM)
            _, _, used = os.wait4(platform.pid, 0)
            platform.returncode = 0
        return Measured(rate, 1000 * (used.ru_utime + used.ru_stime) / count)


def _wait_for(state: Path, platform: "subprocess.Popen[bytes]") -> None:
    end = time.monotonic() + START_SECONDS
    while not state.exists():
        if time.monotonic() > end or os.waitid(os.P_PID, platform.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT):
            raise CannotCompare(f"The platform did not start: {(state.parent / 'output').read_text()[-2000:]}")
        time.sleep(LOOK_SECONDS)


def _load(folder: str, count: int, concurrency: int) -> float:
    command = [
        sys.executable,
        "scripts/load_test.py",
        "--json",
        "--count",
        str(count),
        "--concurrency",
        str(concurrency),
    ]
    done = subprocess.run(
        command, cwd=ROOT, env={**os.environ, "JOBFLOW_STATE_DIR": folder}, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise CannotCompare(f"The load did not complete: {done.stdout[-2000:]}{done.stderr[-2000:]}")
    return float(json.loads(done.stdout)["jobs_per_second"])


def main(args: Sequence[str] | None = None) -> int:
    """Measure the pairs; return 1 when one could not be measured."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("before", type=Path, help="a checkout")
    parser.add_argument("after", type=Path, help="another one")
    parser.add_argument("--pairs", type=int, default=5)
    parser.add_argument("--count", type=int, default=1000, help="jobs a run")
    parser.add_argument("--concurrency", type=int, default=10)
    parser.add_argument("--minutes", type=float, default=20.0, help="after which no further pair begins")
    asked = parser.parse_args(args)
    end, pairs = time.monotonic() + 60 * asked.minutes, list[Pair]()
    while len(pairs) < asked.pairs and (not pairs or time.monotonic() < end):
        try:
            runs = {
                path: measure(path, asked.count, asked.concurrency)
                for path in order(len(pairs), asked.before.resolve(), asked.after.resolve())
            }
        except CannotCompare as error:
            print(error, file=sys.stderr)
            return 1
        pairs.append(Pair(runs[asked.before.resolve()], runs[asked.after.resolve()]))
        print(line(f"pair {len(pairs)}", pairs[-1]), flush=True)
    print(summary(pairs))
    return 0


if __name__ == "__main__":
    sys.exit(main())
