"""As a new user does it: two wheels in an empty environment, `new`, `dev`, a job of one's own, an edit."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from scripts.wheel import build, build_platform
from tests.infra.local.running import BOUND_SECONDS, until, untouched

PORTS = {"API_PORT": "0", "AWS_PORT": "0", "DASHBOARD_PORT": "0", "JITTER": "none"}


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment with the two wheels and nothing else."""
    folder = tmp_path_factory.mktemp("own")
    wheels = [build(folder / "wheels"), build_platform(folder / "wheels")]
    uv = [sys.executable, "-m", "uv"]
    python = str(folder / "venv" / "bin" / "python")
    subprocess.run([*uv, "venv", "--quiet", "--python", sys.executable, str(folder / "venv")], check=True)
    subprocess.run([*uv, "pip", "install", "--quiet", "--python", python, *map(str, wheels)], check=True)
    return folder


def jobflow(own: Path, line: str, folder: Path) -> "subprocess.CompletedProcess[str]":
    """Type a command."""
    environment = {**untouched(), "XDG_STATE_HOME": str(own / "state"), "AWS_DEFAULT_REGION": "us-east-1"}
    command = [str(own / "venv/bin/jobflow"), *line.split()]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def project(own: Path) -> Path:
    """A repository, as `jobflow new` makes it."""
    done = jobflow(own, "new my-jobs", own)
    assert done.returncode == 0, done.stderr
    return own / "my-jobs"


@pytest.fixture(scope="module")
def running(own: Path, project: Path) -> Iterator[Path]:
    """The same with `jobflow dev` running in it."""
    environment = {**os.environ, **untouched(), **PORTS}
    with (own / "log").open("w") as log:
        process = subprocess.Popen(
            [own / "venv/bin/jobflow", "dev"], cwd=project, env=environment, stdout=log, stderr=log
        )
    try:
        until(lambda: (project / ".jobflow/dev.json").exists() or process.poll() is not None)
        assert process.poll() is None, (own / "log").read_text()
        yield project
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(BOUND_SECONDS)


def test_its_checks_and_tests_pass(own: Path, project: Path) -> None:
    for line in ("check", "test -q"):
        done = jobflow(own, line, project)
        assert done.returncode == 0, done.stdout + done.stderr


def test_a_job_of_its_own_completes_and_an_edit_takes_effect(own: Path, running: Path) -> None:
    def said() -> str:
        done = jobflow(own, "jobs create hello.world --example --wait --timeout 2m", running)
        assert done.returncode == 0, done.stdout + done.stderr
        return str(json.loads(done.stdout.splitlines()[-1])["result"]["text"])

    assert said() == "Hello, world!"
    handler = running / "handlers" / "hello_world.py"
    handler.write_text(handler.read_text().replace("Hello, ", "Good morning, "))
    until(lambda: said() == "Good morning, world!")


def test_a_broken_declaration_is_told(own: Path, project: Path) -> None:
    broken = project / "handlers" / "broken_type.py"
    broken.write_text('"""Nothing is declared here."""\n')
    try:
        done = jobflow(own, "check", project)
    finally:
        broken.unlink()
    assert (done.returncode != 0, "handlers/broken_type.py declares []" in done.stderr) == (True, True)
