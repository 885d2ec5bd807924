"""Test the sentence that says why a job waits."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from pydantic import BaseModel

from chalicelib import JobContext, job
from chalicelib.adapters.memory.counters import MemoryCounters
from chalicelib.adapters.memory.jobs import MemoryJobStore
from chalicelib.counters.port import Pause, Standing
from chalicelib.counters.wait_times import queued
from chalicelib.errors import RetryLater
from chalicelib.job_types import jobtype
from chalicelib.jobs.job import Attempt, Job, Status
from chalicelib.jobs.step import CHILD, EVENT
from chalicelib.limits.serial_rule import lock_of_attempt, row_of
from chalicelib.operating.constants import LONGEST_ERROR_SHOWN
from chalicelib.operating.reading import JobReader
from chalicelib.operating.why_waiting import Place, QueueState, why
from tests.support import T0, Clock, a_job

BUSY = QueueState(ahead=41, oldest=T0 - 200)
PAUSED = QueueState(ahead=3, oldest=T0 - 60, paused=T0 - 3600)

QUEUED: dict[str, Any] = {"sent": True}
LATER: dict[str, Any] = {"status": Status.SCHEDULED, "next_attempt_at": T0 + 90}
FAILED: dict[str, Any] = {"status": Status.RETRYING, "attempts": 2, "max_attempts": 5, "next_attempt_at": T0 + 8}


BACK: dict[str, Any] = {"status": Status.RETRYING, "claims": 4, "next_attempt_at": T0 + 8}
STALLED = BACK | {"stalled_since": T0 - 60}


def given_back(error: str, message: str, **fields: Any) -> Attempt:
    """Return the record of the last attempt, which was not charged."""
    return replace(Attempt(1, 1, "deferred", T0 - 2, T0 - 1, error, message, claim=4), **fields)


IT, AT = "the email.send queue", "2027-01-15T08:00:08.000Z"
ASKED = f"It asked to run again at {AT}"
SENTENCES: list[tuple[dict[str, Any], QueueState, Attempt | None, str]] = [
    (QUEUED, BUSY, None, f"Up to 41 jobs ahead in {IT}; the oldest has waited 3 minutes."),
    (QUEUED, QueueState(1, T0 - 9), None, f"Up to 1 job ahead in {IT}; the oldest has waited 9 seconds."),
    (FAILED, BUSY, None, f"Attempt 2 failed and it backs off until {AT}, then attempt 3 of 5 begins."),
    (BACK, BUSY, given_back("RetryLater", "x" * 1000), f"{ASKED}: {'x' * (LONGEST_ERROR_SHOWN - 3)}…."),
    (BACK, BUSY, given_back("RetryLater", str(RetryLater(60))), f"{ASKED}."),
    (STALLED, BUSY, given_back("PayloadUnreadable", "It is gone,\nor not allowed."),
     f"It could not be run: It is gone, or not allowed; the next try is at {AT}."),
]  # fmt: skip


@pytest.mark.parametrize(("fields", "line", "last", "expected"), SENTENCES)
def test_a_sentence_tells_numbers_times_and_what_was_said(
    fields: dict[str, Any], line: QueueState, last: Attempt | None, expected: str
) -> None:
    assert why(a_job(**fields), line, T0, last) == expected


LATE, READY = ({**fields, "next_attempt_at": T0 - 1} for fields in (LATER, FAILED))
MARKS = {
    "paused": "is paused since",
    "ahead": "ahead in the",
    "next": "Next in the",
    "tenants": "tenants take turns",
    "key": "one at a time",
    "holder": "with the same key is running",
    "turn": "waits for its turn",
    "pace": "a second",
    "backoff": "backs off until",
    "due": "is due since",
    "asked": "asked to run again",
    "refused": "schema refuses",
    "stalled": "could not be run",
    "sending": "Being queued",
    "unsent": "will be re-sent",
    "planned": "is scheduled for",
    "passed": "has passed",
    "undeclared": "No deployment declares",
    "lost": "is lost since",
    "stopping": "Cancellation requested",
    "sleeps": "It sleeps since",
    "event": "waits for the event",
    "called": "which it has called",
    "waited": "It waited since",
    "places": "places of",
    "place": "for a place of its limit",
    "before": "before it",
    "first": "the next one.",
    "expired": "It expired at",
    "expires": "It expires at",
}
OF_A_KEY: dict[str, Any] = QUEUED | {"tags": ("tenant=acme",)}
TURN: dict[str, Any] = QUEUED | {"turn_at": T0 + 90, "next_attempt_at": T0 + 90}
RUNS: dict[str, Any] = {"status": Status.PROCESSING, "attempts": 1, "lease_until": T0 + 60}
SLEEPS: dict[str, Any] = {"status": Status.SUSPENDED, "waits": "time", "next_attempt_at": T0 + 90}
AWAITS, CALLS = SLEEPS | {"waits": EVENT + "approved"}, SLEEPS | {"waits": CHILD + "child"}
BLOCKED: dict[str, Any] = {"status": Status.BLOCKED}
FULL = QueueState(line=Place(3, 3, "acme", 12))
SERIAL = QueueState(serial=True)
HELD = given_back("KeyHeld", "Job first with the same key is running; this one waits for its end.")
ASKS = given_back("RetryLater", "429")
UNREAD = given_back("SecretUnavailable", "BILLING_KEY")
REFUSED = given_back("PayloadRefused", "Today's schema refuses the stored payload: to: Field required")


@pytest.mark.parametrize(
    ("fields", "line", "last", "said"),
    [
        (QUEUED, BUSY, None, "ahead"),
        (QUEUED, replace(BUSY, rate="14 a second"), None, "ahead pace"),
        (QUEUED, QueueState(), None, "next"),
        (OF_A_KEY, BUSY, None, "ahead tenants"),
        (OF_A_KEY, SERIAL, None, "key"),
        (OF_A_KEY, replace(BUSY, serial=True), None, "ahead key"),
        (OF_A_KEY, replace(BUSY, serial=True, holder="first"), None, "holder key"),
        (OF_A_KEY, replace(SERIAL, paused=T0 - 9, holder="first"), None, "paused"),
        (QUEUED, SERIAL, None, "next"),
        (OF_A_KEY | BACK, SERIAL, HELD, "holder"),
        (QUEUED, replace(PAUSED, probe_at=T0 + 60), None, "paused"),
        (TURN, QueueState(rate="14 a second"), None, "turn pace"),
        (TURN | {"turn_at": T0 - 1, "next_attempt_at": T0 - 1}, QueueState(), None, "turn"),
        ({"status": Status.DEAD_LETTER}, PAUSED, None, ""),
        (TURN, replace(PAUSED, rate="14 a second"), None, "turn pace paused"),
        ({}, BUSY, None, "sending"),
        ({"updated_at": T0 - 11}, BUSY, None, "unsent"),
        (LATER, BUSY, None, "planned"),
        (LATE, BUSY, None, "planned passed"),
        (LATER, PAUSED, None, "planned paused"),
        (FAILED, BUSY, None, "backoff"),
        (READY, BUSY, None, "due"),
        (BACK, BUSY, ASKS, "asked"),
        (BACK, PAUSED, ASKS, "asked paused"),
        (STALLED, BUSY, REFUSED, "refused"),
        (STALLED, BUSY, UNREAD, "stalled"),
        (QUEUED, QueueState(declared=False), None, "undeclared"),
        (LATER, replace(PAUSED, declared=False), None, "undeclared"),
        (SLEEPS, BUSY, None, "sleeps"),
        (SLEEPS, PAUSED, None, "sleeps paused"),
        (AWAITS, BUSY, None, "event"),
        (CALLS, BUSY, None, "called"),
        (SLEEPS | {"next_attempt_at": T0 - 1}, BUSY, None, "waited passed"),
        (AWAITS | {"next_attempt_at": T0 - 1}, BUSY, None, "waited passed"),
        (CALLS | {"cancel_requested": True}, BUSY, None, "called stopping"),
        (BLOCKED, FULL, None, "places before"),
        (BLOCKED, replace(FULL, line=Place(1, 1, None, 0)), None, "places first"),
        (BLOCKED, BUSY, None, "place"),
        (BLOCKED, replace(FULL, paused=T0 - 9), None, "places before paused"),
        (QUEUED | {"start_by": T0 + 60}, QueueState(), None, "next expires"),
        (BLOCKED | {"start_by": T0 + 60}, FULL, None, "places before expires"),
        (QUEUED | {"start_by": T0 - 1}, PAUSED, None, "expired"),
        (LATER | {"start_by": T0 - 1}, BUSY, None, "expired"),
        (BLOCKED | {"start_by": T0 - 1}, FULL, None, "expired"),
        (RUNS | {"cancel_requested": True}, QueueState(), None, "stopping"),
        (RUNS | {"lease_until": T0 - 1, "cancel_requested": True}, QueueState(), None, "lost"),
    ],
)
def test_each_reason_is_said_and_no_other(
    fields: dict[str, Any], line: QueueState, last: Attempt | None, said: str
) -> None:
    sentence = why(a_job(**fields), line, T0, last) or ""
    assert {name for name, words in MARKS.items() if words in sentence} == set(said.split()), sentence


def test_the_line_is_what_the_counters_say_of_its_own_queue() -> None:
    numbers: dict[str, Counter[str]] = {}
    for name, age in (("email.send", 90), ("email.send", 30), ("email.send", 3), ("image.process", 900)):
        numbers.setdefault(name, Counter()).update(queued(T0 - age, T0))
    line = QueueState.of(a_job(updated_at=T0 - 30), Standing({}, numbers, {"image.process": Pause(T0)}), T0)
    assert (line.ahead, line.paused) == (1, None)
    assert abs((line.oldest or 0) - (T0 - 90)) <= 2.5


NAME = "test.ordered"


class Account(BaseModel):
    account: str


@pytest.fixture(autouse=True)
def serial_type() -> Iterator[None]:
    @job(NAME, serial_by="account")
    def run(payload: Account, ctx: JobContext) -> None: ...

    yield
    del jobtype.registered[NAME]


class Line:
    """Jobs with one key; the first one holds the key."""

    def __init__(self) -> None:
        self.store = MemoryJobStore(Clock(T0))
        self.first = self.add("first", status=Status.PROCESSING, attempts=1, claims=1, lease_until=T0 + 60)
        assert self.store.acquire(row_of(NAME, "acme"), None, lock_of_attempt(self.first))

    def add(self, job_id: str, **fields: Any) -> Job:
        made = a_job(**{"id": job_id, "type": NAME, "sent": True, "tags": ("tenant=acme",), **fields})
        self.store.add(made)
        return made

    def why(self, of: Job) -> str:
        return JobReader(self.store, MemoryCounters(), lambda: T0).explained(of.id)[1] or ""


def test_the_job_that_holds_the_key_is_named_while_it_runs() -> None:
    line = Line()
    assert "Job first with the same key is running" in line.why(line.add("second"))
    assert line.why(line.add("alone", tags=())) == f"Next in the {NAME} queue; waiting for a worker."
    assert "No deployment declares the type test.gone" in line.why(line.add("orphan", type="test.gone"))
    line.store._jobs["first"] = replace(line.first, status=Status.COMPLETED)
    assert "first" not in line.why(line.add("third"))


@pytest.mark.parametrize(
    "fields", [QUEUED, BACK, {"status": Status.SUSPENDED, "waits": "time", "next_attempt_at": T0 + 9}]
)
def test_a_waiting_job_that_must_stop_tells_that_it_undoes_its_steps(fields: dict[str, Any]) -> None:
    told = why(a_job(**{**fields, "cancel_requested": True, "kept": 1}), QueueState(), T0 + 1)
    assert (told or "").endswith("Cancellation requested: its function is called again, to undo its steps.")
