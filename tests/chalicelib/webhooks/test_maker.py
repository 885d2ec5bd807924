"""Test that each end makes one delivery for each webhook that is told, whatever is delivered again or missing."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from types import SimpleNamespace
from typing import Any
from unittest.mock import DEFAULT, patch

import pytest
from pydantic import BaseModel

from chalicelib.adapters.memory.jobs import MemoryJobStore
from chalicelib.adapters.memory.queue import MemoryJobQueue
from chalicelib.assembly import parts
from chalicelib.ends.constants import CHECKED_AFTER, CHECKED_FOR
from chalicelib.entry import followup
from chalicelib.errors import ConfigurationError, InvalidRequest, JobConflict
from chalicelib.job_types import jobtype
from chalicelib.job_types.constants import DELIVER
from chalicelib.job_types.context import JobContext
from chalicelib.job_types.jobtype import check_enqueues, job
from chalicelib.job_types.unique import Unique
from chalicelib.jobs.changed import JobChanged
from chalicelib.jobs.job import Job, Status
from chalicelib.jobs.port import Filter
from chalicelib.operating.descendants import cancel_all
from chalicelib.operating.operations import Operations
from chalicelib.producing.service import JobService
from chalicelib.producing.submission import Submission
from chalicelib.webhooks import rule
from chalicelib.webhooks.maker import DeliveryMaker, Owed, asked
from chalicelib.webhooks.memory import MemoryWebhooks
from chalicelib.webhooks.webhook import State
from tests.chalicelib.webhooks.support import DELIVERING, a_delivery, a_webhook
from tests.support import T0, Clock, Invocation, a_job, written


class Note(BaseModel):
    text: str = ""


def note(payload: Note, ctx: JobContext) -> None:
    """Do nothing."""


@pytest.fixture(autouse=True)
def types() -> Iterator[None]:
    before = dict(jobtype.registered)
    jobtype.registered.clear()
    job("test.note")(note)
    jobtype.registered[DELIVER] = DELIVERING
    yield
    jobtype.registered.clear()
    jobtype.registered.update(before)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def service(clock: Clock) -> JobService:
    return JobService(MemoryJobStore(clock), MemoryJobQueue(clock), clock=clock)


@pytest.fixture
def webhooks() -> MemoryWebhooks:
    made = MemoryWebhooks()
    made.add(a_webhook("billing"))
    made.add(a_webhook("audit", types=("*",), statuses=("failed", "dead_letter")))
    return made


@pytest.fixture
def maker(service: JobService, webhooks: MemoryWebhooks) -> DeliveryMaker:
    return DeliveryMaker(service, webhooks)


def running(**fields: Any) -> Job:
    return a_job(**{"type": "test.note", "status": Status.PROCESSING, **fields})


def ended(before: Job, status: Status = Status.COMPLETED, number: int = 1, **fields: Any) -> JobChanged:
    after = replace(before, status=status, finished_at=T0 + 9, **fields)
    return JobChanged(str(number), before, after, has_result=status is Status.COMPLETED)


def deliveries(service: JobService) -> list[Job]:
    return list(service.page(Filter(type=DELIVER), 100).jobs)


def told(service: JobService) -> list[tuple[str, str]]:
    found: Sequence[Any] = [job.payload for job in deliveries(service)]
    return sorted((one["webhook"], one["body"]["type"]) for one in found)


def test_an_end_is_told_to_what_it_names_and_to_what_fits_once(maker: DeliveryMaker, service: JobService) -> None:
    job_ = running(notify=("billing",), tags=("a:b",))
    changes = [ended(job_, Status.FAILED), ended(running(notify=()), number=2)]
    for _ in range(3):
        assert maker.follow(changes) == set()
    assert told(service) == [("audit", "job.failed"), ("billing", "job.failed")]
    one = deliveries(service)[0]
    body: Any = one.payload
    assert body["body"]["data"]["job_id"] == job_.id
    assert "payload" not in body["body"]["data"]
    assert one.parent == job_.id


def test_each_run_and_each_status_is_an_end_of_its_own(maker: DeliveryMaker, service: JobService) -> None:
    job_ = running(notify=("billing",))
    maker.follow([ended(job_, Status.FAILED), ended(replace(job_, gen=2), Status.COMPLETED, 2)])
    assert [one for one in told(service) if one[0] == "billing"] == [
        ("billing", "job.completed"), ("billing", "job.failed"),
    ]  # fmt: skip
    assert len({one.id for one in deliveries(service)}) == 3


def test_a_delivery_is_not_delivered(maker: DeliveryMaker, service: JobService, webhooks: MemoryWebhooks) -> None:
    webhooks.add(a_webhook("everything", types=("*",)))
    maker.follow([ended(running(type=DELIVER, notify=("billing",)), Status.FAILED)])
    assert not deliveries(service)


def test_a_discard_and_a_restored_row_are_no_ends(maker: DeliveryMaker, service: JobService) -> None:
    failed = replace(running(notify=("billing",)), status=Status.FAILED, finished_at=T0)
    discarded = replace(failed, status=Status.CANCELLED, ended_as="failed", discarded_at=T0 + 5)
    maker.follow([JobChanged("1", failed, discarded), JobChanged("2", None, failed)])
    assert not deliveries(service)


def test_a_disabled_webhook_is_told_nothing_and_an_unknown_one_is_logged(
    maker: DeliveryMaker, service: JobService, webhooks: MemoryWebhooks
) -> None:
    billing = webhooks.find("billing")
    assert billing is not None
    webhooks.set_state(billing.webhook, State(), rule.failed(State(), T0, "gone", gone=True))
    with written("INFO") as lines:
        maker.follow([ended(running(notify=("billing", "nobody")))])
    assert not deliveries(service)
    assert [line["webhooks"] for line in lines if line["message"] == "webhook.unknown"] == [["nobody"]]


def test_what_is_not_stored_is_delivered_again_by_the_stream(maker: DeliveryMaker, service: JobService) -> None:
    changes = [ended(running(notify=("billing",)), number=number) for number in (1, 2)]
    with patch.object(service.store, "add", side_effect=ConnectionError), pytest.raises(ConnectionError):
        maker.follow(changes)  # Lambda delivers all of them again
    with patch.object(service.store, "add", wraps=service.store.add, side_effect=[DEFAULT, OSError]):
        assert maker.follow(changes) == {"2"}
    assert len(deliveries(service)) == 1
    assert maker.follow(changes) == set()
    assert len(deliveries(service)) == 2


def test_the_night_makes_up_for_what_the_stream_lost_and_for_nothing_else(
    maker: DeliveryMaker, service: JobService, clock: Clock, webhooks: MemoryWebhooks
) -> None:
    lost, made, old, young, plain = (
        replace(running(notify=names), status=Status.COMPLETED, finished_at=clock.now - age)
        for names, age in (
            (("billing",), CHECKED_AFTER + 60), (("billing",), CHECKED_AFTER + 60), (("billing",), CHECKED_FOR + 60),
            (("billing",), 60), ((), CHECKED_AFTER + 60),
        )
    )  # fmt: skip
    webhooks.remove(billing := webhooks.find("billing").webhook)  # type: ignore[union-attr]
    webhooks.add(replace(billing, told_since=clock.now - 90 * 86_400))
    for one in (lost, made, old, young, plain):
        service.store.add(one)
    maker.follow([JobChanged("1", replace(made, status=Status.PROCESSING), made)])
    assert maker.repair([lost, made, old, young, plain]) == 1
    assert {one.parent for one in deliveries(service)} == {lost.id, made.id}
    assert maker.repair([lost, made, old, young, plain]) == 0


def test_a_new_webhook_is_not_told_of_the_past(maker: DeliveryMaker, service: JobService, clock: Clock) -> None:
    past = replace(running(), status=Status.FAILED, finished_at=T0 - 120)
    service.store.add(past)
    clock.now = T0 + CHECKED_AFTER
    assert maker.repair([past]) == 0


def test_an_error_of_the_nightly_check_ends_nothing_else(maker: DeliveryMaker, clock: Clock) -> None:
    due = replace(running(notify=("billing",)), status=Status.COMPLETED, finished_at=clock.now - CHECKED_AFTER - 1)
    with patch.object(MemoryWebhooks, "all", side_effect=OSError):
        assert maker.repair([due]) == 0


def test_nobody_else_makes_a_delivery_or_changes_what_one_says(service: JobService) -> None:
    delivery = a_delivery(service, a_webhook())
    with pytest.raises(InvalidRequest):
        service.submit(Submission(DELIVER, delivery.payload))
    service.store._jobs[delivery.id] = replace(delivery, status=Status.FAILED)  # type: ignore[attr-defined]
    operations = Operations(service.dispatcher)
    forged: Any = {**delivery.payload, "body": {"type": "job.completed"}}
    with pytest.raises(JobConflict):
        operations.retry(delivery.id, forged)
    assert operations.retry(delivery.id).gen == 2


def test_no_function_gets_the_key_that_signs_deliveries() -> None:
    kind = job("test.forger", enqueues=(DELIVER,))(note)
    with pytest.raises(ConfigurationError, match="only the platform"):
        check_enqueues({kind.name: kind, DELIVER: DELIVERING})


def test_a_request_that_may_get_an_earlier_job_names_no_webhook(service: JobService) -> None:
    job("test.unique", unique=Unique(seconds=60))(note)
    with pytest.raises(InvalidRequest) as refused:
        service.submit(Submission("test.unique", {}, notify=("billing",)))
    assert refused.value.errors[0].loc == ("notify",)


def test_a_wider_filter_is_not_told_of_the_past_by_the_night(
    maker: DeliveryMaker, service: JobService, clock: Clock, webhooks: MemoryWebhooks
) -> None:
    past = replace(running(), status=Status.COMPLETED, finished_at=clock.now - CHECKED_AFTER - 60)
    service.store.add(past)
    webhooks.add(a_webhook("wide", types=("*",), created_at=0.0, told_since=clock.now))
    assert maker.repair([past]) == 0


def test_the_night_does_not_tell_a_discard(maker: DeliveryMaker, service: JobService, clock: Clock) -> None:
    clock.now = T0 + 2 * CHECKED_AFTER
    failed = replace(running(), status=Status.FAILED, finished_at=T0 + 1)
    service.store.add(failed)
    maker.follow([JobChanged("1", replace(failed, status=Status.PROCESSING), failed)])
    assert told(service) == [("audit", "job.failed")]
    service.store._jobs[failed.id] = discarded = replace(  # type: ignore[attr-defined]
        failed, status=Status.CANCELLED, discarded_at=T0 + 60
    )
    assert maker.repair([discarded]) == 0
    assert len(deliveries(service)) == 1


def test_a_forged_end_holds_up_no_other(maker: DeliveryMaker, service: JobService) -> None:
    forged = ended(running(notify=("billing",)), ended_as="x")
    with written("INFO") as lines:
        assert maker.follow([forged, ended(running(notify=("billing",)), number=2)]) == set()
    assert len(deliveries(service)) == 1
    assert [line["level"] for line in lines if line["message"] == "webhook.refused"] == ["ERROR"]


def test_more_deliveries_than_one_invocation_takes_come_with_the_next(
    maker: DeliveryMaker, service: JobService, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chalicelib.webhooks.maker.MOST_IN_INVOCATION", 2)
    changes = [ended(running(notify=("billing",)), number=number) for number in (1, 2, 3)]
    assert maker.follow(changes) == {"3"}
    assert maker.follow(changes[2:]) == set()
    assert len(deliveries(service)) == 3


def test_a_cancellation_of_descendants_leaves_the_delivery_that_tells_it(service: JobService) -> None:
    job("test.parent", enqueues=("test.note",))(note)
    parent = service.submit(Submission("test.parent", {})).job
    delivery = service.submit(asked(Owed(replace(parent, status=Status.CANCELLED), a_webhook(), has_result=False))).job
    cancel_all(Operations(service.dispatcher), parent.id)
    assert service.store.get(parent.id).status is Status.CANCELLED
    assert service.store.get(delivery.id).status is Status.QUEUED


def test_ends_of_disabled_webhooks_are_counted_in_the_log(maker: DeliveryMaker, webhooks: MemoryWebhooks) -> None:
    billing = webhooks.find("billing")
    assert billing is not None
    webhooks.set_state(billing.webhook, State(), rule.failed(State(), T0, "gone", gone=True))
    with written("INFO") as lines:
        maker.follow([ended(running(notify=("billing",))), ended(running(), number=2)])
    assert not_told(lines) == [1]


def not_told(lines: Sequence[Any]) -> list[int]:
    return [line["number"] for line in lines if line["message"] == "webhook.not_told"]


def test_ends_that_are_delivered_again_are_counted_in_the_log_once(
    maker: DeliveryMaker, service: JobService, webhooks: MemoryWebhooks, monkeypatch: pytest.MonkeyPatch
) -> None:
    billing = webhooks.find("billing")
    assert billing is not None
    webhooks.set_state(billing.webhook, State(), rule.failed(State(), T0, "gone", gone=True))
    changes = [ended(running(notify=("billing", "audit")), Status.FAILED, number=number) for number in (1, 2, 3)]
    failing = patch.object(service.store, "add", wraps=service.store.add, side_effect=[DEFAULT, OSError, DEFAULT])
    with written("INFO") as lines, failing:
        assert min(replace(maker, side_by_side=1).follow(changes)) == "2"
    assert not_told(lines) == [1], "Lambda delivers the second and the third one again"
    with written("INFO") as lines:
        maker.follow(changes[1:])
    assert not_told(lines) == [2]
    monkeypatch.setattr("chalicelib.webhooks.maker.MOST_IN_INVOCATION", 1)
    changes = [ended(running(notify=("billing", "audit")), Status.FAILED, number=number) for number in (4, 5)]
    with written("INFO") as lines:
        assert maker.follow(changes) == {"5"}
    assert not_told(lines) == [1]


def test_an_end_that_another_consumer_gives_back_is_not_counted_yet(
    maker: DeliveryMaker, webhooks: MemoryWebhooks, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    billing = webhooks.find("billing")
    assert billing is not None
    webhooks.set_state(billing.webhook, State(), rule.failed(State(), T0, "gone", gone=True))
    told = [ended(running(notify=("billing",)), number=number) for number in (1, 2)]
    monkeypatch.setattr(followup, "changes", lambda *_: told)
    monkeypatch.setattr(parts, "delivery_maker", maker)
    failing = [{"2"}]
    monkeypatch.setattr(parts, "end_maker", SimpleNamespace(follow=lambda _: failing.pop() if failing else set()))
    for number in (1, 2):
        with written("INFO") as lines:
            followup.handler({}, Invocation(clock, clock.now + 60))
        assert not_told(lines) == [number]


def test_a_late_end_of_an_erased_job_is_not_delivered(maker: DeliveryMaker, service: JobService, clock: Clock) -> None:
    """The stream was behind, or delivers again: what is made now, no erasure finds."""
    here, gone, reused = running(notify=("billing",)), running(notify=("billing",)), running(notify=("billing",))
    service.store.add(replace(here, status=Status.COMPLETED, finished_at=T0 + 9))
    service.store.add(replace(reused, created_at=reused.created_at + 5))
    clock.advance(120)
    assert maker.follow([ended(one, number=number) for number, one in enumerate((gone, here, reused))]) == set()
    assert [one.parent for one in deliveries(service)] == [here.id]
