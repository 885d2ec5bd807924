"""Compare GET /usage over a simulated month with the ledger: with what AWS would bill for the same requests."""

import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from pydantic import BaseModel

from chalicelib.assembly import parts
from chalicelib.counters.constants import LEAST_RUN_MS
from chalicelib.job_types.function import Function
from chalicelib.job_types.jobtype import JobType
from chalicelib.jobs.constants import DAY
from chalicelib.jobs.job import Status
from chalicelib.jobs.port import Filter
from chalicelib.usage import constants as usage
from chalicelib.usage.constants import COUNTERS_SECONDS, MILLION
from infra.cloud.cost.calculation import kept, total
from infra.cloud.cost.prices import PRICES
from tests.chalicelib.api.support import only_types
from tests.infra.cloud.acting import Stage, stage
from tests.support import Clock

DAYS, DAYS_OF_A_PART, JOBS_A_DAY = 30, 9, 3
NANO = 1_000_000_000


class Asked(BaseModel):
    seconds: float
    fails: int = 0


@dataclass
class Month:
    """A month of jobs on a stage, and what AWS has counted about it."""

    acting: Stage
    clock: Clock
    kinds: list[JobType[Asked, None]]
    chance: random.Random
    ran: Counter[str] = field(default_factory=Counter)
    invoked: Counter[str] = field(default_factory=Counter)
    log_kb: float = 0.0
    jobs: int = 0
    read: int = 0

    def live(self, days: int) -> None:
        """Let each day have some jobs. The counters run after each job; every third day once, after all."""
        self.acting.call("GET", "/me")
        self.acting.recorder.needed.clear()
        self.acting.recorder.units.clear()
        for day in range(days):
            self.clock.advance(DAY - self.clock.now % DAY + 60)
            for _ in range(JOBS_A_DAY):
                self.post()
                while any(self.work(kind) for kind in self.kinds):
                    pass
                if day % 3:
                    self.count()
            self.count()
        self.acting.recorder.settle()

    def post(self) -> None:
        kind = self.chance.choice(self.kinds)
        body = {"seconds": self.chance.choice([0.05, 0.4, 3.0]), "fails": self.chance.choice([0, 0, 0, 1, 2])}
        assert self.acting.call("POST", "/jobs", {"type": kind.name, "payload": body})[0] == 201
        self.jobs += 1
        self.invoked["api"] += 1
        self.log_kb += usage.ACCESS_KB

    def work(self, kind: JobType[Any, Any]) -> bool:
        """Run one invocation of the type, at the time at which a message is visible."""
        begun = self.clock.now
        if not self.acting.work(kind):
            waiting = [
                job
                for job in parts.job_store.page(Filter(type=kind.name, status=Status.RETRYING), 100).jobs
                if job.next_attempt_at
            ]
            due = min((job.next_attempt_at or 0.0 for job in waiting), default=0.0)
            self.clock.now = max(begun, due + 1)
            return bool(waiting)
        self.ran[kind.name] += self.clock.now - begun + usage.WORKER_SECONDS  # type: ignore[assignment]
        self.invoked[kind.name] += 1
        self.log_kb += usage.LOG_KB + usage.METRIC_KB
        return True

    def count(self) -> None:
        before, self.read = self.read, self.acting.count(self.read)
        if self.read > before:
            self.invoked["counters"] += 1
            self.log_kb += usage.METRIC_KB

    def ledger(self) -> float:
        """Return the dollars of the month."""
        memory = {kind.name: kind.function.memory for kind in self.kinds}
        ran = sum(seconds * memory[name] / 1024 for name, seconds in self.ran.items())
        ran += self.invoked["api"] * usage.API_SECONDS * usage.API_MB / 1024
        ran += self.invoked["counters"] * COUNTERS_SECONDS * usage.COUNTERS_MB / 1024
        platform = {"api": usage.API_MB, "counters": usage.COUNTERS_MB}
        starts = {name: usage.COLD_SHARE * usage.INIT_SECONDS * number for name, number in self.invoked.items()}
        ran += sum(seconds * (memory | platform)[name] / 1024 for name, seconds in starts.items())
        asked = sum(self.acting.recorder.needed.values(), Counter[str]())
        workers = sum(self.invoked[name] for name in memory)
        # Lambda's poller adds a receive and a delete for each batch
        sqs = 2 * workers + sum(n for need, n in asked.items() if need.startswith("sqs:"))
        units = sum(self.acting.recorder.units.values())
        return (
            self.jobs * total(kept()) / MILLION
            + self.invoked["api"] * PRICES.api_request / MILLION
            + self.invoked.total() * PRICES.lambda_request / MILLION
            + ran * PRICES.lambda_gb_second_arm / MILLION
            + sqs * PRICES.sqs_request / MILLION
            + units * PRICES.write_unit / MILLION
            + self.log_kb / MILLION * PRICES.log_gb
        )


@pytest.fixture
def month() -> Iterator[Month]:
    clock = Clock()

    def run(payload: Asked, ctx: Any) -> None:
        clock.advance(payload.seconds)
        if ctx.attempt <= payload.fails:
            raise ConnectionError("The server closed the connection.")

    kinds = [JobType(f"test.mb{memory}", run, Asked, function=Function(memory=memory)) for memory in (128, 512, 2_048)]
    with (
        only_types(*kinds),
        pytest.MonkeyPatch.context() as environment,
        stage(environment, clock, JITTER="none") as acting,
    ):
        yield Month(acting, clock, kinds, random.Random(7))


def test_a_month_of_usage_is_the_ledgers_within_five_percent(month: Month, whole: bool) -> None:
    days = DAYS if whole else DAYS_OF_A_PART
    month.live(days)
    billed = month.ledger()
    status, answer = month.acting.call("GET", "/usage?by=day")
    assert status == 200
    told = answer["total"]
    assert told["jobs"] == month.jobs == days * JOBS_A_DAY
    assert told["attempts"] == sum(month.invoked[kind.name] for kind in month.kinds)
    assert told["cost_nano_usd"] / NANO == pytest.approx(billed, rel=0.05)
    by_type = month.acting.call("GET", "/usage")[1]
    assert by_type["total"]["cost_nano_usd"] == told["cost_nano_usd"]
    every = [month.acting.call("GET", f"/jobs/{job.id}", resource="/jobs/{job_id}")[1]
             for job in parts.job_store.page(Filter(), 200).jobs]  # fmt: skip
    attempts = [one["cost_nano_usd"] for job in every for one in job["attempt_history"]]
    assert sum(attempts) == pytest.approx(told["run_nano_usd"] + told["requests_nano_usd"], rel=0.001)
    rest = told["cost_nano_usd"] - told["counting_nano_usd"]
    assert sum(job["cost_nano_usd"] for job in every) == pytest.approx(rest, rel=0.001)
    dearest = month.acting.call("GET", "/usage?dearest=10")[1]["dearest"]
    told_by_job = {job["id"]: [one["cost_nano_usd"] for one in job["attempt_history"]] for job in every}
    long = [one for job in every for one in job["attempt_history"] if one["duration_ms"] >= LEAST_RUN_MS]
    most = sorted((one["cost_nano_usd"] for one in long), reverse=True)[:10]
    assert [run["cost_nano_usd"] for run in dearest] == most
    assert all(run["cost_nano_usd"] in told_by_job[run["job_id"]] for run in dearest)
