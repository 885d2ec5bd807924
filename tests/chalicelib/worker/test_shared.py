"""Test several types on one queue: mixed batches, receives up to the dead-letter queue, types that moved."""

import random
from collections.abc import Iterator

import pytest

from chalicelib import Function, Queue
from chalicelib.adapters.memory.queue import HeldMessage
from chalicelib.job_types import jobtype
from chalicelib.job_types.constants import SPARE_RECEIVES
from chalicelib.job_types.failing import Failing
from chalicelib.jobs.constants import LOOK_AHEAD
from chalicelib.jobs.job import Job, Status
from chalicelib.jobs.port import Message
from tests.chalicelib.api.support import only_types
from tests.chalicelib.worker.shared_queue import Shared

ATTEMPTS = 9


@pytest.fixture
def shared() -> Iterator[Shared]:
    with only_types():
        yield Shared()


def test_a_batch_may_hold_several_types(shared: Shared) -> None:
    shared.declare("mail.welcome")
    shared.declare("mail.bill", max_attempts=1)
    shared.errors["mail.bill"] = ValueError("no")
    for number, name in enumerate(["mail.welcome", "mail.bill", "mail.welcome"], 1):
        shared.submit(name, f"job-{number}")
    assert len(shared.poll()) == 3
    assert shared.invocations == 1
    assert shared.ran == ["mail.welcome job-1", "mail.bill job-2", "mail.welcome job-3"]
    assert shared.statuses("job-1", "job-2", "job-3") == ["completed", "dead_letter", "completed"]
    assert shared.queue.depth("mail.welcome") == shared.queue.depth("mail") == shared.queue.depth("mail.bill")


def test_a_type_with_few_attempts_reaches_the_dead_letter_queue_at_the_receives_of_its_queue(shared: Shared) -> None:
    few = shared.declare("mail.few", max_attempts=1)
    shared.declare("mail.many", max_attempts=ATTEMPTS)
    shared.errors["mail.few"] = ValueError("no")
    shared.submit("mail.few", "job-1")
    while shared.queue.messages.get("mail"):
        shared.poll()
        assert shared.statuses("job-1") == ["dead_letter"], "from the first attempt on"
    assert shared.ran == ["mail.few job-1"]
    assert shared.invocations == ATTEMPTS + SPARE_RECEIVES, "eight more than its own queue would take"
    assert few.max_receives == 1 + SPARE_RECEIVES
    assert shared.queue.depth("mail").dead == 1
    shared.watch()
    assert shared.queue.depth("mail").dead == 1, "the evidence stays"


def test_a_broken_file_holds_only_the_jobs_of_its_type(shared: Shared) -> None:
    shared.declare("mail.welcome")
    shared.declare("mail.broken")
    shared.broken.add("mail.broken")
    shared.submit("mail.broken", "job-1")
    shared.submit("mail.welcome", "job-2")
    shared.poll()
    assert shared.statuses("job-1", "job-2") == ["queued", "completed"]
    shared.broken.clear()
    shared.clock.advance(10)
    shared.poll()
    assert shared.statuses("job-1") == ["completed"]


def test_a_message_of_a_type_that_a_deployment_adds_waits_for_the_workers_new_version(shared: Shared) -> None:
    shared.declare("mail.welcome")
    kind = shared.declare("mail.new")
    shared.submit("mail.new", "job-1")
    del jobtype.registered["mail.new"]
    shared.queue.messages["mail"], shared.ran = shared.queue.messages.pop("mail"), []
    ends = shared.clock.now + 90
    while shared.clock.now < ends:  # the API has the new version, the worker does not
        shared.poll()
        shared.clock.advance(1)
    assert shared.statuses("job-1") == ["queued"]
    assert not shared.queue.dead.get("mail"), "nobody is called for a deployment"
    jobtype.registered["mail.new"] = kind
    shared.clock.advance(20)
    shared.poll()
    assert shared.statuses("job-1") == ["completed"]


