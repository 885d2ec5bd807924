"""Post many jobs and follow each to its end, with bounded concurrency. `load_test.py` is the command."""

import asyncio
import math
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import httpx

ENDS = frozenset({"completed", "failed", "dead_letter", "cancelled"})
LONGEST_RETRY_AFTER = 60.0
FIRST_BACKOFF, LONGEST_BACKOFF = 0.1, 5.0

Tell = Callable[[str], None]
"""Called with "posted" and "ended", once for each job."""


@dataclass(frozen=True, slots=True)
class Plan:
    """The plan of a run: `count` jobs of one type; `poll` and `timeout` (of each job) in seconds.

    At most `concurrency` requests that post and as many that follow run at a time.
    """

    type: str
    payload: Any
    count: int
    concurrency: int = 50
    poll: float = 0.25
    timeout: float = 120.0
    wait: bool = False
    """Post the next job only when the last one ended: latency without a backlog."""


@dataclass
class Outcome:
    """The results. Latencies in milliseconds: of POSTs, from POST to completed as seen, and by the server's clock."""

    posts: list[float] = field(default_factory=list)
    seen: list[float] = field(default_factory=list)
    server: list[float] = field(default_factory=list)
    ends: Counter[str] = field(default_factory=Counter)
    repeats: Counter[str] = field(default_factory=Counter)
    failures: Counter[str] = field(default_factory=Counter)
    posting_seconds: float = 0.0
    seconds: float = 0.0

    @property
    def good(self) -> bool:
        """Return True when every planned job completed."""
        return not self.failures and set(self.ends) <= {"completed"}


class Failed(Exception):
    """A job could not be posted, or did not end in time."""


def percentile(values: Sequence[float], share: float) -> float | None:
    """Return the nearest-rank percentile: the smallest value that a `share` (0-1] does not pass; None if empty."""
    if not values:
        return None
    return sorted(values)[math.ceil(share * len(values)) - 1]


def retry_after(header: str | None, tries: int) -> float:
    """Return the seconds before the same request again: those of the server, else doubling; always bounded."""
    try:
        asked = float(header or "")
    except ValueError:
        asked = math.nan
    if math.isfinite(asked) and asked >= 0:
        return min(asked, LONGEST_RETRY_AFTER)
    return min(LONGEST_BACKOFF, FIRST_BACKOFF * float(2 ** min(tries, 16)))


def milliseconds(earlier: str, later: str) -> float:
    """Return the milliseconds between two of the API's timestamps."""
    return (datetime.fromisoformat(later) - datetime.fromisoformat(earlier)).total_seconds() * 1000


class Load:
    """One run against one API."""

    def __init__(self, plan: Plan, client: httpx.AsyncClient, tell: Tell) -> None:
        self._plan = plan
        self._client = client
        self._tell = tell
        self._to_follow: asyncio.Queue[tuple[str, float] | None] = asyncio.Queue()
        self._outcome = Outcome()

    async def run(self) -> Outcome:
        """Post and follow all jobs; what goes wrong is counted, not raised."""
        started = time.perf_counter()
        numbers = iter(range(self._plan.count))
        async with asyncio.TaskGroup() as group:
            for _ in range(self._plan.concurrency):
                group.create_task(self._follow_all())
            await asyncio.gather(*(self._post_all(numbers) for _ in range(self._plan.concurrency)))
            self._outcome.posting_seconds = time.perf_counter() - started
            for _ in range(self._plan.concurrency):
                self._to_follow.put_nowait(None)
        self._outcome.seconds = time.perf_counter() - started
        return self._outcome

    async def _post_all(self, numbers: Iterator[int]) -> None:
        for _ in numbers:
            try:
                job_id, began = await self._post()
            except (Failed, httpx.HTTPError) as error:
                self._failed("POST", error)
                self._tell("ended")
            else:
                if self._plan.wait:
                    await self._follow(job_id, began)
                else:
                    self._to_follow.put_nowait((job_id, began))
            self._tell("posted")

    async def _post(self) -> tuple[str, float]:
        """Post one job, waiting out refusals; its id, and when the request that succeeded began."""
        body = {"type": self._plan.type, "payload": self._plan.payload}
        deadline = time.perf_counter() + self._plan.timeout
        tries = 0
        while True:
            began = time.perf_counter()
            answer = await self._client.post("/jobs", json=body)
            if answer.is_success:
                self._outcome.posts.append((time.perf_counter() - began) * 1000)
                return str(answer.json()["id"]), began
            wait = retry_after(answer.headers.get("Retry-After"), tries)
            passing = answer.status_code == httpx.codes.TOO_MANY_REQUESTS or answer.is_server_error
            if not passing or time.perf_counter() + wait > deadline:
                raise Failed(str(answer.status_code))
            self._outcome.repeats[f"POST {answer.status_code}"] += 1
            tries += 1
            await asyncio.sleep(wait)

    async def _follow_all(self) -> None:
        """Follow the oldest job first: the others finish meanwhile, and their first look finds them finished."""
        while (following := await self._to_follow.get()) is not None:
            await self._follow(*following)

    async def _follow(self, job_id: str, began: float) -> None:
        try:
            self._ended(await self._end(job_id, began + self._plan.timeout), began)
        except (Failed, httpx.HTTPError) as error:
            self._failed("GET", error)
        self._tell("ended")

    async def _end(self, job_id: str, deadline: float) -> Any:
        while True:
            answer = await self._client.get(f"/jobs/{job_id}")
            if answer.is_success and answer.json()["status"] in ENDS:
                return answer.json()
            if not answer.is_success:
                self._outcome.repeats[f"GET {answer.status_code}"] += 1
            if time.perf_counter() > deadline:
                raise Failed("the job did not end in time" if answer.is_success else str(answer.status_code))
            await asyncio.sleep(self._plan.poll)

    def _ended(self, job: Any, began: float) -> None:
        self._outcome.ends[job["status"]] += 1
        if job["status"] == "completed":
            self._outcome.seen.append((time.perf_counter() - began) * 1000)
            self._outcome.server.append(milliseconds(job["created_at"], job["finished_at"]))

    def _failed(self, request: str, error: Exception) -> None:
        self._outcome.failures[f"{request}: {str(error) or type(error).__name__}"] += 1
