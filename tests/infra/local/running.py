"""Run `make dev` as other programs see it: a process, its state file, its API."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from infra.cloud.package.own_libraries import lock
from infra.local.options import PASSED_ON

ROOT = Path(__file__).parents[3]
CODE = ("app.py", "chalicelib", "handlers", "infra", ".chalice", "requirements.txt")
BOUND_SECONDS = 120.0
PAUSES = (0.02, 0.2)
"""Seconds between two reads of a condition: at first, and at most. Each read slows the platform down."""


def until(condition: Callable[[], Any]) -> Any:
    """Wait for a condition and return its result; fail after a time that no healthy run needs."""
    end, pause = time.monotonic() + BOUND_SECONDS, PAUSES[0]
    while not (value := condition()):
        assert time.monotonic() < end, "the condition was not met"
        time.sleep(pause)
        pause = min(PAUSES[1], pause * 1.2)
    return value


def alive(pid: int) -> bool:
    """Return whether a process exists and is not a zombie."""
    shown = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False)
    return bool(shown.stdout.strip()) and not shown.stdout.startswith("Z")


def copy_of_the_code(folder: Path) -> Path:
    """Copy the project's code into a folder that a test can edit."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in CODE:
        source = ROOT / name
        if source.is_dir():
            # with its byte code, which stays valid; "*.pyc.*" are files that another process is about to write
            shutil.copytree(source, folder / name, ignore=shutil.ignore_patterns("*.pyc.*", "deployments"))
        else:
            shutil.copy(source, folder / name)
    return folder


PLURAL = """\
from pydantic import BaseModel, ConfigDict, Field

from chalicelib import JobContext, consume, job


class PluralMake(BaseModel):
    "A word."

    model_config = ConfigDict(strict=True, extra="forbid", json_schema_extra={"examples": [{"word": "octopus"}]})
    word: str = Field(max_length=40, description="The word.", examples=["octopus"])


@job("plural.make", timeout=30)
def plural_make(payload: PluralMake, ctx: JobContext) -> str:
    "Make the plural of a word."
    import inflection

    return inflection.pluralize(payload.word)


handler = consume(plural_make)
"""
"""A job type that needs a library that ships with no other type."""


def own_library(root: Path) -> None:
    """Add that type to a copy of the code, with its requirements file."""
    (root / "handlers" / "plural_make.py").write_text(PLURAL)
    requirements = root / "handlers" / "plural_make.requirements.txt"
    requirements.write_text("inflection==0.5.1\n")
    lock(requirements, root)


WHEEL = "acme_lib-1.2-py3-none-any.whl"


def own_wheel(folder: Path) -> None:
    """Write a wheel with one module and without dependencies."""
    folder.mkdir(exist_ok=True)
    about = "Metadata-Version: 2.1\nName: acme-lib\nVersion: 1.2\n"
    kind = "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    files = {
        "acme_lib/__init__.py": "NUMBER = 7\n",
        "acme_lib-1.2.dist-info/METADATA": about,
        "acme_lib-1.2.dist-info/WHEEL": kind,
    }
    record = "acme_lib-1.2.dist-info/RECORD"
    with zipfile.ZipFile(folder / WHEEL, "w") as archive:
        for name, text in {**files, record: "".join(f"{one},,\n" for one in [*files, record])}.items():
            archive.writestr(name, text)


@dataclass(frozen=True)
class Run:
    """One run of the platform."""

    process: subprocess.Popen[str]
    root: Path
    folder: Path
    client: httpx.Client

    @property
    def state(self) -> dict[str, Any]:
        """Return the content of the state file."""
        state: dict[str, Any] = json.loads((self.folder / "dev.json").read_text())
        return state

    def pids(self) -> list[int]:
        """Return the ids of every process of the run."""
        pids = dict(self.state["pids"])
        workers = pids.pop("workers")
        return [*pids.values(), *(pid for group in workers.values() for pid in group)]

    def submit(self, kind: str, payload: dict[str, Any], **more: Any) -> str:
        """Create a job; return its id."""
        answer = self.client.post("/jobs", json={"type": kind, "payload": payload, **more})
        assert answer.status_code == 201, answer.text
        return str(answer.json()["id"])

    def job(self, job_id: str) -> dict[str, Any]:
        """Return a job from the API."""
        job: dict[str, Any] = self.client.get(f"/jobs/{job_id}").json()
        return job

    def finished(self, job_id: str) -> dict[str, Any]:
        """Return a job once it has completed."""
        try:
            until(lambda: self.job(job_id)["status"] == "completed")
        except AssertionError as error:
            error.add_note(f"{self.job(job_id)}\n\nThe runner's last lines:\n{self.said()[-8000:]}")
            raise
        return self.job(job_id)

    def said(self) -> str:
        """Return the output of the runner."""
        return (self.folder / "stderr").read_text()

    def lines(self) -> list[dict[str, Any]]:
        """Return the JSON lines on its standard output."""
        return [json.loads(line) for line in (self.folder / "stdout").read_text().splitlines()]

    def stop(self, number: int = signal.SIGINT) -> int:
        """Send a signal and wait for the end; return the exit code. A Ctrl-C is for all processes of a terminal."""
        if number == signal.SIGINT:
            os.killpg(self.process.pid, number)
        else:
            self.process.send_signal(number)
        return self.process.wait(BOUND_SECONDS)


def untouched() -> dict[str, str]:
    """Return this machine's environment without variables that a developer may have set for `make dev`."""
    chosen = (*PASSED_ON, "JOBFLOW_")
    return {name: value for name, value in os.environ.items() if not name.startswith(chosen)}


def start(root: Path, folder: Path, **variables: str) -> "subprocess.Popen[str]":
    """Start a run on free ports, with its state and its output in `folder`."""
    ports = {"API_PORT": "0", "AWS_PORT": "0", "DASHBOARD_PORT": "0", "RATE_LIMIT_MAX": "0"}
    environment = {**untouched(), **ports, "JOBFLOW_STATE_DIR": str(folder), **variables}
    with (folder / "stdout").open("w") as out, (folder / "stderr").open("w") as err:
        return subprocess.Popen(
            [sys.executable, "-m", "infra.local"],
            cwd=root,
            env=environment,
            stdout=out,
            stderr=err,
            text=True,
            start_new_session=True,
        )


@contextmanager
def running(root: Path, folder: Path, **variables: str) -> Iterator[Run]:
    """Yield a run that is up; kill it at the end if it still runs."""
    process = start(root, folder, **variables)
    try:
        until(lambda: (folder / "dev.json").exists() or process.poll() is not None)
        assert process.poll() is None, (folder / "stderr").read_text()
        state = json.loads((folder / "dev.json").read_text())
        headers = {"Authorization": f"Bearer {state['token']}"}
        # No kept connections: one that the old process closes in the moment of a request is refused without an answer.
        limits = httpx.Limits(max_keepalive_connections=0)
        with httpx.Client(base_url=state["api"], headers=headers, timeout=30, limits=limits) as client:
            yield Run(process, root, folder, client)
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
        process.wait(BOUND_SECONDS)
