"""The packaged artefact, deployed by the deploy code to ministack, once for all tests of this folder."""

import io
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from rich.console import Console

from chalicelib.tokens import Role
from infra.cloud import access
from infra.cloud.account import sign_in
from infra.cloud.deploy import Deployment
from infra.cloud.stack import Stack
from infra.cloud.terminal import Terminal
from tests.e2e.cloud import ministack
from tests.e2e.cloud.support import Cloud

STAGE = "e2e"


@pytest.fixture(scope="package")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with ministack.running(tmp_path_factory.mktemp("ministack")) as url:
        before = dict(os.environ)
        os.environ.update(ministack.credentials(url))
        yield url
        os.environ.clear()
        os.environ.update(before)


@pytest.fixture(scope="package")
def cloud(emulator: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cloud]:
    folder: Path = tmp_path_factory.mktemp("package")
    package = ministack.package(STAGE, folder)
    account = sign_in()
    stack = Stack(account, f"jobflow-{STAGE}")
    said, answers = io.StringIO(), io.StringIO()
    terminal = Terminal(Console(file=said, width=200), Console(file=answers, width=200))
    account.client("sesv2").create_email_identity(EmailIdentity="example.com")
    outputs = Deployment(
        account, stack, terminal, {"RateLimitMax": "0"}, dashboard=None, package=lambda _: package
    ).run()
    tokens = access.tokens(account, stack)
    texts: dict[Role | str | None, str] = {role: tokens.issue(role, f"test {role}")[0] for role in Role}
    clients: list[httpx.Client] = []

    def client(who: Role | str | None) -> httpx.Client:
        text = texts.get(who, who)
        headers = {"Authorization": f"Bearer {text}"} if text else {}
        made = httpx.Client(base_url=ministack.api_url(emulator, outputs), headers=headers, timeout=60)
        clients.append(made)
        return made

    yield Cloud(account, stack, outputs, said.getvalue(), answers.getvalue().strip(), package, client)
    for made in clients:
        made.close()


@pytest.fixture
def operator(cloud: Cloud) -> Any:
    """A client that may create and retry jobs."""
    return cloud.client(Role.OPERATOR)
