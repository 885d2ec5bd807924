"""Check who sees personal fields: the clients when they want to, the command line when asked, the assistant never."""

import asyncio
import shlex
from typing import Any

import pytest
from pydantic import BaseModel, Field
from typer.testing import CliRunner

from chalicelib.job_types.jobtype import job
from chalicelib.jobs.job import Status
from chalicelib.jobs.listing import iso
from chalicelib.telemetry.own_output import own_output
from jobflow import JobFlow
from jobflow.cli.app import app
from jobflow.client.transport import Personal
from tests.chalicelib.api.support import T0, World
from tests.jobflow.support import Connect, Wire, async_client_of, client_of

VALUE = "ada@example.com"


class Person(BaseModel):
    mail: str = Field(json_schema_extra={"personal": True})


def _greet(payload: Person, ctx: Any) -> Person:
    return payload


@pytest.fixture
def person(world: World) -> str:
    job("person.greet")(_greet)
    made = world.create(type="person.greet", payload={"mail": VALUE})
    world.put_in(made, Status.FAILED, result={"mail": VALUE}, attempts=1, finished_at=T0)
    return made


@pytest.mark.parametrize("connect", [client_of, async_client_of])
def test_a_client_sees_them_unless_it_hides_them(wire: Wire, person: str, connect: Connect) -> None:
    client = connect(wire)
    assert (client.get(person).payload, client.me().personal) == ({"mail": VALUE}, True)
    hidden = client_of(wire)
    hows: tuple[Personal, ...] = ("hide", "never")
    for how in hows:
        hidden.personal = how
        assert (hidden.get(person).payload, hidden.get(person).result) == ({"mail": "[personal]"},) * 2


@pytest.mark.parametrize(
    "line", ["jobs show {}", "jobs list", "jobs list --payload ada --since 1000d", "jobs retry {}"]
)
def test_the_command_line_shows_them_only_when_asked(wire: Wire, person: str, line: str) -> None:
    def connect(*_: Any, **__: Any) -> JobFlow:
        return client_of(wire)

    said = []
    for typed in (line, f"{line} --personal"):
        with own_output.kept():
            done = CliRunner().invoke(app, [*shlex.split(typed.format(person)), "--json"], obj=connect)
        said.append(done.stdout)
        wire.world.put_in(person, Status.FAILED)
    assert person in said[0]
    assert VALUE not in said[0]
    assert VALUE in said[1]


def test_the_assistant_neither_sees_nor_finds_them(wire: Wire, person: str) -> None:
    from mcp.client import Client

    from jobflow.assistant.server import build

    async def talk() -> list[str]:
        async with Client(build(client_of(wire), allow_write=True)) as assistant:
            asked: list[tuple[str, dict[str, Any]]] = [
                ("show_job", {"job_id": person}),
                ("search_jobs", {}),
                ("search_jobs", {"payload": VALUE, "created_after": iso(T0 - 1)}),
                ("retry_job", {"job_id": person, "reason": "x"}),
            ]
            return [str(await assistant.call_tool(name, given)) for name, given in asked]

    shown, listed, found, retried = asyncio.run(talk())
    assert person in shown
    assert person in listed
    assert person not in found
    for text in (shown, listed, found, retried):
        assert VALUE not in text.replace(f"payload={VALUE}", "")
