"""`make destroy`, after everything else: nothing is left of the stage."""

import io

import pytest
from rich.console import Console

from infra.cloud.destroy import Destruction
from infra.cloud.errors import CloudError
from infra.cloud.terminal import Terminal
from tests.e2e.cloud.support import Cloud


@pytest.fixture
def terminal() -> Terminal:
    return Terminal(Console(file=io.StringIO()), Console(file=io.StringIO()))


def test_destroy_asks_for_the_name(cloud: Cloud, terminal: Terminal) -> None:
    with pytest.raises(CloudError, match="--confirm jobflow-e2e"):
        Destruction(cloud.account, cloud.stack, terminal).run()


def test_destroy_leaves_nothing(cloud: Cloud, terminal: Terminal) -> None:
    assert Destruction(cloud.account, cloud.stack, terminal, confirmed=cloud.stack.name).run() == []
    assert cloud.stack.describe() is None
    assert [b["Name"] for b in cloud.account.client("s3").list_buckets()["Buckets"] if "e2e" in b["Name"]] == []
