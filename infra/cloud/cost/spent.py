"""Compute what a stage has cost in past days, from what AWS has counted about it. Pure."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from typing import Any

from chalicelib.job_types.queue import first_key
from chalicelib.jobs.constants import FIFO_ENDING
from chalicelib.usage.constants import MILLION
from infra.cloud.cost.calculation import Line, total
from infra.cloud.cost.prices import PRICES, Prices
from infra.definition.monitoring.metrics import Metric, function, queue

DAYS = 30
"""Maximum number of days; a month of the bill has as many."""
REST_REQUEST = 3.50
"""Dollars of a million requests of a REST API, which stages of earlier versions had. CloudWatch still knows its
requests by the stack's name when it is gone."""
OF_A_BATCH = 3
"""Requests to SQS for a batch: receive it, shorten its visibility timeout, delete it. An invocation of a worker has one
batch."""
NOT_IN_IT = (
    "starts of processes (INIT), further 512 KB of large requests, CloudFront, S3, KMS, secrets, WAF, "
    "point-in-time recovery, data sent out, other services that job functions use, free allowances, "
    "and the prices of other regions"
)
CENT = 0.005
"""Smallest sum of a function that is shown, in dollars."""


@dataclass(frozen=True, slots=True)
class Stage:
    """List what a stage consists of, by physical names.

    `apis`: ids of HTTP APIs. `functions`: memory in MB. `tables`: the names of the indexes. `gigabytes`: the present
    size of the tables with their indexes. `alarms`: the number of metrics in alarms.
    """

    stack: str
    apis: Sequence[str] = ()
    functions: Mapping[str, int] = field(default_factory=dict)
    queues: Sequence[str] = ()
    tables: Mapping[str, Sequence[str]] = field(default_factory=dict)
    log_groups: Sequence[str] = ()
    gigabytes: float = 0.0
    alarms: int = 0
    metrics: int = 0
    dashboards: int = 0


@dataclass(frozen=True, slots=True)
class Spent:
    """The bill of some days: its lines, the sum of each function with its queue, and how many jobs have ended."""

    stack: str
    start: datetime
    days: int
    lines: Sequence[Line]
    functions: Mapping[str, float]
    jobs: int

    @property
    def dollars(self) -> float:
        """Return the sum."""
        return total(self.lines)

    @property
    def per_million(self) -> float | None:
        """Return the dollars of a million jobs; None if no job has ended."""
        return self.dollars / self.jobs * MILLION if self.jobs else None

    def as_json(self) -> dict[str, Any]:
        """Return the bill for programs; amounts are not rounded."""
        return {
            "stack": self.stack,
            "from": f"{self.start:%Y-%m-%d}",
            "days": self.days,
            "lines": [asdict(line) for line in self.lines],
            "dollars": self.dollars,
            "functions": dict(self.functions),
            "jobs": self.jobs,
            "dollars_per_million_jobs": self.per_million,
            "not_included": NOT_IN_IT,
            "prices": PRICES.version,
        }

    def lines_of_text(self) -> list[str]:
        """Return the bill for people."""
        last = self.start + timedelta(days=self.days - 1)
        shown = {name: dollars for name, dollars in self.functions.items() if dollars >= CENT}
        each = "" if self.per_million is None else f", ${self.per_million:,.2f} for a million"
        return [
            f"{self.stack}, {self.start:%Y-%m-%d} to {last:%Y-%m-%d} (UTC, {self.days} full days)",
            *(f"{line.what:<36}{line.amount:>18,.2f}  ${line.dollars:>8,.2f}" for line in self.lines),
            f"{'':<54}  ${self.dollars:>8,.2f}",
            *(["", "Of this, each function with its queue, without logs and tables"] if shown else []),
            *(f"{name:<54}  ${dollars:>8,.2f}" for name, dollars in shown.items()),
            "",
            f"{self.jobs:,} jobs have ended in these days{each}.",
            f"Not in it: {NOT_IN_IT}.",
            f"Prices of {PRICES.version}, us-east-1.",
        ]


