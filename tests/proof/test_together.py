"""Let many threads act at once over the real adapters, wherever tries are limited: each must get a good answer.

The emulator answers one request of a service at a time, as AWS changes one item at a time. Threads provide the
concurrency.
"""

import json
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any, TypeVar

import pytest

from chalicelib.adapters import aws
from chalicelib.adapters.dynamo.jobs.store import DynamoJobStore
from chalicelib.adapters.memory.queue import MemoryJobQueue
from chalicelib.adapters.sqs import SqsJobQueue
from chalicelib.batches.batches import Batches, NewBatch
from chalicelib.batches.dynamo import DynamoBatches
from chalicelib.bulk.background import BulkWork, NewBulkAction
from chalicelib.bulk.dynamo import DynamoBulkActions
from chalicelib.bulk.memory import MemoryBackground
from chalicelib.bulk.port import BulkAction, BulkState
from chalicelib.bulk.request import BulkActions
from chalicelib.ends.maker import EndMaker
from chalicelib.errors import JobConflict, JobFlowError, WebhookConflict
from chalicelib.job_types.batch_end import BatchEnd
from chalicelib.job_types.constants import DELIVER, SPARE_RECEIVES
from chalicelib.job_types.context import JobContext
from chalicelib.job_types.end import JobEnd
from chalicelib.job_types.failing import Failing
from chalicelib.job_types.jobtype import JobType, registered
from chalicelib.job_types.rate import Rate
from chalicelib.job_types.unique import Unique
from chalicelib.jobs import transitions
from chalicelib.jobs.change import Claimant, new_writer
from chalicelib.jobs.changed import JobChanged
from chalicelib.jobs.job import Status
from chalicelib.jobs.port import Filter
from chalicelib.keys.rule import Debounce, Outcome, Submitted
from chalicelib.limits.dynamo import DynamoTurns
from chalicelib.limits.serial import InOrder
from chalicelib.limits.serial_rule import KeyHeld
from chalicelib.operating.dispatch import Dispatcher
from chalicelib.operating.operations import Operations
from chalicelib.pausing.dynamo import DynamoAutoPauses
from chalicelib.pausing.rule import AutoPause, failed, probing
from chalicelib.pausing.switch import change
from chalicelib.producing.service import JobService
from chalicelib.producing.submission import Submission
from chalicelib.schedules.declared import Declared
from chalicelib.schedules.dynamo import DynamoSchedules
from chalicelib.schedules.editing import ScheduleService
from chalicelib.schedules.editing import Settings as ScheduleSettings
from chalicelib.schedules.firings import Firings
from chalicelib.settings import Settings
from chalicelib.webhooks import rule as webhook_rule
from chalicelib.webhooks.dynamo import DynamoWebhooks
from chalicelib.webhooks.editing import Settings as WebhookSettings
from chalicelib.webhooks.editing import WebhookService
from chalicelib.webhooks.maker import DeliveryMaker
from chalicelib.webhooks.memory import MemorySecrets
from chalicelib.webhooks.payload import Delivery
from chalicelib.worker.consume import Worker
from tests.chalicelib.api.support import NOTE, Note, only_types
from tests.support import REGION, T0, Clock, Invocation, a_job, sqs_record

T = TypeVar("T")
MANY = 32
DUE = T0 + 5000


def together(number: int, act: Callable[[int], T]) -> list[T]:
    """Call it this many times in this many threads, which all begin at once."""
    start = threading.Barrier(number)

    def wait_and_act(which: int) -> T:
        start.wait(timeout=30)
        return act(which)

    with ThreadPoolExecutor(number) as pool:
        return list(pool.map(wait_and_act, range(number)))


@pytest.fixture(autouse=True)
def types() -> Iterator[None]:
    with only_types(NOTE):
        yield


@pytest.fixture
def service(cloud: Settings, clock: Clock) -> JobService:
    return JobService(DynamoJobStore(cloud, clock), MemoryJobQueue(clock), clock=clock)


def asked(number: int, **fields: Any) -> Submission:
    return Submission(NOTE.name, {"to": ["a@example.com"], "text": f"{number}"}, principal="p", **fields)


def declare(kind: JobType[Any, Any]) -> None:
    registered[kind.name] = kind


