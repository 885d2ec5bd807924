"""Many requests about one thing at once: each is answered, and they make one job."""

import time
from collections import Counter
from typing import Any

import pytest

from chalicelib.adapters.memory.jobs import MemoryJobStore
from chalicelib.adapters.memory.queue import MemoryJobQueue
from chalicelib.jobs.job import Status
from chalicelib.keys.rule import Outcome
from chalicelib.producing.service import JobService
from tests.chalicelib.api.support import only_types
from tests.chalicelib.keys.support import PLAIN, UNIQUE, debounced, jobs, unique
from tests.contract.jobs.test_races import together

MANY = 200


class Distant:
    """A store whose answers take some milliseconds, so that others come in between."""

    def __init__(self, store: MemoryJobStore) -> None:
        self._store = store

    def __getattr__(self, name: str) -> Any:
        def call(*asked: Any) -> Any:
            time.sleep(0.004)
            answer = getattr(self._store, name)(*asked)
            time.sleep(0.002)
            return answer

        return call


@pytest.mark.parametrize(
    ("there", "keyed"), [(False, False), (True, True)], ids=["none yet, no keys", "one waits, a key each"]
)
def test_two_hundred_requests_at_once_under_one_debounce_key(there: bool, keyed: bool) -> None:
    store: Any = Distant(MemoryJobStore(time.time))
    with only_types(PLAIN, UNIQUE):
        service = JobService(store, MemoryJobQueue(time.time))
        if there:
            debounced(service, "first", 600, principal="p")

        def ask(number: int) -> tuple[str, Outcome]:
            own = {"idempotency_key": f"k{number}"} if keyed else {}
            job, outcome = debounced(service, f"{number}", 600, principal="p", **own)
            return job.id, outcome

        answers = together(MANY, ask)
    outcomes = Counter(outcome for _, outcome in answers)
    assert outcomes == Counter({Outcome.REPLACED: MANY - (not there), Outcome.CREATED: int(not there)}) + Counter()
    (job,) = jobs(service)
    assert ({job_id for job_id, _ in answers}, job.status, job.gen) == ({job.id}, Status.SCHEDULED, MANY + there)


@pytest.mark.parametrize("keyed", [False, True], ids=["no key", "a key each"])
def test_two_hundred_requests_at_once_for_one_unique_job(keyed: bool) -> None:
    store: Any = Distant(MemoryJobStore(time.time))
    with only_types(PLAIN, UNIQUE):
        service = JobService(store, MemoryJobQueue(time.time))

        def ask(number: int) -> tuple[str, Outcome]:
            own = {"idempotency_key": f"k{number}", "principal": "p"} if keyed else {}
            job, outcome = unique(service, text=f"{number}", **own)
            return job.id, outcome

        answers = together(MANY, ask)
    assert Counter(outcome for _, outcome in answers) == {Outcome.EXISTING: MANY - 1, Outcome.CREATED: 1}
    assert {job_id for job_id, _ in answers} == {job.id for job in jobs(service)}
    assert len(jobs(service)) == 1
