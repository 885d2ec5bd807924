"""Test a stage with ShiftTraffic as far as the emulator supports it: versions and aliases, but not CodeDeploy.

The template is the one that `make rollback` uses: it has the aliases, without the parts that let CodeDeploy move them.
The test does the work of CodeDeploy: it points the aliases to one version, and for a share of the requests to a second
one.
"""

import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from rich.console import Console

from chalicelib.access.tokens import Role
from chalicelib.job_types import jobtype
from infra.cloud.account import Account, sign_in
from infra.cloud.commands import access
from infra.cloud.commands.deploy import Deployment
from infra.cloud.commands.smoke import Smoke
from infra.cloud.package.build import Package
from infra.cloud.package.shift import ALIAS, FUNCTION, at_once, shifted
from infra.cloud.stack import artifacts
from infra.cloud.stack.cloudformation import Stack
from infra.cloud.terminal import Terminal
from tests.e2e.cloud import ministack
from tests.e2e.cloud.conftest import SLOW
from tests.e2e.cloud.ministack import aimed_at

pytestmark = pytest.mark.ministack

STACK = "jobflow-shift"
FUNCTIONS = [f"{STACK}-{FUNCTION}"]


@dataclass
class Shifting:
    """A stage whose API is behind aliases."""

    account: Account
    package: Package
    address: Callable[[Any], str]

    @property
    def stack(self) -> Stack:
        return Stack(self.account, STACK)

    def deploy(self, **values: str) -> str:
        """Deploy with these parameters and test the stage; return the output."""
        said = io.StringIO()
        terminal = Terminal(Console(file=said, width=200), Console(file=said, width=200))
        smoke = Smoke(self.account, self.stack, jobtype.load(), self.address, SLOW).run
        Deployment(
            self.account, self.stack, terminal, values, dashboard=None, package=lambda _: self.package, smoke=smoke
        ).run()
        return said.getvalue()

    def version(self, function: str) -> str:
        """Return the version of the alias."""
        return str(self.account.client("lambda").get_alias(FunctionName=function, Name=ALIAS)["FunctionVersion"])

    def move(self, to: str, more: dict[str, float] | None = None) -> None:
        """Act as CodeDeploy: move the aliases to a version, and a share of the requests to another one."""
        weights = {"AdditionalVersionWeights": more or {}}
        for function in FUNCTIONS:
            self.account.client("lambda").update_alias(
                FunctionName=function, Name=ALIAS, FunctionVersion=to, RoutingConfig=weights
            )

    def created(self, client: httpx.Client, number: int) -> list[int]:
        """Send that many requests that create a job; return their status codes."""
        body = {"type": "report.generate", "payload": {"hours": 1}, "delay_seconds": 86_400}
        return [client.post("/jobs", json=body).status_code for _ in range(number)]


@pytest.fixture(scope="module")
def shifting(
    emulator: str, tmp_path_factory: pytest.TempPathFactory, whole: bool
) -> Iterator[tuple[Shifting, httpx.Client]]:
    if not whole:
        pytest.skip("takes minutes: make e2e ARGS=--whole")
    package = ministack.package("shift", tmp_path_factory.mktemp("shift"))
    with aimed_at(emulator), pytest.MonkeyPatch.context() as patch:
        patch.setattr(artifacts, "shifted", lambda *given: at_once(shifted(*given)))
        account = sign_in()
        stage = Shifting(account, package, lambda outputs: ministack.api_url(emulator, outputs))
        stage.deploy(ShiftTraffic="true", RateLimitMax="0", Dashboard="false", MailRate="0")
        token, _ = access.tokens(account, stage.stack).issue(Role.OPERATOR, "test")
        address = ministack.api_url(emulator, stage.stack.outputs())
        with httpx.Client(base_url=address, headers={"Authorization": f"Bearer {token}"}, timeout=SLOW) as client:
            yield stage, client


def test_requests_go_through_the_aliases(shifting: tuple[Shifting, httpx.Client]) -> None:
    stage, client = shifting
    assert [stage.version(function) for function in FUNCTIONS] == ["1"]
    assert client.get("/jobs").status_code == 200
    assert client.get("/jobs", headers={"Authorization": "Bearer none"}).status_code in (401, 403)


def test_a_changed_parameter_is_a_version_and_codedeploy_can_go_to_it_and_back(
    shifting: tuple[Shifting, httpx.Client],
) -> None:
    stage, client = shifting
    assert set(stage.created(client, 4)) == {201}
    said = stage.deploy(RateLimitMax="3")
    assert "report.generate completed in " in said
    assert stage.version(FUNCTIONS[0]) == "2"
    assert 429 in stage.created(client, 8), "the new version has the new limit"
    stage.move("1")
    assert set(stage.created(client, 8)) == {201}, "the version before is as it was"
    stage.move("1", {"2": 0.1})
    assert set(stage.created(client, 20)) <= {201, 429}, "each is answered by one of the two"
