"""Post many jobs to a running API, follow each to its end, and print how long that took.

    python scripts/load_test.py --count 1000 --concurrency 50

Address and token come from `.jobflow/dev.json` of a running `make dev` unless they are given. The server's rate limit
is obeyed, which makes a run slow: start the platform with RATE_LIMIT_MAX=1000000 to measure something else. Ends with 1
unless every job completed.
"""

import argparse
import asyncio
import ipaddress
import json
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))  # so that it runs as a file as well as with `python -m`

from scripts.benches.loading import Load, Outcome, Plan, percentile  # noqa: E402

SHARES = {"p50": 0.5, "p95": 0.95, "p99": 0.99}
REQUEST_TIMEOUT = 30.0


class Refused(Exception):
    """The run cannot begin; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Target:
    """The API to test, and the token to use."""

    url: str
    token: str


def arguments(args: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--url", help="the API (default: that of the running `make dev`)")
    parser.add_argument("--token", help="a token that may create jobs (default: that of the running `make dev`)")
    parser.add_argument("--type", default="email.send", help="the job type; its example is the payload")
    parser.add_argument("--count", type=at_least(1, int), default=200, help="how many jobs (default 200)")
    parser.add_argument("--concurrency", type=at_least(1, int), default=50, help="requests at a time (default 50)")
    parser.add_argument("--poll", type=at_least(0.01, float), default=0.25, help="seconds between looks at a job")
    parser.add_argument("--timeout", type=at_least(1, float), default=120.0, help="seconds that a job may take")
    parser.add_argument("--wait", action="store_true", help="post the next job only when the last one ended")
    parser.add_argument("--json", action="store_true", help="print one JSON object and no progress")
    parser.add_argument(
        "--i-know-this-is-not-loopback",
        action="store_true",
        help="allow an address that is not this machine's own: a load test of someone else's server is an attack",
    )
    return parser.parse_args(args)


def at_least(low: float, kind: type[int] | type[float]) -> Any:
    """Return a number for argparse with a lower bound."""

    def number(text: str) -> float:
        value = kind(text)
        if not value >= low:
            raise argparse.ArgumentTypeError(f"must be at least {low:g}")
        return value

    number.__name__ = kind.__name__
    return number


def loopback(url: str) -> bool:
    """Return True when the address is this machine's own."""
    host = urlsplit(url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def target(options: argparse.Namespace, folder: Path) -> Target:
    """Return the target: the given one, else the running `make dev`. Raises Refused."""
    try:
        running = json.loads((folder / "dev.json").read_text())
    except FileNotFoundError:
        running = {}
    url = options.url or running.get("api")
    if not url:
        raise Refused("Nothing is running here: start it with `make dev`, or give --url and --token.")
    if not loopback(url) and not options.i_know_this_is_not_loopback:
        raise Refused(f"{url} is not this machine: add --i-know-this-is-not-loopback if that server is yours.")
    # the local token goes to the local API and nowhere else
    token = options.token or (running.get("token") if url == running.get("api") else None)
    if not token:
        raise Refused("Give a token that may create jobs: --token jf_…")
    return Target(url.rstrip("/"), token)


async def run(to: Target, options: argparse.Namespace, console: Console) -> Outcome:
    """Fetch the type's example and run the load. Raises Refused, and httpx.HTTPError when the API is not there."""
    bounds = httpx.Limits(max_connections=2 * options.concurrency, max_keepalive_connections=2 * options.concurrency)
    async with httpx.AsyncClient(
        base_url=to.url,
        headers={"Authorization": f"Bearer {to.token}"},
        timeout=REQUEST_TIMEOUT,
        limits=bounds,
        trust_env=not loopback(to.url),  # no proxy leads back to this machine
    ) as client:
        payload = await example(client, options.type)
        plan = Plan(
            options.type, payload, options.count, options.concurrency, options.poll, options.timeout, options.wait
        )  # fmt: skip
        columns = (TextColumn("{task.description:>6}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        with Progress(*columns, console=console, disable=options.json) as progress:
            bars = {name: progress.add_task(name, total=plan.count) for name in ("posted", "ended")}
            return await Load(plan, client, lambda what: progress.advance(bars[what])).run()


async def example(client: httpx.AsyncClient, job_type: str) -> Any:
    """Return a payload of that type that is valid as it is. Raises Refused."""
    answer = await client.get("/job-types")
    if not answer.is_success:
        raise Refused(f"GET /job-types answered {answer.status_code}: {answer.text[:200]}")
    known = {kind["type"]: kind["example"] for kind in answer.json()["job_types"]}
    if job_type not in known:
        raise Refused(f"There is no job type {job_type!r}; there are {', '.join(sorted(known))}.")
    return known[job_type]


def summary(outcome: Outcome) -> dict[str, Any]:
    """Return the numbers: rates a second, latencies in milliseconds."""
    measured = {
        "post": outcome.posts,
        "post_to_completed_seen": outcome.seen,
        "post_to_completed_server": outcome.server,
    }
    return {
        "posted": len(outcome.posts),
        "ends": dict(outcome.ends),
        "seconds": round(outcome.seconds, 3),
        "posts_per_second": _rate(len(outcome.posts), outcome.posting_seconds),
        "jobs_per_second": _rate(outcome.ends["completed"], outcome.seconds),
        "latency_ms": {
            name: {share: _rounded(percentile(values, at)) for share, at in SHARES.items()}
            for name, values in measured.items()
        },
        "repeated_requests": dict(outcome.repeats),
        "failures": dict(outcome.failures),
    }


def _rate(number: int, seconds: float) -> float:
    return round(number / seconds, 1) if seconds else 0.0


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 1)


def show(numbers: dict[str, Any], console: Console) -> None:
    """Print the numbers for people."""
    table = Table("milliseconds", *SHARES)
    titles = ("POST", "POST to completed, as seen", "POST to completed, server's clock")
    for title, latency in zip(titles, numbers["latency_ms"].values(), strict=True):
        cells = ("—" if value is None else f"{value:,.1f}" for value in latency.values())
        table.add_row(title, *cells)
    console.print(table)
    console.print(f"{numbers['posts_per_second']} POSTs/s, {numbers['jobs_per_second']} jobs/s end to end", end=" ")
    console.print(f"({numbers['posted']} posted, {numbers['ends']}, {numbers['seconds']} s)")
    for name in ("repeated_requests", "failures"):
        if numbers[name]:
            console.print(f"{name.replace('_', ' ')}: {numbers[name]}")


def main(args: Sequence[str] | None = None) -> int:
    """Run it; return the exit code."""
    options = arguments(args)
    console = Console()
    try:
        to = target(options, Path(os.environ.get("JOBFLOW_STATE_DIR", ROOT / ".jobflow")))
        outcome = asyncio.run(run(to, options, console))
    except (Refused, httpx.HTTPError) as error:
        print(str(error) or type(error).__name__, file=sys.stderr)
        return 1
    numbers = summary(outcome)
    if options.json:
        print(json.dumps(numbers, indent=2))
    else:
        show(numbers, console)
    return 0 if outcome.good else 1


if __name__ == "__main__":
    sys.exit(main())
