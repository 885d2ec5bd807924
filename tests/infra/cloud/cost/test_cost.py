"""The bill: what an idle stage costs a month, and a million jobs, from requests that were really made."""

import contextlib
import io
import json
import logging
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import boto3
import pytest

from chalicelib.adapters.dynamo.tables.sizes import item_size
from chalicelib.api.models.schemas import MOST_IN_BATCH
from chalicelib.job_types import jobtype
from chalicelib.telemetry.emf import SERVICE
from chalicelib.telemetry.logger import logger
from infra.cloud.cost import calculation as cost
from infra.cloud.cost.calculation import (
    ALONE,
    BATCHES,
    BUSY,
    per_million,
    total,
)
from infra.definition import StreamTrigger, functions
from infra.definition.names import APP
from tests.chalicelib.api.support import only_types
from tests.infra.cloud.acting import REGION, STACK, Stage, stage
from tests.infra.cloud.cost.units import Item, indexes_of
from tests.support import Clock, built_in

MAIL = {"to": ["success@example.com"], "subject": "Hello", "text": "Hello"}
TYPES = built_in()
EVENT_OVERHEAD = 26
"""Bytes that CloudWatch Logs adds to every event."""
STORED_WITH = 100
"""Bytes that DynamoDB adds to every item and index entry when it bills for storage."""
LONGER_NAME = len(f"{APP}-prod") - len(SERVICE)
"""Bytes by which the name in a line of metrics is longer in the cloud than in these tests."""
OF_THE_JOB = {"email.sent"}
"""Lines that the job itself writes; like SES, they come on top."""


@dataclass(frozen=True)
class Done:
    """What a job, or a batch of them, asked for and wrote: requests, write units by (function, table), log lines."""

    requests: Counter[str]
    units: dict[tuple[str, str], int]
    lines: list[dict[str, Any]]
    changes: int
    row: Item
    """The main item of the job, if it is one."""

    def kilobytes(self) -> float:
        """What CloudWatch would bill for the lines, but for those of the jobs themselves."""
        paid = [line for line in self.lines if line.get("message") not in OF_THE_JOB]
        written = sum(len(json.dumps(line, separators=(",", ":"))) + EVENT_OVERHEAD for line in paid)
        return (written + LONGER_NAME * sum("service" in line for line in paid)) / 1000

    def told(self) -> list[str]:
        """The names of the lines; metrics are "-"."""
        return [line.get("message", "-") for line in self.lines if line.get("message") not in OF_THE_JOB]


@contextlib.contextmanager
def logged() -> Iterator[io.StringIO]:
    """Everything that the functions write while this lasts."""
    written = io.StringIO()
    (handler,) = (h for h in logger().handlers if isinstance(h, logging.StreamHandler))
    before = handler.setStream(written)
    with contextlib.redirect_stdout(written):
        yield written
    handler.setStream(before or sys.stdout)


def run(acting: Stage, post: Callable[[], Any], known: int) -> Done:
    """Post, work off and count; `known` is how many records of the stream are counted already."""
    acting.recorder.needed.clear()
    acting.recorder.units.clear()
    with logged() as written:
        status, answer = post()
        assert status in (200, 201), answer
        while acting.work(jobtype.get("email.send")):
            pass
        changes = acting.count(known) - known
    acting.recorder.settle()
    key = {"pk": {"S": answer.get("id", "-")}, "sk": {"S": "META"}}
    row = boto3.client("dynamodb", region_name=REGION).get_item(TableName=f"{STACK}-jobs", Key=key).get("Item", {})
    lines = [json.loads(line) for line in written.getvalue().splitlines() if line.startswith("{")]
    requests = sum(acting.recorder.needed.values(), Counter[str]())
    return Done(requests, dict(acting.recorder.units), lines, changes, row)


@pytest.fixture(scope="module")
def done() -> Iterator[dict[str, Done]]:
    """Post one job alone, and 25 in one request, and follow them to their end. A job before begins the rate's window.

    The clock stands still: in a window or a minute that begins between two requests there is one write more.
    """
    one = {"type": "email.send", "payload": MAIL}
    with only_types(*TYPES), pytest.MonkeyPatch.context() as environment, stage(environment, Clock()) as acting:
        # Lambda sets it for every invocation; nothing of it may get into the lines
        environment.setenv("_X_AMZN_TRACE_ID", "Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=0")
        first = run(acting, lambda: acting.call("POST", "/jobs", one), 0).changes
        alone = run(acting, lambda: acting.call("POST", "/jobs", one), first)
        keyed = run(acting, lambda: acting.call("POST", "/jobs", one, key="order-7"), first + alone.changes)
        first += keyed.changes
        batch = {"jobs": [one] * MOST_IN_BATCH}
        many = run(acting, lambda: acting.call("POST", "/jobs/batch", batch), first + alone.changes)
        yield {"alone": alone, "keyed": keyed, "batch": many}


