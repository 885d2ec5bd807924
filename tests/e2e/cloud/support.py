"""What the tests of a deployed stage are given."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import httpx

from chalicelib.tokens import Role
from infra.cloud.account import Account
from infra.cloud.package import Package
from infra.cloud.stack import Stack


@dataclass(frozen=True)
class Cloud:
    """A deployed stage and who talks to it. `said` is what the deployment printed."""

    account: Account
    stack: Stack
    outputs: Mapping[str, str]
    said: str
    first_token: str
    package: Package
    client: Callable[[Role | str | None], httpx.Client]
