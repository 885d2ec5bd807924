"""What a job asks AWS for when its type declares an option, beside one of a type that declares none."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pytest
from pydantic import BaseModel

from chalicelib.assembly import parts
from chalicelib.job_types.failing import Failing
from chalicelib.job_types.jobtype import JobType
from chalicelib.job_types.rate import Rate
from chalicelib.job_types.unique import Unique
from infra.cloud.cost.extras import OPTIONS, READS_OF_A_KEY
from tests.chalicelib.api.support import only_types
from tests.infra.cloud.acting import STACK, Stage, stage
from tests.support import Clock

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
    """What one job asked for from its request to its end: requests by operation, write units by table."""

    requests: Counter[str]
    units: Counter[str]


def live(acting: Stage, clock: Clock, kind: JobType[Letter, str]) -> Life:
    """Play a second job of the type: the first one has made rows that are there from then on."""
    for number in (1, 2):
        clock.advance(10)
        begin(acting, kind, number)
        assert acting.work(kind) == 1
    return told(acting)


def wait_for_a_turn(acting: Stage, clock: Clock) -> Life:
    """Play a job that is received while the starts of the next 20 seconds are given out, and again at its turn."""
    kind = KINDS["rate"]
    parts.turns.turns(kind.name, Rate(14), 20 * 14, clock.now)
    begin(acting, kind, 3)
    assert [acting.work(kind), acting.work(kind)] == [1, 0], "its message is hidden"
    clock.advance(30)
    assert acting.work(kind) == 1
    return told(acting)


def begin(acting: Stage, kind: JobType[Letter, str], number: int) -> None:
    acting.recorder.settle()
    acting.recorder.needed.clear()
    acting.recorder.units.clear()
    body = {"type": kind.name, "payload": {"customer": "acme", "number": number}}
    assert acting.call("POST", "/jobs", body)[0] == 201


def told(acting: Stage) -> Life:
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
def lives() -> Iterator[Mapping[str, Life]]:
    clock = Clock()
    with (
        only_types(PLAIN, *KINDS.values()),
        pytest.MonkeyPatch.context() as environment,
        stage(environment, clock, RATE_LIMIT_MAX="0") as acting,
    ):
        played = {name: live(acting, clock, kind) for name, kind in {"none": PLAIN, **KINDS}.items()}
        yield {**played, "turn": wait_for_a_turn(acting, clock)}


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
    # stored before it is sent, because another request may decide which job it is: so it is marked as sent
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
    # the write to the plan is one for all jobs of its batch
    assert lives["turn"].units - lives["rate"].units == {JOBS: 2, CONTROL: 1}
