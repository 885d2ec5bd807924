"""Test to which queue a message goes, for types with and without an urgent queue."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from chalicelib import AtMost, Function, JobContext, Rate, job
from chalicelib.adapters.memory.jobs import MemoryJobStore
from chalicelib.adapters.memory.queue import MemoryJobQueue
from chalicelib.errors import ConfigurationError, PriorityRefused
from chalicelib.job_types import jobtype
from chalicelib.job_types.queues import queues_of, sent_to
from chalicelib.jobs.job import Job, Status
from chalicelib.jobs.priority import PriorityName
from chalicelib.limits.ids import limits_of
from chalicelib.operating.destination import queue_for
from chalicelib.operating.dispatch import Dispatcher
from chalicelib.operating.lines import runs
from chalicelib.operating.why_waiting import QueueState, why
from chalicelib.producing.batch import submit_many
from chalicelib.producing.service import JobService
from chalicelib.producing.submission import Submission
from tests.chalicelib.api.support import Note, only_types
from tests.support import T0, Clock, a_job

PLAIN, URGENT = "mail.plain", "mail.urged"
SECOND = "mail.urged-urgent"


def nothing(_: Note, _ctx: JobContext) -> None:
    """Do nothing."""


@pytest.fixture(autouse=True)
def _types() -> Iterator[None]:
    with only_types():
        job(PLAIN, limits=[AtMost(1)])(nothing)
        job(URGENT, urgent=True)(nothing)
        job("mail.both", urgent=True, limits=[AtMost(1)])(nothing)
        yield


@pytest.mark.parametrize(
    ("fields", "goes_to"),
    [
        ({}, URGENT),
        ({"priority": "low"}, URGENT),
        ({"priority": "high"}, SECOND),
        ({"priority": "of a later version"}, URGENT),
        ({"priority": "high", "status": Status.SCHEDULED, "run_at": T0 + 60}, SECOND),
        ({"priority": "high", "status": Status.RETRYING}, SECOND),
        ({"status": Status.QUEUED, "waits": "limit:2.mail.urged"}, SECOND),
        ({"status": Status.QUEUED, "waits": "time"}, URGENT),
        ({"status": Status.RETRYING}, URGENT),
        ({"type": PLAIN, "priority": "high"}, PLAIN),
        ({"type": PLAIN, "status": Status.QUEUED, "waits": "limit:2.mail.plain"}, PLAIN),
        ({"type": "gone.type", "priority": "high"}, "gone.type"),
    ],
)
def test_only_jobs_of_high_priority_and_woken_ones_go_to_the_urgent_queue(
    fields: dict[str, object], goes_to: str
) -> None:
    assert queue_for(a_job(**{"type": URGENT, "status": Status.QUEUED, **fields})) == goes_to


def service() -> tuple[JobService, MemoryJobQueue]:
    clock = Clock()
    store, queue = MemoryJobStore(clock), MemoryJobQueue(clock)
    return JobService(store, queue, clock=clock), queue


def asked(kind: str, priority: PriorityName, text: str = "a") -> Submission:
    return Submission(kind, {"to": ["ada"], "text": text}, priority=priority)


def test_a_created_job_and_each_of_a_batch_is_sent_to_its_queue() -> None:
    made, queue = service()
    made.submit(asked(URGENT, "high"))
    made.submit(asked(URGENT, "low"))
    submit_many(made, [asked(URGENT, "high" if n % 3 == 0 else "normal", str(n)) for n in range(30)])
    assert {key: len(held) for key, held in queue.messages.items()} == {SECOND: 11, URGENT: 21}
    assert queue.depth(URGENT).visible == 32, "the depth is that of both"


def test_every_way_to_send_a_message_again_asks_the_same_rule() -> None:
    clock = Clock()
    store, queue = MemoryJobStore(clock), MemoryJobQueue(clock)
    dispatcher = Dispatcher(store, queue, clock)
    high = a_job(id="high", type=URGENT, status=Status.QUEUED, priority="high", sent=False)
    low = replace(high, id="low", priority="low")
    for one in (high, low):
        store.add(one)
    for one in (high, low):
        dispatcher.send(one)
        dispatcher.send_anew(one, 0)
    dispatcher.send_many([high, low])
    assert [held.message.id for held in queue.messages[SECOND]] == ["high"] * 3
    assert [held.message.id for held in queue.messages[URGENT]] == ["low"] * 3


def test_a_priority_is_accepted_where_it_has_an_effect_and_the_refusal_names_both_ways() -> None:
    made, _ = service()
    with only_types():
        job("mail.none")(nothing)
        with pytest.raises(PriorityRefused) as refused:
            made.submit(asked("mail.none", "high"))
    assert "no limits= and no urgent=True" in refused.value.errors[0].msg
    assert made.submit(asked("mail.urged", "high")).job.priority == "high"


def test_both_queues_together_have_the_declared_concurrency() -> None:
    job("mail.odd", urgent=True, function=Function(concurrency=5))(nothing)
    found = {queue.key: (queue.concurrency, queue.concurrencies) for queue in queues_of(jobtype.all_types())}
    assert found["mail.odd"] == (5, [3, 2])
    assert found[URGENT] == (40, [20, 20])
    assert found[PLAIN] == (20, [20])
    with pytest.raises(ConfigurationError, match="concurrency=3 must be 4 or more"):
        job("mail.odd", urgent=True, function=Function(concurrency=3))(nothing)


def test_a_type_gets_no_more_places_of_a_shared_limit_than_its_urgent_queue_has_workers() -> None:
    shared = AtMost(30, shared="provider")
    job("mail.narrow", urgent=True, function=Function(concurrency=10), limits=[shared])(nothing)
    job("mail.wide", function=Function(concurrency=10), limits=[shared])(nothing)
    kinds = [jobtype.get(name) for name in ("mail.narrow", "mail.wide")]
    found = {kind.name: runs(kind, limits_of(kind.name, kind.limits, {})[0]).most for kind in kinds}
    assert found == {"mail.narrow": 5, "mail.wide": 10}


def test_names_of_queues_that_could_not_be_told_apart_are_refused() -> None:
    with pytest.raises(ConfigurationError, match="must not be urgent"):
        job("mail.urgent", urgent=True)(nothing)
    job("mail.urged.urgent")(nothing)
    with pytest.raises(ConfigurationError, match=r"second queue of mail\.urged.*of mail\.urged\.urgent: rename"):
        jobtype.check_queues(jobtype.registered)


def test_other_settings_are_refused_with_a_reason() -> None:
    with pytest.raises(ConfigurationError, match="write the `Rate` into `limits`"):
        job("mail.rated", urgent=True, rate=Rate(1))(nothing)
    with pytest.raises(ConfigurationError, match="urgent is True or False, not 'yes'"):
        job("mail.wrong", urgent="yes")(nothing)  # type: ignore[arg-type]


def test_a_sender_may_use_both_queues_of_such_types() -> None:
    assert sent_to([PLAIN, URGENT, "gone.type", URGENT]) == [PLAIN, URGENT, SECOND, "gone.type"]


def test_why_a_job_waits_says_that_it_passes_the_others() -> None:
    def told(**fields: object) -> str | None:
        found: Job = a_job(type=URGENT, status=Status.QUEUED, sent=True, **fields)
        return why(found, QueueState(ahead=7), T0)

    assert str(told(priority="high")).startswith(f"It waits for a worker in the urgent queue of {URGENT}, whose jobs")
    assert str(told()).startswith("Up to 7 jobs ahead")
    assert str(told()).endswith("; later urgent jobs may pass it.")
