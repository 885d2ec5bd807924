"""Compare the additional grants of types with `enqueues` or `pause_when` with the requests that they need."""

import io
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import pytest
from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders

from chalicelib.adapters import aws
from chalicelib.assembly import parts
from chalicelib.job_types.access import AwsAccess
from chalicelib.job_types.context import JobContext
from chalicelib.job_types.failing import Failing
from chalicelib.job_types.jobtype import JobType
from chalicelib.job_types.queues import queues_of, with_budgets
from chalicelib.job_types.spending import Spending
from chalicelib.jobs.constants import DAY
from chalicelib.jobs.job import Job, Status
from chalicelib.worker import constants
from infra.cloud.cost.children import CHILD_UNITS
from infra.cloud.cost.steps import CALL_UNITS
from infra.definition.iam import grants
from infra.definition.iam.calls import allows
from tests.chalicelib.api.support import Note, only_types
from tests.infra.cloud.acting import REGION, STACK, Stage, stage
from tests.infra.cloud.rights.day import MAIL, TYPES, VARIABLES, created
from tests.support import Clock

LARGE = "x" * 310_000
CHILD: JobType[Note, None] = JobType("order.mail", lambda _payload, _ctx: None, Note)


def _order(payload: Note, ctx: JobContext) -> None:
    if payload.text == "many":
        ctx.enqueue_many("order.mail", [{"to": [name]} for name in payload.to])
        return
    for number, name in enumerate(payload.to):
        ctx.enqueue("order.mail", {"to": [name], "text": LARGE if name == "large" else payload.text}, key=f"{number}")


ORDER: JobType[Note, None] = JobType("order.place", _order, Note, enqueues=("order.mail",))


@pytest.fixture
def acting() -> Iterator[Stage]:
    with only_types(ORDER, CHILD), pytest.MonkeyPatch.context() as environment, stage(environment, Clock()) as one:
        yield one


def worked(acting: Stage, kind: JobType[Any, Any], *to: str, text: str = "hello") -> tuple[Counter[str], int]:
    """Create a job, process it, and return its worker's grants in use and the write units of the jobs table."""
    status, job = acting.call("POST", "/jobs", {"type": kind.name, "payload": {"to": list(to), "text": text}})
    assert status == 201, job
    acting.recorder.needed.clear()
    acting.recorder.units.clear()
    assert acting.work(kind) == 1
    acting.recorder.settle()
    assert parts.job_store.get(job["id"]).status is Status.COMPLETED
    return acting.recorder.needed[kind.short], acting.recorder.units[kind.short, f"{STACK}-jobs"]


def test_its_role_allows_all_that_it_asks_for(acting: Stage) -> None:
    asked, _ = worked(acting, ORDER, "ada", "large")
    granted = grants.worker(*queues_of([ORDER]))
    assert [need for need in asked if not any(allows(one, need) for one in granted)] == []
    asked += worked(acting, ORDER, "ada", "bob", text="many")[0]
    assert [need for need in asked if not any(allows(one, need) for one in granted)] == []
    assert asked["s3:PutObject:payloads/order-mail/*"] == 1
    # without the declaration, the same requests are not allowed
    less = set(granted) - set(grants.worker(*queues_of([replace(ORDER, enqueues=())])))
    less -= {one for one in less if "control/BATCH" in one}  # `ctx.batch`: see test_batches.py
    assert {one for one in less if not any(allows(one, need) for need in asked)} == set()
    writing = {f"dynamodb:{action}:jobs" for action in ("BatchGetItem", "BatchWriteItem", "PutItem", "UpdateItem")}
    assert less == {"sqs:SendMessage:order-mail", "s3:PutObject:payloads/order-mail/*", *writing}


