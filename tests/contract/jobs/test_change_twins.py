"""Check that a change has the same effect in DynamoDB and in memory, with generated jobs and changes."""

import dataclasses
from collections.abc import Callable
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chalicelib.adapters.dynamo.jobs.store import DynamoJobStore
from chalicelib.adapters.memory.jobs import MemoryJobStore
from chalicelib.errors import JobNotFound, MoveRefused
from chalicelib.jobs import transitions
from chalicelib.jobs.change import Change, Claimant
from chalicelib.jobs.job import Job, Status
from chalicelib.jobs.port import JobStore
from chalicelib.keys.rule import replace_waiting
from tests.support import T0, a_job

MOMENTS = st.sampled_from([T0 - 60.5, T0 - 1, T0 - 0.001, T0, T0 + 0.001, T0 + 1, T0 + 60.5])
MAYBE = st.none() | MOMENTS
TEXT = st.none() | st.sampled_from(["", "E", "timed out", "ünï"])
BODY = st.none() | st.sampled_from([{}, {"a": [1, 2.5]}, "text", 0, False, "x" * 400])
FIELDS: dict[str, st.SearchStrategy[Any]] = {
    "status": st.sampled_from(Status), "payload": BODY, "gen": st.integers(1, 2), "attempts": st.integers(0, 3),
    "max_attempts": st.integers(1, 3), "due_at": MOMENTS, "sent": st.booleans(), "resends": st.integers(0, 2),
    "result": BODY, "error_class": TEXT, "error_message": TEXT, "progress_note": TEXT,
    "progress": st.none() | st.sampled_from([0.0, 33.3, 100.0]), "cancel_requested": st.booleans(),
    "cold_start": st.none() | st.booleans(), "receive_count": st.none() | st.integers(1, 3),
    "expires_at": st.none() | st.sampled_from([T0 - 1, T0, T0 + 1]),
    **dict.fromkeys(["run_at", "next_attempt_at", "started_at", "finished_at", "lease_until", "parked_until",
                     "give_up_at", "discarded_at", "start_by"], MAYBE),
}  # fmt: skip
BY = Claimant("request-1")
ERROR = ("ValueError", "no")
DOORS: list[Callable[[Job, float], Change]] = [
    lambda job, now: transitions.claim(job.gen, now=now, lease_until=now + 65, by=BY),
    lambda job, now: transitions.take_over(job, now=now, lease_until=now + 65, by=BY),
    lambda job, now: transitions.complete(job, now=now, result={"done": True}),
    lambda job, now: transitions.complete(job, now=now, result="x" * 400),
    lambda job, now: transitions.postpone(job, now=now, not_before=now + 4, error=ERROR),
    lambda job, now: transitions.defer(job, now=now, not_before=now + 4, error=ERROR, begun=True),
    lambda job, now: transitions.expire(job, now=now),
    lambda job, now: transitions.fail(job, now=now, error=ERROR),
    lambda job, now: transitions.exhaust(job, now=now, error=ERROR),
    lambda job, now: transitions.stop(job, now=now),
    lambda job, now: transitions.give_up(job, now=now, error=ERROR),
    lambda job, now: transitions.retire(job, now=now, reason="removed"),
    lambda job, now: transitions.check_undeclared(job, now=now, until=now + 3600),
    lambda job, now: transitions.requeue(job, now=now),
    lambda job, now: transitions.requeue(job, now=now, payload={"edited": 1}),
    lambda job, now: transitions.cancel(job, now=now),
    lambda job, now: transitions.compensate(job, now=now),
    lambda job, now: transitions.run_now(job, now=now),
    lambda job, now: replace_waiting(job, a_job(run_at=now + 9, next_attempt_at=now + 9, due_at=now + 60, tags=("x",))),
    lambda job, now: transitions.discard(job, now=now, by="ada", reason="known"),
    lambda job, now: transitions.ask_to_stop(job, now=now),
    lambda job, now: transitions.mark_sent(job, now=now),
    lambda job, now: transitions.check(job, until=now + 300, resent=True),
    lambda job, now: transitions.check(job, until=now + 300, resent=False),
    lambda job, now: transitions.report(job, now=now, percent=50, note="half"),
]

jobs = st.fixed_dictionaries({}, optional=FIELDS).map(lambda fields: a_job(**fields))


@st.composite
def seen_and_doors(draw: st.DrawFn) -> tuple[Job, Change]:
    """Return a job, and a transition by a process that has read the job now, or a little earlier."""
    job = draw(jobs)
    stale = draw(st.fixed_dictionaries({}, optional={k: FIELDS[k] for k in ("gen", "attempts", "due_at", "status")}))
    seen = dataclasses.replace(job, **stale) if draw(st.booleans()) else job
    door = draw(st.sampled_from(DOORS))
    return job, door(seen, draw(MOMENTS))


def outcome(store: JobStore, job: Job, change: Change) -> tuple[str, object]:
    """Return the store's answer to the change: the job after it, or the job that caused the refusal."""
    # Separate parts are read only if the job is returned, and always for the parts that the change itself writes.
    apart: dict[str, Any] = {name: None for name in ("payload", "result") if name not in change.written()}
    try:
        return "made", dataclasses.replace(store.apply(job.id, change), **apart)
    except MoveRefused as refused:
        return "refused", refused.current and dataclasses.replace(refused.current, payload=None, result=None)


def found(store: JobStore, job: Job) -> Job | None:
    """Return the present job; None once it has expired."""
    try:
        return store.get(job.id)
    except JobNotFound:
        return None


def agree(memory: MemoryJobStore, dynamo: DynamoJobStore, job: Job, change: Change) -> None:
    for store in (memory, dynamo):
        store.add(job)
    for _ in range(2):  # the second request is the SDK's repetition, after a lost reply
        assert outcome(dynamo, job, change) == outcome(memory, job, change)
    assert found(dynamo, job) == found(memory, job)


exploring = settings(
    max_examples=80, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@exploring
@given(case=seen_and_doors())
def test_every_door_opens_alike(
    memory_store: MemoryJobStore, dynamo_store: DynamoJobStore, case: tuple[Job, Change]
) -> None:
    agree(memory_store, dynamo_store, *case)
