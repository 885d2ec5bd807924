"""Deploy the package with the deploy code to ministack, once for all tests of this folder."""

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from rich.console import Console

from chalicelib.access.tokens import Role
from chalicelib.job_types import jobtype
from infra.cloud.account import sign_in
from infra.cloud.commands import access
from infra.cloud.commands.deploy import Deployment
from infra.cloud.commands.smoke import Smoke
from infra.cloud.stack.cloudformation import Stack
from infra.cloud.terminal import Terminal
from tests.e2e.cloud import ministack
from tests.e2e.cloud.ministack import aimed_at
from tests.e2e.cloud.support import Cloud, Deployer

STAGE = "e2e"
SLOW = 240.0
"""Seconds for which the smoke test repeats a request to an API whose process is starting on a busy machine, and for
which a test waits for its answer."""


@pytest.fixture(scope="session")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with ministack.running(tmp_path_factory.mktemp("ministack")) as url:
        yield url


@pytest.fixture(autouse=True)
def environment(emulator: str) -> Iterator[None]:
    # for one test only: a session's client would also be used by the tests of other folders
    with aimed_at(emulator):
        yield


@pytest.fixture(scope="session")
def cloud(emulator: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cloud]:
    with aimed_at(emulator):
        deployed, clients = deploy(emulator, tmp_path_factory.mktemp("package"))
    yield deployed
    for made in clients:
        made.close()


def deploy(emulator: str, folder: Path) -> tuple[Cloud, list[httpx.Client]]:
    """Provide a stage on the emulator, and the clients for it."""
    package, deployer = ministack.package(STAGE, folder), Deployer()
    with deployer.at_work():
        account = sign_in()
    stack = Stack(account, f"jobflow-{STAGE}")
    said, answers = io.StringIO(), io.StringIO()
    terminal = Terminal(Console(file=said, width=200), Console(file=answers, width=200, force_terminal=True))
    account.client("sesv2").create_email_identity(EmailIdentity="example.com")
    smoke = Smoke(account, stack, jobtype.load(), lambda outputs: ministack.api_url(emulator, outputs), SLOW).run
    with deployer.at_work():
        outputs = Deployment(
            account, stack, terminal, {"RateLimitMax": "0"}, dashboard=None, package=lambda _: package, smoke=smoke
        ).run()
    tokens = access.tokens(account, stack)
    texts: dict[Role | str | None, str] = {role: tokens.issue(role, f"test {role}")[0] for role in Role}
    clients: list[httpx.Client] = []

    def client(who: Role | str | None) -> httpx.Client:
        text = texts.get(who, who)
        headers = {"Authorization": f"Bearer {text}"} if text else {}
        made = httpx.Client(base_url=ministack.api_url(emulator, outputs), headers=headers, timeout=SLOW)
        clients.append(made)
        return made

    answered = answers.getvalue().strip()
    return Cloud(account, stack, outputs, said.getvalue(), answered, package, client, smoke, deployer), clients


@pytest.fixture
def operator(cloud: Cloud) -> Any:
    """Return a client that may create and retry jobs."""
    return cloud.client(Role.OPERATOR)