def test_jobs_of_a_type_that_moves_to_another_queue_run_there(shared: Shared) -> None:
    shared.declare("mail.welcome")
    shared.declare("mail.bill")
    shared.submit("mail.bill", "job-1")
    shared.submit("mail.welcome", "job-2")
    shared.submit("mail.bill", "job-3", run_at=shared.clock.now + 2000, next_attempt_at=shared.clock.now + 2000)
    shared.declare("mail.bill", Queue("bills"))
    shared.new_process()
    shared.poll()
    assert shared.ran == ["mail.welcome job-2"], "the old function does not run it: its role is not for it"
    assert shared.queue.depth("mail").visible == shared.queue.depth("mail").in_flight == 0
    moved = shared.store.get("job-1")
    assert (moved.sent, moved.stalled_since, moved.status) == (False, None, Status.QUEUED)
    assert shared.store.get("job-3").due_at == shared.clock.now + 2000 - LOOK_AHEAD
    shared.clock.advance(60)
    shared.watch()
    assert [held.message.id for held in shared.queue.messages["bills"]] == ["job-1"]


def test_a_running_job_of_a_moved_type_keeps_its_message(shared: Shared) -> None:
    shared.declare("mail.welcome")
    shared.declare("mail.bill", Queue("bills"))
    now = shared.clock.now
    shared.store.add(
        Job("job-1", "mail.bill", Status.PROCESSING, now, now, sent=True, due_at=now + 60, claims=1, attempts=1,
            lease_until=now + 30)
    )  # fmt: skip
    held = HeldMessage(Message("job-1", 1, "mail.bill"), "r9", now, sent_at=now)
    shared.queue.messages["mail"] = [held]
    shared.poll()
    assert shared.queue.messages["mail"], "its worker may die: then this message is the only one"
    shared.clock.advance(40)
    shared.poll()
    assert not shared.queue.messages["mail"]
    assert not shared.store.get("job-1").sent


@pytest.mark.parametrize("status", [Status.COMPLETED, Status.CANCELLED])
def test_a_message_of_a_moved_type_whose_job_has_ended_is_dropped(shared: Shared, status: Status) -> None:
    shared.declare("mail.bill", Queue("bills"))
    now = shared.clock.now
    shared.store.add(Job("job-1", "mail.bill", status, now, now, sent=True, finished_at=now))
    shared.queue.messages["mail"] = [HeldMessage(Message("job-1", 1, "mail.bill"), "r9", now, sent_at=now)]
    shared.poll()
    assert not shared.queue.messages["mail"]


def test_a_pause_of_the_queue_holds_all_its_types(shared: Shared) -> None:
    queue = Queue("mail", function=Function(batch_size=10), pause_when=Failing(of=3, within=300))
    for name in ("mail.welcome", "mail.bill"):
        shared.declare(name, queue)
        shared.errors[name] = ConnectionError("the mail provider is down")
    for number, name in enumerate(["mail.welcome", "mail.bill", "mail.welcome", "mail.bill"], 1):
        shared.submit(name, f"job-{number}")
    shared.poll()
    assert len(shared.ran) == 3, "equal errors of its types count together"
    assert shared.pauses.read("mail").since is not None
    assert shared.statuses("job-4") == ["queued"]


class Killed(BaseException):
    """The end of a process, as when a job uses up the memory."""


@pytest.mark.parametrize("warm", [True, False])
def test_a_job_that_ends_its_process_does_not_keep_the_jobs_of_other_types_waiting(shared: Shared, warm: bool) -> None:
    names = [f"mail.good{number}" for number in range(4)]
    for name in names:
        shared.declare(name, timeout=20)
    shared.declare("mail.killer", timeout=600, max_attempts=9)
    shared.spread = random.Random(1).uniform
    shared.new_process()
    if warm:
        for number, name in enumerate([*names, "mail.killer"]):
            shared.submit(name, f"first-{number}")
        shared.poll(600)
    shared.errors["mail.killer"] = Killed()
    for name in ["mail.killer", *names]:
        shared.submit(name, name)
    for _ in range(1 if warm else 4):
        with pytest.raises(Killed):
            shared.poll(600)
        shared.clock.advance(620)
        shared.new_process()
    assert shared.statuses(*names) == ["completed"] * 4
    assert shared.statuses("mail.killer") == ["processing"]