def test_requests_with_one_key_get_one_job(service: JobService) -> None:
    answers = together(MANY, lambda _: service.submit(asked(1, idempotency_key="k")))
    assert len({answer.job.id for answer in answers}) == 1
    assert Counter(answer.outcome is Outcome.CREATED for answer in answers) == {True: 1, False: MANY - 1}


def test_requests_for_one_thing_get_one_job(service: JobService) -> None:
    declare(replace(NOTE, unique=Unique(by=("to",), seconds=3600)))
    answers = together(MANY, lambda number: service.submit(asked(number, idempotency_key=f"{number}")))
    assert len({answer.job.id for answer in answers}) == 1
    assert Counter(answer.outcome is Outcome.CREATED for answer in answers) == {True: 1, False: MANY - 1}


def test_debounced_requests_get_one_job_that_has_what_one_of_them_asked_for(service: JobService) -> None:
    answers = together(MANY, lambda number: service.submit(asked(number, debounce=Debounce("k", 30))))
    [job_id] = {answer.job.id for answer in answers}
    assert Counter(answer.outcome for answer in answers) == {Outcome.CREATED: 1, Outcome.REPLACED: MANY - 1}
    assert service.get(job_id).job.gen == MANY


def test_workers_of_a_rate_get_a_slot_each(cloud: Settings) -> None:
    rate = Rate(MANY, per=60)
    answers = together(MANY, lambda _: DynamoTurns(cloud).slots("t", rate, 1, T0, T0 + 3600))
    assert [len(answer) for answer in answers] == [1] * MANY
    assert len({slot for (slot,) in answers}) == MANY


def test_workers_that_find_no_slot_get_a_turn_each(cloud: Settings) -> None:
    answers = together(MANY, lambda _: DynamoTurns(cloud).turns("t", Rate(1, per=60), 1, T0))
    assert len({turn for (turn,) in answers}) == MANY


def test_of_the_jobs_of_a_key_one_begins_and_the_others_are_told_to_come_again(service: JobService) -> None:
    store, clock = service.store, service.clock
    held = []
    for number in range(MANY):
        job = a_job()
        store.add(job)
        by = Claimant(f"request-{number}")
        held.append(store.apply(job.id, transitions.claim(1, now=T0, lease_until=T0 + 65, by=by)))

    def begin(number: int) -> bool:
        try:
            InOrder("t", store, clock, "key").start(held[number])
        except KeyHeld:
            return False
        return True

    assert sum(together(MANY, begin)) == 1


@pytest.mark.parametrize("status", [Status.QUEUED, Status.SCHEDULED, Status.PROCESSING])
@pytest.mark.parametrize("acts", [("cancel",), ("run_now", "cancel")], ids=" and ".join)
def test_operators_of_one_job_are_told_what_became_of_it(
    service: JobService, status: Status, acts: tuple[str, ...]
) -> None:
    waits = {"run_at": DUE, "next_attempt_at": DUE} if status is Status.SCHEDULED else {}
    held = {"attempts": 1, "lease_until": T0 + 65} if status is Status.PROCESSING else {}
    job = a_job(type=NOTE.name, status=status, **waits, **held)
    service.store.add(job)

    def act(number: int) -> str:
        operations = Operations(Dispatcher(service.store, service.queue, service.clock), f"operator {number}")
        try:
            getattr(operations, acts[number % len(acts)])(job.id)
        except JobConflict as conflict:
            return str(conflict)
        return "done"

    answers = Counter(together(MANY, act))
    found = service.get(job.id).job
    assert found.status is Status.CANCELLED or found.cancel_requested
    assert answers["done"] >= 1
    assert not [answer for answer in answers if "too quickly" in answer]


def test_workers_whose_attempts_all_fail_pause_their_type(cloud: Settings) -> None:
    rule = Failing(of=5, within=300)
    together(MANY, lambda _: tell(DynamoAutoPauses(cloud), rule))
    row = DynamoAutoPauses(cloud).read("t")
    assert (row.since, len(row.failures)) == (T0, 5)


def tell(rows: DynamoAutoPauses, rule: Failing) -> AutoPause | None:
    """A worker that cannot count a failure continues: the pause only begins later."""
    try:
        return change(rows, "t", failed(rule, "f", "ValueError", T0))
    except TimeoutError:
        return None


