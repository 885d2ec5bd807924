"""Provide the client over the real API: with memory ports, and without a network."""

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from inspect import isasyncgen
from typing import Any, Self, TypeVar, cast

import httpx

from chalicelib.access.tokens import Role
from jobflow import AsyncJobFlow, JobFlow
from jobflow.client.flow import Flow, Patience, Wait
from tests.chalicelib.api.support import World

T = TypeVar("T")
URL = "https://jobs.example.com"
EAGER = Patience(chance=lambda: 1.0)
Connect = Callable[..., JobFlow]
"""Creates a client of the API that uses a `Wire`: `client_of`, or `async_client_of`."""


@dataclass
class Wire:
    """Pass requests to the API, unless `instead` answers them first; record the requests."""

    world: World
    instead: list[httpx.Response | Exception] = field(default_factory=list)
    lost: int = 0
    """The number of answers that are lost after the API has acted."""
    before: dict[str, Callable[[], object]] = field(default_factory=dict)
    """Functions, by method, that run before the API gets a request: they do what another client does meanwhile."""
    asked: list[httpx.Request] = field(default_factory=list)

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        if self.instead:
            answer = self.instead.pop(0)
            if isinstance(answer, Exception):
                raise answer
            return httpx.Response(answer.status_code, headers=answer.headers, content=answer.content)
        self.before.get(request.method, lambda: None)()
        headers = {name.title(): value for name, value in request.headers.items()}
        done = self.world.call(
            request.method, request.url.raw_path.decode(), raw=request.content, role=None, headers=headers
        )
        if self.lost:
            self.lost -= 1
            raise httpx.ReadTimeout("the answer got lost")
        return httpx.Response(done.status, headers=dict(done.headers), text=done.text)


class Slept(list[float]):
    """The seconds that a client waited; `then` is called meanwhile."""

    def __init__(self, then: Callable[[], Any] = lambda: None) -> None:
        super().__init__()
        self.then = then

    def __call__(self, seconds: float) -> None:
        self.append(seconds)
        self.then()


def client_of(wire: Wire, slept: Slept | None = None, role: Role = Role.ADMIN) -> JobFlow:
    """Return a client of this API with a token of this role."""
    return JobFlow(URL, **_options(wire, role), sleep=Slept() if slept is None else slept)


def async_client_of(wire: Wire, slept: Slept | None = None, role: Role = Role.ADMIN) -> JobFlow:
    """Return the asynchronous client of this API, to be called like the other client."""

    async def sleep(seconds: float) -> None:
        if slept is not None:
            slept(seconds)

    return cast("JobFlow", Awaited(AsyncJobFlow(URL, **_options(wire, role), sleep=sleep)))


def _options(wire: Wire, role: Role) -> dict[str, Any]:
    transport = httpx.MockTransport(wire)
    return {"token": wire.world.secrets[role], "transport": transport, "now": wire.world.clock, "patience": EAGER}


@dataclass
class Awaited:
    """An asynchronous client whose methods are awaited here, so that one test can use both clients."""

    client: AsyncJobFlow

    def __getattr__(self, name: str) -> Callable[..., Any]:
        method = getattr(self.client, name)

        async def awaited(*given: Any, **named: Any) -> Any:
            answer = method(*given, **named)
            return [one async for one in answer] if isasyncgen(answer) else await answer

        return lambda *given, **named: asyncio.run(awaited(*given, **named))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *why: object) -> None:
        asyncio.run(self.client.aclose())


def play(
    course: Flow[T], *answers: httpx.Response | Exception, waits: list[float] | None = None
) -> tuple[T, list[float]]:
    """Run a generator with these answers; return its result, and the waits that it requested."""
    left: Iterator[httpx.Response | Exception] = iter(answers)
    waits = [] if waits is None else waits
    step = next(course)
    while True:
        try:
            if isinstance(step, Wait):
                waits.append(step.seconds)
                step = next(course)
            elif isinstance(answer := next(left), Exception):
                step = course.throw(answer)
            else:
                answer.request = httpx.Request(step.method, f"{URL}{step.path}")
                step = course.send(answer)
        except StopIteration as done:
            assert next(left, None) is None, "not every answer was asked for"
            return done.value, waits