def test_the_ledger_of_a_child_and_of_a_job_that_makes_none(acting: Stage) -> None:
    plain, units = worked(acting, CHILD, "ada")
    made, units_with = worked(acting, ORDER, "ada")
    assert sum(plain.values()) == 3  # its claim, its end, and the visibility of its message
    more = sum(made.values()) - sum(plain.values())
    # the entry in its parent's list, a read of the job with that key, its message, and the job
    assert more == 4
    assert units_with - units == CHILD_UNITS


def test_the_ledger_of_many_children(acting: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(constants, "STORED_AT_ONCE", 1)  # units are measured between one write and the next
    plain, units = worked(acting, CHILD, "ada")
    made, units_with = worked(acting, ORDER, *[f"n{number}" for number in range(20)], text="many")
    # one read for all children; for ten of them, a request for their messages and one for their entries in the parent's
    # list; and each job
    assert sum(made.values()) - sum(plain.values()) == 1 + 2 * 20 // 10 + 20
    assert units_with - units == CHILD_UNITS * 20


def _call(payload: Note, ctx: JobContext) -> Any:
    return ctx.gather("order.mail", [{"to": [name], "text": payload.text} for name in payload.to])


CALLER: JobType[Note, Any] = JobType("order.call", _call, Note, enqueues=("order.mail",), calls=("order.mail",))
CALLED: JobType[Note, Any] = JobType(CHILD.name, lambda payload, _ctx: payload.text, Note)


@pytest.fixture
def calling() -> Iterator[Stage]:
    with (
        only_types(CALLER, CALLED),
        pytest.MonkeyPatch.context() as environment,
        stage(environment, Clock()) as one,
    ):
        yield one


def called_once(calling: Stage, called: JobType[Any, Any] = CALLED) -> Job:
    """Let a job call another one, until both have ended; record what was requested meanwhile."""
    status, job = calling.call("POST", "/jobs", {"type": CALLER.name, "payload": {"to": ["ada"], "text": "small"}})
    assert status == 201, job
    calling.recorder.settle()  # of the request
    calling.recorder.needed.clear()
    calling.recorder.units.clear()
    for kind in (CALLER, called, CALLER):
        assert calling.work(kind) == 1
    calling.recorder.settle()
    return parts.job_store.get(job["id"])


@pytest.mark.parametrize("text", ["small", LARGE], ids=["small", "large"])
def test_the_roles_of_both_allow_a_call(calling: Stage, text: str) -> None:
    answering = replace(CALLED, run=lambda _payload, _ctx: text)
    assert called_once(calling, answering).result == [text]
    callers, called = queues_of([CALLER, CALLED])
    for queue, granted in ((callers, grants.worker(callers)), (called, grants.worker(called, wakes=[callers]))):
        asked = calling.recorder.needed[queue.short]
        assert [need for need in asked if not any(allows(one, need) for one in granted)] == []
    less = set(grants.worker(called, wakes=[callers])) - set(grants.worker(called))
    assert less == {"sqs:SendMessage:order-call"}
    assert (callers.calls(called), called.calls(callers)) == (True, False)


def test_the_ledger_of_a_call(calling: Stage) -> None:
    assert called_once(calling).status is Status.COMPLETED
    units = sum(spent for (_, table), spent in calling.recorder.units.items() if table.endswith("-jobs"))
    sent = sum(
        number for asked in calling.recorder.needed.values() for need, number in asked.items() if "SendM" in need
    )
    # both jobs are claimed and end, the child is stored, and what the call adds
    assert (units, sent) == (2 * 3 + CHILD_UNITS + CALL_UNITS, 2)


PLAIN = next(kind for kind in TYPES if kind.name == "email.send")
down = False
"""Whether the e-mail provider is down."""


def send(_payload: Any, _ctx: Any) -> None:
    """Send nothing."""
    if down:
        raise ConnectionError("the provider is down")


PAUSING: JobType[Any, Any] = replace(
    PLAIN, run=send, rate=None, access=AwsAccess(), pause_when=Failing(of=2), max_attempts=9
)
ALIKE = replace(PAUSING, pause_when=None)
GRANTED: Mapping[str, tuple[list[str], list[str]]] = {
    "email-send": (grants.worker(*queues_of([ALIKE])), grants.worker(*queues_of([PAUSING]))),
    "watchdog": (grants.watchdog(queues_of([ALIKE])), grants.watchdog(queues_of([PAUSING]))),
    "api": (grants.api(queues_of([ALIKE])), grants.api(queues_of([PAUSING]))),
}
"""The additional grants of each function with a pause, and without one."""


def answer(**_: Any) -> AWSResponse:
    """Answer as Lambda does: the emulator has neither mappings nor functions."""
    raw: Any = io.BytesIO(b"{}")
    raw.stream = lambda *_args, **_kwargs: iter([b"{}"])
    return AWSResponse("https://lambda", 200, HTTPHeaders(), raw)


def fail_until_paused(acting: Stage) -> None:
    global down  # noqa: PLW0603 - what every attempt looks at
    down = True
    for _ in range(2):
        created(acting, PLAIN.name, MAIL)
        acting.work(PAUSING)
    down = False
    acting.watch()
    assert parts.auto_pauses.read(PLAIN.name).off


@pytest.fixture(scope="module")
def needed() -> Mapping[str, Counter[str]]:
    """Record the needs of a pause that ends with a completed job, and of one that an operator ends."""
    clock = Clock()
    with (
        only_types(PAUSING),
        pytest.MonkeyPatch.context() as environment,
        stage(environment, clock, **VARIABLES) as acting,
    ):
        aws.client("lambda", REGION).meta.events.register("before-send.lambda", answer)
        fail_until_paused(acting)
        clock.advance(65)
        created(acting, PLAIN.name, MAIL)
        assert acting.watch()["probed"] == 1
        acting.work(PAUSING)
        assert parts.auto_pauses.read(PLAIN.name).since is None
        acting.watch()
        clock.advance(200)
        fail_until_paused(acting)
        path = "/job-types/{job_type}/resume"
        assert acting.call("POST", f"/job-types/{PLAIN.name}/resume", None, path)[0] == 200
        acting.watch()
        return acting.recorder.needed


@pytest.mark.parametrize("actor", GRANTED)
def test_the_pause_asks_for_all_that_it_adds_to_a_role_and_for_nothing_more(
    actor: str, needed: Mapping[str, Counter[str]]
) -> None:
    without, whole = GRANTED[actor]
    asked = [need for need in needed[actor] if not any(allows(granted, need) for granted in without)]
    assert asked, f"{actor} did nothing about it"
    assert [need for need in asked if not any(allows(granted, need) for granted in whole)] == []
    added = set(whole) - set(without)
    assert {granted for granted in added if any(allows(granted, need) for need in asked)} == added


DEAR: JobType[Any, Any] = replace(PLAIN, rate=None, access=AwsAccess(), spending=Spending(per_day=0.000_001))


def test_a_budget_asks_for_all_that_it_adds_to_the_role_of_the_watchdog_and_for_nothing_more() -> None:
    clock = Clock()
    with (
        only_types(DEAR),
        pytest.MonkeyPatch.context() as environment,
        stage(environment, clock, **VARIABLES) as acting,
    ):
        aws.client("lambda", REGION).meta.events.register("before-send.lambda", answer)
        created(acting, DEAR.name, MAIL)
        acting.count()
        acting.watch()
        assert parts.counters.standing().paused[DEAR.name].by_budget
        clock.advance(DAY)
        acting.watch()
        assert DEAR.name not in parts.counters.standing().paused
        needed = acting.recorder.needed["watchdog"]
    without, whole = grants.watchdog(), grants.watchdog((), with_budgets(queues_of([DEAR])))
    asked = [need for need in needed if not any(allows(granted, need) for granted in without)]
    assert [need for need in asked if not any(allows(granted, need) for granted in whole)] == []
    added = set(whole) - set(without)
    assert {granted for granted in added if any(allows(granted, need) for need in asked)} == added
