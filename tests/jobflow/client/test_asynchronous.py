"""The asynchronous client has the methods of the other, and does the same."""

import asyncio
import inspect
from collections.abc import AsyncIterator

import httpx

from chalicelib.access.tokens import Role
from chalicelib.jobs.job import Status
from jobflow import AsyncJobFlow, JobFlow, NewJob
from tests.chalicelib.api.support import T0
from tests.jobflow.support import EAGER, URL, Wire

PAYLOAD = {"to": ["a@example.com"]}


def public(kind: type) -> dict[str, list[inspect.Parameter]]:
    """The public methods and their parameters."""
    methods = inspect.getmembers(kind, inspect.isfunction)
    return {
        name.replace("aclose", "close"): list(inspect.signature(method).parameters.values())
        for name, method in methods
        if not name.startswith("_")
    }


def test_both_have_the_same_methods() -> None:
    assert public(AsyncJobFlow) == public(JobFlow)


def test_the_asynchronous_client_does_the_same(wire: Wire) -> None:
    waits: list[float] = []

    async def story() -> None:
        async def sleep(seconds: float) -> None:
            waits.append(seconds)
            wire.world.put_in(job.id, Status.COMPLETED, finished_at=T0 + 1, result={"sent": 1})

        async with AsyncJobFlow(
            URL,
            wire.world.secrets[Role.ADMIN],
            transport=httpx.MockTransport(wire),
            sleep=sleep,
            patience=EAGER,
        ) as client:
            job = await client.submit("test.note", PAYLOAD, key="k")
            assert await client.result(job) == {"sent": 1}
            assert [result.status for result in await client.batch([NewJob("test.note", PAYLOAD)] * 2)] == [201, 201]
            jobs: AsyncIterator[object] = client.iterate(page_size=1)
            assert len([one async for one in jobs]) == 3
            assert (await client.cancel_many(status="queued")).done == 2

    asyncio.run(story())
    assert len(waits) == 1