def test_of_the_workers_that_want_a_probe_one_gets_it(cloud: Settings) -> None:
    rows = DynamoAutoPauses(cloud)
    assert rows.replace("t", AutoPause(), AutoPause(since=T0, cooldown=60, probe_at=T0 + 60)) is not None
    answers = together(MANY, lambda number: change(DynamoAutoPauses(cloud), "t", probing(f"{number}", T0 + 61, 50.0)))
    [taken] = [answer for answer in answers if answer is not None]
    assert rows.read("t").probe == taken.probe


def scheduling(service: JobService, cloud: Settings) -> ScheduleService:
    kept = DynamoSchedules(cloud)
    firings = Firings(kept, service, Declared(kept, service.dispatcher, followed=True))
    return ScheduleService(kept, service, firings)


def settings_of(minute: int) -> ScheduleSettings:
    return ScheduleSettings(NOTE.name, f"{minute} * * * *", "UTC", {"to": ["a@example.com"]})


def test_operators_who_pause_a_schedule_all_find_it_paused(service: JobService, cloud: Settings) -> None:
    schedules = scheduling(service, cloud)
    schedules.create("s", settings_of(5))
    assert all(one.paused for one in together(MANY, lambda _: scheduling(service, cloud).pause("s")))


def test_administrators_who_change_a_schedule_differently_all_get_their_turn(
    service: JobService, cloud: Settings
) -> None:
    schedules = scheduling(service, cloud)
    schedules.create("s", settings_of(5))
    answers = together(12, lambda number: scheduling(service, cloud).change("s", settings_of(number)).cron)
    wanted = {settings_of(number).cron for number in range(12)}
    assert {*answers, schedules.get("s").cron} <= wanted


def test_a_schedule_that_many_delete_while_others_change_it_is_deleted_and_leaves_no_job(
    service: JobService, cloud: Settings
) -> None:
    scheduling(service, cloud).create("s", settings_of(5))

    def act(number: int) -> str:
        try:
            if number % 2:
                scheduling(service, cloud).delete("s")
            else:
                scheduling(service, cloud).change("s", settings_of(number))
        except JobFlowError as error:
            return type(error).__name__
        return "deleted" if number % 2 else "changed"

    answers = Counter(together(12, act))
    assert answers["deleted"] >= 1  # one whose delete comes second may be told that it is deleted
    assert list(DynamoSchedules(cloud).page(10, "")) == []
    assert set(answers) <= {"deleted", "changed", "ScheduleNotFound"}
    assert {job.status for job in service.store.page(Filter(), 100).jobs} <= {Status.CANCELLED}


def test_a_batch_that_is_closed_and_whose_last_members_end_at_once_ends_once(
    service: JobService, cloud: Settings
) -> None:
    """Each function reads other changes, and several get the same ones."""
    then: JobType[BatchEnd, None] = JobType("test.then", lambda _payload, _ctx: None, BatchEnd)
    declare(then)
    Batches(DynamoBatches(cloud), service).create(NewBatch("b", then=then.name))
    members = [asked(number, idempotency_key=f"{number}", batch="b") for number in range(6)]
    made = Batches(DynamoBatches(cloud), service).add("b", members)
    running = [service.store.get(one.job.id) for one in made if isinstance(one, Submitted)]
    ends = [
        JobChanged(f"{place}", one, replace(one, status=Status.COMPLETED, finished_at=T0 + 1))
        for place, one in enumerate(running)
    ]

    def act(number: int) -> set[str]:
        batches = Batches(DynamoBatches(cloud), service)
        if number % 4 == 3:
            batches.close("b", len(members))
            return set()
        shard = number % 4
        return batches.follow(ends[shard::3], f"shard-{shard}")

    assert together(MANY, act) == [set()] * MANY
    [round_] = DynamoBatches(cloud).rounds("b", 99)
    assert (round_.done, round_.ended_at is not None) == (len(members), True)
    assert len(service.store.page(Filter(type=then.name), 100).jobs) == 1


