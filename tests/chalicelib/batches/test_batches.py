"""Test that a batch makes one job at its end, with the right numbers, whatever fails or is late."""

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from typing import Any

import pytest

from chalicelib.batches.batches import NewBatch
from chalicelib.batches.constants import (
    AGAIN_AFTER,
    COUNT_AFTER,
    MISSING_AFTER,
    OPEN_FOR,
    QUIET,
    REFUSED_FOR,
    ROUNDS_READ,
)
from chalicelib.batches.round import Round
from chalicelib.batches.rule import ON_FAILURE, THEN, job_of
from chalicelib.errors import BatchConflict, BatchNotFound, IdempotencyMismatch, InvalidRequest, UnknownJobType
from chalicelib.job_types import jobtype
from chalicelib.job_types.batch_end import BatchEnd
from chalicelib.job_types.constants import DELIVER
from chalicelib.jobs import trace
from chalicelib.keys.rule import Debounce, Outcome
from chalicelib.producing.submission import Submission
from chalicelib.webhooks.webhook import State, Webhook
from tests.chalicelib.batches.bench import SHARDS, Bench, types
from tests.support import written


@pytest.fixture(autouse=True)
def declared() -> Iterator[None]:
    with types():
        yield


@pytest.fixture
def bench() -> Bench:
    return Bench()


def test_the_end_of_the_last_member_makes_one_job_with_the_numbers(bench: Bench) -> None:
    bench.make("a", "b", "c", "d", key="2026-11-29", tags=("nightly",), principal="ada")
    bench.end("a", "b")
    bench.end("c", failed=True)
    bench.follow()
    assert bench.told() == []
    bench.cancel("d")
    bench.follow()
    (end,) = bench.told()
    assert (end.total, end.done, end.completed, end.failed, end.cancelled) == (4, 4, 2, 1, 1)
    assert (end.failed_ids, end.key, end.tags, end.round) == ([bench.member("c").id], "2026-11-29", ["nightly"], 1)
    assert bench.round().ended_at is not None
    (alarm,) = bench.told("test.alarm")
    assert (alarm.ended, alarm.failed) == (False, 1)
    bench.read = [0] * SHARDS
    bench.follow()
    assert len(bench.told()) == len(bench.told("test.alarm")) == 1


def test_a_batch_that_is_closed_after_its_last_member_has_ended_ends_at_once(bench: Bench) -> None:
    bench.make("a", total=-1)
    bench.end("a")
    bench.follow()
    assert bench.told() == []
    assert bench.batches.close("b-1", 1).ended_at is not None
    assert len(bench.told()) == 1
    bench.batches.close("b-1", 1)
    assert len(bench.told()) == 1


def test_an_empty_batch_ends_at_once(bench: Bench) -> None:
    bench.make()
    (end,) = bench.told()
    assert (end.total, end.done) == (0, 0)


def test_a_batch_without_a_total_is_counted_a_minute_later(bench: Bench) -> None:
    bench.make("a", "b", total=-1)
    bench.batches.close("b-1")
    with pytest.raises(BatchConflict, match="closed"):
        bench.add("c")
    bench.end("a", "b")
    bench.follow()
    bench.batches.look_after()
    assert bench.told() == []
    bench.clock.advance(COUNT_AFTER)
    bench.batches.look_after()
    assert bench.told()[0].total == 2


def test_a_closed_batch_keeps_its_total(bench: Bench) -> None:
    bench.make("a")
    bench.batches.close("b-1", 1)
    bench.batches.close("b-1")
    with pytest.raises(BatchConflict, match="already closed with 1"):
        bench.batches.close("b-1", 2)
    for call in (bench.batches.first, bench.batches.close, bench.batches.get):
        with pytest.raises(BatchNotFound):
            call("b-2")


def test_after_the_close_only_members_that_exist_are_answered(bench: Bench) -> None:
    bench.make("a")
    (member,) = bench.add("a")
    assert (member.outcome, member.job.id) == (Outcome.REPEATED, bench.member("a").id)
    old, new = bench.add("a", "b")
    assert old == member
    assert isinstance(new, BatchConflict)
    with pytest.raises(BatchConflict, match="no members"):
        bench.add("b")


def test_a_request_for_a_batch_can_be_repeated(bench: Bench) -> None:
    asked = NewBatch("b-1", then="test.then", key="k")
    first, fresh = bench.batches.create(asked)
    bench.clock.advance(5)
    assert bench.batches.create(asked) == (first, False)
    assert fresh
    with pytest.raises(IdempotencyMismatch):
        bench.batches.create(NewBatch("b-1", then="test.alarm", key="k"))


