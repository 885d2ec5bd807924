"""Test the watchdog with a shared queue: when a message counts as lost, and how often types are checked."""

from collections import Counter
from collections.abc import Iterator, Sequence
from functools import partial
from itertools import pairwise
from typing import Any

import pytest
from pydantic import BaseModel

from chalicelib import Cron, JobContext, Queue, Rate, job
from chalicelib.adapters.memory.jobs import MemoryJobStore
from chalicelib.adapters.memory.queue import MemoryJobQueue
from chalicelib.counters.port import Pause, Standing
from chalicelib.counters.standing import of_every_type
from chalicelib.job_types import jobtype
from chalicelib.jobs.job import Job, Status
from chalicelib.jobs.port import Depth, Message, Overdue, Search
from chalicelib.operating.dispatch import Dispatcher
from chalicelib.watchdog.constants import DOUBT_SLACK, IDLE_EVERY
from chalicelib.watchdog.lookback import Lookback
from chalicelib.watchdog.run import Watchdog
from chalicelib.watchdog.search import searched, signs_of
from tests.chalicelib.api.support import only_types
from tests.support import T0, Clock

MAIL = Queue("mail")
BUSY = Depth(visible=5)


class Note(BaseModel):
    customer: str = "a"


def nothing(_: Note, _ctx: JobContext) -> None:
    """Do nothing."""


@pytest.fixture(autouse=True)
def _types() -> Iterator[None]:
    with only_types():
        job("mail.welcome", queue=MAIL)(nothing)
        job("mail.bill", queue=MAIL)(nothing)
        job("mail.paced", queue=MAIL, rate=Rate(1))(nothing)
        job("mail.fair", queue=MAIL, fair_by="customer")(nothing)
        job("order.charge", schedule=Cron("0 5 * * *"))(nothing)
        yield


class Counting(MemoryJobQueue):
    """A queue that counts the requests about depths."""

    asked: Counter[str]

    def depth(self, job_type: str) -> Depth:
        """See JobQueue."""
        self.asked[job_type] += 1
        return super().depth(job_type)


class Searched(MemoryJobStore):
    """A store that counts the searches by type."""

    searches: Counter[str]

    def overdue(self, search: Search, now: float, limit: int) -> Sequence[Overdue]:
        """See JobStore."""
        self.searches[search.job_type] += 1
        return super().overdue(search, now, limit)


def stage() -> tuple[Searched, Counting, Dispatcher, Clock]:
    clock = Clock()
    store, queue = Searched(clock), Counting(clock)
    store.searches, queue.asked = Counter(), Counter()
    return store, queue, Dispatcher(store, queue, clock), clock


def test_claims_of_another_type_of_the_queue_show_that_a_message_is_lost() -> None:
    standing = Standing({}, claimed_to={"mail.welcome": T0 + 900, "mail.bill": T0, "mail.fair": T0 + 5000})
    assert signs_of("mail.bill", BUSY, standing).claimed_to == T0 + 900
    assert signs_of("mail.welcome", BUSY, standing).claimed_to == T0 + 900, "tenants get their messages out of order"
    assert signs_of("mail.fair", BUSY, standing).claimed_to is None


def test_claims_of_other_types_show_nothing_about_a_type_whose_jobs_wait_for_their_rate() -> None:
    standing = Standing({}, claimed_to={"mail.welcome": T0 + 900, "mail.paced": T0})
    assert signs_of("mail.paced", BUSY, standing).claimed_to == T0
    assert signs_of("order.charge", BUSY, Standing({}, claimed_to={"order.charge": 7.0})).claimed_to == 7.0


def test_the_turns_of_a_type_with_a_rate_do_not_make_the_jobs_of_other_types_look_lost() -> None:
    standing = Standing({}, claimed_to={"mail.welcome": T0, "mail.paced": T0 + 900})
    assert signs_of("mail.bill", BUSY, standing).claimed_to == T0


def test_a_lost_message_is_sent_again_while_other_types_keep_the_queue_busy() -> None:
    store, queue, dispatcher, clock = stage()
    now = clock.now
    store.add(Job("lost", "mail.bill", Status.QUEUED, now, now, sent=True, due_at=now + 60))
    queue.send(Message("other", 1, "mail.welcome"))
    clock.advance(2 * DOUBT_SLACK)
    totals = {("mail.bill", Status.QUEUED): 1}
    for claimed, again in ((now, []), (clock.now, ["lost"])):
        Watchdog(
            dispatcher, jobtype.names(), standing=partial(Standing, totals, claimed_to={"mail.welcome": claimed})
        ).run(lambda: 60.0)
        clock.advance(1000)
        sent = [held.message.id for held in queue.messages["mail"] if held.message.id == "lost"]
        assert sent == again


