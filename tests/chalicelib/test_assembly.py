"""Test which port gets which adapter."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from chalicelib.adapters.memory.jobs import MemoryJobStore
from chalicelib.adapters.memory.queue import MemoryJobQueue
from chalicelib.assembly import parts
from chalicelib.errors import ConfigurationError
from chalicelib.settings import Settings


@pytest.fixture(autouse=True)
def forgotten() -> Iterator[None]:
    """Remove cached objects, so that the next tests do not get them."""
    parts.reset()
    yield
    parts.reset()


def test_what_is_given_is_used_and_the_rest_is_made_from_it() -> None:
    store, queue = MemoryJobStore(), MemoryJobQueue()
    parts.replace(job_store=store, job_queue=queue, settings=Settings.from_env({"CURSOR_SECRET": "s"}))
    service = parts.job_service
    assert (service.store, service.queue, service.cursor_secret) == (store, queue, "s")
    parts.replace(job_store=MemoryJobStore(), job_queue=queue)
    assert parts.job_service is not service, "what was made of the old ones is forgotten"


def test_each_is_made_once_by_however_many_at_once() -> None:
    parts.replace(job_store=MemoryJobStore(), job_queue=MemoryJobQueue())
    with ThreadPoolExecutor(20) as pool:
        assert len({id(made) for made in pool.map(lambda _: parts.job_service, range(100))}) == 1


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
