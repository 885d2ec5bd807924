"""Run the acceptance on the second emulator as far as possible: it creates a stage, checks it, and leaves nothing."""

import io
from collections.abc import Mapping
from pathlib import Path

import pytest
from rich.console import Console

from chalicelib.job_types import jobtype
from infra.cloud.acceptance.promises import BROKEN, KEPT, LEFT_OUT, PROMISES
from infra.cloud.account import Account, sign_in
from infra.cloud.commands.acceptance import Acceptance
from infra.cloud.commands.deploy import Deployment
from infra.cloud.stack.cloudformation import Stack
from infra.cloud.terminal import Terminal
from tests.e2e.cloud import ministack
from tests.e2e.cloud.conftest import SLOW

pytestmark = pytest.mark.ministack

STAGE = "accepted"
NOT_PLAYED = ("metrics", "restore")
"""The emulator has no AWS/SQS metrics, and restores only the present data."""
WITHOUT_AN_ACCOUNT = ("console", "shift")
"""Deployed without the console, and without CodeDeploy."""


def acceptance(emulator: str, account: Account, folder: Path, said: io.StringIO) -> Acceptance:
    stack, terminal = Stack(account, f"jobflow-{STAGE}"), Terminal(Console(file=said, width=300), Console(file=said))
    package = ministack.package(STAGE, folder)

    def deploy(given: Mapping[str, str]) -> dict[str, str]:
        return Deployment(account, stack, terminal, given, dashboard=None, package=lambda _: package).run()

    promises = [promise for promise in PROMISES if promise.short not in NOT_PLAYED]
    return Acceptance(
        account, stack, terminal, jobtype.load(), deploy, {"RateLimitMax": "0", "Dashboard": "false"}, promises,
        lambda outputs: ministack.api_url(emulator, outputs), SLOW, redeploys=False,
    )  # fmt: skip


def test_it_checks_what_the_emulator_plays_and_leaves_nothing(emulator: str, tmp_path: Path) -> None:
    account, said = sign_in(), io.StringIO()
    account.client("sesv2").create_email_identity(EmailIdentity="example.com")
    found = {result.promise: result for result in acceptance(emulator, account, tmp_path, said).run()}
    states = {promise.short: found[promise.text].state for promise in PROMISES if promise.text in found}
    assert {short for short, state in states.items() if state == BROKEN} == set(), said.getvalue()
    assert {short for short, state in states.items() if state == KEPT} >= {
        "partial", "workers", "redrive", "alarm", "fair",
    }, said.getvalue()  # fmt: skip
    assert {short for short, state in states.items() if state == LEFT_OUT} >= set(WITHOUT_AN_ACCOUNT)
    assert "Nothing is left." in said.getvalue()
    assert Stack(account, f"jobflow-{STAGE}").describe() is None