def test_administrators_who_change_a_webhook_while_its_deliveries_fail_get_their_change_or_a_conflict(
    service: JobService, cloud: Settings
) -> None:
    def editing() -> WebhookService:
        return WebhookService(DynamoWebhooks(cloud), lambda: secrets, service)

    def settings(number: int) -> WebhookSettings:
        return WebhookSettings(f"https://hooks{number}.example.com/", ("*",))

    declare(replace(NOTE, name=DELIVER))
    secrets = MemorySecrets()
    editing().create("w", settings(99), "ada")

    def act(number: int) -> str:
        if number % 3:  # a delivery fails
            rows = DynamoWebhooks(cloud)
            seen = editing().get("w")
            after = replace(webhook_rule.failed(seen.state, T0, "HTTP 500"), writer=new_writer())
            rows.set_state(seen.webhook, seen.state, after)
            return ""
        try:
            return editing().change("w", settings(number)).webhook.url
        except WebhookConflict:
            return ""

    changed = {url for url in together(MANY, act) if url}
    assert editing().get("w").webhook.url in (changed or {settings(99).url})
    again = editing().change("w", settings(100))  # another address than all before, so that failures are forgotten
    assert (again.webhook.url, again.state.failures) == (settings(100).url, 0), "after a conflict, it can be repeated"


def test_ends_that_are_delivered_to_many_at_once_make_one_delivery_to_each_webhook(
    service: JobService, cloud: Settings
) -> None:
    """Several functions read the stream, and some get the same changes."""
    declare(JobType(DELIVER, lambda _payload, _ctx: None, Delivery))
    for name in ("billing", "audit"):
        WebhookService(DynamoWebhooks(cloud), MemorySecrets, service).create(
            name, WebhookSettings("https://hooks.example.com/", ("*",)), "ada"
        )
    running = [a_job(type=NOTE.name, status=Status.PROCESSING, started_at=T0) for _ in range(3)]
    for one in running:
        service.store.add(one)
    running = [service.store.get(one.id) for one in running]
    ends = [
        JobChanged(f"{place}", one, replace(one, status=Status.COMPLETED, finished_at=T0 + 1))
        for place, one in enumerate(running)
    ]

    def act(number: int) -> set[str]:
        return DeliveryMaker(service, DynamoWebhooks(cloud)).follow(ends[number % 2 :])

    assert together(MANY, act) == [set()] * MANY
    made = [service.get(job.id).job.payload for job in service.store.page(Filter(type=DELIVER), 100).jobs]
    assert Counter((one["webhook"], one["body"]["data"]["job_id"]) for one in made) == {
        (name, one.id): 1 for name in ("billing", "audit") for one in running
    }


