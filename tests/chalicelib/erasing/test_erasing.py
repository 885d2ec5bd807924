"""Check the erasure of a tenant: all of its jobs go and no others, in true numbers, whenever a process dies."""

from typing import Any

import pytest

from chalicelib.adapters import aws
from chalicelib.adapters.memory.counters import MemoryCounters
from chalicelib.adapters.memory.jobs import MemoryJobStore
from chalicelib.adapters.memory.queue import MemoryJobQueue
from chalicelib.erasing import work
from chalicelib.erasing.memory import MemoryErasures, MemoryRemoval
from chalicelib.erasing.rule import Erasure
from chalicelib.erasing.work import Erasing, NewErasure
from chalicelib.jobs import transitions
from chalicelib.jobs.job import Status
from chalicelib.jobs.tenants import tag_of
from chalicelib.operating.dispatch import Dispatcher
from chalicelib.operating.operations import Operations
from chalicelib.settings import Settings
from tests.chalicelib.erasing.bench import HOUR, HUGE, Bench, Woken, dying, others
from tests.support import REGION, Clock, a_job

MANY = 3_600


@pytest.fixture
def bench(cloud: Settings, clock: Clock) -> Bench:
    return Bench(cloud, clock)


def numbers(erasure: Erasure) -> tuple[int, int, int]:
    return erasure.jobs, erasure.rows, erasure.objects


def of_scan(keys: list[str]) -> tuple[int, int]:
    """Return how many of these are rows, and how many are objects."""
    objects = sum(key.startswith(("payloads/", "results/")) for key in keys)
    return len(keys) - objects, objects


def test_all_jobs_of_the_tenant_go_and_no_others(bench: Bench) -> None:
    other, without = bench.life("globex", idempotency_key="g"), bench.life(None, idempotency_key="n")
    mine = [bench.life(idempotency_key=f"k{n}") for n in range(3)]
    bench.clock.advance(HOUR)
    gone, before = bench.of(*mine), bench.scan()
    erasure_id = bench.erase()
    later = bench.life(idempotency_key="later")
    kept = bench.of(later)
    bench.to_the_end()
    assert bench.of(*mine) == []
    assert {key: row for key, row in bench.scan().items() if key not in kept} == others(before, gone)
    assert [bench.store.get(job.id) for job in (other, without, later)] == [other, without, later]
    done = bench.erasing.get(erasure_id)
    assert numbers(done) == (6, *of_scan(gone)), "each job and the delivery of its end"
    assert (done.open, done.tenant, done.unfinished, done.problem) == (False, None, 0, None)


@pytest.mark.parametrize("when", ["before", "after"])
def test_whenever_a_process_dies_the_next_one_goes_on_and_counts_each_once(bench: Bench, when: str) -> None:
    stays = bench.life("globex", idempotency_key="stays")
    number, died = 0, True
    while died:
        bench.clock.advance(HOUR)
        jobs = [bench.life(idempotency_key=f"{number} {n}") for n in range(2)]
        bench.clock.advance(HOUR)
        gone, before = bench.of(*jobs), bench.scan()
        erasure_id = bench.erase()
        with dying(number, when) as seen:
            bench.erasing.work(bench.counters.standing().erasing, lambda: 840.0)
        died = len(seen) > number
        assert bench.erasing.get(erasure_id).rows <= len(gone) - len(bench.of(*jobs)), "nothing counts that is there"
        bench.to_the_end()
        assert bench.scan() == others(before, gone)
        assert numbers(bench.erasing.get(erasure_id)) == (4, *of_scan(gone))
        number += 3 if number > 15 else 1  # a prime number of requests would be as good: each job has the same ones
    assert bench.store.get(stays.id) == stays
    assert number > 12


def test_a_new_job_with_the_id_of_an_old_one_is_not_met(bench: Bench) -> None:
    """The index is late, and another worker has removed the old job: a repeated request made a new one."""
    job = bench.life(parent=None)
    bench.clock.advance(HOUR)
    bench.erase()
    before = bench.removal.page

    def page(*asked: Any) -> Any:
        bench.removal.page = before  # type: ignore[method-assign]
        found = before(*asked)
        aws.client("dynamodb", REGION).delete_item(
            TableName=bench.settings.jobs_table, Key={"pk": {"S": job.id}, "sk": {"S": "META"}}
        )
        bench.store.add(a_job(id=job.id, tags=job.tags, created_at=bench.clock.now))
        return found

    bench.removal.page = page  # type: ignore[method-assign,assignment]
    bench.to_the_end()
    assert bench.store.get(job.id).status is Status.QUEUED


