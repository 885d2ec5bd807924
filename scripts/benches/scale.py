"""Measure an operator's looks at 1,000, 10,000 and 200,000 jobs in one run: `python -m scripts.benches.scale`.

Seeds three sets of tables in an emulator of its own, on the loopback address, and takes each look in turns at each.
Requests and read units are what AWS would count; times are the emulator's: only their ratio means something. How far a
page looks depends on its limit: both are the same at every size, and less only where a small set does not fill a page.
Bounded: `--jobs` jobs, `--times` looks of each kind.
"""

import argparse
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from rich.console import Console
from rich.table import Table

from chalicelib.adapters import aws
from chalicelib.adapters.dynamo.counting.counters import DynamoCounters
from chalicelib.adapters.dynamo.jobs.store import DynamoJobStore
from chalicelib.adapters.dynamo.tables import schema
from chalicelib.adapters.sqs import SqsJobQueue
from chalicelib.counters.snapshot import MetricsReader
from chalicelib.jobs.job import Status
from chalicelib.jobs.ports.jobs import Filter
from chalicelib.jobs.texts.fingerprints import fingerprint
from chalicelib.jobs.types import jobtype
from chalicelib.service.jobs import DEEPEST_OFFSET, JobService
from chalicelib.settings import Settings
from infra.local.emulator.processes.child import Emulator
from infra.local.lambdas.specs import ACCOUNT, REGION
from scripts.benches.reading import Reading, read_by
from scripts.benches.seeding import ERROR, EVERY, seed

SMALLER = (1_000, 10_000)
NOW = 1_800_000_000.0
LEFT_OUT = frozenset({"PointInTimeRecoverySpecification", "TimeToLiveSpecification", "StreamSpecification"})
"""Create no stream, so that only reading is measured."""


@dataclass(frozen=True)
class Place:
    """One set of tables with so many jobs."""

    settings: Settings
    number: int

    def looks(self) -> dict[str, Callable[[], object]]:
        """Return an operator's looks, by name."""
        store, queue = DynamoJobStore(self.settings, lambda: NOW), SqsJobQueue(self.settings)
        service = JobService(store, queue, clock=lambda: NOW)
        ticks = iter(range(1, 10_000_000))

        def clock() -> float:
            return NOW + 2.0 * next(ticks)  # nothing is left of an answer before

        metrics = MetricsReader(DynamoCounters(self.settings), queue, clock)
        middle = NOW - self.number * EVERY / 2
        lists = {
            "first page": Filter(),
            "failed": Filter(status=Status.FAILED),
            "queued": Filter(status=Status.QUEUED),
            "completed": Filter(status=Status.COMPLETED),
            "completed of a type": Filter(status=Status.COMPLETED, type="email.send"),
            "tag": Filter(tag="night"),
            "tag of a type, failed": Filter(status=Status.FAILED, type="email.send", tag="night"),
            "id prefix": Filter(id_prefix="a"),
            "all of one error": Filter(fingerprint=fingerprint("email.send", *ERROR)[0]),
            "the older half": Filter(created_before=middle),
        }
        found: dict[str, Callable[[], object]] = {
            f"GET /jobs, {name}": partial(service.page, which, 20) for name, which in lists.items()
        }
        found["GET /jobs, the deepest offset"] = partial(service.page, Filter(), 20, None, DEEPEST_OFFSET - 20)
        found["GET /jobs, completed, offset 200"] = partial(service.page, lists["completed"], 20, None, 200)
        return {"GET /metrics": metrics.read, **found}


def main(arguments: Sequence[str]) -> int:
    """Seed, look, print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("--jobs", type=int, default=200_000, help="jobs in the larger set (default 200,000)")
    parser.add_argument("--times", type=int, default=15, help="looks of each kind (default 15)")
    asked = parser.parse_args(arguments)
    jobtype.load()
    console = Console()
    with tempfile.TemporaryDirectory() as folder:
        emulator = Emulator.start(log_path=Path(folder) / "emulator.log")
        try:
            os.environ |= {**emulator.environment(), "AWS_DEFAULT_REGION": REGION}
            places = [make(emulator.url, number) for number in (*SMALLER, asked.jobs)]
            for place in places:
                began = time.perf_counter()
                seed(place.settings, place.number, [kind.name for kind in jobtype.all_types()], NOW)
                console.print(f"{place.number:,} jobs seeded in {time.perf_counter() - began:.0f} s")
            console.print(compare(places, asked.times))
        finally:
            emulator.stop()
    return 0


def make(endpoint: str, number: int) -> Place:
    """Create tables and queues under a name of their own."""
    name = f"bench{number}"
    settings = replace(
        Settings.from_env({"AWS_REGION": REGION}),
        jobs_table=f"{name}-jobs",
        control_table=f"{name}-control",
        queue_url_prefix=f"{endpoint}/{ACCOUNT}/{name}-",
    )
    made = {settings.jobs_table: schema.jobs_table(), settings.control_table: schema.control_table()}
    for table, properties in made.items():
        kept = {key: value for key, value in properties.items() if key not in LEFT_OUT}
        aws.client("dynamodb", REGION).create_table(TableName=table, **kept)
    for kind in jobtype.all_types():
        for suffix in ("", "-dlq"):
            aws.client("sqs", REGION).create_queue(QueueName=f"{name}-{kind.queue}{suffix}")
    return Place(settings, number)


def compare(places: Sequence[Place], times: int) -> Table:
    """Take each look at every place, in turns."""
    shown = Table(title=" : ".join(f"{place.number:,} jobs" for place in places))
    for heading in ("look", "requests", "read units", "time, as ratios of medians"):
        shown.add_column(heading, justify="left" if heading == "look" else "right")
    every = [place.looks() for place in places]
    for name in every[0]:
        costs = [cost(looks[name]) for looks in every]
        medians = race([looks[name] for looks in every], times)
        requests = " : ".join(str(sum(found.requests.values())) for found in costs)
        units = " : ".join(f"{found.units:g}" for found in costs)
        shown.add_row(name, requests, units, " : ".join(f"{median / medians[0]:.2f}" for median in medians))
    return shown


def cost(look: Callable[[], object]) -> Reading:
    """Return the requests and read units of one look."""
    with read_by(REGION) as reading:
        look()
    return reading


def race(looks: Sequence[Callable[[], object]], times: int) -> list[float]:
    """Return the median seconds of each look, taken in turns so that load on the machine affects all alike."""
    spans: list[list[float]] = [[] for _ in looks]
    for _ in range(times):
        for place, look in enumerate(looks):
            began = time.perf_counter()
            look()
            spans[place].append(time.perf_counter() - began)
    return [statistics.median(found) for found in spans]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
