"""Test `chalice local` alone, started as in docs/develop.md, with the AWS of a running platform."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from infra.local.ports import free
from tests.infra.local.running import BOUND_SECONDS, ROOT, Run, until, untouched

PAGE = (ROOT / "docs" / "develop.md").read_text()


@contextmanager
def chalice_local(run: Run, port: int) -> Iterator[str]:
    """Run the page's commands, with this run's addresses and this environment's program; return the URL."""
    [commands] = [block for block in re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL) if "chalice local" in block]
    program = str(Path(sys.executable).with_name("chalice"))
    for printed, here in (
        ("http://127.0.0.1:4566", run.state["aws"]), (".venv/bin/chalice", f"exec {program}"), ("8001", str(port)),
    ):  # fmt: skip
        assert printed in commands
        commands = commands.replace(printed, here)
    # its reloader runs the server in a separate process
    process = subprocess.Popen(["bash", "-c", commands], cwd=ROOT, env=untouched(), start_new_session=True)
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def answers(url: str) -> bool:
    try:
        return httpx.get(f"{url}/health", timeout=BOUND_SECONDS).text == '{"status":"ok"}'
    except httpx.TransportError:
        return False


def test_it_serves_the_api_over_what_runs_already(run: Run) -> None:
    with chalice_local(run, free(0, "API_PORT")) as url:
        until(lambda: answers(url))
        headers = {"Authorization": f"Bearer {run.state['token']}"}
        with httpx.Client(base_url=url, headers=headers, timeout=BOUND_SECONDS) as client:
            payload = {"to": ["a@example.com"], "subject": "x", "text": "x"}
            created = client.post("/jobs", json={"type": "email.send", "payload": payload})
            assert created.status_code == 201, created.text
            run.finished(created.json()["id"])
            assert client.get("/jobs", headers={"Authorization": ""}).status_code == 401
            assert client.get("/nothing").status_code == 403
