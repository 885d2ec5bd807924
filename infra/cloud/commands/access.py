"""Reach the tables of a deployed stage with the deployer's credentials: its API tokens, its counters."""

from collections.abc import Iterator
from contextlib import contextmanager

from chalicelib.access.tokens import Tokens
from chalicelib.adapters.dynamo.control.tokens import DynamoTokenStore
from chalicelib.adapters.dynamo.counting.counters import DynamoCounters
from chalicelib.jobs.ports import Deploys
from chalicelib.settings import Settings
from chalicelib.telemetry.logger import logger
from infra.cloud.account import Account
from infra.cloud.stack.cloudformation import Stack


def settings(account: Account, stack: Stack) -> Settings:
    """Return the settings with which the library reaches a stage's tables; raises CloudError without such a stack."""
    outputs = stack.outputs()
    return Settings.from_env({
        "AWS_REGION": account.region,
        "CONTROL_TABLE": outputs["ControlTableName"],
        "JOBS_TABLE": outputs["JobsTableName"],
    })  # fmt: skip


def tokens(account: Account, stack: Stack) -> Tokens:
    """Return the tokens of a stack; raises CloudError when there is no such stack."""
    return Tokens(DynamoTokenStore(settings(account, stack)))


def deploys(account: Account, stack: Stack) -> Deploys:
    """Return where a stack's deployments are written down; raises CloudError when there is no such stack."""
    return DynamoCounters(settings(account, stack))


@contextmanager
def quiet() -> Iterator[None]:
    """Keep the events of the library off standard output, which is for answers alone."""
    log = logger()
    before = log.log_level
    log.setLevel("WARNING")
    try:
        yield
    finally:
        log.setLevel(before)
