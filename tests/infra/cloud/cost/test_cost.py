"""The bill: what an idle stage costs a month, and a million jobs, from requests that were really made."""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from chalicelib.api.models.schemas import MOST_IN_BATCH
from chalicelib.job_types import jobtype
from infra.cloud.cost import calculation as cost
from infra.cloud.cost.calculation import (
    ALONE,
    BATCHES,
    BUSY,
    per_million,
    total,
)
from infra.definition import StreamTrigger, functions
from tests.chalicelib.api.support import only_types
from tests.infra.cloud.acting import STACK, Stage, stage
from tests.support import Clock, built_in

MAIL = {"to": ["success@example.com"], "subject": "Hello", "text": "Hello"}
TYPES = built_in()


@dataclass(frozen=True)
class Done:
    """What a job, or a batch of them, asked for: requests, write units by (function, table), changes in the stream."""

    requests: Counter[str]
    units: dict[tuple[str, str], int]
    changes: int


def run(acting: Stage, post: Callable[[], Any], known: int) -> Done:
    """Post, work off and count; `known` is how many records of the stream are counted already."""
    acting.recorder.needed.clear()
    acting.recorder.units.clear()
    status, answer = post()
    assert status in (200, 201), answer
    while acting.work(jobtype.get("email.send")):
        pass
    changes = acting.count(known) - known
    acting.recorder.settle()
    requests = sum(acting.recorder.needed.values(), Counter[str]())
    return Done(requests, dict(acting.recorder.units), changes)


@pytest.fixture(scope="module")
def done() -> Iterator[dict[str, Done]]:
    """Post one job alone, and 25 in one request, and follow them to their end. A job before begins the rate's window.

    The clock stands still: in a window or a minute that begins between two requests there is one write more.
    """
    one = {"type": "email.send", "payload": MAIL}
    with only_types(*TYPES), pytest.MonkeyPatch.context() as environment, stage(environment, Clock()) as acting:
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


def test_a_batch_is_cheaper_by_what_its_jobs_share(done: dict[str, Done]) -> None:
    batch, asked = done["batch"], by_service(done["batch"].requests)
    assert asked["sqs:SendMessage"] == 3
    assert asked["jobs writes"] == 3 * MOST_IN_BATCH
    assert batch.units["api", f"{STACK}-control"] == cost.REQUEST_WRITE_UNITS
    assert (
        sum(n for (_, table), n in batch.units.items() if table == f"{STACK}-jobs") == cost.WRITE_UNITS * MOST_IN_BATCH
    )
    assert batch.units["counters", f"{STACK}-control"] == cost.COUNTED_ROWS


def test_a_million_jobs_cost_what_was_aimed_at() -> None:
    sums = {load.name: total(per_million(load.of_one_job())) for load in (ALONE, BUSY, BATCHES)}
    assert sums["busy"] <= 9.8
    assert sums["25 a request"] <= 4.85
    assert sums["alone"] <= 14.5
