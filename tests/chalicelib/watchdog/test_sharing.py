"""Check that other runs get all the jobs that one run cannot handle, each job once."""

from collections.abc import Sequence

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from chalicelib.adapters.memory.jobs import MemoryJobStore
from chalicelib.adapters.memory.queue import MemoryJobQueue
from chalicelib.counters.port import Standing
from chalicelib.job_types import jobtype
from chalicelib.jobs import transitions
from chalicelib.jobs.constants import MOST_READ
from chalicelib.jobs.job import Status
from chalicelib.jobs.port import Depth, Overdue, Search
from chalicelib.producing.service import JobService
from chalicelib.watchdog import search as searching
from chalicelib.watchdog.constants import JOBS_OF_HELPER, MOST_CHECKED, MOST_HELPERS, MOST_SPANS
from chalicelib.watchdog.rule import Signs, Wait, check
from chalicelib.watchdog.run import Watchdog
from chalicelib.watchdog.search import MINUTE, Found, find, portions, spans
from chalicelib.watchdog.sharing import in_turn, share
from tests.support import T0, Clock, a_job

TYPE = "email.send"
sizes = st.lists(st.integers(0, 3 * JOBS_OF_HELPER), min_size=1, max_size=6)


def found(name: str, number: int) -> list[Found]:
    return list(portions([f"{name}-{n}" for n in range(number)]))


@settings(max_examples=25)
@given(sizes)
def test_each_job_is_looked_at_once_by_this_run_or_by_a_helper(numbers: list[int]) -> None:
    asked = {f"t{place}": found(f"t{place}", number) for place, number in enumerate(numbers)}
    shared = share(asked)
    here = [job_id for portion in shared.own for job_id in portion.ids]
    there = [job_id for part in shared.helpers for job_id in part.ids]
    everything = [job_id for row in asked.values() for portion in row for job_id in portion.ids]
    assert sorted(here + there) == sorted(everything)
    assert len(shared.helpers) <= MOST_HELPERS
    for part in shared.helpers:
        assert len(part.ids) <= JOBS_OF_HELPER
        assert {job_id.split("-")[0] for job_id in part.ids} == set(part.types)
    assert len(here) <= JOBS_OF_HELPER or len(shared.helpers) == MOST_HELPERS


@pytest.mark.parametrize("number", [0, 1, 7, 61])
def test_each_name_is_the_first_once_in_as_many_minutes(number: int) -> None:
    names = [f"t{n}" for n in range(number)]
    orders = [in_turn(names, T0 + 60 * minute) for minute in range(number)]
    assert all(sorted(order) == sorted(names) for order in orders)
    assert sorted(order[0] for order in orders) == sorted(names)