def test_an_unfinished_job_is_cancelled_first_and_a_running_one_is_waited_for(bench: Bench) -> None:
    now = bench.clock.now
    waits = a_job(tags=(tag_of("acme"),), created_at=now)
    runs = a_job(
        tags=(tag_of("acme"),), status=Status.PROCESSING, claims=1, attempts=1, started_at=now, created_at=now,
        lease_until=now + 3 * HOUR,
    )  # fmt: skip
    for job in (waits, runs):
        bench.store.add(job)
    erasure_id = bench.erase()
    bench.go_on(1)
    assert bench.store.get(runs.id).cancel_requested
    cancelled = bench.removal.find(waits.id)
    assert cancelled is not None, "it stays until nothing writes rows for it any more"
    assert cancelled.status is Status.CANCELLED
    assert bench.erasing.get(erasure_id).unfinished == 2
    for _ in range(5):
        bench.go_on(120)
    assert bench.of(waits) == []
    assert bench.erasing.get(erasure_id).open
    bench.store.apply(runs.id, transitions.stop(bench.store.get(runs.id), now=bench.clock.now))
    bench.to_the_end()
    assert bench.of(runs) == []


def test_a_dry_run_counts_and_changes_nothing(bench: Bench) -> None:
    bench.life()
    bench.store.add(a_job(tags=(tag_of("acme"),), created_at=bench.clock.now))
    before = bench.scan()
    erasure_id = bench.erase(dry_run=True)
    bench.to_the_end()
    done = bench.erasing.get(erasure_id)
    assert (done.jobs, done.unfinished, done.rows, done.open) == (2, 1, 0, False)
    assert bench.scan() == before


def test_an_error_is_shown_holds_up_no_other_job_and_ends_with_its_cause(bench: Bench) -> None:
    poison, fine = bench.life(idempotency_key="p"), bench.life(idempotency_key="f")
    bench.clock.advance(HOUR)
    gone = bench.of(poison, fine)
    erasure_id = bench.erase()
    events = aws.client("s3", REGION).meta.events

    def refuse(params: dict[str, Any], **_: Any) -> None:
        if poison.id in str(params.get("body", b"")):
            raise OSError("AccessDenied")

    events.register("before-call.s3.DeleteObjects", refuse)
    for _ in range(8):
        bench.go_on(1000)
    events.unregister("before-call.s3.DeleteObjects", refuse)
    held = bench.erasing.get(erasure_id)
    assert bench.of(fine) == []
    assert held.open
    assert held.problem == "OSError"
    bench.to_the_end()
    assert numbers(bench.erasing.get(erasure_id)) == (4, *of_scan(gone))


def test_of_two_workers_at_the_same_time_one_stops(bench: Bench) -> None:
    jobs = [bench.life(idempotency_key=f"k{n}") for n in range(2)]
    bench.clock.advance(HOUR)
    gone = bench.of(*jobs)
    erasure_id = bench.erase()
    names, second = bench.counters.standing().erasing, Bench(bench.settings, bench.clock)
    before = bench.removal.page

    def page(*asked: Any) -> Any:
        bench.removal.page = before  # type: ignore[method-assign]
        bench.clock.advance(900)  # the lease of the first worker has ended while it was slow
        second.erasing.work(names, lambda: 840.0)
        return bench.removal.page(*asked)

    bench.removal.page = page  # type: ignore[method-assign,assignment]
    bench.erasing.work(names, lambda: 840.0)
    bench.to_the_end()
    assert bench.of(*jobs) == []
    assert numbers(bench.erasing.get(erasure_id)) == (4, *of_scan(gone))


def test_the_slices_of_some_thousand_jobs_end_and_leave_nothing(clock: Clock) -> None:
    """`python -m scripts.benches.erasing` does the same with 100,000."""
    counters, store = MemoryCounters(), MemoryJobStore(clock)
    rows, ended = MemoryErasures(counters), clock.now - HOUR
    operations = Operations(Dispatcher(store, MemoryJobQueue(clock), clock))
    erasing = Erasing(rows, store, MemoryRemoval(store), operations, Woken(), clock, threads=1)
    for place in range(MANY):
        tenant = "globex" if place % 12 == 0 else "acme"
        store.add(a_job(
            tags=(tag_of(tenant),), status=Status.COMPLETED, created_at=ended + place / 1000, finished_at=ended,
        ))  # fmt: skip
    started = erasing.start(NewErasure("0" * 20, "acme", "ada", "1f2e"))
    while counters.erasing:
        clock.advance(61)
        erasing.work(counters.standing().erasing, lambda: 31.0)  # one slice in each invocation
    assert {job.tags for job in store.stored().values()} == {(tag_of("globex"),)}
    assert len(store.stored()) == MANY // 12
    assert erasing.get(started.id).jobs == MANY - MANY // 12


def test_a_webhook_with_the_name_of_the_tenant_still_gets_its_deliveries(bench: Bench) -> None:
    """The tenant of a delivery is its webhook."""
    other = bench.life("globex", idempotency_key="g")
    waits = a_job(type="webhook.deliver", parent=other.id, idempotency_key="r failed 3", tags=(tag_of("acme"),))
    bench.store.add(waits)
    counted, erased = bench.erase(dry_run=True), bench.erase()
    bench.to_the_end()
    assert bench.store.get(waits.id).status is Status.QUEUED
    assert [bench.erasing.get(one).jobs for one in (counted, erased)] == [0, 0]


