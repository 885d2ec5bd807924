"""Test `python -m infra.cloud` as a person at a terminal uses it."""

import io
import os
import subprocess
import sys
from pathlib import Path

import pytest
from rich.console import Console

from infra.cloud.__main__ import main
from infra.cloud.account import Account
from infra.cloud.commands import access
from infra.cloud.errors import CloudError
from infra.cloud.stack.cloudformation import Stack
from infra.cloud.terminal import Terminal

ROLE = "arn:aws:iam::123456789012:role/jobflow-deploy"


@pytest.fixture
def nobody(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A machine without any AWS configuration."""
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, str(tmp_path / "none"))


@pytest.mark.parametrize("command", ["deploy", "status", "destroy", "token", "recount"])
def test_missing_region_is_one_line_and_a_failure(
    nobody: None, command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([command, "--stage", "prod"]) == 1
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith("Error: No region is set.")
    assert "Traceback" not in said.err


def test_stage_that_cannot_be_is_refused(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["package", "--stage", "prod-eu"]) == 1
    assert "name of a stage" in capsys.readouterr().err


def test_cost_is_told_without_an_account(nobody: None, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["cost"]) == 0
    assert "A million jobs" in capsys.readouterr().out


def test_a_report_that_nobody_reads_to_its_end_is_no_failure() -> None:
    read, write = os.pipe()
    os.close(read)
    done = subprocess.run(
        [sys.executable, "-m", "infra.cloud", "cost"], stdout=write, stderr=subprocess.PIPE, check=False
    )
    os.close(write)
    assert (done.returncode, done.stderr) == (0, b"")


def test_a_stage_is_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["deploy"])
    assert "--stage" in capsys.readouterr().err


def test_a_token_without_a_stage_is_for_a_platform_that_runs_here(
    nobody: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("JOBFLOW_STATE_DIR", str(tmp_path))
    assert main(["token", "issue", "--role", "viewer"]) == 1
    assert capsys.readouterr().err.startswith("Error: `make dev` does not run here.")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["revoke"], "the id of the token to revoke is missing"),
        (["issue", "--days", "0"], "--days: must be a positive number"),
        (["revoke", "x", "y"], "y"),
    ],
)
def test_a_token_command_that_cannot_be_is_wrong_usage(
    words: list[str], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["token", *words])
    said = capsys.readouterr().err
    assert (ended.value.code, told in said) == (2, True), said
    assert "issue,list,rotate,revoke" in said


def test_a_stack_of_something_else_is_no_stage(account: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Stack, "outputs", lambda _: {})
    with pytest.raises(CloudError, match="jobflow-dev is no stage"):
        access.tokens(account, Stack(account, "jobflow-dev"))


@pytest.mark.parametrize("person", [True, False])
def test_an_answer_that_is_not_given_is_none(monkeypatch: pytest.MonkeyPatch, person: bool) -> None:
    def end(_: str = "") -> str:
        raise EOFError

    monkeypatch.setattr("sys.stdin.isatty", lambda: person)
    monkeypatch.setattr("builtins.input", end)
    assert Terminal(Console(file=io.StringIO())).ask("Sure? ") == ""


class Named(Exception):
    """Ends a command when it names its stack."""


@pytest.mark.parametrize("command", ["deploy", "destroy --confirm jobflow-dev", "preflight", "rollback"])
def test_a_role_for_cloudformation_is_handed_on(
    account: Account, command: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def named(_: Account, name: str, *, role: str = "") -> Stack:
        raise Named(name, role)

    monkeypatch.setenv("AWS_REGION", account.region)
    for module in ("__main__", "around"):
        monkeypatch.setattr(f"infra.cloud.{module}.Stack", named)
    with pytest.raises(Named) as ended:
        main([*command.split(), "--stage", "dev", "--role-arn", ROLE])
    assert ended.value.args == ("jobflow-dev", ROLE)
