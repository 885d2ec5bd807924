"""Test batches with one end through the client and the command line, with the real API."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from chalicelib.assembly import parts
from chalicelib.job_types.batch_end import BatchEnd
from chalicelib.job_types.jobtype import JobType
from chalicelib.jobs.changed import JobChanged
from chalicelib.jobs.job import Status
from jobflow import JobFlow, NewJob, errors, problems
from jobflow.assistant.reading import Reading
from tests.chalicelib.api.support import NOTE, World, only_types
from tests.chalicelib.webhooks.support import DELIVERING
from tests.jobflow.support import Connect, Slept, Wire

CLOSED: JobType[BatchEnd, None] = JobType("shop.closed", lambda _payload, _ctx: None, BatchEnd)
TO = {"to": ["a@example.com"]}


@pytest.fixture(autouse=True)
def types(world: World) -> Iterator[None]:
    with only_types(NOTE, CLOSED):
        yield


def jobs(number: int) -> list[NewJob]:
    return [NewJob("test.note", {**TO, "text": str(place)}) for place in range(number)]


def end(world: World, batch: str, status: Status = Status.COMPLETED) -> None:
    """End all members, and let the stream tell it."""
    ids, _ = world.store.members(batch, 1000)
    changes = [JobChanged(str(n), world.store.get(one), world.put_in(one, status)) for n, one in enumerate(ids)]
    parts.batches.follow([one for one in changes if one.before and not one.before.terminal], "shard")


def test_a_batch_with_too_many_jobs_is_refused_before_anything_is_sent(
    client: JobFlow, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("jobflow.models.BATCH_MEMBERS", 2)
    with pytest.raises(ValueError, match="jobs has 3 jobs, and a batch has at most 2 members"):
        client.start_batch(jobs(3), then="shop.closed")
    assert world.store.made() == []


def test_a_batch_is_started_with_its_jobs_and_ends(client: JobFlow, world: World) -> None:
    made = client.start_batch([*jobs(30), *jobs(2)], then="shop.closed", key="k", tags=["x"])
    assert (made.newest.state, made.newest.total, made.key, made.tags) == ("running", 30, "k", ["x"])
    again = client.start_batch(jobs(30), then="shop.closed", key="k", tags=["x"])
    assert again == made
    end(world, made.id)
    assert client.get_batch(made).newest.completed == 30
    assert len(list(client.iterate(type="shop.closed"))) == 1
    assert len(list(client.iterate(batch=made.id))) == 30


def test_a_program_waits_for_the_end_of_a_batch(connect: Connect, wire: Wire, world: World) -> None:
    def goes_on() -> None:
        if len(slept) == 3:
            end(world, made.id)

    slept = Slept(goes_on)
    client = connect(wire, slept)
    made = client.start_batch(jobs(3), then="shop.closed")
    with pytest.raises(errors.BatchNotEnded, match="is still running after 0 s: 0 of 3 members") as late:
        client.wait_batch(made, timeout=0)
    assert late.value.batch == made
    assert client.wait_batch(made.id).newest.completed == 3
    assert (len(slept), slept) == (3, sorted(slept))
    assert client.wait_batch(made, timeout=0).state == "ended"


def test_jobs_that_are_refused_leave_the_batch_open(client: JobFlow) -> None:
    with pytest.raises(errors.MembersNotAdded, match="1 of 3 jobs") as refused:
        client.start_batch([*jobs(1), NewJob("test.note", {"to": []}), *jobs(1)], key="k")
    assert client.get_batch(refused.value.batch).newest.state == "open"
    assert client.start_batch(jobs(2), key="k").id == refused.value.batch


def test_several_add_to_a_batch_until_it_is_closed(client: JobFlow, world: World) -> None:
    made = client.open_batch(then="shop.closed")
    assert [one.status for one in client.add_to_batch(made, jobs(2))] == [201, 201]
    assert [one.existing for one in client.add_to_batch(made.id, jobs(1))] == ["key"]
    assert client.close_batch(made, 2).newest.total == 2
    with pytest.raises(problems.BatchConflict):
        client.close_batch(made, 3)
    end(world, made.id, Status.FAILED)
    assert client.retry_batch(made).newest.round == 2
    more = [client.open_batch().id for _ in range(20)]
    assert {one.id for one in client.batches()} == {made.id, *more}


def test_a_batch_is_cancelled(client: JobFlow) -> None:
    made = client.start_batch(jobs(2))
    client.cancel_batch(made)
    assert {job.status for job in client.iterate(batch=made.id)} == {"cancelled"}
    with pytest.raises(problems.BatchNotFound):
        client.get_batch("0b8f4d52-5c0a-4c55-9d6c-6f0c7c2f5a11")


@pytest.mark.parametrize("wrong", [{"tags": "x"}, {"key": "a b"}, {"notify": "billing"}])
def test_wrong_arguments_are_told_before_anything_is_sent(client: JobFlow, wrong: dict[str, str]) -> None:
    with pytest.raises((TypeError, ValueError)):
        client.open_batch(**wrong)


def test_a_batch_names_webhooks(client: JobFlow, world: World) -> None:
    with only_types(NOTE, CLOSED, DELIVERING):
        assert world.post("/webhooks", {"name": "billing", "url": "https://hooks.example.com"}).status == 201
        assert client.start_batch(jobs(1), notify=["billing"]).notify == ["billing"]
        with pytest.raises(errors.Invalid, match="notify"):
            client.open_batch(notify=["other"])


def test_an_assistant_reads_batches(client: JobFlow) -> None:
    made, reading = client.start_batch(jobs(2), key="k"), Reading(client)
    assert [one["id"] for one in reading.list_batches()] == [made.id]
    assert reading.show_batch(made.id)["newest"]["total"] == 2
    assert len(reading.search_jobs(batch=made.id)) == 2
    assert replace(made) == made
