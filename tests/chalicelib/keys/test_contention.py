"""Test many simultaneous requests for one job: each is answered, and together they make one job."""

import time
from collections import Counter
from typing import Any

from chalicelib.adapters.memory.jobs import MemoryJobStore
from chalicelib.adapters.memory.queue import MemoryJobQueue
from chalicelib.keys.rule import Outcome
from chalicelib.producing.service import JobService
from tests.chalicelib.api.support import only_types
from tests.chalicelib.keys.conftest import PLAIN, debounced, jobs
from tests.contract.jobs.test_races import together
from tests.support import Clock

MANY = 200


class Distant:
    """A store whose answers take some milliseconds, so that other requests run in between."""

    def __init__(self, store: MemoryJobStore) -> None:
        self._store = store

    def __getattr__(self, name: str) -> Any:
        def call(*asked: Any) -> Any:
            time.sleep(0.004)
            answer = getattr(self._store, name)(*asked)
            time.sleep(0.002)
            return answer

        return call


def test_two_hundred_requests_at_once_under_one_debounce_key() -> None:
    clock = Clock()  # it stands still, so that no request's time is over on a slow machine
    store: Any = Distant(MemoryJobStore(clock))
    with only_types(PLAIN):
        service = JobService(store, MemoryJobQueue(clock), clock=clock)
        outcomes = together(MANY, lambda number: debounced(service, f"{number}", 600)[1])
    assert Counter(outcomes) == {Outcome.REPLACED: MANY - 1, Outcome.CREATED: 1}
    assert [job.gen for job in jobs(service)] == [MANY]