@pytest.mark.parametrize(
    ("asked", "error", "field"),
    [
        ({"then": "no.such"}, UnknownJobType, "then"),
        ({"then": "test.part"}, InvalidRequest, "then"),
        ({"on_failure": "test.odd"}, InvalidRequest, "on_failure"),
    ],
)
def test_a_type_that_cannot_be_told_is_refused(
    bench: Bench, asked: dict[str, Any], error: type[InvalidRequest], field: str
) -> None:
    with pytest.raises(error) as refused:
        bench.batches.create(NewBatch("b-1", **asked))
    assert refused.value.errors[0].loc == (field,)


def test_members_with_the_same_key_are_one_member(bench: Bench) -> None:
    bench.make(total=-1)
    first, second, other = bench.add("a", "a", "b")
    assert first.job.id == second.job.id != other.job.id
    assert [first.outcome, second.outcome] == [Outcome.CREATED, Outcome.REPEATED]
    keyed = Submission("test.part", {"name": "a"}, batch="b-1", idempotency_key="k")
    assert bench.batches.service.submit(keyed).job.id != first.job.id


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        (Submission("test.once", {"name": "a"}, batch="b-1"), "type"),
        (Submission("test.part", {"name": "a"}, batch="b-1", debounce=Debounce("k", 5)), "debounce"),
    ],
)
def test_a_job_that_another_job_may_answer_is_no_member(bench: Bench, asked: Submission, field: str) -> None:
    bench.make(total=-1)
    with pytest.raises(InvalidRequest) as refused:
        bench.batches.service.submit(asked)
    assert refused.value.errors[0].loc == (field,)


def test_a_retry_by_hand_is_a_round_of_one(bench: Bench) -> None:
    bench.make("a", "b")
    bench.end("a", "b", failed=True)
    bench.follow()
    assert bench.retry("a").round == 2
    bench.end("a")
    bench.follow()
    first, second = bench.told()
    assert (first.failed, second.round, second.total, second.completed) == (2, 2, 1, 1)
    assert bench.round(2).ended_at is not None
    assert bench.retry("b").round == 3
    bench.end("b", failed=True)
    bench.follow()
    assert [end.failed for end in bench.told()] == [2, 0, 1]
    assert len(bench.told("test.alarm")) == 2


class Between(Bench):
    """Another thread retries the member b at the border `between`."""

    between: int | None = None

    def _point(self) -> None:
        super()._point()
        if self.points == self.between:
            self.between = None
            self.retry("b", "bulk-1")


def test_the_members_that_a_bulk_action_retries_are_one_round(bench: Bench) -> None:
    bench.make("a", "b", "c")
    bench.end("a", "b", "c", failed=True)
    bench.follow()
    bench.moving.add("bulk-1")
    assert [bench.retry(name, "bulk-1").round for name in "abc"] == [2, 2, 2]
    bench.end("a", "b", "c")
    bench.follow()
    bench.clock.advance(AGAIN_AFTER)
    bench.batches.look_after()
    assert len(bench.told()) == 1
    bench.moving.clear()
    bench.clock.advance(AGAIN_AFTER)
    bench.batches.look_after()
    assert [(end.round, end.total, end.completed) for end in bench.told()] == [(1, 3, 0), (2, 3, 3)]


def test_two_threads_of_a_bulk_action_never_open_two_rounds() -> None:
    """At each request of one of them, the other one retries its member."""
    interrupted = 0
    for point in range(1, 60):
        bench = Between()
        bench.make("a", "b")
        bench.end("a", "b", failed=True)
        bench.follow()
        bench.moving.add("bulk-1")
        bench.between = bench.points + point
        bench.retry("a", "bulk-1")
        if bench.member("b").round > 1:
            interrupted += 1
            assert (bench.member("a").round, bench.member("b").round) == (2, 2), point
    assert interrupted > 10


def test_a_round_that_a_retry_has_left_empty_tells_nobody(bench: Bench) -> None:
    """The process died before it moved its member."""
    bench.make("a")
    bench.end("a", failed=True)
    bench.follow()
    with pytest.raises(RuntimeError), bench.batches.moved(bench.member("a"), None):
        raise RuntimeError
    bench.clock.advance(AGAIN_AFTER)
    bench.batches.look_after()
    assert bench.round(2).ended_at is not None
    assert len(bench.told()) == 1


