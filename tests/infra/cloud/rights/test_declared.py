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
from chalicelib.job_types.queues import queues_of
from chalicelib.jobs.job import Status
from infra.definition.iam import grants
from infra.definition.iam.calls import allows
from tests.chalicelib.api.support import Note, only_types
from tests.infra.cloud.acting import REGION, STACK, Stage, stage
from tests.infra.cloud.rights.day import MAIL, TYPES, VARIABLES, created
from tests.support import Clock

LARGE = "x" * 310_000
CHILD: JobType[Note, None] = JobType("order.mail", lambda _payload, _ctx: None, Note)


def _order(payload: Note, ctx: JobContext) -> None:
    for number, name in enumerate(payload.to):
        ctx.enqueue("order.mail", {"to": [name], "text": LARGE if name == "large" else payload.text}, key=f"{number}")


ORDER: JobType[Note, None] = JobType("order.place", _order, Note, enqueues=("order.mail",))


@pytest.fixture
def acting() -> Iterator[Stage]:
    with only_types(ORDER, CHILD), pytest.MonkeyPatch.context() as environment, stage(environment, Clock()) as one:
        yield one


def worked(acting: Stage, kind: JobType[Any, Any], *to: str) -> tuple[Counter[str], int]:
    """Create a job, process it, and return its worker's grants in use and the write units of the jobs table."""
    status, job = acting.call("POST", "/jobs", {"type": kind.name, "payload": {"to": list(to)}})
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
    assert asked["s3:PutObject:payloads/order-mail/*"] == 1
    # without the declaration, the same requests are not allowed
    less = set(granted) - set(grants.worker(*queues_of([replace(ORDER, enqueues=())])))
    assert {one for one in less if not any(allows(one, need) for need in asked)} == set()
    writing = {"dynamodb:PutItem:jobs", "dynamodb:UpdateItem:jobs"}
    assert less == {"sqs:SendMessage:order-mail", "s3:PutObject:payloads/order-mail/*", *writing}


def test_the_ledger_of_a_child_and_of_a_job_that_makes_none(acting: Stage) -> None:
    plain, units = worked(acting, CHILD, "ada")
    made, units_with = worked(acting, ORDER, "ada")
    assert sum(plain.values()) == 3  # its claim, its end, and the visibility of its message
    more = sum(made.values()) - sum(plain.values())
    # the entry in its parent's list, a read of the job with that key, its message, and the job
    assert more == 4
    # a job costs 3 units when it is stored (its item and two indexes); the entry costs the fourth unit
    assert units_with - units == 4


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
        assert acting.call("POST", f"/job-types/{PLAIN.name}/resume", None, path, job_type=PLAIN.name)[0] == 200
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
