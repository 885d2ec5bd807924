"""Compare the documented sequences of requests with real ones: which are under way at once, and which follow."""

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import pytest
from botocore.history import BaseHistoryHandler, get_global_history_recorder

from scripts.documents.sequences import JOB, POST, Asked, Round
from tests.chalicelib.api.support import only_types
from tests.infra.cloud.acting import Stage, stage
from tests.infra.cloud.cost.test_cost import PLAIN
from tests.support import Clock

LOOKED_UP = frozenset({"GetQueueUrl"})
"""A request of the tests, which Lambda's poller does not send."""


class Rounds(BaseHistoryHandler):
    """Lets each request go on when all requests of its round are under way; notes what the plan does not have."""

    def __init__(self, plan: Sequence[Round]) -> None:
        self.left = [list(one) for one in plan]
        self.running = 0
        self.wrong: list[str] = []
        self.on = True
        self._moved = threading.Condition()
        get_global_history_recorder().add_handler(self)

    def emit(self, event_type: str, payload: Any, source: str) -> None:
        if not self.on:  # a handler of botocore's history cannot be removed
            return
        if event_type == "API_CALL" and payload["operation"] not in LOOKED_UP:
            self._begin(payload["service"], payload["operation"], payload["params"])
        elif event_type == "PARSED_RESPONSE" and getattr(_mine, "open", False):
            self._end()

    def _begin(self, service: str, operation: str, params: Mapping[str, Any]) -> None:
        table = str(params.get("TableName", "")).rpartition("-")[2]
        with self._moved:
            place = next((one for one in self.left[0] if _fits(one, service, operation, table)), None)
            if place is None:
                self.wrong.append(f"{service} {operation} {table}, not one of {self.left[0]}")
                return
            self.left[0].remove(place)
            self.running += 1
            _mine.open = True
            self._moved.notify_all()
            if not self._moved.wait_for(lambda: not self.left[0], 5):
                self.wrong.append(f"{place} was sent before {self.left[0]}")

    def _end(self) -> None:
        with self._moved:
            _mine.open = False
            self.running -= 1
            if not self.running and len(self.left) > 1:
                del self.left[0]


_mine = threading.local()


def _fits(one: Asked, service: str, operation: str, table: str) -> bool:
    return (one.service.lower(), one.operation, one.table) == (service, operation, table)


@contextmanager
def in_rounds(plan: Sequence[Round]) -> Iterator[Rounds]:
    rounds = Rounds(plan)
    try:
        yield rounds
    finally:
        rounds.on = False


@pytest.fixture(scope="module")
def acting() -> Iterator[Stage]:
    with only_types(PLAIN), pytest.MonkeyPatch.context() as environment, stage(environment, Clock()) as one:
        # the requests of the meter, which reads before and after each write, would be taken for the platform's
        one.recorder.note = lambda *_: None  # type: ignore[method-assign]
        run(one)()  # makes clients, and the rows of the rate limit
        yield one


def run(acting: Stage) -> Callable[[], None]:
    def job() -> None:
        assert acting.call("POST", "/jobs", {"type": PLAIN.name, "payload": {"customer": "acme"}})[0] == 201
        assert acting.work(PLAIN) == 1

    return job


def test_a_job_and_its_post_send_the_requests_of_the_documented_sequences(acting: Stage) -> None:
    with in_rounds([*POST, *JOB]) as rounds:
        run(acting)()
    assert rounds.wrong == []
    assert rounds.left == [[]]
