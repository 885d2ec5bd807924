"""Post many jobs to a running API, follow each to its end, and print the durations: `make load`.

Address and token come from `.jobflow/dev.json` of a running `make dev`, unless they are given. It obeys the server's
rate limit. Start the platform with RATE_LIMIT_MAX=1000000; otherwise this program measures only the rate limit. It
exits with 1 unless every job completed.
"""

import argparse
import asyncio
import ipaddress
import json
import math
import os
import sys
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx

ROOT = Path(__file__).parents[1]
ENDS = frozenset({"completed", "failed", "dead_letter", "cancelled"})
SHARES = {"p50": 0.5, "p95": 0.95, "p99": 0.99}
POLL_SECONDS = 0.25
FIRST_BACKOFF, LONGEST_WAIT = 0.1, 60.0


class Refused(Exception):
    """The run cannot begin; the message says what to do."""


class Failed(Exception):
    """A job could not be posted, or did not end in time."""


@dataclass(frozen=True, slots=True)
class Target:
    """The API to test, and the token to use."""

    url: str
    token: str


@dataclass
class Outcome:
    """The results.

    Latencies are in milliseconds: of the POST; from the POST until completion was seen; from creation to completion,
    by the server's clock; and from an event until a worker ran the job that waited for it, by the server's clock.
    """

    posts: list[float] = field(default_factory=list)
    seen: list[float] = field(default_factory=list)
    server: list[float] = field(default_factory=list)
    woken: list[float] = field(default_factory=list)
    ends: Counter[str] = field(default_factory=Counter)
    repeats: Counter[str] = field(default_factory=Counter)
    failures: Counter[str] = field(default_factory=Counter)
    posting_seconds: float = 0.0
    seconds: float = 0.0