def test_the_late_end_of_a_retried_member_counts_for_its_round(bench: Bench) -> None:
    bench.make("a")
    bench.end("a", failed=True)
    bench.retry("a")
    bench.end("a")
    bench.follow()
    assert [(end.round, end.failed, end.completed) for end in bench.told()] == [(1, 1, 0), (2, 0, 1)]


def test_a_closed_batch_ends_though_the_stream_is_silent(bench: Bench) -> None:
    bench.make(*(f"m{number}" for number in range(250)))
    names = [f"m{number}" for number in range(250)]
    bench.end(*names[:-1])
    bench.clock.advance(QUIET)
    bench.batches.look_after()
    assert bench.told() == []
    bench.end(names[-1], failed=True)
    bench.clock.advance(QUIET)
    assert bench.batches.look_after() == {"batches": 1}
    (end,) = bench.told()
    assert (end.done, end.failed, end.failed_ids) == (250, 1, [bench.member(names[-1]).id])
    assert len(bench.told("test.alarm")) == 1
    bench.follow()
    assert len(bench.told()) == len(bench.told("test.alarm")) == 1
    assert bench.round().done == 250, "the repair wrote no counts, to which the late changes would be added"


def test_the_watchdog_reads_members_on_over_several_runs(bench: Bench) -> None:
    bench.make(*(f"m{number}" for number in range(250)))
    bench.end(*(f"m{number}" for number in range(250)))
    bench.clock.advance(QUIET)
    for _ in range(3):
        left = iter([60.0, 60.0])
        bench.batches.look_after(partial(next, left, 0.0))
        bench.clock.advance(AGAIN_AFTER)
    assert bench.told()[0].completed == 250


def test_a_batch_closed_with_too_high_a_total_ends_an_hour_later(bench: Bench) -> None:
    bench.make("a", total=3)
    bench.end("a")
    bench.follow()
    for _ in range(int(MISSING_AFTER / QUIET) - 1):
        bench.clock.advance(QUIET)
        bench.batches.look_after()
    assert bench.told() == []
    bench.clock.advance(QUIET)
    bench.batches.look_after()
    assert (bench.told()[0].total, bench.told()[0].done) == (3, 1)


def test_a_batch_that_nobody_closes_is_closed_after_28_days(bench: Bench) -> None:
    bench.make("a", total=-1)
    bench.end("a")
    bench.follow()
    bench.clock.advance(OPEN_FOR)
    bench.batches.look_after()
    bench.clock.advance(COUNT_AFTER)
    bench.batches.look_after()
    assert bench.told()[0].total == 1