def asked(stage: Stage) -> list[tuple[str, Metric]]:
    """Return the metrics that the bill needs, each with the name of the sum to which it belongs."""
    return [
        ("rest", Metric("AWS/ApiGateway", "Count", {"ApiName": stage.stack})),
        *(("http", Metric("AWS/ApiGateway", "Count", {"ApiId": one})) for one in stage.apis),
        *(("invoked " + name, function(name, "Invocations")) for name in stage.functions),
        *(("ran " + name, function(name, "Duration")) for name in stage.functions),
        *(("sent " + name, queue(name, "NumberOfMessagesSent", "Sum")) for name in stage.queues),
        *(("empty " + name, queue(name, "NumberOfEmptyReceives", "Sum")) for name in stage.queues),
        *(
            (what, Metric("AWS/DynamoDB", metric, {"TableName": name, **where}))
            for name, indexes in stage.tables.items()
            for where in ({}, *({"GlobalSecondaryIndexName": index} for index in indexes))
            for what, metric in (("written", "ConsumedWriteCapacityUnits"), ("read", "ConsumedReadCapacityUnits"))
        ),
        *(("logged", Metric("AWS/Logs", "IncomingBytes", {"LogGroupName": name})) for name in stage.log_groups),
    ]


def spent(
    stage: Stage, counted: Mapping[str, float], start: datetime, days: int, jobs: int, prices: Prices = PRICES
) -> Spent:
    """Return the bill, from the sums of `asked`."""
    got, share = Counter[str](), days / DAYS
    got.update(counted)
    sqs = {name: _requests_of(name, got) for name in stage.queues}
    ran = {name: got["ran " + name] / 1000 * memory / 1024 for name, memory in stage.functions.items()}
    invoked = sum(got["invoked " + name] for name in stage.functions)
    of_sqs = {name: number * _price(name, prices) / MILLION for name, number in sqs.items()}
    of_worker: dict[str, float] = {}
    for name, dollars in of_sqs.items():
        worker = _worker(name, stage)
        of_worker[worker] = of_worker.get(worker, 0.0) + dollars
    second, call = prices.lambda_gb_second_arm / MILLION, prices.lambda_request / MILLION
    functions = {
        name: ran[name] * second + got["invoked " + name] * call + of_worker.get(name, 0.0) for name in stage.functions
    }
    rest = [_line("API Gateway requests, REST", got["rest"], REST_REQUEST / MILLION)] if got["rest"] else []
    lines = [
        *rest,
        _line("API Gateway requests", got["http"], prices.api_request / MILLION),
        _line("Lambda requests", invoked, call),
        _line("Lambda GB-seconds", sum(ran.values()), second),
        Line("SQS requests, about", sum(sqs.values()), sum(of_sqs.values())),
        _line("DynamoDB write units", got["written"], prices.write_unit / MILLION),
        _line("DynamoDB read units", got["read"], prices.read_unit / MILLION),
        _line("DynamoDB GB-months, of today's size", stage.gigabytes * share, prices.table_gb_month),
        _line("Log GB", got["logged"] / 1e9, prices.log_gb),
        _line("Months of metrics of alarms", stage.alarms * share, prices.alarm_metric_month),
        _line("Months of custom metrics, at most", stage.metrics * share, prices.metric_month),
        _line("Months of CloudWatch dashboards", stage.dashboards * share, prices.dashboard_month),
    ]
    dearest = sorted(functions.items(), key=lambda one: -one[1])
    return Spent(stage.stack, start, days, lines, dict(dearest), jobs)


def _line(what: str, amount: float, price: float) -> Line:
    return Line(what, amount, amount * price)


def _worker(name: str, stage: Stage) -> str:
    """Return the name of the function that receives from a queue."""
    plain = name.removesuffix(FIFO_ENDING)
    return plain if plain in stage.functions else first_key(plain)


def _requests_of(name: str, got: Mapping[str, float]) -> float:
    """Return about how many requests a queue had: SQS counts messages, and only empty receives as requests."""
    worker = name.removesuffix(FIFO_ENDING)
    return got["sent " + name] + got["empty " + name] + OF_A_BATCH * got["invoked " + worker]


def _price(name: str, prices: Prices) -> float:
    return prices.sqs_fifo_request if name.endswith(FIFO_ENDING) else prices.sqs_request
