"""Check that the proof reports an end that makes two jobs or none.

One part neglects its duty, and the invariant fails.
"""

import itertools
import random
from collections.abc import Iterator, Mapping
from contextlib import suppress
from functools import partial
from typing import Any

import pytest

from chalicelib.ends import rule
from chalicelib.errors import JobConflict
from chalicelib.job_types.constants import DELIVER
from chalicelib.job_types.lineage import Lineage
from chalicelib.jobs.changed import JobChanged
from chalicelib.jobs.job import Job, Status
from chalicelib.webhooks import rule as webhook_rule
from chalicelib.webhooks.deliver import Deliverer
from chalicelib.webhooks.payload import Delivered
from chalicelib.webhooks.post import Answer
from tests.proof.enumeration import Case, execute
from tests.proof.grounds.faults import SQS, ReplyLost, Throttled
from tests.proof.grounds.ground import Stand
from tests.proof.grounds.memory import MemoryGround, in_memory
from tests.proof.invariants import broken_at_rest
from tests.proof.roles.notifying import Notifying, Receivers
from tests.proof.roles.script import TIMEOUT, forget, silence
from tests.proof.roles.telling import Telling
from tests.proof.stories.scenarios import SCENARIOS
from tests.proof.world import World
from tests.support import Clock

SEED = 20_261_129
OF_WEBHOOKS = [one for one in SCENARIOS if one.name.startswith("notified")]
OF_ENDS = [one for one in SCENARIOS if one.name.startswith(("told", "ended and told"))]


ended = vars(JobChanged)["ended"]


def _ended_but_cancellations(change: JobChanged) -> Job | None:
    job: Job | None = ended.__get__(change)
    return None if job is None or job.status is Status.CANCELLED else job


@pytest.fixture(autouse=True)
def registry() -> Iterator[None]:
    """Remove the proof's job types afterwards."""
    yield
    forget()


def undelivered(stand: Stand = in_memory) -> set[str]:
    """Return the names of the scenarios in which an end did not make exactly one delivery to each webhook."""
    return of_webhooks("I38", stand)


def unaccepted() -> set[str]:
    """Return the names of the scenarios in which a receiver did not accept each end under one webhook-id."""
    return of_webhooks("I40", in_memory)


def of_webhooks(invariant: str, stand: Stand) -> set[str]:
    told = [(one.name, line) for one in OF_WEBHOOKS for line in execute(Case(one), stand, SEED).broken]
    return {name for name, line in told if invariant in line}


def broken(stand: Stand = in_memory) -> set[str]:
    """Return the names of the scenarios in which an end did not make exactly one job."""
    told = [(one.name, line) for one in OF_ENDS for line in execute(Case(one), stand, SEED).broken]
    return {name for name, line in told if "I28" in line}


def test_each_end_is_told_once_in_every_story() -> None:
    assert broken() == set()
    assert OF_ENDS


def test_a_job_whose_id_is_not_made_from_the_end_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    numbers = itertools.count()
    monkeypatch.setattr(Lineage, "child_id", lambda *_: f"end {next(numbers)}")
    assert "told by a stream that delivers everything again" in broken()


def test_an_end_that_is_left_out_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(JobChanged, "ended", property(_ended_but_cancellations))
    assert broken() == {"told of a cancellation and of an expiry"}


def test_a_retry_that_is_taken_for_the_same_end_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rule, "end_id", lambda job: job.id)
    monkeypatch.setattr(Lineage, "child_id", lambda self, *_: f"end of {self.parent}")
    assert "told of a failure and of the retry after it" in broken()


@pytest.mark.parametrize(("method", "nothing"), [("repair", lambda _self: None), ("follow", Telling.lose)])
def test_a_reader_of_the_stream_or_a_check_that_does_nothing_is_found(
    monkeypatch: pytest.MonkeyPatch, method: str, nothing: Any
) -> None:
    monkeypatch.setattr(Telling, method, nothing)
    by_check = {"told by the nightly check after the stream has lost it"}
    assert broken() == (by_check if method == "repair" else {one.name for one in OF_ENDS} - by_check)


def test_each_end_is_delivered_once_to_each_webhook_in_every_story() -> None:
    assert undelivered() == unaccepted() == set()
    assert len(OF_WEBHOOKS) == 7


def test_a_delivery_that_completes_without_a_message_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Deliverer, "deliver", lambda *_: Delivered(status=200, answer=""))
    assert unaccepted() == {one.name for one in OF_WEBHOOKS}


def test_a_message_that_has_another_id_in_each_attempt_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    numbers, post = itertools.count(), Receivers.post

    def renamed(receivers: Receivers, url: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        return post(receivers, url, body, {**headers, "webhook-id": f"{next(numbers)}"})

    monkeypatch.setattr(Receivers, "post", renamed)
    assert unaccepted() == {"notified after its receiver has failed"}


def test_a_message_to_a_receiver_that_is_gone_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webhook_rule, "may_send", lambda *_: webhook_rule.Go.SEND)
    assert unaccepted() == {"notified until its receiver is gone"}


def test_a_webhook_that_is_disabled_although_its_receiver_wants_messages_is_found(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    failed = webhook_rule.failed
    monkeypatch.setattr(webhook_rule, "failed", lambda state, now, why, **_: failed(state, now, why, gone=True))
    assert "notified after its receiver has failed" in unaccepted()


def test_a_delivery_whose_id_is_not_made_from_the_end_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    numbers = itertools.count()
    monkeypatch.setattr("chalicelib.webhooks.maker._key", lambda _one: f"{next(numbers)}")
    assert "notified by a stream that delivers everything again" in undelivered()


def test_a_retry_that_is_taken_for_the_same_end_of_a_webhook_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Lineage, "child_id", lambda self, _type, key: f"end of {self.parent} {key.split()[0]}")
    assert "notified of a failure and of the retry after it" in undelivered()


def test_a_nightly_check_of_webhooks_that_does_nothing_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Notifying, "repair", lambda _self: None)
    assert undelivered() == {"notified by the nightly check after the stream has lost it"}


def test_an_hour_without_sqs_delivers_each_end_once() -> None:
    clock = Clock()
    with silence():
        world = World(MemoryGround(clock, visibility=6 * TIMEOUT), clock, random.Random(SEED))
        world.notify_ends()
        for number in range(12):
            world.submit(f"job {number}", delay_seconds=7200 if number % 3 == 0 else None)
        while any(job.status is Status.QUEUED for job in world.ground.jobs()):
            world.poll()
        faults = world.ground.faults
        faults.out_from[SQS] = faults.calls
        ends = clock.now + 3600
        while clock.now < ends:
            for work in (world.follow, world.poll, world.watch, partial(world.cancel, "job 0")):
                with suppress(Throttled, ReplyLost, JobConflict):
                    work()
            clock.advance(20)
        waiting = [job for job in world.ground.jobs() if job.type == DELIVER]
        assert waiting, "the outage delays no record of what is owed"
        assert not any(job.terminal for job in waiting)
        faults.calm()
        world.calm()
        world.rest()
        assert broken_at_rest(world) == []
        delivered = [job for job in world.ground.jobs() if job.type == DELIVER]
    assert len(delivered) == 2 * 12
    assert {job.status for job in delivered} == {Status.COMPLETED}
