"""Test the assistant's server with the official SDK's own client, over the real API."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from chalicelib import AtMost
from chalicelib.access.tokens import Role
from chalicelib.assembly import parts
from chalicelib.jobs.job import Status
from jobflow.assistant.reading import LONGEST_TEXT
from jobflow.errors import ConfigurationError
from scripts.documents import llms
from tests.chalicelib.api.support import NOTE, T0, World, only_types
from tests.chalicelib.webhooks.support import a_webhook
from tests.jobflow.support import Wire, client_of

if TYPE_CHECKING:
    from mcp.client import Client

READING = {
    "search_jobs", "show_job", "read_logs", "list_errors", "read_metrics", "list_findings", "list_job_types",
    "list_batches", "show_batch", "list_webhooks", "list_deliveries",
    "list_limits", "show_limit", "read_usage",
}  # fmt: skip
STEERING = {
    "retry_job", "cancel_job", "run_job_now", "post_event", "redrive_dead_letters", "send_delivery_again", "set_limit",
    "reset_limit",
}  # fmt: skip


def ask(wire: Wire, talk: Callable[["Client"], Awaitable[Any]], *, role: Role = Role.ADMIN, write: bool = False) -> Any:
    """Send requests to the server with the SDK's client. Both are imported here, because the import takes 0.9 s."""
    from mcp.client import Client

    from jobflow.assistant.server import build

    async def go() -> Any:
        async with Client(build(client_of(wire, role=role), allow_write=write)) as assistant:
            return await talk(assistant)

    return asyncio.run(go())


def call(wire: Wire, tool: str, *, write: bool = False, **arguments: Any) -> Any:
    """Call a tool; return its answer, or raise AssertionError with its error."""

    async def talk(assistant: "Client") -> Any:
        return await assistant.call_tool(tool, arguments)

    answer = ask(wire, talk, write=write)
    assert not answer.is_error, answer.content[0].text
    found = answer.structured_content
    return found["result"] if set(found) == {"result"} else found


@pytest.fixture
def dead(world: World) -> str:
    job = world.create(tags=["a"])
    world.put_in(job, Status.DEAD_LETTER, finished_at=T0, error_class="ValueError", error_message="x" * 9_000)
    return job


def test_there_is_nothing_to_change_jobs_with_unless_it_is_allowed(wire: Wire) -> None:
    async def names(assistant: "Client") -> dict[str, Any]:
        return {tool.name: tool.annotations for tool in (await assistant.list_tools()).tools}

    reading, both = ask(wire, names), ask(wire, names, write=True)
    assert set(reading) == READING
    assert set(both) == READING | STEERING
    assert {name for name, hints in both.items() if hints.read_only_hint} == READING


def test_the_assistant_does_not_see_the_path_of_a_webhooks_url_which_often_contains_a_secret(wire: Wire) -> None:
    parts.webhooks.add(a_webhook())
    listed = call(wire, "list_webhooks")
    assert [one["url"] for one in listed] == ["https://hooks.example.com/…"]


def test_a_viewers_token_cannot_be_allowed_to_write(wire: Wire) -> None:
    from jobflow.assistant.server import build

    with pytest.raises(ConfigurationError, match="role viewer"):
        build(client_of(wire, role=Role.VIEWER), allow_write=True)


def test_jobs_are_found_and_shown(wire: Wire, world: World, dead: str) -> None:
    world.create()
    [found] = call(wire, "search_jobs", status="dead_letter", tag="a")
    assert (found["id"], found["error_class"]) == (dead, "ValueError")
    shown = call(wire, "show_job", job_id=dead)
    assert (shown["payload"], shown["attempt_history"]) == ({"to": ["a@example.com"], "text": "hello"}, [])
    assert len(shown["error_message"]) < LONGEST_TEXT + 50
    assert len(call(wire, "search_jobs", limit=1)) == 1
    for limit in (0, 51):
        with pytest.raises(Exception, match="limit is 1 to 50"):
            call(wire, "search_jobs", limit=limit)