def test_a_job_that_cannot_be_read_is_reported_and_waited_for(bench: Bench) -> None:
    damaged, fine = bench.life(idempotency_key="d"), bench.life(idempotency_key="f")
    bench.clock.advance(HOUR)
    bench.damage(damaged)
    erasure_id, counted = bench.erase(), bench.erase(dry_run=True)
    for _ in range(5):
        bench.go_on()
    held = bench.erasing.get(erasure_id)
    assert bench.of(fine) == []
    assert (held.open, held.unfinished, held.problem) == (True, 1, "RowsUnreadable")
    assert (bench.erasing.get(counted).unfinished, bench.erasing.get(counted).problem) == (1, "RowsUnreadable")
    bench.damage(damaged, str(damaged.status))
    bench.to_the_end()
    assert bench.of(damaged) == []
    assert bench.erasing.get(erasure_id).problem is None


def test_no_payload_is_read_to_remove_it(bench: Bench) -> None:
    """The payloads of a slice of jobs are more than the function's memory."""
    job = bench.life(payload={"to": HUGE})
    bench.clock.advance(HOUR)
    bench.erase()
    with dying(10_000, "before") as seen:
        bench.to_the_end()
    assert bench.of(job) == []
    assert "GetObject" not in seen


def test_more_copies_than_the_row_of_the_erasure_has_room_for_go_in_several_searches(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(work, "MOST_IN_HAND", 2)
    jobs = [bench.life(idempotency_key=f"k{n}") for n in range(2)]
    for number in range(3):
        bench.store.add(a_job(
            type="webhook.deliver", parent=jobs[0].id, status=Status.COMPLETED, idempotency_key=f"{number} failed 2",
            created_at=bench.clock.now, finished_at=bench.clock.now,
        ))  # fmt: skip
    bench.clock.advance(HOUR)
    gone = bench.of(*jobs)
    erasure_id = bench.erase()
    bench.to_the_end()
    assert bench.of(*jobs) == []
    assert numbers(bench.erasing.get(erasure_id)) == (7, *of_scan(gone))


def test_a_mark_without_an_erasure_goes(bench: Bench) -> None:
    with dying(0, "after"):
        bench.erase()
    assert bench.counters.standing().erasing
    bench.to_the_end()


def test_a_slice_that_has_no_time_left_goes_on_in_the_next_invocation(bench: Bench) -> None:
    jobs = [bench.life(idempotency_key=f"k{n}") for n in range(4)]
    bench.clock.advance(HOUR)
    gone = bench.of(*jobs)
    erasure_id = bench.erase()
    for _ in range(60):
        looks = iter([840.0] * 9)
        bench.go_on(120, lambda looks=looks: next(looks, 5.0))  # type: ignore[misc]
    assert bench.of(*jobs) == []
    assert numbers(bench.erasing.get(erasure_id)) == (8, *of_scan(gone))


def test_a_second_worker_does_not_stop_one_whose_slice_is_long(bench: Bench) -> None:
    job = bench.life()
    bench.clock.advance(HOUR)
    erasure_id = bench.erase()
    names, second = bench.counters.standing().erasing, Bench(bench.settings, bench.clock)
    before, taken = bench.removal.page, []

    def page(*asked: Any) -> Any:
        bench.clock.advance(300)
        taken.append(second.erasing.work(names, lambda: 840.0))
        return before(*asked)

    bench.removal.page = page  # type: ignore[method-assign,assignment]
    bench.erasing.work(names, lambda: 840.0)
    assert [dict(one) for one in taken] == [{}] * len(taken)
    bench.removal.page = before  # type: ignore[method-assign]
    bench.to_the_end()
    assert bench.of(job) == []
    assert not bench.erasing.get(erasure_id).open


def test_a_child_whose_caller_may_still_read_its_result_waits_for_the_caller(bench: Bench) -> None:
    caller = a_job(status=Status.SUSPENDED, claims=1)
    bench.store.add(caller)
    bench.clock.advance(1)
    child = bench.life(parent=caller.id, status=Status.COMPLETED)
    bench.clock.advance(HOUR)
    erasure_id = bench.erase()
    bench.go_on()
    assert bench.store.get(child.id) == child
    assert bench.erasing.get(erasure_id).unfinished == 1
    bench.store.apply(caller.id, transitions.cancel(bench.store.get(caller.id), now=bench.clock.now))
    bench.to_the_end()
    assert bench.of(child) == []


def test_a_search_for_a_job_that_waits_for_days_is_rare(bench: Bench) -> None:
    """Each search reads the whole index."""
    bench.store.add(a_job(
        tags=(tag_of("acme"),), status=Status.PROCESSING, claims=1, started_at=bench.clock.now,
        created_at=bench.clock.now, lease_until=bench.clock.now + 99 * HOUR,
    ))  # fmt: skip
    erasure_id = bench.erase()
    for _ in range(24 * 6):
        bench.go_on(600)
    assert bench.erasing.get(erasure_id).searches < 24 * 4 + 20