class Swarm:
    """Jobs of NOTE, and workers in threads, which all get every message of the queue at once, again and again."""

    def __init__(self, cloud: Settings, clock: Clock) -> None:
        self.clock, self.runs = clock, Counter[tuple[str, int, int]]()
        queue = aws.client("sqs", REGION)
        dead = queue.create_queue(QueueName="together-test-note-dlq")["QueueUrl"]
        arn = queue.get_queue_attributes(QueueUrl=dead, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        redrive = json.dumps({"deadLetterTargetArn": arn, "maxReceiveCount": NOTE.max_attempts + SPARE_RECEIVES})
        url = queue.create_queue(QueueName="together-test-note", Attributes={"RedrivePolicy": redrive})["QueueUrl"]
        self._sqs, self._url, self.dead = queue, url, dead
        self._settings = replace(cloud, queue_url_prefix=url.removesuffix("test-note"))
        store, sender = self._adapters()
        self.service = JobService(store, sender, clock=clock)
        self._kind = replace(NOTE, run=self._run, enqueues=(NOTE.name,))
        declare(self._kind)

    def _adapters(self) -> tuple[DynamoJobStore, SqsJobQueue]:
        return DynamoJobStore(self._settings, self.clock), SqsJobQueue(self._settings)

    def _run(self, payload: Note, ctx: JobContext) -> str:
        self.runs[ctx.job.id, *ctx.job.token] += 1
        if payload.text == "makes":
            ctx.enqueue(NOTE.name, {"to": ["child@example.com"], "text": "child"}, key="child")
        if payload.text == "fails" or (payload.text == "makes" and ctx.attempt == 1):
            raise ValueError("boom")
        return f"{ctx.job.gen}.{ctx.attempt}"

    def submit(self, text: str, number: int) -> str:
        """Create a job, in one of many threads."""
        store, queue = self._adapters()
        asked = Submission(NOTE.name, {"to": ["a@example.com"], "text": text}, idempotency_key=f"{number}")
        return JobService(store, queue, clock=self.clock).submit(asked).job.id

    def work(self, rounds: int, workers: int) -> None:
        """Receive all messages.

        Let each worker process all of them at the same moment; delete those that none reports.
        """
        for _ in range(rounds):
            received = self._sqs.receive_message(QueueUrl=self._url, MaxNumberOfMessages=10, AttributeNames=["All"])
            messages = received.get("Messages", [])
            told = [(m["ReceiptHandle"], m["Body"], int(m["Attributes"]["ApproximateReceiveCount"])) for m in messages]
            event = {"Records": [sqs_record(*one) for one in told]}

            def one(_: int, event: Any = event) -> list[str]:
                store, queue = self._adapters()
                worker = Worker(self._kind, store, queue, self.clock, sleep=lambda _: None, service=self.service)
                return worker.work(event, Invocation(self.clock, self.clock.now + 60))

            again = {receipt for answer in together(workers, one) for receipt in answer} if messages else set()
            for receipt, *_ in told:
                if receipt not in again:
                    self._sqs.delete_message(QueueUrl=self._url, ReceiptHandle=receipt)
            self.clock.advance(31)


def test_workers_that_get_the_same_messages_at_once_run_each_attempt_once(cloud: Settings, clock: Clock) -> None:
    swarm = Swarm(cloud, clock)
    texts = ["ok", "fails", "makes"] * 3
    ids = together(len(texts), lambda number: swarm.submit(texts[number], number))
    swarm.work(rounds=24, workers=6)
    found = {job_id: swarm.service.get(job_id).job for job_id in ids}
    ends = Counter(
        (text, found[job_id].status, found[job_id].attempts) for text, job_id in zip(texts, ids, strict=True)
    )
    assert ends == {
        ("ok", Status.COMPLETED, 1): 3, ("fails", Status.DEAD_LETTER, 3): 3, ("makes", Status.COMPLETED, 2): 3,
    }  # fmt: skip
    assert set(swarm.runs.values()) == {1}
    children = {job_id for job_id, _, _ in swarm.runs} - set(ids)
    assert len(children) == 3
    assert {str(job.result) for job in found.values() if job.status is Status.COMPLETED} == {"1.1", "1.2"}
    evidence = swarm._sqs.get_queue_attributes(QueueUrl=swarm.dead, AttributeNames=["ApproximateNumberOfMessages"])
    assert evidence["Attributes"]["ApproximateNumberOfMessages"] == "3"


def test_workers_of_one_bulk_action_retry_each_job_once(cloud: Settings, service: JobService) -> None:
    failed = [a_job(type=NOTE.name, status=Status.FAILED, attempts=1) for _ in range(2 * MANY)]
    for job in failed:
        service.store.add(job)

    def acting(bulk: BulkAction) -> BulkActions:
        dispatcher = Dispatcher(DynamoJobStore(cloud, service.clock), service.queue, service.clock)
        return BulkActions(dispatcher.store, Operations(dispatcher, "ada", in_bulk=True, bulk=bulk.id))

    def work() -> BulkWork:
        return BulkWork(DynamoBulkActions(cloud), acting, MemoryBackground(), service.clock)

    asked = NewBulkAction("retry", "ada", "ada", ids=tuple(job.id for job in failed))
    begun = work().start(asked)
    together(8, lambda _: work().work([begun.id], lambda: 800.0))
    told = work().get(begun.id)
    assert (told.state, told.matched, told.done) == (BulkState.DONE, len(failed), len(failed))
    assert {service.get(job.id).job.gen for job in failed} == {2}


def test_ends_that_are_delivered_to_many_at_once_make_one_job_each(service: JobService) -> None:
    told: JobType[JobEnd, None] = JobType("test.told", lambda _payload, _ctx: None, JobEnd)
    declare(told)
    running = [a_job(type=NOTE.name, status=Status.PROCESSING, on_end=told.name, started_at=T0) for _ in range(3)]
    for one in running:
        service.store.add(one)
    running = [service.store.get(one.id) for one in running]  # signed: an end is told only then
    ends = [
        JobChanged(f"{place}", one, replace(one, status=Status.COMPLETED, finished_at=T0 + 1))
        for place, one in enumerate(running)
    ]
    assert together(MANY, lambda _: EndMaker(service).follow(ends)) == [set()] * MANY
    for one in running:
        (made,) = service.store.page(Filter(parent=one.id), limit=100).jobs
        assert (made.type, service.get(made.id).job.payload["job_id"]) == (told.name, one.id)