def test_a_round_ends_without_reading_all_earlier_ones(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """Members are retried by hand, one after the other: each of them is a round."""
    bench.make("a", "b")
    bench.end("a", "b", failed=True)
    bench.follow()
    find, reads = bench.rows.find, list[int | None]()

    def read(batch: str, number: int | None = None) -> Round | None:
        reads.append(number)
        return find(batch, number)

    monkeypatch.setattr(bench.rows, "find", read)
    most = 0
    for _ in range(60):
        bench.retry("a")
        bench.end("a", failed=True)
        reads.clear()
        bench.follow()
        most = max(most, len(reads))
    assert most <= 2 * (ROUNDS_READ + 3)
    bench.retry("a", "bulk-1")
    bench.moving.add("bulk-1")
    bench.retry("b")
    bench.end("b")
    bench.follow()
    assert bench.round(63).expires_at is not None
    assert bench.round(1).expires_at is None, "round 62 has not ended"
    bench.moving.clear()
    bench.end("a")
    bench.clock.advance(AGAIN_AFTER)
    bench.batches.look_after()
    bench.follow()
    assert bench.round(1).expires_at is not None


def test_the_end_waits_for_a_type_that_was_removed(bench: Bench, caplog: pytest.LogCaptureFixture) -> None:
    bench.make("a", on_failure=None)
    kind = jobtype.registered.pop("test.then")
    bench.end("a")
    bench.follow()
    assert bench.round().ended_at is None
    jobtype.registered["test.then"] = kind
    bench.clock.advance(QUIET)
    bench.batches.look_after()
    assert len(bench.told()) == 1


def test_the_end_does_not_wait_for_ever_for_a_type_that_was_removed(bench: Bench) -> None:
    bench.make("a", notify=("billing", "gone"))
    kinds = [jobtype.registered.pop(name) for name in ("test.then", "test.alarm")]
    bench.end("a", failed=True)
    with written() as lines:
        bench.follow()
        for _ in range(3):
            bench.clock.advance(QUIET)
            bench.batches.look_after()
    assert "webhook.unknown" not in {line["message"] for line in lines}, "nothing is reported at each check"
    bench.clock.advance(REFUSED_FOR)
    bench.batches.look_after()
    found = bench.round()
    assert found.ended_at is not None
    assert bench.told() == []
    assert bench.delivered() == {(1, "billing"): 1}
    assert (job_of(found, THEN), job_of(found, ON_FAILURE)) == (None, None), "no such job exists"
    jobtype.registered.update({kind.name: kind for kind in kinds})
    bench.retry("a")
    bench.end("a")
    bench.follow()
    assert job_of(bench.round(2), THEN) in bench.store.made()


def test_a_webhook_that_is_named_often_gets_one_delivery(bench: Bench) -> None:
    """The code of a type with enqueues= may write the row of a batch."""
    bench.make("a", notify=("billing",))
    bench.rows.write("b-1", 1, {"notify": ("billing",) * 8000})
    bench.end("a")
    bench.follow()
    assert bench.delivered() == {(1, "billing"): 1}


def test_webhooks_get_the_end_of_each_round_as_then_gets_it(bench: Bench) -> None:
    bench.make("a", "b", key="2026-11-29", notify=("billing", "audit"))
    bench.end("a")
    bench.end("b", failed=True)
    bench.follow()
    assert bench.delivered() == {(1, "billing"): 1, (1, "audit"): 1}
    first = next(one for one in map(bench.store.get, bench.store.made()) if one.type == DELIVER)
    payload: Any = first.payload
    assert payload["body"]["type"] == "batch.ended"
    assert BatchEnd.model_validate(payload["body"]["data"]) == bench.told()[0]
    assert first.tags[0] == "batch:b-1"
    bench.retry("b")
    bench.end("b")
    bench.follow()
    assert bench.delivered()[2, "billing"] == 1


def test_a_webhook_that_is_disabled_or_unknown_does_not_keep_the_batch_from_its_end(bench: Bench) -> None:
    for name, state in (("billing", State(disabled_at=bench.clock.now)), ("audit", State())):
        found = bench.webhooks.find(name)
        assert found is not None
        bench.webhooks.set_state(found.webhook, found.state, state)
    with written() as lines:
        bench.make(notify=("billing", "audit", "gone"))
    assert bench.delivered() == {(1, "audit"): 1}
    assert bench.round().ended_at is not None
    told = {line["message"]: line for line in lines}
    assert told["webhook.unknown"]["webhooks"] == ["gone"]
    assert told["webhook.not_told"]["number"] == 1


def test_a_filter_of_a_webhook_does_not_apply_to_batches_that_name_it(bench: Bench) -> None:
    bench.webhooks.add(
        Webhook("errors", "https://hooks.example.com", statuses=("failed",), registration="r", writer="w")
    )
    bench.webhooks.add(Webhook("all", "https://hooks.example.com", types=("*",), registration="s", writer="w"))
    bench.make(notify=("errors",))
    assert bench.delivered() == {(1, "errors"): 1}


def test_a_worker_leaves_the_webhooks_to_the_next_run_of_the_watchdog(bench: Bench) -> None:
    bench.make("a", total=-1, notify=("billing",))
    bench.end("a")
    bench.follow()
    closed = replace(bench.batches, notice=None).close("b-1", 1)
    assert (closed.ended_at, len(bench.told()), bench.delivered()) == (None, 1, {})
    with written() as lines:
        bench.batches.look_after()
    assert bench.delivered() == {(1, "billing"): 1}
    assert bench.round().ended_at is not None
    assert "batch.repaired" not in {line["message"] for line in lines}


def test_a_store_of_webhooks_that_does_not_answer_delays_the_end(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    bench.make("a", notify=("billing",))
    bench.end("a")
    monkeypatch.setattr(bench.webhooks, "all", failing)
    (change,) = [one for shard in bench.store.changed for one in shard if one.after and one.after.terminal]
    assert bench.batches.follow([change], "shard") == {change.sequence}
    monkeypatch.undo()
    assert bench.batches.follow([change], "shard") == set()
    assert bench.delivered() == {(1, "billing"): 1}


def failing() -> Any:
    raise OSError("throttled")


def test_the_jobs_that_follow_belong_to_the_trace_of_the_request_that_created_the_batch(bench: Bench) -> None:
    context = trace.read("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")
    bench.batches.create(NewBatch("b-9", "test.then", trace=context))
    bench.batches.close("b-9", 0)
    (made,) = [job for job in bench.store._jobs.values() if job.type == "test.then"]
    assert made.trace == context
