"""Run the workflow's commands for a pull request as written: its stage is created, updated and removed.

Only these parts differ from GitHub. The functions are packaged once and for this machine, the smoke uses the emulator's
address, and the settings of the repository's `jobflow.toml` are given on the command line.
"""

import functools
import json
import shlex
from collections.abc import Callable
from string import Template
from typing import Any

import httpx
import pytest

from infra.cloud import __main__ as command_line
from infra.cloud.account import Account, sign_in
from infra.cloud.commands.smoke import Smoke
from infra.cloud.stack.cloudformation import Stack
from tests.e2e.cloud import ministack
from tests.e2e.cloud.conftest import SLOW
from tests.jobflow.project.test_ci_kit import JOBS, commands

pytestmark = pytest.mark.ministack

STAGE, STACK, SECRET = "pull12", "jobflow-pull12", "jobflow-pull12-admin"
PREVIEWS = ["--set", "Dashboard=false"]


def document(statement: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


@pytest.fixture
def account() -> Account:
    """The account with the resources of the roles' template."""
    found = sign_in()
    iam = found.client("iam")
    allowed = {"Effect": "Allow", "Action": "*", "Resource": "*"}
    trusted = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "cloudformation.amazonaws.com"}}
    iam.create_role(RoleName="ci-service", AssumeRolePolicyDocument=document(trusted))
    iam.create_policy(PolicyName="ci-boundary", PolicyDocument=document(allowed))
    return found


@pytest.fixture
def typed(
    account: Account,
    emulator: str,
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    whole: bool,
) -> Callable[[str, list[str]], str]:
    """Run the last step of a job of the workflow; return its log."""
    if not whole:
        pytest.skip("deploys another stage: make e2e ARGS=--whole")
    package = ministack.package(STAGE, tmp_path_factory.mktemp("pull"))
    smoke = functools.partial(Smoke, address=lambda outputs: ministack.api_url(emulator, outputs), patience=SLOW)
    monkeypatch.setattr(command_line, "_build", lambda *_: package)
    monkeypatch.setattr(command_line, "Smoke", smoke)
    variables = {
        "STAGE": JOBS["preview"]["env"]["STAGE"].replace("${{ github.event.number }}", "12"),
        "SERVICE_ROLE": f"arn:aws:iam::{account.id}:role/ci-service",
        "BOUNDARY": f"arn:aws:iam::{account.id}:policy/ci-boundary",
    }

    def run(job: str, more: list[str]) -> str:
        words = shlex.split(Template(commands(job)[-1]).substitute(variables))
        code = command_line.main([*words[1:], *more])
        told = capsys.readouterr()
        assert code == 0, told.err
        return told.out + told.err

    return run


def test_a_pull_request_has_its_stage_and_leaves_nothing(
    account: Account, emulator: str, typed: Callable[[str, list[str]], str]
) -> None:
    logs = [typed("preview", PREVIEWS)]
    stack, store = Stack(account, STACK), account.client("secretsmanager")
    token = store.get_secret_value(SecretId=SECRET)["SecretString"]
    asked = httpx.get(
        f"{ministack.api_url(emulator, stack.outputs())}/me", headers={"Authorization": f"Bearer {token}"}, timeout=SLOW
    )
    assert (asked.status_code, asked.json()["role"]) == (200, "admin")
    parameters = {entry["ParameterKey"]: entry["ParameterValue"] for entry in (stack.describe() or {})["Parameters"]}
    assert parameters["PermissionsBoundary"].endswith(":policy/ci-boundary")
    logs.append(typed("preview", PREVIEWS))
    assert "nothing changes" in logs[1], "the next push of the same code"
    logs.append(typed("remove", []))
    assert "Nothing is left." in logs[2]
    assert stack.describe() is None
    # commands/test_removing.py shows on moto that the secret is also deleted: the tag index of this emulator has no
    # secrets
    assert token not in "".join(logs)
