"""Compare `ctx.enqueue_many` with one `ctx.enqueue` after the other: the time to make the same number of jobs.

Run it as `python -m scripts.benches.fan_out`. Both run in turns against the emulator, and the median of the ratios is
compared with the limit: a slow or busy machine affects both sides. The emulator answers within a millisecond, and AWS
within 5 to 10: `--latency-ms` is added to each request. `--latency-ms 0` measures only the CPU of both sides.
"""

import argparse
import io
import json
import logging
import os
import statistics
import sys
import time
from collections.abc import Callable

from pydantic import BaseModel

from chalicelib.adapters import aws
from chalicelib.assembly import parts
from chalicelib.job_types import jobtype
from chalicelib.job_types.context import JobContext
from chalicelib.job_types.jobtype import job
from chalicelib.producing.submission import Submission
from chalicelib.telemetry.logger import logger
from chalicelib.worker.constants import STORED_AT_ONCE
from chalicelib.worker.enqueue import Enqueuing
from infra.definition import local_environment, stateful
from infra.local.emulator.processes.child import Emulator, environment_of
from infra.local.resources import deploy_template

FASTER, JOBS, LATENCY_MS = 10.0, 200, 8.0
STACK, ACCOUNT, REGION = "jobflow-dev", "123456789012", "us-east-1"


class Note(BaseModel):
    """The payload of the jobs."""

    number: int = 1


@job("bench.child")
def child(payload: Note, ctx: JobContext) -> None:
    """Do nothing."""


@job("bench.parent", enqueues=("bench.child",))
def parent(payload: Note, ctx: JobContext) -> None:
    """Make jobs; the benchmark makes them in its place."""


def main(arguments: list[str]) -> int:
    """Print the times; return 1 if the ratio is below the limit."""
    parser = argparse.ArgumentParser(prog="python -m scripts.benches.fan_out", description=__doc__)
    parser.add_argument("--jobs", type=int, default=JOBS)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--latency-ms", type=float, default=LATENCY_MS, help="added to each request")
    asked = parser.parse_args(arguments)
    with Emulator.start() as emulator:
        _deploy(emulator.url)
        for service in ("dynamodb", "sqs"):
            events = aws.client(service, REGION).meta.events
            events.register_first("before-send", lambda **_: time.sleep(asked.latency_ms / 1000))
        pairs = [_pair(asked.jobs, run) for run in range(asked.runs)]
    alone, many = (statistics.median(column) for column in zip(*pairs, strict=True))
    ratio = statistics.median(one / other for one, other in pairs)
    print(f"{asked.jobs} jobs, {asked.latency_ms:g} ms added to each request, median of {asked.runs} pairs")
    print(f"ctx.enqueue       {alone:6.2f} s")
    print(f"ctx.enqueue_many  {many:6.2f} s, {ratio:.1f} times faster (with the defaults, at least {FASTER:g})")
    usual = (asked.jobs, asked.latency_ms) == (JOBS, LATENCY_MS)
    return 1 if usual and ratio < FASTER else 0


def _deploy(url: str) -> None:
    environment = environment_of(url)
    os.environ |= environment
    os.environ |= local_environment(url, ACCOUNT, REGION, STACK)
    template = {"Resources": stateful(list(jobtype.registered.values()), STACK)}
    deploy_template(json.dumps(template), STACK, environment)
    parts.reset()
    for handler in logger().handlers:
        if isinstance(handler, logging.StreamHandler):
            handler.setStream(io.StringIO())


def _pair(jobs: int, run: int) -> tuple[float, float]:
    made_by = parts.job_service.submit(Submission("bench.parent", {"number": run})).job
    making = Enqueuing(("bench.child",), parts.job_service, threads=STORED_AT_ONCE)
    payloads = [{"number": number} for number in range(jobs)]

    def one_by_one() -> None:
        for number, payload in enumerate(payloads):
            making.make(made_by, "bench.child", payload, key=f"alone-{number}")

    alone = _seconds(one_by_one)
    return alone, _seconds(lambda: making.make_many(made_by, "bench.child", payloads))


def _seconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