def test_a_run_asks_a_queue_once_and_looks_at_idle_types_in_turn() -> None:
    store, queue, dispatcher, clock = stage()
    standing = Standing({("mail.bill", Status.SCHEDULED): 1})
    looked = Counter[str]()
    for _ in range(IDLE_EVERY):
        store.searches.clear()
        Watchdog(dispatcher, jobtype.names(), standing=lambda: standing).run(lambda: 60.0)
        looked.update(store.searches.keys())
        clock.advance(60)
    assert queue.asked == {"mail": IDLE_EVERY, "order.charge": IDLE_EVERY}
    assert looked == {
        "mail.bill": IDLE_EVERY, "order.charge": IDLE_EVERY, "mail.welcome": 1, "mail.paced": 1, "mail.fair": 1,
    }  # fmt: skip


@pytest.mark.parametrize("missed", range(IDLE_EVERY))
def test_an_idle_type_waits_no_other_ten_minutes_when_a_run_is_missed(missed: int) -> None:
    store, _, dispatcher, clock = stage()
    lookback, at = Lookback(), list[int]()
    for minute in range(4 * IDLE_EVERY):
        store.searches.clear()
        if minute not in (IDLE_EVERY + missed, 2 * IDLE_EVERY + missed):
            Watchdog(dispatcher, jobtype.names(), standing=lambda: Standing({}), lookback=lookback).run(lambda: 60.0)
        if store.searches["mail.welcome"]:
            at.append(minute)
        clock.advance(60)
    assert max(after - before for before, after in pairwise(at)) <= IDLE_EVERY + 1


def test_every_type_is_searched_while_the_counters_do_not_answer() -> None:
    assert all(searched(name, None, T0, Lookback()) for name in jobtype.names())


def test_the_dead_letter_queue_of_several_types_is_swept_once() -> None:
    store, queue, dispatcher, clock = stage()
    now = clock.now
    given: dict[str, Any] = {"sent": True, "due_at": now + 9999, "attempts": 1, "max_attempts": 3, "claims": 1}
    store.add(Job("spent", "mail.bill", Status.RETRYING, now, now, **given))
    store.add(Job("dead", "mail.welcome", Status.DEAD_LETTER, now, now, finished_at=now, **given))
    queue.receives["mail"] = 0
    for name, job_id in (("mail.bill", "spent"), ("mail.welcome", "dead"), ("mail.welcome", "deleted")):
        queue.send(Message(job_id, 1, name))
    queue.receive("mail")
    tally = Watchdog(dispatcher, jobtype.names()).run(lambda: 60.0)
    assert (tally["redelivered"], tally["removed"]) == (1, 2)
    assert [held.message.id for held in queue.dead["mail"]] == ["dead"], "the evidence of a dead letter stays"


def test_a_paused_queue_gives_up_no_job_of_its_types() -> None:
    pause = Pause(T0, "ada", "down")
    paused = of_every_type({"mail": pause, "order.charge": pause, "mail.bill": Pause(1.0)})
    assert {name: found.since for name, found in paused.items()} == dict.fromkeys(
        ["mail", "order.charge", "mail.welcome", "mail.bill", "mail.paced", "mail.fair"], T0
    )
    assert of_every_type({"mail.bill": pause}) == {}, "the pause of a queue that the type no longer has"


@pytest.mark.parametrize("name", ["mail.fair", "mail.paced", "mail.bill"])
def test_jobs_in_flight_of_a_type_that_moved_to_a_busy_queue_get_a_message_there(name: str) -> None:
    store, queue, dispatcher, clock = stage()
    now = clock.now
    retrying: dict[str, Any] = {"sent": True, "attempts": 1, "claims": 1, "started_at": now - 9}
    store.add(Job("waits", name, Status.QUEUED, now, now, sent=True, due_at=now + 60))
    store.add(Job("retries", name, Status.RETRYING, now, now, next_attempt_at=now + 300, due_at=now + 360, **retrying))
    clock.advance(30)
    totals = {(name, Status.QUEUED): 1, (name, Status.RETRYING): 1}
    counted = partial(Standing, totals, moved_at={name: clock.now})
    clock.advance(1)
    store.add(Job("later", name, Status.QUEUED, clock.now, clock.now, sent=True, due_at=clock.now + 60))
    queue.send(Message("other", 1, "mail.welcome"))
    sent = Counter[str]()
    for _ in range(20):
        Watchdog(dispatcher, jobtype.names(), standing=counted).run(lambda: 60.0)
        sent.update(held.message.id for held in queue.messages["mail"] if held.message.id != "other")
        queue.messages["mail"] = [held for held in queue.messages["mail"] if held.message.id == "other"]
        clock.advance(60)
    assert sent == {"waits": 1, "retries": 1}, "the job that was made after the move has its message here"
    assert store.get("waits").stalled_since is None, "nobody is called for a move"
