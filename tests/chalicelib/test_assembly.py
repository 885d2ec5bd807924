"""Which port gets which adapter."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from chalicelib.adapters.dynamo.control.rate_windows import DynamoRateWindows
from chalicelib.adapters.dynamo.control.tokens import DynamoTokenStore
from chalicelib.adapters.dynamo.counting.counters import DynamoCounters
from chalicelib.adapters.dynamo.jobs.store import DynamoJobStore
from chalicelib.adapters.memory.jobs import MemoryJobStore
from chalicelib.adapters.memory.queue import MemoryJobQueue
from chalicelib.adapters.sqs import SqsJobQueue
from chalicelib.assembly import parts
from chalicelib.errors import ConfigurationError
from chalicelib.settings import Settings
from infra.local.emulator.inprocess import emulated


@pytest.fixture(autouse=True)
def forgotten() -> Iterator[None]:
    """Nothing is left for the tests that follow."""
    parts.reset()
    yield
    parts.reset()


def test_by_itself_everything_is_on_aws() -> None:
    with emulated():
        assert isinstance(parts.job_store, DynamoJobStore)
        assert isinstance(parts.job_queue, SqsJobQueue)
        assert isinstance(parts.rate_windows, DynamoRateWindows)
        assert isinstance(parts.counters, DynamoCounters)
        assert isinstance(parts.token_store, DynamoTokenStore)


def test_what_is_given_is_used_and_the_rest_is_made_from_it() -> None:
    store, queue = MemoryJobStore(), MemoryJobQueue()
    parts.replace(job_store=store, job_queue=queue, settings=Settings.from_env({"CURSOR_SECRET": "s"}))
    service = parts.job_service
    assert (service.store, service.queue, service.cursor_secret) == (store, queue, "s")


def test_each_is_made_once_by_however_many_at_once() -> None:
    parts.replace(job_store=MemoryJobStore(), job_queue=MemoryJobQueue())
    with ThreadPoolExecutor(20) as pool:
        assert len({id(made) for made in pool.map(lambda _: parts.job_service, range(100))}) == 1


def test_using_other_parts_forgets_what_was_made_of_the_old_ones() -> None:
    parts.replace(job_store=MemoryJobStore(), job_queue=MemoryJobQueue())
    before = parts.job_service
    parts.replace(job_store=MemoryJobStore(), job_queue=MemoryJobQueue())
    assert parts.job_service is not before


def test_the_environment_is_read_once_until_reset(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JOBS_TABLE", "one")
    assert parts.settings.jobs_table == "one"
    monkeypatch.setenv("JOBS_TABLE", "two")
    assert parts.settings.jobs_table == "one"
    parts.reset()
    assert parts.settings.jobs_table == "two"


def test_a_part_nobody_knows_is_refused_and_changes_nothing() -> None:
    store = MemoryJobStore()
    parts.replace(job_store=store)
    with pytest.raises(ConfigurationError, match="job_shop"):
        parts.replace(job_shop=store)
    assert parts.job_store is store