def arguments(args: Sequence[str] | None = None) -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(prog="make load", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--url", help="the API (default: that of the running `make dev`)")
    parser.add_argument("--token", help="a token that may create jobs (default: that of the running `make dev`)")
    parser.add_argument("--type", default="email.send", help="the job type; its example is the payload")
    parser.add_argument("--payload", type=json.loads, default={}, help="fields that replace the example's (JSON)")
    parser.add_argument("--event", help="post this event to each job that waits for it, and measure until it runs")
    parser.add_argument("--count", type=int, default=200, help="how many jobs (default 200)")
    parser.add_argument("--concurrency", type=int, default=50, help="requests at a time (default 50)")
    parser.add_argument("--timeout", type=float, default=120.0, help="seconds that a job may take")
    parser.add_argument(
        "--i-know-this-is-not-loopback",
        action="store_true",
        help="allow an address that is not this machine's own: a load test of someone else's server is an attack",
    )
    return parser.parse_args(args)


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
    # send the local token only to the local API
    token = options.token or (running.get("token") if url == running.get("api") else None)
    if not token:
        raise Refused("Give a token that may create jobs: --token jf_…")
    return Target(url.rstrip("/"), token)


async def run(to: Target, options: argparse.Namespace) -> Outcome:
    """Post and follow all jobs. Raises Refused, and httpx.HTTPError if the API does not answer."""
    async with httpx.AsyncClient(
        base_url=to.url,
        headers={"Authorization": f"Bearer {to.token}"},
        timeout=30,
        limits=httpx.Limits(max_connections=2 * options.concurrency),
        trust_env=not loopback(to.url),  # use no proxy for this machine, because a proxy cannot reach it
    ) as client:
        payload = {**await example(client, options.type), **options.payload}
        load = Load(client, {"type": options.type, "payload": payload}, options.timeout, options.event)
        return await load.run(options.count, options.concurrency)


async def example(client: httpx.AsyncClient, job_type: str) -> Any:
    """Return a valid payload of that type. Raises Refused."""
    answer = await client.get("/job-types")
    if not answer.is_success:
        raise Refused(f"GET /job-types answered {answer.status_code}: {answer.text[:200]}")
    known = {kind["type"]: kind["example"] for kind in answer.json()["job_types"]}
    if job_type not in known:
        raise Refused(f"There is no job type {job_type!r}; there are {', '.join(sorted(known))}.")
    return known[job_type]


class Load:
    """One run against one API."""

    def __init__(self, client: httpx.AsyncClient, body: Any, timeout: float, event: str | None = None) -> None:
        self._client, self._body, self._timeout, self._event = client, body, timeout, event
        self._posted: asyncio.Queue[tuple[str, float] | None] = asyncio.Queue()
        self._outcome = Outcome()

    async def run(self, count: int, concurrency: int) -> Outcome:
        """Post and follow all jobs; errors are counted, not raised."""
        began, numbers = time.perf_counter(), iter(range(count))
        async with asyncio.TaskGroup() as group:
            for _ in range(concurrency):
                group.create_task(self._follow_all())
            await asyncio.gather(*(self._post_all(numbers) for _ in range(concurrency)))
            self._outcome.posting_seconds = time.perf_counter() - began
            for _ in range(concurrency):
                self._posted.put_nowait(None)
        self._outcome.seconds = time.perf_counter() - began
        return self._outcome

    async def _post_all(self, numbers: Any) -> None:
        for _ in numbers:
            try:
                self._posted.put_nowait(await self._post())
            except (Failed, httpx.HTTPError) as error:
                self._failed("POST", error)

    async def _post(self) -> tuple[str, float]:
        """Post one job, waiting at the rate limit; return its id, and the start of the successful request."""
        deadline, tries = time.perf_counter() + self._timeout, 0
        while True:
            began = time.perf_counter()
            answer = await self._client.post("/jobs", json=self._body)
            if answer.is_success:
                self._outcome.posts.append((time.perf_counter() - began) * 1000)
                return str(answer.json()["id"]), began
            wait = min(LONGEST_WAIT, float(answer.headers.get("Retry-After", FIRST_BACKOFF * 2 ** min(tries, 6))))
            passing = answer.status_code == httpx.codes.TOO_MANY_REQUESTS or answer.is_server_error
            if not passing or time.perf_counter() + wait > deadline:
                raise Failed(str(answer.status_code))
            self._outcome.repeats[f"POST {answer.status_code}"] += 1
            tries += 1
            await asyncio.sleep(wait)

    async def _follow_all(self) -> None:
        """Follow the oldest job first. Meanwhile the other jobs finish, so that most of them need only one read."""
        while (following := await self._posted.get()) is not None:
            try:
                await self._follow(*following)
            except (Failed, httpx.HTTPError) as error:
                self._failed("GET", error)

    async def _follow(self, job_id: str, began: float) -> None:
        while True:
            answer = await self._client.get(f"/jobs/{job_id}")
            if answer.is_success and (job := answer.json())["status"] in ENDS:
                break
            if self._event and answer.is_success and (job["waits_for"] or {}).get("event") == self._event:
                await self._client.post(f"/jobs/{job_id}/events/{self._event}", json={})
            if not answer.is_success:
                self._outcome.repeats[f"GET {answer.status_code}"] += 1
            if time.perf_counter() > began + self._timeout:
                raise Failed("the job did not end in time" if answer.is_success else str(answer.status_code))
            await asyncio.sleep(POLL_SECONDS)
        self._outcome.ends[job["status"]] += 1
        if job["status"] == "completed":
            self._outcome.seen.append((time.perf_counter() - began) * 1000)
            created, finished = (datetime.fromisoformat(job[name]) for name in ("created_at", "finished_at"))
            self._outcome.server.append((finished - created).total_seconds() * 1000)
            if self._event:
                await self._woken(job)

    async def _woken(self, job: Any) -> None:
        """Measure the time from the event to the start of the attempt after it."""
        answer = await self._client.get(f"/jobs/{job['id']}/steps")
        kept = [step["kept_at"] for step in answer.json()["steps"] if step["kind"] == "event"]
        came, started = datetime.fromisoformat(kept[0]), datetime.fromisoformat(job["started_at"])
        self._outcome.woken.append((started - came).total_seconds() * 1000)

    def _failed(self, request: str, error: Exception) -> None:
        self._outcome.failures[f"{request}: {str(error) or type(error).__name__}"] += 1


def summary(outcome: Outcome) -> dict[str, Any]:
    """Return the numbers: rates per second, latencies in milliseconds."""
    measured = {
        "post": outcome.posts,
        "post_to_completed_seen": outcome.seen,
        "post_to_completed_server": outcome.server,
        **({"event_to_running": outcome.woken} if outcome.woken else {}),
    }
    return {
        "posted": len(outcome.posts),
        "ends": dict(outcome.ends),
        "seconds": round(outcome.seconds, 3),
        "posts_per_second": round(len(outcome.posts) / outcome.posting_seconds, 1),
        "jobs_per_second": round(outcome.ends["completed"] / outcome.seconds, 1),
        "latency_ms": {
            name: {share: _percentile(values, at) for share, at in SHARES.items()} for name, values in measured.items()
        },
        "repeated_requests": dict(outcome.repeats),
        "failures": dict(outcome.failures),
    }


def _percentile(values: Sequence[float], share: float) -> float | None:
    """Return the nearest-rank percentile; None without values."""
    return round(sorted(values)[math.ceil(share * len(values)) - 1], 1) if values else None


def main(args: Sequence[str] | None = None) -> int:
    """Run the load; return the exit code."""
    options = arguments(args)
    try:
        to = target(options, Path(os.environ.get("JOBFLOW_STATE_DIR", ROOT / ".jobflow")))
        numbers = summary(asyncio.run(run(to, options)))
    except (Refused, httpx.HTTPError) as error:
        print(str(error) or type(error).__name__, file=sys.stderr)
        return 1
    print(json.dumps(numbers, indent=2))
    return 0 if numbers["ends"] == {"completed": options.count} else 1


if __name__ == "__main__":
    sys.exit(main())
