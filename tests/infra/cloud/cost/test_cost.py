"""Count the AWS requests of a job from real requests, and the additional requests for each option of its type."""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import pytest
from pydantic import BaseModel

from chalicelib.api.constants import MOST_IN_BATCH
from chalicelib.assembly import parts
from chalicelib.job_types import jobtype
from chalicelib.job_types.failing import Failing
from chalicelib.job_types.jobtype import JobType
from chalicelib.job_types.rate import Rate
from chalicelib.job_types.unique import Unique
from chalicelib.usage import constants as usage
from chalicelib.usage.constants import READS_OF_A_KEY
from infra.cloud.cost import calculation as cost
from infra.cloud.cost.calculation import (
    ALONE,
    BATCHES,
    BUSY,
    per_million,
    total,
)
from infra.cloud.cost.extras import OPTIONS
from infra.cloud.cost.settings import SIGN_IN_WRITES
from infra.definition import StreamTrigger, functions
from tests.chalicelib.api.support import only_types
from tests.chalicelib.sessions.issuer import SECRET, SETTING, Issuer
from tests.infra.cloud.acting import STACK, Stage, stage
from tests.support import Clock, built_in

MAIL = {"to": ["success@example.com"], "subject": "Hello", "text": "Hello"}
TYPES = built_in()


@dataclass(frozen=True)
class Done:
    """The needs of a job or a batch: requests, write units by (function, table), changes in the stream."""

    requests: Counter[str]
    units: dict[tuple[str, str], int]
    changes: int


def run(acting: Stage, post: Callable[[], Any], known: int) -> Done:
    """Post, process and count; `known` is the number of stream records that are already counted."""
    acting.call("GET", "/me")  # the process reads the token once in ten seconds, however many requests it answers
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
def done() -> dict[str, Done]:
    """Post one job alone, and 25 in one request, and follow them until they end.

    An earlier job starts the rate's window.

    The clock stands still, because a window or a minute that begins between two requests needs one more write.
    """
    one = {"type": "email.send", "payload": MAIL}
    with only_types(*TYPES), pytest.MonkeyPatch.context() as environment, stage(environment, Clock()) as acting:
        first = run(acting, lambda: acting.call("POST", "/jobs", one), 0).changes
        alone = run(acting, lambda: acting.call("POST", "/jobs", one), first)
        keyed = run(acting, lambda: acting.call("POST", "/jobs", one, key="order-7"), first + alone.changes)
        first += keyed.changes
        batch = {"jobs": [one] * MOST_IN_BATCH}
        many = run(acting, lambda: acting.call("POST", "/jobs/batch", batch), first + alone.changes)
        return {"alone": alone, "keyed": keyed, "batch": many}


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
        "control writes": 1 + usage.COUNTED_ROWS,
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
        ("api", f"{STACK}-control"): usage.REQUEST_WRITE_UNITS,
        ("counters", f"{STACK}-control"): usage.COUNTED_ROWS,
    }
    assert cost.WRITE_UNITS == 3 + 3
    assert cost.WRITE_UNITS + usage.REQUEST_WRITE_UNITS <= 7


def test_changes_that_a_job_puts_into_the_stream(done: dict[str, Done]) -> None:
    assert (done["alone"].changes, done["batch"].changes) == (cost.CHANGES, MOST_IN_BATCH * cost.CHANGES)
    streams = {f.short: f.trigger for f in functions(TYPES, STACK) if isinstance(f.trigger, StreamTrigger)}
    trigger = streams["counters"]
    assert trigger.batch_size == cost.STREAM_BATCH


def test_a_batch_is_cheaper_by_what_its_jobs_share(done: dict[str, Done]) -> None:
    batch, asked = done["batch"], by_service(done["batch"].requests)
    assert asked["sqs:SendMessage"] == 3
    assert asked["jobs writes"] == 3 * MOST_IN_BATCH
    assert batch.units["api", f"{STACK}-control"] == usage.REQUEST_WRITE_UNITS
    assert (
        sum(n for (_, table), n in batch.units.items() if table == f"{STACK}-jobs") == cost.WRITE_UNITS * MOST_IN_BATCH
    )
    assert batch.units["counters", f"{STACK}-control"] == usage.COUNTED_ROWS


def test_write_units_of_a_sign_in(monkeypatch: pytest.MonkeyPatch) -> None:
    issuer = Issuer()
    with only_types(*TYPES), stage(monkeypatch, issuer.clock, SIGN_IN=SETTING) as acting:
        parts.issuer_documents = issuer.get
        acting.recorder.units.clear()
        status, answer = acting.call("POST", "/session", {"id_token": issuer.token(), "secret": SECRET})
        assert status == 201, answer
        acting.recorder.settle()
        assert acting.recorder.units == {("api", f"{STACK}-control"): SIGN_IN_WRITES}


def test_a_million_jobs_cost_what_was_aimed_at() -> None:
    sums = {load.name: total(per_million(load.of_one_job())) for load in (ALONE, BUSY, BATCHES)}
    assert sums["busy"] <= 9.8
    assert sums["25 a request"] <= 4.85
    assert sums["alone"] <= 14.5


