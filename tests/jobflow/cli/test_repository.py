"""`jobflow test` and `jobflow check`: what dev and the cloud refuse, they refuse first."""

import subprocess
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from jobflow.cli.app import app
from jobflow.cli.commands import repository
from jobflow.project import tree


@pytest.mark.parametrize("refused", [True, False])
@pytest.mark.parametrize("typed", ["test -q -k hello", "check"])
def test_the_job_types_are_imported_as_in_aws(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, typed: str, refused: bool
) -> None:
    asked: list[str] = []

    def run(command: list[str], **_: Any) -> "subprocess.CompletedProcess[str]":
        asked.append(command[2])
        return subprocess.CompletedProcess(command, int(refused and command[2] == repository.DECLARED))

    (tmp_path / "jobflow.toml").write_text("")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(tree, "of", lambda project: project)
    monkeypatch.setattr(subprocess, "run", run)
    assert CliRunner().invoke(app, typed.split()).exit_code == int(refused)
    assert repository.DECLARED in asked
    assert ("pytest" in asked) == (typed != "check" and not refused)
