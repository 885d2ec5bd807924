"""What a run reads to find the jobs that were not sent is bounded, however many minutes there are of them."""

from collections.abc import Sequence

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from chalicelib.adapters.memory.jobs import MemoryJobStore
from chalicelib.counters.port import Standing
from chalicelib.job_types import jobtype
from chalicelib.jobs import transitions
from chalicelib.jobs.job import Status
from chalicelib.jobs.port import Depth, Overdue, Search
from chalicelib.watchdog import search as searching
from chalicelib.watchdog.rule import Signs, Wait, check
from chalicelib.watchdog.search import IN_ONE_READ, MINUTE, MOST_CHECKED, MOST_SPANS, find, spans
from tests.support import T0, a_job

TYPE = "email.send"
A_MINUTE = 60_000
"""Jobs of each minute."""


class Crowded(MemoryJobStore):
    """A store in which so many jobs were due in each minute; notes the minutes that were asked for."""

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
    assert {(len(portion.ids), portion.unsent_only) for portion in found} == {(IN_ONE_READ, True)}


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