JOBS, CONTROL = f"{STACK}-jobs", f"{STACK}-control"


class Letter(BaseModel):
    """A payload."""

    customer: str
    number: int = 0


def a_type(name: str, **options: Any) -> JobType[Letter, str]:
    return JobType(f"test.{name}", lambda _payload, _ctx: "done", Letter, **options)


PLAIN = a_type("plain")
KINDS: dict[str, JobType[Letter, str]] = {
    "serial_by": a_type("serial", serial_by="customer"),
    "fair_by": a_type("fair", fair_by="customer"),
    "rate": a_type("rate", rate=Rate(14)),
    "pause_when": a_type("pause", pause_when=Failing()),
    "unique": a_type("unique", unique=Unique(seconds=60)),
}


@dataclass(frozen=True)
class Life:
    """The requests of one job from its POST to its end: requests by operation, write units by table."""

    requests: Counter[str]
    units: Counter[str]


def live(acting: Stage, clock: Clock, kind: JobType[Letter, str]) -> Life:
    """Process a second job of the type, because the first one also creates rows that stay."""
    for number in (1, 2):
        clock.advance(10)
        begin(acting, kind, number)
        assert acting.work(kind) == 1
    return asked_for(acting)


def wait_for_a_turn(acting: Stage, clock: Clock) -> Life:
    """Process a job that is received while no start is free in the next 20 seconds, and again at its turn."""
    kind = KINDS["rate"]
    parts.turns.turns(kind.name, Rate(14), 20 * 14, clock.now)
    begin(acting, kind, 3)
    assert [acting.work(kind), acting.work(kind)] == [1, 0], "its message is hidden"
    clock.advance(30)
    assert acting.work(kind) == 1
    return asked_for(acting)


def begin(acting: Stage, kind: JobType[Letter, str], number: int) -> None:
    acting.call("GET", "/me")  # the process reads the token once in ten seconds, however many requests it answers
    acting.recorder.settle()
    acting.recorder.needed.clear()
    acting.recorder.units.clear()
    body = {"type": kind.name, "payload": {"customer": "acme", "number": number}}
    assert acting.call("POST", "/jobs", body)[0] == 201


def asked_for(acting: Stage) -> Life:
    acting.recorder.settle()
    asked = Counter[str]()
    for need, times in sum(acting.recorder.needed.values(), Counter[str]()).items():
        service, action, *where = need.split(":")
        asked[f"{action} {where[0].partition('/')[0] if service == 'dynamodb' else service}"] += times
    units = Counter[str]()
    for (_, table), spent in acting.recorder.units.items():
        units[table] += spent
    return Life(asked, units)


@pytest.fixture(scope="module")
def lives() -> Mapping[str, Life]:
    clock = Clock()
    with (
        only_types(PLAIN, *KINDS.values()),
        pytest.MonkeyPatch.context() as environment,
        stage(environment, clock, RATE_LIMIT_MAX="0") as acting,
    ):
        played = {name: live(acting, clock, kind) for name, kind in {"none": PLAIN, **KINDS}.items()}
        return {**played, "turn": wait_for_a_turn(acting, clock)}


def test_a_job_of_a_type_that_declares_nothing_asks_for_what_it_always_did(lives: Mapping[str, Life]) -> None:
    assert lives["none"].requests == {
        "SendMessage sqs": 1, "PutItem jobs": 1, "UpdateItem jobs": 2, "ChangeMessageVisibility sqs": 1,
    }  # fmt: skip
    assert lives["none"].units == {JOBS: 6}


MORE: Mapping[str, tuple[dict[str, int], dict[str, int]]] = {
    "serial_by": ({"GetItem jobs": READS_OF_A_KEY, "UpdateItem jobs": 1}, {JOBS: 1}),
    "fair_by": ({}, {}),
    "rate": ({"GetItem control": 1, "UpdateItem control": 1}, {CONTROL: 1}),
    "pause_when": ({"GetItem control": 2}, {}),
    # stored before it is sent, because another request may decide which job is stored; so it is marked as sent
    "unique": ({"GetItem jobs": 1, "UpdateItem jobs": 2}, {JOBS: 2}),
}


@pytest.mark.parametrize("option", OPTIONS)
def test_an_option_adds_what_it_is_said_to_cost(option: str, lives: Mapping[str, Life]) -> None:
    requests, units = MORE[option]
    one, none = lives[option], lives["none"]
    assert one.requests == none.requests + Counter(requests)
    assert one.units == none.units + Counter(units)


def test_a_job_that_waits_for_its_turn_adds_one_write_of_its_own_and_one_receive(lives: Mapping[str, Life]) -> None:
    more = lives["turn"].requests - lives["rate"].requests
    assert more == {
        "BatchGetItem jobs": 1, "GetItem control": 1, "UpdateItem control": 1, "UpdateItem jobs": 1,
        "ChangeMessageVisibility sqs": 2,
    }  # fmt: skip
    # all jobs of the batch share one write to the plan
    assert lives["turn"].units - lives["rate"].units == {JOBS: 2, CONTROL: 1}
