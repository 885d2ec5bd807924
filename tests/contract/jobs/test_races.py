"""Test races with one winner.

AWS changes an item atomically, but stock moto does not, so the emulator serialises calls.
"""

import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any, TypeVar

import pytest

from chalicelib.adapters.dynamo.jobs.store import DynamoJobStore
from chalicelib.errors import JobExists, MoveRefused
from chalicelib.jobs import transitions
from chalicelib.jobs.change import Change, Claimant
from chalicelib.jobs.job import Job, Status
from chalicelib.jobs.port import JobStore
from tests.contract.conftest import LoseReply
from tests.support import T0, a_job

T = TypeVar("T")


def together(number: int, act: Callable[[int], T]) -> list[T]:
    """Call it that many times in that many threads, which all begin at once."""
    start = threading.Barrier(number)

    def wait_and_act(which: int) -> T:
        start.wait(timeout=60)
        return act(which)

    with ThreadPoolExecutor(number) as pool:
        return list(pool.map(wait_and_act, range(number)))


@pytest.mark.parametrize("job", [a_job(), a_job(status=Status.PROCESSING, attempts=1, lease_until=T0 - 1)])
def test_sixteen_that_claim_or_take_over_have_one_winner(store: JobStore, job: Job) -> None:
    store.add(job)

    def claim(number: int) -> tuple[bool, Job | None]:
        held: dict[str, Any] = {"now": T0, "lease_until": T0 + 65, "by": Claimant(f"request-{number}")}
        change = transitions.take_over(job, **held) if job.attempts else transitions.claim(1, **held)
        try:
            return True, store.apply(job.id, change)
        except MoveRefused as refused:
            return False, refused.current

    answers = together(16, claim)
    (winner,) = [held for won, held in answers if won]
    assert [current for won, current in answers if not won] == [winner] * 15
    assert winner is not None
    assert (store.get(job.id), winner.attempts) == (winner, job.attempts + 1)


def test_fifty_adds_with_one_id_keep_one_job_whole(store: JobStore) -> None:
    job = a_job()
    mine = [replace(job, payload={"text": f"{n}" * 900}, writer=f"writer-{n}") for n in range(50)]

    def add(number: int) -> Job | None:
        try:
            store.add(mine[number])
        except JobExists as conflict:
            found: Job = conflict.existing
            return found
        return None

    answers = together(50, add)
    kept = store.get(job.id)
    assert Counter(answer is None for answer in answers) == {True: 1, False: 49}
    assert kept in mine
    assert {answer.writer for answer in answers if answer is not None} == {kept.writer}
    assert all(answer == kept for answer in answers if answer is not None)


def test_a_cancel_and_a_claim_exclude_each_other(store: JobStore) -> None:
    for _ in range(8):
        job = a_job()
        store.add(job)
        racing = [
            transitions.cancel(job, now=T0),
            transitions.claim(1, now=T0, lease_until=T0 + 65, by=Claimant("request-1")),
        ]

        def apply(number: int, job: Job = job, racing: list[Change] = racing) -> Status | None:
            try:
                return store.apply(job.id, racing[number]).status
            except MoveRefused:
                return None

        (winner,) = [status for status in together(2, apply) if status is not None]
        assert store.get(job.id).status is winner


def test_a_claim_whose_reply_was_lost_has_won(dynamo_store: DynamoJobStore, lose_reply: LoseReply) -> None:
    job = a_job(payload={"text": "x" * 900})
    dynamo_store.add(job)
    lost = lose_reply("UpdateItem")
    claim = transitions.claim(1, now=T0, lease_until=T0 + 65, by=Claimant("request-1"))
    held = dynamo_store.apply(job.id, claim)
    assert lost == ["before-send.dynamodb.UpdateItem"]
    assert (held.status, held.attempts, held.payload) == (Status.PROCESSING, 1, job.payload)
    with pytest.raises(MoveRefused):
        dynamo_store.apply(job.id, transitions.claim(1, now=T0, lease_until=T0 + 65, by=Claimant("request-2")))


def test_an_add_whose_reply_was_lost_has_won(dynamo_store: DynamoJobStore, lose_reply: LoseReply) -> None:
    job = a_job()
    lost = lose_reply("PutItem")
    dynamo_store.add(job)
    assert lost == ["before-send.dynamodb.PutItem"]
    assert dynamo_store.get(job.id) == job
    with pytest.raises(JobExists):
        dynamo_store.add(a_job(id=job.id))
