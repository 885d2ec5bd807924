"""Test the emulator as a process.

Reachable only from this machine, controlled by its control calls, ends with its parent.
"""

import contextlib
import ipaddress
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from moto.sqs import models

from infra.local.emulator.__main__ import main
from infra.local.emulator.processes import ministack
from infra.local.emulator.processes.child import Emulator, EmulatorError
from infra.local.emulator.repairs.patching import Replacements
from infra.local.errors import IncompatibleMoto
from infra.local.tool import ToolUnavailable
from tests.infra.local.emulator.support import client, make_queue, make_table, receive

BOUND_SECONDS = 120.0
PROJECT = Path(__file__).parents[5]
ORPHAN = """
import sys
from infra.local.emulator.processes.child import Emulator
emulator = Emulator.start()
print(emulator.pid, flush=True)
sys.stdin.read()
"""


def until(condition: Callable[[], Any]) -> bool:
    """Wait for a condition; return False after a time that no healthy run needs."""
    ends_at = time.monotonic() + BOUND_SECONDS
    while not condition():
        if time.monotonic() > ends_at:
            return False
        time.sleep(0.02)
    return True


def is_running(pid: int) -> bool:
    """Return whether a process runs; a process that has ended and waits for its parent does not run."""
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    return False


def port_of(emulator: Emulator) -> int:
    return int(emulator.url.rpartition(":")[2])


def test_it_listens_on_the_loopback_address_only(emulator: Emulator) -> None:
    listening = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    addresses = [
        bytes.fromhex(f[1].partition(":")[0])[::-1] for f in listening if int(f[1][-4:], 16) == port_of(emulator)
    ]
    assert addresses
    assert all(ipaddress.IPv4Address(address).is_loopback for address in addresses)
    on_v6 = [line.split()[1] for line in Path("/proc/net/tcp6").read_text().splitlines()[1:]]
    assert not any(int(address[-4:], 16) == port_of(emulator) for address in on_v6)


def test_an_empty_variable_counts_as_unset(emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JOBFLOW_KEEP_SECONDS", "")
    assert main(["--port", str(port_of(emulator))]) == 1, "it comes as far as to the taken port"


def test_a_taken_port_is_said_plainly(emulator: Emulator, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--port", str(port_of(emulator))]) == 1
    assert "cannot listen" in capsys.readouterr().err


def test_an_emulator_that_cannot_start_says_why(emulator: Emulator, tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_text("the lines of an earlier run\n")
    with pytest.raises(EmulatorError, match="code 1:\nthe emulator cannot listen") as refused:
        Emulator.start(port_of(emulator), log_path=log)
    assert "earlier run" not in str(refused.value)


def test_a_moto_without_what_is_repaired_is_refused_by_name() -> None:
    with pytest.raises(IncompatibleMoto, match=r"moto \d+\.\d+\.\d+ has no moto\.sqs\.models\.Line"):
        Replacements().put(models, "Line", None)


@pytest.mark.parametrize(
    ("method", "path", "content", "status"),
    [
        ("GET", "/_jobflow/unknown", "", 404),
        ("GET", "/_jobflow/reset", "", 404),
        ("POST", "/_jobflow/clock", "", 400),
        ("POST", "/_jobflow/clock", '{"advance": -1}', 400),
        ("POST", "/_jobflow/clock", '{"advance": "soon"}', 400),
        ("POST", "/_jobflow/clock", "[]", 400),
    ],
)
def test_a_wrong_control_call_is_refused(emulator: Emulator, method: str, path: str, content: str, status: int) -> None:
    answer = httpx.request(method, emulator.url + path, content=content, timeout=60)
    assert answer.status_code == status
    assert answer.json()["error"]


def test_stop_ends_the_process() -> None:
    with Emulator.start() as emulator:
        assert is_running(emulator.pid)
        with socket.create_connection(("127.0.0.1", port_of(emulator))):  # an open connection must not delay the end
            emulator.stop()
    assert not is_running(emulator.pid)
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port_of(emulator)))


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_it_ends_when_its_parent_does(number: signal.Signals) -> None:
    pipe = subprocess.PIPE
    with subprocess.Popen([sys.executable, "-c", ORPHAN], cwd=PROJECT, stdin=pipe, stdout=pipe) as parent:
        assert parent.stdout
        child = json.loads(parent.stdout.readline())
        assert is_running(child)
        os.kill(parent.pid, number)
    assert until(lambda: not is_running(child))


@pytest.mark.ministack
def test_ministack_starts_keeps_its_state_and_stops(tmp_path: Path) -> None:
    log, state = tmp_path / "ministack.log", tmp_path / "state"
    with Emulator.start(backend="ministack", log_path=log, state_path=state) as emulator:
        dynamodb, sqs = client(emulator, "dynamodb"), client(emulator, "sqs")
        table, url = make_table(dynamodb, "jobs"), make_queue(sqs, "q")
        dynamodb.put_item(TableName=table, Item={"pk": {"S": "a"}, "sk": {"S": "META"}})
        sqs.send_message(QueueUrl=url, MessageBody="kept")
        assert not emulator.judge_by({})
        with pytest.raises(EmulatorError, match="cannot be moved"):
            emulator.advance(1)
    with Emulator.start(backend="ministack", log_path=log, state_path=state) as again:
        item = {"pk": {"S": "a"}, "sk": {"S": "META"}}
        assert client(again, "dynamodb").get_item(TableName="jobs", Key=item)["Item"] == item
        sqs = client(again, "sqs")
        url = sqs.get_queue_url(QueueName="q")["QueueUrl"]
        assert [message["Body"] for message in receive(sqs, url)] == ["kept"]


def test_an_environment_that_cannot_be_made_is_said_plainly(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UV_OFFLINE", "1")
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "cache"))
    with pytest.raises(ToolUnavailable, match=r"ministack==1\.5\.33"):
        ministack.python(tmp_path)
    assert not (tmp_path / "ministack-venv" / "installed.txt").exists()
