"""Check that a condition on jobs is the same in the API, the client, the command line and the assistant's tools."""

from contextlib import suppress
from inspect import getmembers, isfunction, signature
from typing import Any
from urllib.parse import parse_qs, urlparse

import pytest

from chalicelib import JobContext
from chalicelib.api.models.schemas import BulkFilter, ListQuery
from chalicelib.jobs.job import Status
from jobflow import ApiError, AsyncJobFlow, JobFlow, NewJob
from jobflow.testing import Platform, example, run
from tests.chalicelib.api.support import T0, World
from tests.jobflow.assistant.test_server import ask
from tests.jobflow.cli.conftest import Shell, shell  # noqa: F401 - a fixture
from tests.jobflow.client.conftest import client, connect  # noqa: F401 - fixtures
from tests.jobflow.support import Wire

FILTERS = sorted(ListQuery.model_fields.keys() - {"limit", "offset", "cursor"})
OPTIONS = {"created_after": "since", "created_before": "until", "idempotency_key": "key"}
PARENT = "6a1de45f-0000-4000-8000-000000000000"
VALUES = {
    "status": "failed", "type": "test.note", "id_prefix": "6a1de45f", "parent": PARENT, "batch": PARENT, "round": 2,
    "fingerprint": "9d6156e8610f",
    "created_after": "2027-01-01T00:00:00.000Z", "created_before": "2027-01-02T00:00:00.000Z",
    "finished_after": "2027-01-01T00:00:00.000Z", "finished_before": "2027-01-02T00:00:00.000Z", "payload": "to=ada",
}  # fmt: skip
"""Values of conditions that do not accept any text."""
NEEDED: dict[str, dict[str, str]] = {
    "payload": {"created_after": "2027-01-01T00:00:00.000Z"}, "round": {"batch": PARENT},
}  # fmt: skip


def asked(wire: Wire) -> dict[str, list[str]]:
    """Return the conditions of the newest request."""
    return parse_qs(urlparse(str(wire.asked[-1].url)).query)


def given(name: str) -> dict[str, Any]:
    return {name: VALUES.get(name, "x"), **NEEDED.get(name, {})}


def tool(wire: Wire, **arguments: Any) -> Any:
    return ask(wire, lambda assistant: assistant.call_tool("search_jobs", arguments))


@pytest.mark.parametrize("name", FILTERS)
def test_each_filter_of_the_api_is_one_everywhere(name: str, wire: Wire, shell: Shell, client: JobFlow) -> None:  # noqa: F811
    conditions = {key: [str(value)] for key, value in given(name).items()}
    with suppress(ApiError):  # none of the test's types has tenants: only the request counts
        list(client.iterate(**given(name)))
    assert asked(wire).items() >= conditions.items()
    typed = " ".join(f"--{OPTIONS.get(key, key).replace('_', '-')} {value}" for key, value in given(name).items())
    assert shell(f"jobs list {typed}").code == (name == "tenant"), typed
    assert asked(wire).items() >= conditions.items()
    answer = tool(wire, **given(name))
    assert answer.is_error == (name == "tenant"), answer.content[0].text
    assert asked(wire).items() >= conditions.items()


@pytest.mark.parametrize("name", FILTERS)
def test_several_values_of_a_filter_are_refused_by_its_name(
    name: str,
    world: World,
    wire: Wire,
    shell: Shell,  # noqa: F811
    client: JobFlow,  # noqa: F811
) -> None:
    value, more = VALUES.get(name, "x"), "".join(f"&{key}={value}" for key, value in NEEDED.get(name, {}).items())
    answer = world.call("GET", f"/jobs?{name}={value}&{name}={value}{more}")
    assert (answer.status, answer.json["errors"][0]["loc"]) == (422, ["query", name])
    for action in ("retry_many", "start_bulk"):
        with pytest.raises(TypeError, match=f"{name} takes one value"):
            getattr(client, action)(*["retry"] * (action == "start_bulk"), **{name: [value, value]})
    with pytest.raises(TypeError, match=f"{name} takes one value"):
        list(client.iterate(**{name: [value, value]}))  # type: ignore[arg-type]
    option = f"--{OPTIONS.get(name, name).replace('_', '-')}"
    said = shell(f"jobs list {option} {value} {option} {value}")
    assert (said.code, f"{option} is given 2 times" in said.err) == (2, True)
    refused = tool(wire, **{name: [value, value]})
    assert (refused.is_error, name in refused.content[0].text) == (True, True)


