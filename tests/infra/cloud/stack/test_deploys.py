"""A deployment is marked in the stage's own table, under a name that a person knows."""

import io
import subprocess
from pathlib import Path

from rich.console import Console

from chalicelib.adapters.memory.counters import MemoryCounters
from chalicelib.counters.port import Deploy, Deploys
from infra.cloud.stack import deploys
from infra.cloud.terminal import Terminal

URL = "https://s3.eu-central-1.amazonaws.com/jobflow-prod-artifacts/0123456789abcdef.json"


def git(folder: Path, *arguments: str) -> None:
    who = ["-c", "user.name=Ada", "-c", "user.email=ada@example.com", "-c", "commit.gpgsign=false"]
    subprocess.run(["git", "-C", str(folder), *who, *arguments], check=True, capture_output=True)


def test_a_checkouts_commit_is_the_version_and_says_what_is_not_committed(tmp_path: Path) -> None:
    git(tmp_path, "init")
    (tmp_path / "job.py").write_text("1")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-m", "Begin")
    git(tmp_path, "tag", "v1.2")
    assert deploys.version_of(URL, tmp_path) == "v1.2"
    (tmp_path / "job.py").write_text("2")
    assert deploys.version_of(URL, tmp_path) == "v1.2-dirty"


def test_without_a_checkout_the_templates_digest_is_the_version(tmp_path: Path) -> None:
    assert deploys.version_of(URL, tmp_path) == "0123456"


def test_a_mark_is_written_and_one_that_cannot_be_is_told() -> None:
    said = io.StringIO()
    terminal = Terminal(Console(file=said), Console(file=io.StringIO()))
    counters = MemoryCounters()
    deploys.mark(lambda: counters, "v1", terminal.say, lambda: 5.0)
    assert list(counters.standing().deploys) == [Deploy(5.0, "v1")]

    def no_such_stack() -> Deploys:
        raise PermissionError

    deploys.mark(no_such_stack, "v2", terminal.say)
    assert "The charts will not show this deployment: PermissionError." in said.getvalue()