def by_service(requests: Counter[str]) -> Counter[str]:
    asked: Counter[str] = Counter()
    for need, count in requests.items():
        service, action, *where = need.split(":")
        write = action in ("PutItem", "UpdateItem")
        asked[f"{where[0].partition('/')[0]} writes" if write else f"{service}:{action}"] += count
    return asked


def test_requests_of_a_job_are_those_that_are_priced(done: dict[str, Done]) -> None:
    assert by_service(done["alone"].requests) == {
        "jobs writes": 3,
        "control writes": 1 + cost.COUNTED_ROWS,
        "sqs:SendMessage": 1,
        "sqs:ChangeMessageVisibility": 1,
        "ses:SendEmail": 1,
    }
    # Lambda's poller adds a receive and a delete for each batch
    assert cost.ALONE.of_one_job()["sqs_request"] == 2 + 2


def test_a_key_costs_a_read(done: dict[str, Done]) -> None:
    assert by_service(done["keyed"].requests) - by_service(done["alone"].requests) == {"dynamodb:GetItem": 1}
    assert done["keyed"].units == done["alone"].units


def test_write_units_of_a_job(done: dict[str, Done]) -> None:
    assert done["alone"].units == {
        ("api", f"{STACK}-jobs"): 3,
        ("email-send", f"{STACK}-jobs"): 3,
        ("api", f"{STACK}-control"): cost.REQUEST_WRITE_UNITS,
        ("counters", f"{STACK}-control"): cost.COUNTED_ROWS,
    }
    assert cost.WRITE_UNITS == 3 + 3
    assert cost.WRITE_UNITS + cost.REQUEST_WRITE_UNITS <= 7


def test_changes_that_a_job_puts_into_the_stream(done: dict[str, Done]) -> None:
    assert (done["alone"].changes, done["batch"].changes) == (cost.CHANGES, MOST_IN_BATCH * cost.CHANGES)
    (trigger,) = [f.trigger for f in functions(TYPES, STACK) if isinstance(f.trigger, StreamTrigger)]
    assert trigger.batch_size == cost.STREAM_BATCH


def test_lines_of_a_job_that_is_posted_alone(done: dict[str, Done]) -> None:
    alone = done["alone"]
    # the worker's metrics, and the counters'
    assert sorted(alone.told()) == ["-", "-", "attempt.completed", "attempt.started", "job.created"]
    paid = cost.ALONE.of_one_job()["log_kb"]
    assert 0.95 * paid <= alone.kilobytes() <= paid
    assert all("xray_trace_id" not in line for line in alone.lines)


def test_a_batch_is_cheaper_by_what_its_jobs_share(done: dict[str, Done]) -> None:
    batch, priced = done["batch"], cost.BATCHES.of_one_job()
    asked = by_service(batch.requests)
    assert asked["sqs:SendMessage"] == 3
    assert asked["jobs writes"] == 3 * MOST_IN_BATCH
    assert batch.units["api", f"{STACK}-control"] == cost.REQUEST_WRITE_UNITS
    assert (
        sum(n for (_, table), n in batch.units.items() if table == f"{STACK}-jobs") == cost.WRITE_UNITS * MOST_IN_BATCH
    )
    assert batch.units["counters", f"{STACK}-control"] == cost.COUNTED_ROWS
    assert Counter(batch.told()) == {
        "job.created": MOST_IN_BATCH, "attempt.started": MOST_IN_BATCH, "attempt.completed": MOST_IN_BATCH,
        "api.request": 1, "-": 3 + 1,
    }  # fmt: skip
    assert 0.95 * priced["log_kb"] <= batch.kilobytes() / MOST_IN_BATCH <= priced["log_kb"] + 0.01


def test_what_a_finished_job_takes_up(done: dict[str, Done]) -> None:
    row = done["alone"].row
    assert row["status"] == {"S": "completed"}
    there = {}
    for index in indexes_of(f"{STACK}-jobs"):
        keys = [key["AttributeName"] for key in index["KeySchema"]]
        if all(name in row for name in keys):
            kept_in = {"pk", "sk", *keys, *index["Projection"].get("NonKeyAttributes", [])}
            there[index["IndexName"]] = item_size({name: value for name, value in row.items() if name in kept_in})
    assert there.keys() == {"all"}
    assert 0.9 * cost.ENTRY_BYTES <= there["all"] <= cost.ENTRY_BYTES
    assert cost.ENTRY_KB == (cost.ENTRY_BYTES + STORED_WITH) / 1000
    assert 0.9 * cost.JOB_KB <= (item_size(row) + STORED_WITH) / 1000 <= cost.JOB_KB


def test_a_million_jobs_cost_what_was_aimed_at() -> None:
    sums = {load.name: total(per_million(load.of_one_job())) for load in (ALONE, BUSY, BATCHES)}
    assert sums["busy"] <= 9.8
    assert sums["25 a request"] <= 4.85
    assert sums["alone"] <= 14.5
