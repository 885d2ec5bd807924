"""Check the deletion of single jobs: everything of the job goes and nothing else, whenever a process dies."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from chalicelib.erasing.port import Belongings, Deletion
from chalicelib.errors import JobConflict, JobNotFound, NotStored
from chalicelib.job_types.unique import Unique
from chalicelib.jobs import transitions
from chalicelib.jobs.job import Attempt, Status
from chalicelib.jobs.port import Filter
from chalicelib.keys.repeated_requests import KeyedJobs
from chalicelib.keys.rule import Debounce, Submitted
from chalicelib.settings import Settings
from tests.chalicelib.erasing.bench import HOUR, Bench, dying, others
from tests.support import Clock, a_job, requests_to


@pytest.fixture
def bench(cloud: Settings, clock: Clock) -> Bench:
    return Bench(cloud, clock)


def test_a_deleted_job_is_hidden_at_once_and_leaves_nothing(bench: Bench) -> None:
    stays = bench.life("acme", idempotency_key="another")
    job = bench.life()
    mine = bench.of(job)
    assert len(mine) > 12, "the job has everything that a job can have"
    before = bench.scan()
    bench.erasing.delete(job.id, "1f2e")
    with pytest.raises(JobNotFound):
        bench.store.view(job.id)
    assert [one.id for one in bench.store.page(Filter(tenant="acme"), 10).jobs] == [stays.id]
    bench.to_the_end()
    assert bench.of(job) == []
    assert bench.scan() == others(before, mine)
    assert list(bench.counters.standing().erasing) == []
    with pytest.raises(JobNotFound):
        bench.erasing.delete(job.id, "1f2e")


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("part", ["request", "background"])
def test_whenever_a_process_dies_the_job_goes_whole_and_no_other(bench: Bench, when: str, part: str) -> None:
    number, died = 0, True
    stays = bench.life(idempotency_key="stays")
    while died:
        bench.clock.advance(HOUR)
        job = bench.life()
        mine, before = bench.of(job), bench.scan()
        with dying(number if part == "request" else 10_000, when) as seen:
            bench.erasing.delete(job.id, "1f2e")
        died = len(seen) > number if part == "request" else True
        bench.clock.advance(HOUR)
        if part == "background":
            if number % 2:
                bench.go_on()  # the copies are hidden: now rows are removed
            with dying(number, when) as seen:
                bench.erasing.work(bench.counters.standing().erasing, lambda: 840.0)
            died = len(seen) > number
        else:
            bench.erasing.delete(job.id, "1f2e")
        left = set(bench.of(job))
        if left & {f"{job.id}/META"}:
            with pytest.raises(JobNotFound):
                bench.store.get(job.id)
        else:
            assert not [key for key in left if key.startswith(job.id)], "without its row, nobody finds the others"
        bench.to_the_end()
        assert bench.of(job) == []
        assert bench.scan() == others(before, mine)
        assert bench.store.get(stays.id) == stays
        number += 1
    assert number > 5


def test_a_job_that_has_not_ended_stays(bench: Bench) -> None:
    job = bench.life(status=Status.PROCESSING, started_at=bench.clock.now, lease_until=bench.clock.now + HOUR)
    with pytest.raises(JobConflict, match="is processing"):
        bench.erasing.delete(job.id, "1f2e")
    bench.go_on()
    assert bench.store.get(job.id).status is Status.PROCESSING


def test_a_child_whose_parent_may_read_its_result_stays(bench: Bench) -> None:
    parent = a_job(status=Status.SUSPENDED, claims=1)
    bench.store.add(parent)
    child = bench.life(parent=parent.id)
    with pytest.raises(JobConflict, match="may still read its result"):
        bench.erasing.delete(child.id, "1f2e")


def test_a_job_that_is_retried_first_stays(bench: Bench) -> None:
    """The deletion is on record before the job is hidden: a retry in between wins, also later."""
    job = bench.life()
    before = bench.store.apply

    def apply(job_id: str, change: object) -> object:
        bench.store.apply = before  # type: ignore[method-assign]
        bench.store.apply(job.id, transitions.requeue(bench.store.get(job.id), now=bench.clock.now))
        return bench.store.apply(job_id, change)  # type: ignore[arg-type]

    bench.store.apply = apply  # type: ignore[method-assign,assignment]
    with pytest.raises(JobConflict, match="changed by another request"):
        bench.erasing.delete(job.id, "1f2e")
    bench.go_on()
    assert bench.store.get(job.id).status is Status.QUEUED


def test_a_deletion_whose_process_died_before_a_retry_does_not_remove_the_next_run(bench: Bench) -> None:
    job = bench.life()
    for number in range(20):
        with dying(number, "before") as seen:
            bench.erasing.delete(job.id, "1f2e")
        if seen.count("UpdateItem") == 3:  # the deletion, its mark, and the job, which it does not reach
            break
    after = bench.store.apply(job.id, transitions.requeue(bench.store.get(job.id), now=bench.clock.now))
    held = replace(after, status=Status.CANCELLED)
    bench.store.apply(job.id, transitions.cancel(after, now=bench.clock.now))
    bench.to_the_end()
    assert bench.store.get(job.id).status is held.status


def test_nothing_is_removed_while_a_worker_of_the_job_may_still_write(bench: Bench) -> None:
    job = bench.life()
    bench.erasing.delete(job.id, "1f2e")
    bench.go_on(60)
    assert f"{job.id}/META" in bench.of(job)
    bench.store.record(job.id, Attempt(2, 2, "lost", bench.clock.now, claim=2))
    bench.to_the_end()
    assert bench.of(job) == []


def test_a_key_of_a_deleted_job_makes_a_new_job_that_stays(bench: Bench) -> None:
    job = bench.life()
    new = replace(job, gen=1, created_at=bench.clock.now + 7 * HOUR, status=Status.QUEUED, finished_at=None,
                  expires_at=None, writer="new")  # fmt: skip
    bench.erasing.delete(job.id, "1f2e")
    with pytest.raises(NotStored, match="is being deleted"):
        bench.store.add(new)
    bench.to_the_end()
    bench.store.add(new)
    assert [one.job for one in bench.rows.erased()] == [job.id]
    bench.rows.ask(replace(bench.rows.erased()[0]))
    bench.to_the_end()
    assert bench.store.get(job.id).created_at == new.created_at, "an old deletion does not touch a new job"


def test_an_unfinished_delivery_is_stopped_first(bench: Bench) -> None:
    job = bench.life()
    waits = a_job(type="webhook.deliver", parent=job.id, idempotency_key="s failed 2", status=Status.RETRYING, claims=1)
    bench.store.add(waits)
    bench.erasing.delete(job.id, "1f2e")
    bench.go_on()
    assert f"{job.id}/META" in bench.of(job), "the delivery has just ended, so it may still be written"
    bench.to_the_end()
    assert bench.of(job, waits) == []


def test_the_delivery_of_a_batchs_end_stays_when_the_job_that_made_the_batch_goes(bench: Bench) -> None:
    maker = bench.life()
    told = a_job(type="webhook.deliver", parent=maker.id, tags=("batch:b",), idempotency_key="r then of round 1 of b")
    bench.store.add(told)
    bench.erasing.delete(maker.id, "1f2e")
    bench.to_the_end()
    assert bench.store.get(told.id).status is Status.QUEUED


def test_a_late_refusal_does_not_undo_the_deletion_of_the_next_run(bench: Bench) -> None:
    job = bench.life()
    late = Deletion(job.id, job.created_at, job.gen - 1, bench.clock.now)
    bench.erasing.delete(job.id, "1f2e")
    bench.rows.ask(late)  # a request that is slow has read the run before
    bench.rows.drop(late)
    bench.to_the_end()
    assert bench.of(job) == []


def test_a_copy_that_cannot_be_read_holds_up_the_job_and_goes_with_it_later(bench: Bench) -> None:
    job = bench.life()
    copy = next(bench.removal.copies(job.id))
    bench.damage(copy)
    bench.erasing.delete(job.id, "1f2e")
    for _ in range(3):
        bench.go_on()
    assert f"{copy.id}/META" in bench.of(job, copy)
    assert f"{job.id}/META" in bench.of(job, copy), "without its row, nobody would find the copy"
    bench.damage(copy, str(copy.status))
    bench.to_the_end()
    assert bench.of(job, copy) == []


def test_of_many_children_only_the_copies_are_read(bench: Bench) -> None:
    """A job may have a hundred thousand children: they would fill the function's memory, and an API request's time."""
    job = bench.life()
    children = [a_job(parent=job.id, idempotency_key=f"page-{number}") for number in range(230)]
    for child in children:
        bench.store.add(child)
    bench.damage(children[0])
    with requests_to("dynamodb") as made:
        copies = list(bench.erasing.copies(job.id))
    assert [one.type for one in copies] == ["webhook.deliver"]
    assert made.count("BatchGetItem") == 1
    bench.erasing.delete(job.id, "1f2e")
    bench.to_the_end()
    assert bench.removal.find(job.id) is None, "a child that is no copy and cannot be read holds up nothing"
    assert bench.store.get(children[1].id) == children[1]


def test_a_payload_that_a_request_has_just_stored_lets_the_removal_wait(bench: Bench) -> None:
    """A request may store a large payload, and 10 to 30 ms later its job under the id of the deleted one."""
    job = bench.life()
    bench.erasing.delete(job.id, "1f2e")
    bench.clock.advance(HOUR)
    bench.store._placed(replace(job, idempotency_key=None))
    bench.go_on(1)
    assert f"{job.id}/META" in bench.of(job), "it waits until the request is over"
    assert any("PAYLOAD#" in key for key in bench.of(job))
    bench.to_the_end()
    assert bench.of(job) == []


def test_a_row_that_is_written_between_the_listing_and_the_removal_keeps_the_job(bench: Bench) -> None:
    job = bench.life()
    bench.erasing.delete(job.id, "1f2e")
    bench.go_on()  # the copies are hidden
    before, seen = bench.removal.remove, []

    def remove(listed: Belongings) -> None:
        if listed.job == job.id:
            bench.removal.remove = before  # type: ignore[method-assign]
            bench.store._placed(replace(job, idempotency_key=None))  # a request with the same payload
            seen.append(listed.job)
        before(listed)

    bench.removal.remove = remove  # type: ignore[method-assign,assignment]
    bench.go_on()
    assert seen
    assert f"{job.id}/META" in bench.of(job)
    assert any("PAYLOAD#" in key for key in bench.of(job))
    bench.to_the_end()
    assert bench.of(job) == []


def test_an_error_gives_the_deletions_back_to_the_next_invocation(bench: Bench) -> None:
    job = bench.life()
    bench.erasing.delete(job.id, "1f2e")
    bench.go_on()
    before = bench.rows.asked

    def asked(*_: object) -> list[Deletion]:
        raise OSError("throttled")

    bench.rows.asked = asked  # type: ignore[method-assign,assignment]
    bench.go_on()
    bench.rows.asked = before  # type: ignore[method-assign]
    bench.go_on(60)
    assert bench.of(job) == []


def test_a_slow_worker_removes_nothing_of_a_new_job_with_the_id(bench: Bench) -> None:
    """One worker has listed the rows when another removes them, and a client repeats its request at once."""
    job = bench.life()
    bench.clock.advance(HOUR)
    bench.erasing.delete(job.id, "1f2e")
    before, new = bench.removal.remove, []

    def remove(listed: Belongings) -> None:
        bench.removal.remove = before  # type: ignore[method-assign]
        before(listed)
        bench.removal.remove_job(replace(job, id=listed.job))
        if listed.job == job.id:
            bench.clock.advance(1)
            new.append(bench.life(id=job.id, idempotency_key=job.idempotency_key, parent=job.parent))
        else:
            bench.removal.remove = remove  # type: ignore[method-assign,assignment]
        before(listed)

    bench.removal.remove = remove  # type: ignore[method-assign,assignment]
    bench.go_on()
    bench.go_on()
    kept = bench.scan()
    bench.to_the_end()
    assert bench.store.get(job.id) == new[0]
    assert bench.scan() == kept
    assert len(bench.store.view(job.id).attempts) == 1
    assert f"{job.id}/STEP#0002#step:a" in kept or [key for key in kept if key.startswith(f"{job.id}/PAST")]


def test_what_a_request_writes_while_the_job_is_deleted_goes_too(bench: Bench) -> None:
    """A retry with another payload has read the job before it was hidden, and stores payloads before it is refused."""
    job = bench.life()
    bench.clock.advance(24 * HOUR)
    bench.erasing.delete(job.id, "1f2e")
    bench.go_on(1)
    bench.store.keep_payload(job.id, 2, {"to": "of a slow request"})
    bench.to_the_end()
    assert bench.of(job) == []


def test_one_worker_at_a_time_processes_deletions(bench: Bench) -> None:
    job = bench.life()
    bench.erasing.delete(job.id, "1f2e")
    assert bench.rows.lease(bench.clock.now, bench.clock.now + 840)
    bench.go_on(800)
    assert f"{job.id}/META" in bench.of(job)
    bench.to_the_end()
    assert bench.of(job) == []


def test_a_request_for_what_only_a_deleted_job_had_makes_a_new_job_at_once(bench: Bench) -> None:
    keyed, now = KeyedJobs(bench.store, bench.clock, lambda _: None), bench.clock.now
    unique, later = Unique(by=("to",), seconds=86_400), Debounce("k", 5)
    planned: dict[str, Any] = {
        "status": Status.SCHEDULED, "run_at": now + 5, "next_attempt_at": now + 5, "created_at": now,
    }  # fmt: skip
    asks: list[Callable[[], Submitted]] = [
        lambda: keyed.only_one(a_job(payload={"to": "x"}, created_at=now), unique),
        lambda: keyed.debounced(a_job(**planned), later),
    ]
    for ask in asks:
        gone = ask().job
        bench.store.apply(gone.id, transitions.cancel(bench.store.get(gone.id), now=now))
        bench.erasing.delete(gone.id, "1f2e")
        new = ask().job
        assert new.id != gone.id
        bench.to_the_end()
        assert bench.removal.find(gone.id) is None
        assert ask().job.id == new.id, "its key is still there"
