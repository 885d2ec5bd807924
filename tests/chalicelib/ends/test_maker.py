"""Test that each end makes one job, whatever is delivered again, refused or missing."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from unittest.mock import DEFAULT, patch

import pytest
from pydantic import BaseModel

from chalicelib.adapters.dynamo.jobs.store import DynamoJobStore
from chalicelib.adapters.memory.jobs import MemoryJobStore
from chalicelib.adapters.memory.queue import MemoryJobQueue
from chalicelib.ends.constants import CHECKED_AFTER, CHECKED_FOR
from chalicelib.ends.maker import EndMaker
from chalicelib.ends.rule import end_id
from chalicelib.errors import ConfigurationError, InvalidRequest, UnknownJobType
from chalicelib.job_types import jobtype
from chalicelib.job_types.context import JobContext
from chalicelib.job_types.end import JobEnd
from chalicelib.job_types.jobtype import job
from chalicelib.job_types.unique import Unique
from chalicelib.jobs import transitions
from chalicelib.jobs.changed import JobChanged
from chalicelib.jobs.job import Job, Status
from chalicelib.jobs.port import Filter
from chalicelib.operating.operations import Operations
from chalicelib.producing.service import JobService
from chalicelib.producing.submission import Submission
from chalicelib.settings import Settings
from tests.support import T0, Clock, a_job, written


class Note(BaseModel):
    text: str = ""


def note(payload: Note, ctx: JobContext) -> None:
    """Do nothing."""


def told(payload: JobEnd, ctx: JobContext) -> None:
    """Be told."""


class More(JobEnd):
    shop: str


def more(payload: More, ctx: JobContext) -> None:
    """Need more than an end has."""


class Noted(JobEnd):
    note: str = ""


def noted(payload: Noted, ctx: JobContext) -> None:
    """Take an end, and what another producer adds."""


@pytest.fixture(autouse=True)
def types() -> Iterator[None]:
    before = dict(jobtype.registered)
    jobtype.registered.clear()
    job("test.plain")(note)
    job("test.telling", on_end="test.told")(note)
    job("test.told")(told)
    job("test.heard")(told)
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
def maker(service: JobService) -> EndMaker:
    return EndMaker(service)


def ended(before: Job, status: Status = Status.COMPLETED, number: int = 1, **fields: Any) -> JobChanged:
    """Return the change that ends a job."""
    after = replace(before, status=status, finished_at=T0 + 9, **fields)
    return JobChanged(str(number), before, after, has_result=status is Status.COMPLETED)


def running(**fields: Any) -> Job:
    return a_job(**{
        "type": "test.telling", "status": Status.PROCESSING, "on_end": "test.told", "started_at": T0 + 5,
        "attempts": 2, "tags": ("shop", "tenant=acme"), "correlation_id": "c-1", **fields,
    })  # fmt: skip


def made(service: JobService, parent: Job) -> list[Job]:
    return list(service.store.page(Filter(parent=parent.id), limit=100).jobs)


def test_an_end_makes_one_job_that_says_how_the_job_has_ended(maker: EndMaker, service: JobService) -> None:
    before = running()
    service.store.add(before)
    change = ended(before, Status.FAILED, error_class="ValueError", error_message="boom")
    assert maker.follow([change]) == set()
    (end,) = made(service, before)
    assert (end.type, end.root, end.correlation_id, end.sent) == ("test.told", before.id, "c-1", True)
    assert jobtype.get("test.told").parse(end.payload) == JobEnd(
        job_id=before.id, type="test.telling", status="failed", run=1, attempts=2, error_class="ValueError",
        error_message="boom", created_at=datetime.fromtimestamp(T0, UTC),
        started_at=datetime.fromtimestamp(T0 + 5, UTC), finished_at=datetime.fromtimestamp(T0 + 9, UTC),
        tags=["shop"], tenant="acme",
    )  # fmt: skip


@pytest.mark.parametrize("status", [Status.COMPLETED, Status.FAILED, Status.DEAD_LETTER, Status.CANCELLED])
def test_every_final_status_is_an_end(maker: EndMaker, service: JobService, status: Status) -> None:
    before = running()
    service.store.add(before)
    maker.follow([ended(before, status)])
    assert [end.payload["status"] for end in made(service, before)] == [status]


def test_an_end_that_is_delivered_again_makes_no_second_job(maker: EndMaker, service: JobService) -> None:
    before = running()
    service.store.add(before)
    change = ended(before)
    maker.follow([change])
    maker.follow([change, replace(change, sequence="2")])
    assert len(made(service, before)) == 1


def test_a_job_that_is_retried_and_ends_again_tells_both_ends(maker: EndMaker, service: JobService) -> None:
    first, second = running(), running(gen=2)
    second = replace(second, id=first.id, created_at=first.created_at)
    service.store.add(first)
    maker.follow([ended(first, Status.DEAD_LETTER), ended(second, number=2)])
    assert [(end.payload["run"], end.payload["status"]) for end in made(service, first)] == [
        (1, "dead_letter"), (2, "completed")
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({"status": Status.PROCESSING}, {"status": Status.RETRYING}),
        ({"status": Status.DEAD_LETTER}, {"status": Status.CANCELLED}),
        ({"status": Status.FAILED}, {"status": Status.QUEUED, "gen": 2}),
        ({"status": Status.COMPLETED}, {"status": Status.COMPLETED}),
        ({"status": Status.PROCESSING, "on_end": None}, {"status": Status.COMPLETED}),
    ],
)
def test_nothing_else_is_an_end(
    maker: EndMaker, service: JobService, before: dict[str, Any], after: dict[str, Any]
) -> None:
    job_ = running(**before)
    service.store.add(job_)
    maker.follow(
        [JobChanged("1", job_, replace(job_, **after)), JobChanged("2", None, job_), JobChanged("3", job_, None)]
    )
    assert made(service, job_) == []


def test_a_job_that_tells_an_end_tells_nobody_of_its_own(maker: EndMaker, service: JobService) -> None:
    jobtype.registered["test.told"] = replace(jobtype.get("test.told"), on_end="test.told")
    before = running()
    service.store.add(before)
    maker.follow([ended(before)])
    assert made(service, before)[0].on_end is None


@pytest.mark.parametrize(
    "wrong", [{"on_end": "test.gone"}, {"on_end": "test.plain"}, {"on_end": "../x"}, {"gen": -1.5}]
)
def test_an_end_that_cannot_be_told_holds_up_no_other(
    maker: EndMaker, service: JobService, wrong: dict[str, Any]
) -> None:
    lost, other = running(**wrong), running()
    for one in (lost, other):
        service.store.add(one)
    with written() as lines:
        assert maker.follow([ended(lost), ended(other, number=2)]) == set()
    assert (made(service, lost), len(made(service, other))) == ([], 1)
    assert [line["job_id"] for line in lines if line["message"] == "end.refused"] == [lost.id]


def test_ends_for_which_no_time_is_left_are_delivered_again(maker: EndMaker, service: JobService, clock: Clock) -> None:
    jobs = [running() for _ in range(3)]
    for one in jobs:
        service.store.add(one)
    add, changes = service.store.add, [ended(one, number=place) for place, one in enumerate(jobs)]

    def slow(job_: Job) -> None:
        add(job_)
        clock.advance(60)

    with patch.object(service.store, "add", slow):
        assert maker.follow(changes) == {"1", "2"}
    assert maker.follow(changes) == set()
    assert [len(made(service, one)) for one in jobs] == [1, 1, 1]


def test_an_outage_of_the_store_is_not_taken_for_an_answer(maker: EndMaker, service: JobService) -> None:
    before = running()
    service.store.add(before)
    with patch.object(service.store, "add", side_effect=OSError("down")), pytest.raises(OSError, match="down"):
        maker.follow([ended(before)])


def test_an_outage_of_the_queue_leaves_a_job_that_the_watchdog_sends(maker: EndMaker, service: JobService) -> None:
    before = running()
    service.store.add(before)
    with patch.object(service.queue, "send_many", side_effect=OSError("down")):
        assert maker.follow([ended(before)]) == set()
    assert [end.sent for end in made(service, before)] == [False]


def test_the_nightly_check_makes_what_the_stream_did_not(maker: EndMaker, service: JobService, clock: Clock) -> None:
    done = [replace(running(), status=Status.FAILED, finished_at=T0 + place) for place in range(2)]
    for one in done:
        service.store.add(one)
    clock.advance(CHECKED_AFTER + 10)
    assert maker.repair(done) == 2
    assert maker.repair(done) == 0
    assert [end.payload["job_id"] for one in done for end in made(service, one)] == [one.id for one in done]


def test_the_nightly_check_reports_only_the_jobs_that_it_made(
    maker: EndMaker, service: JobService, clock: Clock
) -> None:
    refused, other, told_now = (
        replace(running(**wrong), status=Status.FAILED, finished_at=T0) for wrong in ({"on_end": "test.gone"}, {}, {})
    )
    for one in (refused, other, told_now):
        service.store.add(one)
    get_many = service.store.get_many

    def meanwhile(ids: Sequence[str]) -> Sequence[Job]:
        found = get_many(ids)
        with patch.object(service.store, "get_many", get_many):
            maker.follow([ended(replace(told_now, status=Status.PROCESSING), Status.FAILED)])
        return found

    clock.advance(CHECKED_AFTER + 10)
    with patch.object(service.store, "get_many", meanwhile), written() as lines:
        assert maker.repair([refused, other, told_now]) == 1
    assert [line["number"] for line in lines if line["message"] == "end.made_up_for"] == [1]
    assert [len(made(service, one)) for one in (refused, other, told_now)] == [0, 1, 1]


@pytest.mark.parametrize("age", [CHECKED_AFTER - 60, CHECKED_FOR + 60])
def test_the_nightly_check_leaves_young_and_old_ends(
    maker: EndMaker, service: JobService, clock: Clock, age: float
) -> None:
    done = replace(running(), status=Status.FAILED, finished_at=T0)
    service.store.add(done)
    clock.advance(age)
    assert maker.repair([done]) == 0


def test_an_outage_during_the_nightly_check_ends_nothing_else(
    maker: EndMaker, service: JobService, clock: Clock
) -> None:
    done = replace(running(), status=Status.FAILED, finished_at=T0)
    service.store.add(done)
    clock.advance(CHECKED_AFTER)
    with patch.object(service.store, "get_many", side_effect=OSError("down")), written() as lines:
        assert maker.repair([done]) == 0
    assert [line["message"] for line in lines] == ["end.repair_failed"]
    assert maker.repair([done]) == 1


def test_one_job_that_cannot_be_read_holds_up_no_other_of_the_nightly_check(
    maker: EndMaker, service: JobService, clock: Clock
) -> None:
    done = [replace(running(), status=Status.FAILED, finished_at=T0) for _ in range(3)]
    for one in done:
        service.store.add(one)
    clock.advance(CHECKED_AFTER)
    with patch.object(service.store, "get_without_bodies", wraps=service.store.get_without_bodies) as read:
        read.side_effect = lambda job_id: _broken() if job_id == done[0].id else DEFAULT
        with written() as lines:
            assert maker.repair(done) == 2
    assert [(line["message"], line.get("job_id")) for line in lines if line["level"] == "ERROR"] == [
        ("end.repair_failed", done[0].id)
    ]
    assert [len(made(service, one)) for one in done] == [0, 1, 1]
    assert maker.repair(done) == 1


def _broken() -> Job:
    raise ValueError("an attribute of the row is not what it should be")


@pytest.mark.parametrize("result", ["short", "x" * 2_000, None])
def test_the_nightly_check_needs_neither_payload_nor_result(cloud: Settings, clock: Clock, result: str | None) -> None:
    store = DynamoJobStore(cloud, clock, lambda: ["test.told"])
    service = JobService(store, MemoryJobQueue(clock), clock=clock)
    done = running(status=Status.COMPLETED, finished_at=T0, payload={"text": "x" * 2_000}, result=result)
    store.add(done)
    clock.advance(CHECKED_AFTER)
    with patch.object(store, "get", side_effect=OSError("S3 does not answer")):
        assert EndMaker(service).repair([done]) == 1
    (end,) = made(service, done)
    assert store.get(end.id).payload["has_result"] == (result is not None)


def test_the_nightly_check_leaves_an_end_from_before_a_restore(
    maker: EndMaker, service: JobService, clock: Clock
) -> None:
    done = [replace(running(), status=Status.FAILED, finished_at=T0 + at, restored_at=T0 + 5) for at in (1, 9)]
    for one in done:
        service.store.add(one)
    clock.advance(CHECKED_AFTER + 10)
    assert maker.repair(done) == 1
    assert [len(made(service, one)) for one in done] == [0, 1]


def test_the_nightly_check_leaves_a_job_that_runs_again(maker: EndMaker, service: JobService, clock: Clock) -> None:
    done = replace(running(), status=Status.FAILED, finished_at=T0)
    service.store.add(done)
    service.store.apply(done.id, transitions.requeue(done, now=T0 + 1))
    clock.advance(CHECKED_AFTER)
    assert maker.repair([done]) == 0


@pytest.mark.parametrize("status", [Status.FAILED, Status.DEAD_LETTER])
def test_the_nightly_check_tells_how_a_discarded_job_had_ended(cloud: Settings, clock: Clock, status: Status) -> None:
    store = DynamoJobStore(cloud, clock, lambda: ["test.told"])
    service = JobService(store, MemoryJobQueue(clock), clock=clock)
    done = running(status=status, finished_at=T0, error_class="ValueError")
    store.add(done)
    clock.advance(CHECKED_AFTER)
    discarded = Operations(service.dispatcher, "ada", "known").discard(done.id)
    assert discarded.status is Status.CANCELLED
    assert EndMaker(service).repair([discarded]) == 1
    payload = store.get(made(service, done)[0].id).payload
    assert (payload["status"], payload["error_class"]) == (status, "ValueError")


def test_a_job_that_is_cancelled_after_a_discard_and_a_retry_tells_its_cancellation(
    maker: EndMaker, service: JobService, clock: Clock
) -> None:
    done = running(status=Status.FAILED, finished_at=T0)
    service.store.add(done)
    operations = Operations(service.dispatcher, "ada")
    operations.discard(done.id)
    operations.retry(done.id)
    again = operations.cancel(done.id)
    clock.advance(CHECKED_AFTER)
    assert maker.repair([again]) == 1
    assert [end.payload["status"] for end in made(service, done)] == ["cancelled"]


def test_an_end_is_not_told_twice_after_a_restore(service: JobService) -> None:
    done = running()
    assert end_id(done) == end_id(replace(done, status=Status.COMPLETED))
    assert end_id(done) != end_id(replace(done, restored_at=T0))


def test_a_job_has_the_on_end_of_its_request_or_of_its_type(service: JobService) -> None:
    asked = Submission("test.telling", {})
    assert service.submit(asked).job.on_end == "test.told"
    assert service.submit(replace(asked, on_end="test.heard")).job.on_end == "test.heard"
    assert service.submit(Submission("test.plain", {})).job.on_end is None


@pytest.mark.parametrize(
    ("name", "error", "why"),
    [
        ("test.nowhere", UnknownJobType, "test.heard, test.told"),
        ("test.plain", InvalidRequest, "must take JobEnd"),
        ("test.chain", InvalidRequest, "on_end of its own"),
        ("test.once", InvalidRequest, "unique"),
    ],
)
def test_a_request_that_tells_nobody_is_refused(
    service: JobService, name: str, error: type[InvalidRequest], why: str
) -> None:
    job("test.chain", on_end="test.told")(told)
    job("test.once", unique=Unique(by=("job_id",), seconds=60))(told)
    with pytest.raises(error) as refused:
        service.submit(Submission("test.plain", {}, on_end=name))
    assert refused.value.errors[0].loc == ("on_end",)
    assert why in refused.value.told()


def test_a_payload_with_a_further_optional_field_takes_ends(maker: EndMaker, service: JobService) -> None:
    job("test.noted")(noted)
    before = service.submit(Submission("test.plain", {}, on_end="test.noted")).job
    maker.follow([ended(before)])
    assert [end.type for end in made(service, before)] == ["test.noted"]


def test_the_end_of_a_unique_job_is_declared_and_not_asked_for(service: JobService) -> None:
    job("test.single", unique=Unique(by=("text",), seconds=60), on_end="test.told")(note)
    assert service.submit(Submission("test.single", {})).job.on_end == "test.told"
    with pytest.raises(InvalidRequest, match="cannot be told"):
        service.submit(Submission("test.single", {}, on_end="test.heard"))


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("test.nowhere", "no file declares"),
        ("test.plain", "JobEnd"),
        ("test.telling", "JobEnd"),
        ("test.chain", "own"),
        ("test.more", "required field.* shop"),
    ],
)
def test_a_declaration_that_tells_nobody_is_refused(name: str, why: str) -> None:
    job("test.chain", on_end="test.told")(told)
    job("test.more")(more)
    job("test.wrong", on_end=name)(note)
    with pytest.raises(ConfigurationError, match=f"test.wrong: on_end: .*{why}"):
        jobtype.check_ends(jobtype.registered)


def test_a_late_end_of_an_erased_job_makes_no_job(maker: EndMaker, service: JobService, clock: Clock) -> None:
    """The stream was behind, or delivers again: what is made now, no erasure finds."""
    here, hidden, gone = running(), running(), running()
    service.store.add(replace(here, status=Status.COMPLETED, finished_at=T0 + 9))
    service.store.add(replace(hidden, status=Status.COMPLETED, finished_at=T0 + 9))
    service.store.apply(hidden.id, transitions.erase(service.store.get(hidden.id), now=T0 + 20))
    clock.advance(120)
    assert maker.follow([ended(one, number=number) for number, one in enumerate((gone, here, hidden))]) == set()
    assert [job.parent for job in service.store.page(Filter(type="test.told"), 10).jobs] == [here.id]