def test_a_flooded_type_leaves_this_run_and_its_helpers_to_the_jobs_of_others() -> None:
    shared = share(
        {"a.flooded": found("a", 3 * MOST_HELPERS * JOBS_OF_HELPER), "b.other": found("b", 2 * JOBS_OF_HELPER)}
    )
    ours = [
        job_id for portion in shared.own[: JOBS_OF_HELPER // 10] for job_id in portion.ids if job_id.startswith("b")
    ]
    helped = [job_id for part in shared.helpers for job_id in part.ids if job_id.startswith("b")]
    assert (len(ours), len(helped)) == (JOBS_OF_HELPER // 2, 2 * JOBS_OF_HELPER - JOBS_OF_HELPER // 2)
    here = share({TYPE: [], "": found("old", 3 * JOBS_OF_HELPER)})
    assert (len(here.own), here.helpers) == (3 * JOBS_OF_HELPER // 10, []), "only this run knows the signs of all types"


class Started:
    """Helpers that begin on request; see Helpers."""

    def __init__(self, *, refuse: bool = False) -> None:
        self.asked: list[tuple[Sequence[str], Sequence[str]]] = []
        self._refuse = refuse

    def look_at(self, types: Sequence[str], ids: Sequence[str]) -> None:
        if self._refuse:
            raise RuntimeError("throttled")
        self.asked.append((types, ids))


def watchdog_over(clock: Clock, jobs: int, helpers: Started) -> Watchdog:
    service = JobService(MemoryJobStore(clock), MemoryJobQueue(clock), clock=clock)
    for _ in range(jobs):
        service.store.add(a_job(status=Status.SCHEDULED, run_at=T0 + 700, next_attempt_at=T0 + 700, due_at=T0 - 140))
    return Watchdog(service.dispatcher, [TYPE], helpers=helpers)


def test_a_run_and_its_helpers_send_all_jobs_that_are_due_at_one_instant(clock: Clock) -> None:
    helpers = Started()
    watchdog = watchdog_over(clock, 2 * JOBS_OF_HELPER + 500, helpers)
    assert watchdog.run(lambda: 50.0) == {"resent": JOBS_OF_HELPER, "handed_over": JOBS_OF_HELPER + 500}
    assert watchdog.look_at(*helpers.asked[1], lambda: 2.0) == {"out_of_time": 500}
    assert [watchdog.look_at(*asked, lambda: 50.0) for asked in helpers.asked] == [
        {"resent": JOBS_OF_HELPER},
        {"resent": 500},
    ]
    assert watchdog.dispatcher.queue.depth(TYPE).delayed == 2 * JOBS_OF_HELPER + 500
    assert watchdog.look_at(*helpers.asked[0], lambda: 50.0) == {"left": JOBS_OF_HELPER}, (
        "an invocation that comes twice"
    )


def test_jobs_of_a_helper_that_could_not_be_started_are_found_by_the_next_run(clock: Clock) -> None:
    watchdog = watchdog_over(clock, JOBS_OF_HELPER + 200, Started(refuse=True))
    assert watchdog.run(lambda: 50.0) == {"resent": JOBS_OF_HELPER}
    clock.advance(60)
    assert watchdog.run(lambda: 50.0) == {"resent": 200}


def test_a_helper_leaves_jobs_that_are_gone_alone(clock: Clock) -> None:
    watchdog = watchdog_over(clock, 0, Started())
    assert watchdog.look_at(["nobody.knows"], ["gone"], lambda: 50.0) == {"left": 1}


A_MINUTE = 60_000
"""Jobs in each minute."""


class Crowded(MemoryJobStore):
    """A store in which this many jobs were due in each minute; it records which minutes were read."""

    def __init__(self) -> None:
        super().__init__(lambda: T0)
        self.asked: list[tuple[float, int]] = []

    def overdue(self, search: Search, now: float, limit: int) -> Sequence[Overdue]:
        if search.planned or search.since is None:
            return []
        self.asked.append((search.since, limit))
        return [Overdue(f"{search.since:.0f}-{n}", T0) for n in range(min(A_MINUTE, limit))]


def test_a_run_reads_a_bounded_number_of_jobs_to_find_those_that_were_not_sent() -> None:
    store, minutes = Crowded(), [T0 - MINUTE * n for n in (7, 5, 3, 1)]
    standing = Standing({}, unsent={TYPE: minutes})
    found = find(store, TYPE, Signs(Depth(visible=1)), standing, T0)
    assert store.asked == [(minutes[0], MOST_CHECKED), (minutes[1], MOST_CHECKED - A_MINUTE)]
    assert sum(len(portion.ids) for portion in found) == MOST_CHECKED
    assert {(len(portion.ids), portion.unsent_only) for portion in found} == {(MOST_READ, True)}


@given(st.lists(st.integers(0, 1_440), unique=True), st.integers(0, 10_000))
@example([*range(0, 1_440, 2)], 0)
def test_each_minute_is_read_in_some_run_and_no_other_one(numbers: list[int], run: int) -> None:
    minutes = [T0 + MINUTE * number for number in numbers]
    whole = spans(minutes, T0)
    assert len(whole) <= MOST_SPANS
    runs = [spans(minutes, T0 + MINUTE * (run + n)) for n in range(1 + 720 // MOST_SPANS)]
    read = [start + MINUTE * n for start, end in {span for some in runs for span in some} for n in _minutes(start, end)]
    assert sorted(read) == sorted(minutes)


def test_planned_jobs_that_wait_hide_no_later_one_where_the_order_of_starts_says_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(jobtype, "out_of_order", lambda _: True)
    monkeypatch.setattr(searching, "MOST_PLANNED", 120)
    monkeypatch.setattr(searching, "MOST_LOOKS", 30)
    now = T0 + 3_600
    store = MemoryJobStore(lambda: now)
    for n in range(2_000):
        store.add(
            a_job(status=Status.SCHEDULED, id=f"{n}", next_attempt_at=T0, sent=True, due_at=now + 900 * n / 2_000)
        )
    late = a_job(status=Status.SCHEDULED, id="late", run_at=now + 600, sent=False, due_at=now)
    store.add(late)
    signs = Signs(Depth(visible=2_000))
    for _ in range(3):
        now += MINUTE
        ids = [job_id for portion in find(store, TYPE, signs, Standing({}), now) for job_id in portion.ids]
        if "late" in ids:
            return
        for job_id in ids:
            verdict = check(store.get(job_id), now, signs)
            assert isinstance(verdict, Wait)
            store.apply(job_id, transitions.check(store.get(job_id), until=verdict.until, resent=False))
    raise AssertionError("the job was not found within three minutes")


def _minutes(start: float, end: float) -> range:
    return range(round((end - start) / MINUTE))
