"""Check that a store signs its rows, and recognises rows that were not signed with one of its keys."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from chalicelib.adapters.dynamo.jobs.store import DynamoJobStore
from chalicelib.adapters.memory.jobs import MemoryJobStore
from chalicelib.jobs import transitions
from chalicelib.jobs.job import Status
from chalicelib.jobs.port import JobStore
from chalicelib.jobs.signing import Signing
from chalicelib.keys.rule import replace_waiting
from chalicelib.settings import Settings
from tests.support import T0, Clock, a_job

MASTER, OTHER = "m" * 22, "n" * 22


@pytest.fixture(params=["memory", "dynamo"])
def stores(request: pytest.FixtureRequest, clock: Clock) -> Callable[[str], JobStore]:
    """Stores of the same jobs by their master keys."""
    if request.param == "dynamo":
        cloud: Settings = request.getfixturevalue("cloud")
        return lambda masters: DynamoJobStore(replace(cloud, signing_key=masters), clock, lambda: ["email.send"])
    jobs = MemoryJobStore(clock)

    def memory(masters: str) -> JobStore:
        same = MemoryJobStore(clock, Signing(tuple(masters.split(",")) if masters else ()))
        vars(same).update({name: value for name, value in vars(jobs).items() if name != "_signing"})
        return same

    return memory


def test_a_job_is_signed_when_it_is_made_and_with_each_new_run(stores: Callable[[str], JobStore]) -> None:
    store = stores(MASTER)
    failed, waiting = a_job(status=Status.FAILED), a_job(status=Status.SCHEDULED, run_at=T0 + 60)
    for job in (failed, waiting):
        store.add(job)
        assert store.signed(store.get(job.id))
    store.apply(failed.id, transitions.requeue(store.get(failed.id), now=T0, payload={"text": "x" * 900}))
    store.apply(waiting.id, replace_waiting(store.get(waiting.id), replace(waiting, payload={"to": "eve"})))
    for job in (failed, waiting):
        assert store.get(job.id).gen == 2
        assert store.signed(store.get(job.id))
        assert store.signed(store.get_without_bodies(job.id))
        assert store.signed(store.get_many([job.id])[0])
        assert store.signed(store.view(job.id).job)


def test_a_job_of_another_key_is_not(stores: Callable[[str], JobStore]) -> None:
    for masters in ("", OTHER):
        stores(masters).add(job := a_job())
        assert not stores(MASTER).signed(stores(MASTER).get(job.id))
    assert stores(f"{MASTER},{OTHER}").signed(stores(MASTER).get(job.id))
    assert stores("").signed(stores(MASTER).get(job.id))
