"""One job for several requests: unique by values, or debounced under a key."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from chalicelib.adapters.memory.jobs import MemoryJobStore
from chalicelib.adapters.memory.queue import MemoryJobQueue
from chalicelib.errors import IdempotencyMismatch, InvalidRequest, MoveRefused, NotStored
from chalicelib.jobs import transitions
from chalicelib.jobs.change import Claimant
from chalicelib.jobs.job import Job, Status
from chalicelib.jobs.jobtype import JobType
from chalicelib.jobs.ports import Filter
from chalicelib.jobs.single import Debounce, Holder, Unique, replace_waiting
from chalicelib.jobs.turns import wait_for_turn
from chalicelib.service.jobs import JobService
from chalicelib.service.submission import Submission, keyed_id
from tests.chalicelib.api.support import Note, only_types
from tests.support import T0, Clock

PLAIN: JobType[Note, None] = JobType("test.plain", lambda _payload, _ctx: None, Note)
UNIQUE: JobType[Note, None] = replace(PLAIN, name="test.unique", unique=Unique(3600, ("to",)))
Fixture = tuple[JobService, MemoryJobStore, Clock]


@pytest.fixture
def service() -> Iterator[JobService]:
    clock = Clock()
    with only_types(PLAIN, UNIQUE):
        yield JobService(MemoryJobStore(clock), MemoryJobQueue(clock), clock=clock)


def unique(service: JobService, to: str = "ada", **asked: Any) -> tuple[Job, bool]:
    text = asked.pop("text", "hello")
    return service.submit(Submission("test.unique", {"to": [to], "text": text}, **asked))


def debounced(service: JobService, text: str, seconds: int = 30, key: str = "k", **asked: Any) -> tuple[Job, bool]:
    payload = {"to": ["ada"], "text": text}
    return service.submit(Submission("test.plain", payload, debounce=Debounce(key, seconds), **asked))


def clock_of(service: JobService) -> Clock:
    assert isinstance(service.clock, Clock)
    return service.clock


def jobs(service: JobService) -> list[Job]:
    return list(service.store.page(Filter(), 100).jobs)


def claim(service: JobService, job: Job) -> Job:
    now = service.now()
    change = transitions.claim(job.gen, now=now, lease_until=now + 65, by=Claimant("r"), job_type=job.type)
    return service.store.apply(job.id, change)


def ended(service: JobService, job: Job, status: Status) -> None:
    store = service.store
    assert isinstance(store, MemoryJobStore)
    store._jobs[job.id] = replace(store.get(job.id), status=status)


def told(answer: tuple[Job, bool]) -> tuple[str, bool]:
    return answer[0].id, answer[1]


# ---- unique


def test_the_same_values_are_answered_with_the_job_there_is(service: JobService) -> None:
    first, made = unique(service)
    again, new = unique(service, text="another text")
    assert (made, new, again.id) == (True, False, first.id)
    assert again.payload == {"to": ["ada"], "text": "hello"}
    assert unique(service, "bob")[1]
    assert len(jobs(service)) == 2


def test_the_time_is_counted_from_when_it_is_due(service: JobService) -> None:
    first, _ = unique(service, delay_seconds=600)
    clock_of(service).advance(600 + 3599)
    assert unique(service)[0].id == first.id
    clock_of(service).advance(2)
    assert unique(service)[0].id != first.id


@pytest.mark.parametrize("status", [Status.FAILED, Status.DEAD_LETTER, Status.CANCELLED])
def test_one_that_ended_badly_does_not_stand_in_the_way(service: JobService, status: Status) -> None:
    first, _ = unique(service)
    ended(service, first, status)
    second, new = unique(service)
    assert (new, second.id != first.id) == (True, True)
    assert unique(service)[0].id == second.id


def test_one_that_completed_does(service: JobService) -> None:
    first, _ = unique(service)
    ended(service, first, Status.COMPLETED)
    assert told(unique(service)) == (first.id, False)


def test_a_key_is_a_key_as_ever(service: JobService) -> None:
    first, _ = unique(service, idempotency_key="k", principal="p")
    assert first.id == keyed_id("p", "k")
    assert told(unique(service, idempotency_key="k", principal="p")) == (first.id, False)
    clock_of(service).advance(4000)
    # its time is over, and the key still names its job
    assert told(unique(service, idempotency_key="k", principal="p")) == (first.id, False)
    with pytest.raises(IdempotencyMismatch):
        unique(service, text="other", idempotency_key="k", principal="p")
    assert unique(service)[1]


def test_another_key_for_the_same_thing_is_answered_with_the_job_there_is(service: JobService) -> None:
    first, _ = unique(service, idempotency_key="k", principal="p")
    assert told(unique(service, text="other", idempotency_key="l", principal="q")) == (first.id, False)


def test_what_dies_after_it_has_named_its_job_blocks_nobody(service: JobService) -> None:
    dying(service, "add", lambda: unique(service, idempotency_key="a", principal="p"))
    assert jobs(service) == []
    second, new = unique(service, text="second", idempotency_key="b", principal="p")
    assert (new, second.id) == (True, keyed_id("p", "a"))
    # whoever died asks again: its own key has made nothing, and there is one job for these values
    assert told(unique(service, idempotency_key="a", principal="p")) == (second.id, False)
    assert told(unique(service, text="second", idempotency_key="b", principal="p")) == (second.id, False)
    assert len(jobs(service)) == 1


def test_what_dies_before_it_sends_is_sent_by_the_next_request(service: JobService) -> None:
    queue = service.queue
    assert isinstance(queue, MemoryJobQueue)
    send = queue.send
    queue.send = _die  # type: ignore[method-assign]
    with pytest.raises(KeyboardInterrupt):
        unique(service)
    queue.send = send  # type: ignore[method-assign]
    clock_of(service).advance(6)
    job, _ = unique(service)
    assert job.sent
    assert len(queue.messages["test.unique"]) == 1


def test_a_firing_of_a_schedule_is_a_job_of_its_own(service: JobService) -> None:
    first, _ = unique(service)
    assert unique(service, idempotency_key="f", principal="schedule:s", fires_at=T0)[0].id != first.id


def test_a_key_that_never_comes_to_rest_is_told(service: JobService) -> None:
    service.store.hold = lambda *_: False  # type: ignore[method-assign]
    with pytest.raises(NotStored):
        unique(service)
    assert jobs(service) == []


# ---- debounce


def test_the_last_request_has_the_say_and_its_time_counts(service: JobService) -> None:
    first, made = debounced(service, "one", tags=("x",))
    clock_of(service).advance(20)
    second, replaced = debounced(service, "two", tags=("y",), max_attempts=7, correlation_id="c2")
    assert (made, replaced, second.id, second.gen) == (True, True, first.id, 2)
    kept = service.store.get(first.id)
    assert (kept.status, kept.payload, kept.run_at, kept.next_attempt_at) == (
        Status.SCHEDULED, {"to": ["ada"], "text": "two"}, T0 + 50, T0 + 50,
    )  # fmt: skip
    assert (kept.tags, kept.max_attempts, kept.correlation_id, kept.sent) == (("y",), 7, "c2", True)
    assert (kept.created_at, kept.due_at) == (T0, T0 + 80)
    assert len(jobs(service)) == 1


def test_the_message_of_the_earlier_time_runs_nothing(service: JobService) -> None:
    first, _ = debounced(service, "one")
    second, _ = debounced(service, "two")
    queue = service.queue
    assert isinstance(queue, MemoryJobQueue)
    assert [m.message.gen for m in queue.messages["test.plain"]] == [1, 2]
    clock_of(service).advance(31)
    with pytest.raises(MoveRefused):
        claim(service, first)
    assert claim(service, second).status is Status.PROCESSING


@pytest.mark.parametrize("meanwhile", ["claimed", "cancelled", "run now", "waits for its next turn"])
def test_one_that_does_not_wait_any_more_is_left_alone(service: JobService, meanwhile: str) -> None:
    first, _ = debounced(service, "one")
    clock_of(service).advance(30)
    if meanwhile == "claimed":
        claim(service, first)
    elif meanwhile == "waits for its next turn":
        tried_once(service, first)
    elif meanwhile == "cancelled":
        ended(service, first, Status.CANCELLED)
    else:
        service.store.apply(first.id, transitions.run_now(service.store.get(first.id), now=service.now()))
    before = service.store.get(first.id)
    second, new = debounced(service, "two")
    assert (new, second.gen, second.id != first.id) == (True, 1, True)
    assert service.store.get(first.id) == before


def test_an_attempt_that_began_and_ended_meanwhile_is_not_replaced(service: JobService) -> None:
    first, _ = debounced(service, "one")
    seen = service.store.get(first.id)
    clock_of(service).advance(30)
    tried_once(service, first)
    with pytest.raises(MoveRefused):
        service.store.apply(first.id, replace_waiting(seen, seen))


def test_one_that_waits_for_its_first_turn_is_replaced(service: JobService) -> None:
    first, _ = debounced(service, "one")
    clock_of(service).advance(30)
    seen, now = service.store.get(first.id), service.now()
    service.store.apply(first.id, wait_for_turn(seen, now=now, turn=now + 3_000, parked=True))
    second, new = debounced(service, "two")
    assert (second.id, new, second.gen, second.turn_at) == (first.id, True, 2, None)


def tried_once(service: JobService, job: Job) -> None:
    """An attempt fails, and the job waits for its next turn: scheduled again, with an attempt behind it."""
    held, now = claim(service, job), service.now()
    waits = transitions.postpone(held, now=now, not_before=now + 1, error=("E", "no"), parked=True)
    waiting = service.store.apply(job.id, waits)
    after = service.store.apply(job.id, wait_for_turn(waiting, now=now + 1, turn=now + 3_000, parked=True))
    assert (after.status, after.claims) == (Status.SCHEDULED, 1)


def test_keys_tokens_and_types_are_apart(service: JobService) -> None:
    ids = {
        debounced(service, "one")[0].id, debounced(service, "one", key="other")[0].id,
        debounced(service, "one", principal="p")[0].id,
    }  # fmt: skip
    assert len(ids) == 3


def test_the_same_request_again_replaces_nothing(service: JobService) -> None:
    asked: dict[str, Any] = {"idempotency_key": "i", "principal": "p"}
    first, _ = debounced(service, "one", **asked)
    clock_of(service).advance(3)
    again, _ = debounced(service, "one", **asked)
    assert (again.gen, again.run_at) == (1, first.run_at)
    with pytest.raises(IdempotencyMismatch):
        debounced(service, "two", **asked)


def test_a_replaced_job_whose_message_did_not_get_out_is_sent_by_a_repeated_request(service: JobService) -> None:
    debounced(service, "one")
    queue = service.queue
    assert isinstance(queue, MemoryJobQueue)
    send = queue.send
    queue.send = _die  # type: ignore[method-assign]
    with pytest.raises(KeyboardInterrupt):
        debounced(service, "two", idempotency_key="i", principal="")
    queue.send = send  # type: ignore[method-assign]
    clock_of(service).advance(6)
    job, _ = debounced(service, "two", idempotency_key="i", principal="")
    assert job.sent
    assert [m.message.gen for m in queue.messages["test.plain"]] == [1, 2]


def test_a_request_that_died_blocks_nobody(service: JobService) -> None:
    dying(service, "add", lambda: debounced(service, "one"))
    job, new = debounced(service, "two")
    assert (new, job.gen) == (True, 1)
    again, _ = debounced(service, "three")
    assert (again.id, again.gen) == (job.id, 2)


def test_a_large_payload_is_replaced_by_a_small_one_and_back(service: JobService) -> None:
    debounced(service, "x" * 2000)
    debounced(service, "small")
    job, _ = debounced(service, "y" * 2000)
    assert service.store.get(job.id).payload["text"] == "y" * 2000


def test_the_jobs_of_a_unique_type_are_not_debounced(service: JobService) -> None:
    with pytest.raises(InvalidRequest) as refused:
        service.submit(Submission("test.unique", {"to": ["ada"]}, debounce=Debounce("k", 5)))
    assert [error.loc for error in refused.value.errors] == [("debounce",)]


def test_another_key_is_another_body() -> None:
    bodies = [Submission("a.b", {}, debounce=one).body_hash() for one in (None, Debounce("k", 1), Debounce("k", 2))]
    assert len(set(bodies)) == 3


def test_a_job_that_neither_is_unique_nor_debounced_asks_for_no_key(service: JobService) -> None:
    service.store.holder = service.store.hold = _die  # type: ignore[method-assign, assignment]
    job, new = service.submit(Submission("test.plain", {"to": ["ada"]}, idempotency_key="k"))
    assert (new, job.status) == (True, Status.QUEUED)


def test_a_holder_that_was_never_stored_is_only_honoured_for_its_time(service: JobService) -> None:
    assert UNIQUE.unique is not None
    key = UNIQUE.unique.key("test.unique", {"to": ["ada"], "text": "hello"})
    service.store.hold(key, None, Holder("0" * 8, T0 - 1))
    job, new = unique(service)
    assert (new, job.id != "0" * 8) == (True, True)


def dying(service: JobService, call: str, work: Callable[[], object]) -> None:
    """Let a process die when it makes this call of the store."""
    kept = getattr(service.store, call)
    setattr(service.store, call, _die)
    with pytest.raises(KeyboardInterrupt):
        work()
    setattr(service.store, call, kept)


def _die(*_: object, **__: object) -> None:
    raise KeyboardInterrupt
