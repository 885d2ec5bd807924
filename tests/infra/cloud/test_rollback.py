"""A stage goes back to the deployment before its present one, in one command."""

import io
from pathlib import Path

import pytest
from rich.console import Console

from infra.cloud.account import Account
from infra.cloud.commands.deploy import Deployment
from infra.cloud.commands.rollback import rollback
from infra.cloud.errors import CloudError
from infra.cloud.stack import history
from infra.cloud.stack.cloudformation import Stack
from infra.cloud.terminal import Terminal
from tests.infra.cloud.test_monitoring import NAME, package


def quiet() -> Terminal:
    return Terminal(Console(file=io.StringIO()), Console(file=io.StringIO()))


def stack_of(account: Account) -> Stack:
    return Stack(account, NAME, sleep=lambda _: None)


def deploy(account: Account, folder: Path, retention: str) -> None:
    deployment = Deployment(account, stack_of(account), quiet(), dashboard=None)
    deployment._apply(package(folder, retention), {})
    deployment._remember()


def test_it_goes_back_one_deployment_and_again_one_more(account: Account, tmp_path: Path) -> None:
    for seconds in ("60", "120", "180"):
        deploy(account, tmp_path, seconds)
    first, second, _ = history.read(account, NAME)
    used: list[str] = []
    account.cloudformation.meta.events.register(
        "provide-client-params.cloudformation.CreateChangeSet", lambda params, **_: used.append(params["TemplateURL"])
    )
    rollback(account, stack_of(account), quiet())
    assert (used, history.read(account, NAME)) == ([second], [first, second])
    rollback(account, stack_of(account), quiet())
    assert (used, history.read(account, NAME)) == ([second, first], [first])
    with pytest.raises(CloudError, match="No deployment of jobflow-new before the present one"):
        rollback(account, stack_of(account), quiet())


def test_a_deployment_that_changes_nothing_is_not_remembered_twice(account: Account, tmp_path: Path) -> None:
    deploy(account, tmp_path, "60")
    deploy(account, tmp_path, "60")
    assert len(history.read(account, NAME)) == 1


def test_no_more_are_kept_than_can_be_read_at_a_glance(account: Account, tmp_path: Path) -> None:
    deploy(account, tmp_path, "60")
    history.write(account, NAME, [str(number) for number in range(50)])
    assert history.read(account, NAME) == [str(number) for number in range(50 - history.MOST, 50)]
