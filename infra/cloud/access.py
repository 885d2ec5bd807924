"""API tokens of a deployed stage: issued, listed and revoked from here, with the deployer's credentials."""

from collections.abc import Iterator
from contextlib import contextmanager

from chalicelib.access.tokens import Tokens
from chalicelib.adapters.dynamo.tokens import DynamoTokenStore
from chalicelib.settings import Settings
from chalicelib.telemetry.logger import logger
from infra.cloud.account import Account
from infra.cloud.stack import Stack


def tokens(account: Account, stack: Stack) -> Tokens:
    """The tokens of a stack; raises CloudError when there is no such stack."""
    outputs = stack.outputs()
    settings = Settings.from_env({
        "AWS_REGION": account.region,
        "CONTROL_TABLE": outputs["ControlTableName"],
        "JOBS_TABLE": outputs["JobsTableName"],
    })  # fmt: skip
    return Tokens(DynamoTokenStore(settings))


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