@pytest.mark.parametrize("name", sorted(BulkFilter.model_fields))
def test_a_bulk_action_takes_one_value_of_a_filter(name: str, world: World) -> None:
    value = VALUES.get(name, "x")
    answer = world.call("POST", "/bulk", {"action": "retry", "filter": {name: [value, value]}})
    assert (answer.status, answer.json["errors"][0]["loc"][:2]) == (422, ["filter", name])


def test_texts_with_several_statuses_are_refused(world: World, wire: Wire, shell: Shell) -> None:  # noqa: F811
    assert world.call("GET", "/jobs?status=failed,dead_letter").status == 422
    assert shell("jobs list --status failed,dead_letter").code == 1
    assert tool(wire, status="failed,dead_letter").is_error


def test_a_finding_opens_its_jobs_in_each_place(world: World, wire: Wire, shell: Shell, client: JobFlow) -> None:  # noqa: F811
    for job in (world.create(), world.create()):
        world.put_in(job, Status.DEAD_LETTER, finished_at=T0 - 60)
    world.put_in(world.create(), Status.DEAD_LETTER, finished_at=T0 - 7200)
    which = {"status": "dead_letter", "finished_after": "2027-01-15T07:30:00Z"}
    assert len(list(client.iterate(**which))) == 2  # type: ignore[arg-type]
    assert len(shell("jobs list --status dead_letter --finished-after 2027-01-15T07:30:00Z").lines) == 2
    assert len(tool(wire, **which).structured_content["result"]) == 2


def test_a_filter_and_a_list_of_ids_take_jobs_as_well(world: World, client: JobFlow) -> None:  # noqa: F811
    job = client.get(world.create())
    assert list(client.iterate(parent=job)) == []  # type: ignore[arg-type]
    world.put_in(job.id, Status.FAILED)
    assert client.retry_many([job], dry_run=True).matched == 1
    assert client.start_bulk("retry", [job]).matched == 1


def test_a_job_type_is_called_type_in_every_call(wire: Wire) -> None:
    calls = [
        (of.__name__, name, list(signature(function).parameters))
        for of in (JobFlow, AsyncJobFlow, Platform, JobContext, NewJob)
        for name, function in getmembers(of, isfunction)
        if not name.startswith("_") or name == "__init__"
    ]
    calls += [("testing", function.__name__, list(signature(function).parameters)) for function in (run, example)]
    assert [(where, name) for where, name, named in calls if {"job_type", "kind", "type_"} & {*named}] == []

    async def tools(assistant: Any) -> list[str]:
        listed = (await assistant.list_tools()).tools
        return [tool.name for tool in listed if "job_type" in tool.input_schema.get("properties", {})]

    assert ask(wire, tools, write=True) == []


def test_groups_of_errors_that_a_finding_counts_are_asked_for_in_each_place(
    wire: Wire,
    shell: Shell,  # noqa: F811
    client: JobFlow,  # noqa: F811
) -> None:
    def waits() -> bool:
        return asked(wire).get("unacknowledged") == ["true"]

    assert (client.errors(unacknowledged=True), waits()) == ([], True)
    assert (shell("errors --unacknowledged").code, waits()) == (0, True)
    assert (ask(wire, lambda to: to.call_tool("list_errors", {"unacknowledged": True})).is_error, waits()) == (
        False,
        True,
    )
    assert (client.errors(), waits()) == ([], False)
