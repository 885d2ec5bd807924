"""Check that AsyncResult reads a task's job through the API."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from chalicelib.jobs.job import Job, Status
from jobflow import context
from jobflow.celery import AsyncResult, TaskFailed, shared_task
from jobflow.celery.worker import queue
from jobflow.errors import WaitTimeout
from tests.chalicelib.api.support import World, only_types
from tests.jobflow.support import Slept, Wire, client_of


@shared_task
def charge(order: int) -> int:
    """Charge an order."""
    return order


@pytest.fixture
def world(wire: Wire, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    client = client_of(wire, Slept(lambda: wire.world.clock.advance(10)))
    monkeypatch.setattr(context, "connect", lambda: client)
    with only_types(queue()(lambda: None)):
        yield wire.world


def ends(world: World, of: AsyncResult, status: Status, **values: object) -> None:
    """Let the job of a task end."""
    [job] = [job for job in world.store._jobs.values() if of.id in (job.id, job.idempotency_key)]
    changed: Job = replace(job, status=status, finished_at=world.clock.now, **values)  # type: ignore[arg-type]
    world.store._jobs[job.id] = changed


@pytest.mark.parametrize("asked", [{}, {"task_id": "order-7"}])
def test_a_result_is_found_by_its_id_in_another_process(world: World, asked: dict[str, Any]) -> None:
    made = charge.apply_async((7,), **asked)
    assert made.id == asked.get("task_id", made.id)
    found = AsyncResult(made.id)
    assert (found.status, found.ready(), found.result) == ("PENDING", False, None)
    ends(world, made, Status.COMPLETED, result=7)
    assert (found.state, found.result, found.info, found.get(timeout=5), made.get()) == ("SUCCESS", 7, 7, 7, 7)
    assert found == made


def test_a_failure_is_raised_with_the_error_of_the_job(world: World) -> None:
    made = charge.delay(7)
    ends(world, made, Status.DEAD_LETTER, error_class="ConnectionError", error_message="no route")
    assert (made.status, made.failed(), made.successful()) == ("FAILURE", True, False)
    assert isinstance(made.result, TaskFailed)
    with pytest.raises(TaskFailed, match="dead_letter: ConnectionError: no route"):
        made.get()


def test_a_job_that_has_not_ended_is_waited_for(world: World) -> None:
    with pytest.raises(WaitTimeout):
        charge.delay(7).get(timeout=5)


def test_an_unknown_id_is_pending_as_in_celery(world: World) -> None:
    unknown = AsyncResult("5f0f9d6e-0000-4000-8000-000000000000")
    unknown.revoke()
    assert (unknown.status, AsyncResult("nobody").status) == ("PENDING", "PENDING")
    with pytest.raises(LookupError):
        unknown.get()


def test_revoke_cancels_the_job(world: World) -> None:
    made = charge.delay(7)
    with pytest.raises(ValueError, match="check_cancelled"):
        made.revoke(terminate=True)
    made.revoke()
    assert (made.status, made.ready()) == ("REVOKED", True)


def test_the_same_task_id_finds_the_job_that_is_there(world: World) -> None:
    first, second = (charge.apply_async((7,), task_id="order-7") for _ in range(2))
    assert first == second
    assert len(world.store._jobs) == 1
