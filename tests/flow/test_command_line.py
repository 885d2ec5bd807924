"""Test the command line on the running platform as in a shell: without settings, in a separate process."""

import asyncio
import json
import socket
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.infra.local.running import BOUND_SECONDS, ROOT, Run, until, untouched


def typed(run: Run, line: str) -> "subprocess.CompletedProcess[str]":
    """Run a command in a folder of the user's project."""
    environment = {**untouched(), "PYTHONPATH": str(ROOT), "XDG_STATE_HOME": str(run.folder / "own")}
    command = [sys.executable, "-m", "jobflow", *line.split()]
    return subprocess.run(
        command, cwd=run.root / "handlers", env=environment, capture_output=True, text=True, check=False
    )


def test_a_job_is_followed_to_its_end_and_looked_at(run: Run) -> None:
    done = typed(run, "jobs create flow.probe -f fail=1 --wait --timeout 2m")
    assert done.returncode == 0, done.stderr
    last = json.loads(done.stdout.splitlines()[-1])
    assert (last["status"], last["result"]) == ("completed", {"attempt": 2})
    shown = json.loads(typed(run, "jobs show @last").stdout)
    assert (shown["id"], len(shown["attempt_history"])) == (last["id"], 2)

    def logged() -> set[int]:
        return {json.loads(line)["attempt"] for line in typed(run, "logs @last").stdout.splitlines()}

    # each process has its own log stream, and one may be written later than another
    until(lambda: logged() >= {1, 2})
    refused = typed(run, f"jobs cancel {last['id'][:8]}")
    assert (refused.returncode, "completed" in refused.stderr) == (1, True)


def test_a_failed_job_is_seen_in_the_exit_code_and_in_errors(run: Run) -> None:
    done = typed(run, "jobs create flow.probe -f fail=1 -f how=permanent --wait --timeout 2m")
    assert (done.returncode, "PermanentError: never" in done.stderr) == (3, True)
    listed = typed(run, "jobs list --status failed --type flow.probe").stdout.splitlines()
    assert {json.loads(line)["error_message"] for line in listed} == {"never"}


def test_an_assistant_reads_jobs_over_standard_input_and_output(run: Run) -> None:
    from mcp.client import Client
    from mcp.client.stdio import StdioServerParameters

    job_id = run.submit("flow.probe", {"fail": 1, "how": "permanent"})
    until(lambda: run.job(job_id)["status"] == "failed")
    server = StdioServerParameters(
        command=sys.executable,
        args=["-m", "jobflow", "mcp"],
        env={**untouched(), "PYTHONPATH": str(ROOT)},
        cwd=str(run.root),
    )

    async def ask() -> dict[str, Any]:
        async with Client(server) as assistant:
            answer = await assistant.call_tool("show_job", {"job_id": job_id})
            assert isinstance(answer.structured_content, dict)
            return answer.structured_content

    assert asyncio.run(ask())["attempt_history"][0]["error_message"] == "never"


@pytest.fixture
def address(run: Run) -> Iterator[str]:
    """The address of a server for assistants that listens on this machine."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = subprocess.Popen(
        [sys.executable, "-m", "jobflow", "mcp", "--http", str(port)],
        cwd=run.root, env={**untouched(), "PYTHONPATH": str(ROOT)}, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        until(lambda: process.poll() is not None or _listens(port))
        assert process.poll() is None
        yield f"http://127.0.0.1:{port}/mcp"
    finally:
        process.terminate()
        process.wait(BOUND_SECONDS)


def _listens(port: int) -> bool:
    with socket.socket() as tried:
        return tried.connect_ex(("127.0.0.1", port)) == 0


def test_an_assistant_reads_over_http_and_a_page_of_the_web_does_not(address: str) -> None:
    from mcp.client import Client

    async def ask() -> set[str]:
        async with Client(address) as assistant:
            return {tool.name for tool in (await assistant.list_tools()).tools}

    names = asyncio.run(ask())
    assert "show_job" in names
    assert "retry_job" not in names
    foreign = httpx.post(address, json={}, headers={"Host": "evil.example.com"}, timeout=BOUND_SECONDS, trust_env=False)
    assert foreign.status_code in {403, 421}
