"""Act as a new user: two wheels in an empty environment, `new`, `dev`, an own job, an edit."""

import json
import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.infra.local.running import BOUND_SECONDS, until
from tests.installed import Own, install
from tests.jobflow.project.test_scaffold import of

pytestmark = pytest.mark.ministack
"""Run by `make e2e`: it builds two wheels and its own environment."""
PORTS = {"API_PORT": "0", "AWS_PORT": "0", "DASHBOARD_PORT": "0", "JITTER": "none"}
MAIL = """jobs create email.send {"to":["ada@example.com"],"subject":"Hello","text":"Hi"} --wait --timeout 2m"""


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Own:
    return install(tmp_path_factory.mktemp("own"))


@pytest.fixture(scope="module")
def project(own: Own) -> Path:
    """A repository, as `jobflow new` creates it in the current folder."""
    folder = own.folder / "my-jobs"
    folder.mkdir()
    assert "Next: jobflow dev" in own.done("new", folder)
    return folder


@pytest.fixture(scope="module")
def running(own: Own, project: Path) -> Iterator[Path]:
    """The same with `jobflow dev` running in it."""
    environment = {**os.environ, **own.environment(**PORTS)}
    with (own.folder / "log").open("w") as log:
        process = subprocess.Popen([own.program, "dev"], cwd=project, env=environment, stdout=log, stderr=log)
    try:
        until(lambda: (project / ".jobflow/dev.json").exists() or process.poll() is not None)
        assert process.poll() is None, (own.folder / "log").read_text()
        yield project
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(BOUND_SECONDS)


def result(said: str) -> dict[str, str]:
    """The result in the last line of JSON."""
    found: dict[str, str] = json.loads([line for line in said.splitlines() if line.startswith("{")][-1])["result"]
    return found


def test_its_checks_and_tests_pass(own: Own, project: Path) -> None:
    for line in ("check", "test -q"):
        own.done(line, project)


def test_a_setting_of_a_former_version_is_refused_and_rewritten(own: Own, project: Path) -> None:
    handler = project / "handlers" / "hello_world.py"
    before = handler.read_text()
    handler.write_text(before.replace("timeout=30", "timeout=30, memory=512"))
    assert "memory= is now function=Function(memory=512)" in own.type("check", project).stderr
    refused = own.type("upgrade --check", project)
    assert (refused.returncode, "handlers/hello_world.py: to be rewritten" in refused.stdout) == (1, True)
    assert "handlers/hello_world.py: rewritten" in own.done("upgrade", project)
    own.done("check", project)
    handler.write_text(before)


def test_a_job_of_its_own_completes_and_an_edit_takes_effect(own: Own, running: Path) -> None:
    def said() -> str:
        return result(own.done("jobs create hello.world --example --wait --timeout 2m", running))["text"]

    assert said() == "Hello, world!"
    handler = running / "handlers" / "hello_world.py"
    handler.write_text(handler.read_text().replace("Hello, ", "Good morning, "))
    until(lambda: said() == "Good morning, world!")


def test_a_job_is_seen_in_the_console_and_retried(own: Own, running: Path) -> None:
    own.done("jobs create hello.world --example --wait --timeout 2m", running)
    address = own.done("open @last --print", running).strip()
    page = httpx.get(address)
    assert (page.status_code, "<title>JobFlow" in page.text) == (200, True)
    own.done("jobs create hello.world -f text=Ada --delay 1h", running)
    own.done("jobs cancel @last", running)
    assert json.loads(own.done("jobs retry @last", running))["gen"] == 2
    assert result(own.done("jobs tail @last --timeout 2m", running))["text"].endswith("Ada!")


def test_a_built_in_type_is_there_once_it_is_named(own: Own, running: Path) -> None:
    refused = own.type(MAIL, running)
    assert (refused.returncode, "no job type 'email.send'" in refused.stderr) == (4, True)
    marked = running / "jobflow.toml"
    marked.write_text(marked.read_text().replace("builtin = []", 'builtin = ["email.send"]'))
    until(lambda: own.type(MAIL, running).returncode == 0)
    assert sorted(path.name for path in (running / "handlers").glob("*.py")) == ["__init__.py", "hello_world.py"]


def test_a_broken_declaration_is_told(own: Own, project: Path) -> None:
    broken = project / "handlers" / "broken_type.py"
    broken.write_text('"""Nothing is declared here."""\n')
    try:
        done = own.type("check", project)
    finally:
        broken.unlink()
    assert (done.returncode != 0, "handlers/broken_type.py declares []" in done.stderr) == (True, True)


def test_a_repository_is_brought_up_to_the_installed_version(own: Own, project: Path) -> None:
    of(project, "0.1.0")
    own.done("upgrade", project)
    assert "Nothing breaks" in own.done("upgrade --check", project)
