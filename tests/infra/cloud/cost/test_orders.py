"""Compare what an order with three parcels asks of AWS with the numbers from which its cost is computed."""

import itertools
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest
from pydantic import BaseModel

from chalicelib.assembly import parts
from chalicelib.job_types.jobtype import JobType
from chalicelib.jobs.constants import DAY
from chalicelib.jobs.job import Job, Status
from chalicelib.worker import constants
from infra.cloud.cost import orders
from tests.chalicelib.api.support import only_types
from tests.infra.cloud.acting import Stage, stage
from tests.jobflow.testing.test_docs import recipe
from tests.support import Clock

ORDER = {"number": "o-1", "email": "ada@example.com", "cents": 900, "parcels": ["a", "b", "c"]}


class Letter(BaseModel):
    to: list[str]
    subject: str
    text: str


LETTER: JobType[Letter, None] = JobType("email.send", lambda _payload, _ctx: None, Letter)
ORDERS = list(itertools.permutations(range(orders.PARCELS)))


@dataclass
class Shop:
    """A stage that handles one order; only tests move its clock."""

    acting: Stage
    clock: Clock
    kinds: Sequence[JobType[Any, Any]]
    order: str = ""

    def place(self) -> None:
        """Place the order, and let its parcels wait."""
        self.order = self._post("/jobs", {"type": "order.fulfil", "payload": ORDER})["id"]
        self._work()

    def deliver(self, places: Sequence[int]) -> None:
        """Deliver the parcels in this order."""
        parcels, _ = parts.job_store._children.of(self.order, 100, None)  # type: ignore[attr-defined]
        for place in places:
            body = {"data": {"at": "2026-12-01"}}
            self._post(f"/jobs/{parcels[place]}/events/delivered", body, "/jobs/{job_id}/events/{name}")
            self._work()

    def until(self, at: float) -> None:
        """Let the time pass until then, with each look of the order on its way."""
        while self.clock.now < at:
            due = parts.job_store.get(self.order).next_attempt_at or at
            self.clock.now = min(at, max(due, self.clock.now + 1))
            if self.clock.now == due:
                self._pass()

    def end(self) -> Job:
        """Let the week pass, and return the order."""
        self.clock.advance(7 * DAY)
        self._pass()
        return parts.job_store.get(self.order)

    def units(self) -> int:
        """Return the write units on the table of the jobs so far."""
        self.acting.recorder.settle()
        return sum(spent for (_, table), spent in self.acting.recorder.units.items() if table.endswith("-jobs"))

    def sent(self) -> int:
        """Return the messages so far; those of the parcels are sent in one request."""
        asked = (each.items() for each in self.acting.recorder.needed.values())
        requests = sum(number for each in asked for need, number in each if need.startswith("sqs:SendMessage:"))
        return requests + orders.PARCELS - 1

    def _pass(self) -> None:
        self.acting.watch()
        self._work()

    def _work(self) -> None:
        while sum(map(self.acting.work, self.kinds)):
            pass

    def _post(self, path: str, body: Any, resource: str = "") -> Any:
        status, answer = self.acting.call("POST", path, body, resource)
        assert status < 300, answer
        return answer


@contextmanager
def shop() -> Iterator[Shop]:
    clock = Clock()
    with recipe("order_fulfil", "parcel_ship") as made, pytest.MonkeyPatch.context() as environment:
        environment.setattr(constants, "STORED_AT_ONCE", 1)  # units are measured between one write and the next
        kinds = (made["order_fulfil"], made["parcel_ship"], LETTER)
        with only_types(*kinds), stage(environment, clock) as acting:
            yield Shop(acting, clock, kinds)


def test_an_order_asks_for_what_its_cost_says() -> None:
    """Over all orders in which the parcels can be delivered, within the first minute: before the call looks itself."""
    units = messages = 0
    for places in ORDERS:
        with shop() as one:
            one.place()
            one.deliver(places)
            assert one.end().status is Status.COMPLETED
            units, messages = units + one.units(), messages + one.sent()
    assert units == pytest.approx(len(ORDERS) * orders.units(0))
    assert messages == pytest.approx(len(ORDERS) * orders.messages(0))


def test_a_long_delivery_costs_the_looks_of_the_call() -> None:
    with shop() as one:
        one.place()
        one.until(one.clock.now + DAY / 4 + constants.FIRST_LOOK / 2)
        one.deliver((0, 2, 1))  # the call waits for the second parcel
        assert one.end().status is Status.COMPLETED
        under_way = DAY / 4 + constants.FIRST_LOOK / 2
        assert one.units() == orders.units(under_way, wakes=1)
        assert one.sent() == orders.messages(under_way, wakes=1)
