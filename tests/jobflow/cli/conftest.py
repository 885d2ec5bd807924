"""Run the command line over the real API: provide what is typed, what is printed, and the exit code."""

import json
import shlex
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from chalicelib.telemetry.own_output import own_output
from jobflow import JobFlow
from jobflow.cli.app import app
from jobflow.cli.commands import jobs
from tests.chalicelib.api.support import World
from tests.jobflow.support import Wire, client_of


@dataclass
class Said:
    """The outcome of a command."""

    code: int
    out: str
    err: str

    @property
    def lines(self) -> list[Any]:
        """Standard output as JSON lines."""
        return [json.loads(line) for line in self.out.splitlines()]


@dataclass
class Shell:
    """Runs commands."""

    wire: Wire
    console: str | None = None

    def __call__(self, line: str, typed: str | bytes | None = None) -> Said:
        def connect(*_: Any, **__: Any) -> JobFlow:
            client = client_of(self.wire)
            client.target = replace(client.target, console=self.console)
            return client

        with own_output.kept():  # the API's log lines, from the same process, are not output of the command
            done = CliRunner().invoke(app, shlex.split(line), input=typed, obj=connect)
        if done.exception is not None and not isinstance(done.exception, SystemExit):
            raise done.exception
        return Said(done.exit_code, done.stdout, done.stderr)


@pytest.fixture
def shell(wire: Wire, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Shell:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("JOBFLOW_PROFILES", str(tmp_path / "profiles.toml"))
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setattr(jobs, "POLL", 0)
    return Shell(wire)


@pytest.fixture
def job(world: World) -> str:
    """The id of a queued job."""
    return world.create(tags=["a"])