def test_what_is_searched_for_is_not_logged(wire: Wire, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    call(wire, "search_jobs", payload="ada@example.com", hours=1)
    assert "ada@example.com" not in caplog.text


def test_numbers_findings_errors_and_types_are_told(wire: Wire, dead: str) -> None:
    assert call(wire, "read_metrics")["dead_letter_jobs"] == 1
    assert call(wire, "list_errors") == []
    assert call(wire, "read_usage", by="day")["total"]["cost_nano_usd"] == 0
    assert isinstance(call(wire, "list_findings"), list)
    assert [kind["type"] for kind in call(wire, "list_job_types")] == ["test.note", "test.other"]


def test_an_error_of_the_api_is_an_answer(wire: Wire) -> None:
    with pytest.raises(AssertionError, match="00000000"):
        call(wire, "show_job", job_id="00000000-0000-4000-8000-000000000000")


def test_dead_letters_are_counted_before_they_are_redriven(wire: Wire, world: World, dead: str) -> None:
    assert call(wire, "redrive_dead_letters", write=True) == {"changed": False, "would_retry": 1}
    assert call(wire, "redrive_dead_letters", write=True, expected=2)["changed"] is False
    assert world.store.get(dead).status is Status.DEAD_LETTER
    assert call(wire, "redrive_dead_letters", write=True, expected=1)["done"] == 1
    assert world.store.get(dead).status is Status.QUEUED


def test_an_argument_that_a_tool_does_not_have_is_refused_and_changes_nothing(
    wire: Wire, world: World, dead: str
) -> None:
    async def talk(assistant: "Client") -> list[str]:
        tools = (await assistant.list_tools()).tools
        taken = {name: set(tool.input_schema["properties"]) for tool in tools for name in [tool.name]}
        given = {name: dict.fromkeys([*fields, "job_type"], dead) for name, fields in taken.items()}
        answers = {name: await assistant.call_tool(name, arguments) for name, arguments in given.items()}
        return [name for name, one in answers.items() if not one.is_error or "job_type" not in str(one.content)]

    assert ask(wire, talk, write=True) == []
    with pytest.raises(AssertionError, match="job_type"):
        call(wire, "redrive_dead_letters", write=True, job_type="test.other", expected=1)
    assert world.store.get(dead).status is Status.DEAD_LETTER
    assert call(wire, "redrive_dead_letters", write=True, type="test.other") == {"changed": False, "would_retry": 0}


def test_a_job_is_cancelled_and_retried(wire: Wire, world: World) -> None:
    job = world.create(delay_seconds=600)
    assert call(wire, "run_job_now", write=True, job_id=job)["status"] == "queued"
    assert call(wire, "cancel_job", write=True, job_id=job)["status"] == "cancelled"
    assert call(wire, "retry_job", write=True, job_id=job)["status"] == "queued"


def test_an_event_wakes_the_job_that_waits_for_it(wire: Wire, world: World) -> None:
    job = world.create()
    world.put_in(job, Status.SUSPENDED, kept=1, waits="event:approved", next_attempt_at=T0 + 5000)
    posted = call(wire, "post_event", write=True, job_id=job, name="approved", data={"by": "ada"})
    assert posted["status"] == "queued"
    [step] = world.get(f"/jobs/{job}/steps").json["steps"]
    assert (step["name"], step["value"]) == ("approved", {"by": "ada"})
    shown = call(wire, "show_job", job_id=job)
    assert [one["name"] for one in shown["kept_steps"]] == ["approved"]
    assert "kept_steps" not in call(wire, "show_job", job_id=world.create())


def test_a_limit_is_shown_changed_and_reset(wire: Wire) -> None:
    limited = replace(NOTE, name="test.limited", limits=(AtMost(3, by="text"),))
    with only_types(NOTE, limited):
        [listed] = call(wire, "list_limits")["limits"]
        assert (listed["name"], listed["n"], listed["differs"]) == ("0.test.limited", 3, False)
        changed = call(wire, "set_limit", write=True, name="0.test.limited", n=0, value="acme", reason="too many")
        assert (changed["value"], changed["n"]) == ("acme", 0)
        shown = call(wire, "show_limit", name="0.test.limited", value="acme")
        assert (shown["n"], shown["changed"]["reason"]) == (0, "too many")
        assert call(wire, "show_limit", name="0.test.limited")["n"] == 3
        reset = call(wire, "reset_limit", write=True, name="0.test.limited", value="acme")
        assert (reset["n"], reset["changed"]) == (3, None)


def test_a_job_type_that_does_not_exist_is_an_error_that_names_those_that_do(wire: Wire) -> None:
    from mcp import MCPError

    async def talk(assistant: "Client") -> Any:
        try:
            return await assistant.read_resource("jobflow://job-types/test.none")
        except MCPError as error:
            return error

    told = ask(wire, talk)
    assert isinstance(told, MCPError)
    assert "no job type 'test.none', only " in str(told)
    assert "test.note" in str(told)


def test_resources_and_prompts(wire: Wire) -> None:
    async def talk(assistant: "Client") -> Any:
        meta = await assistant.read_resource("jobflow://meta")
        kind = await assistant.read_resource("jobflow://job-types/test.note")
        guide = await assistant.read_resource("jobflow://guide")
        prompt = await assistant.get_prompt("why_do_jobs_fail", {"type": "test.note"})
        return meta.contents[0], kind.contents[0], prompt.messages[0].content, guide.contents[0]

    meta, kind, prompt, guide = ask(wire, talk)
    assert guide.text == llms.TARGET.read_text()
    assert json.loads(meta.text)["limits"]["batch_jobs"] == 25
    assert json.loads(kind.text)["schema"]["required"] == ["to"]
    assert "test.note" in prompt.text
