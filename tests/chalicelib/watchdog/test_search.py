"""What a run reads to find the jobs that were not sent is bounded, however many minutes there are of them."""

from collections.abc import Sequence

from chalicelib.adapters.memory.jobs import MemoryJobStore
from chalicelib.jobs.ports import Depth, Overdue, Search, Standing
from chalicelib.watchdog.rules import Signs
from chalicelib.watchdog.search import IN_ONE_READ, MINUTE, MOST_CHECKED, find
from tests.support import T0

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
    store, minutes = Crowded(), [T0 - MINUTE * n for n in (4, 3, 2, 1)]
    standing = Standing({}, unsent={TYPE: minutes})
    found = find(store, TYPE, Signs(Depth(visible=1)), standing, T0)
    assert store.asked == [(minutes[0], MOST_CHECKED), (minutes[1], MOST_CHECKED - A_MINUTE)]
    assert sum(len(portion.ids) for portion in found) == MOST_CHECKED
    assert {(len(portion.ids), portion.unsent_only) for portion in found} == {(IN_ONE_READ, True)}
