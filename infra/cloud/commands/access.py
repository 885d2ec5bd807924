"""Access the tables of a deployed stage with the deployer's credentials: its API tokens, its counters."""

from collections.abc import Iterator
from contextlib import contextmanager

from chalicelib.access.tokens import Tokens
from chalicelib.adapters.dynamo.control.tokens import DynamoTokenStore
from chalicelib.adapters.dynamo.counting.counters import DynamoCounters
from chalicelib.counters.port import Deploys
from chalicelib.settings import Settings
from chalicelib.telemetry.logger import logger
from infra.cloud.account import Account
from infra.cloud.preflight import shards
from infra.cloud.stack import parameters
from infra.cloud.stack.cloudformation import Stack

SHARDS = {"INDEX_SHARDS": shards.WRITTEN, "INDEX_SHARDS_READ": shards.READ}
"""Parameters of the stack, each by the variable of the library that has the same meaning."""


def settings(account: Account, stack: Stack) -> Settings:
    """Return the settings for the library to access a stage's tables; raises CloudError without such a stack."""
    outputs = stack.outputs()
    chosen = parameters.known({}, (stack.describe() or {}).get("Parameters", []))
    return Settings.from_env({
        "AWS_REGION": account.region,
        "CONTROL_TABLE": outputs["ControlTableName"],
        "JOBS_TABLE": outputs["JobsTableName"],
        "SIGNING_KEY": "",  # a command that makes jobs reads the stage's key itself
        **{variable: chosen[name] for variable, name in SHARDS.items() if name in chosen},
    })  # fmt: skip


def tokens(account: Account, stack: Stack) -> Tokens:
    """Return the tokens of a stack; raises CloudError if there is no such stack."""
    return Tokens(DynamoTokenStore(settings(account, stack)))


def deploys(account: Account, stack: Stack) -> Deploys:
    """Return the record of a stack's deployments; raises CloudError if there is no such stack."""
    return DynamoCounters(settings(account, stack))


@contextmanager
def quiet() -> Iterator[None]:
    """Keep the library's events off standard output, which is only for answers."""
    log = logger()
    before = log.log_level
    log.setLevel("WARNING")
    try:
        yield
    finally:
        log.setLevel(before)
