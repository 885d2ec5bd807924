"""Access the tables of a deployed stage with the deployer's credentials: its API tokens, its counters.

The tokens of the platform that runs on this machine are made in the same way.
"""

import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from chalicelib.access.tokens import Tokens
from chalicelib.adapters.dynamo.control.tokens import DynamoTokenStore
from chalicelib.adapters.dynamo.counting.counters import DynamoCounters
from chalicelib.audit.dynamo import DynamoAudit
from chalicelib.settings import Settings
from chalicelib.telemetry.logger import logger
from infra.cloud.account import Account
from infra.cloud.errors import CloudError
from infra.cloud.preflight import shards
from infra.cloud.stack import parameters
from infra.cloud.stack.cloudformation import Stack
from infra.cloud.stack.recording import RecordedTokens
from infra.local.emulator.processes import shell
from infra.local.emulator.processes.child import REGION, environment_of
from infra.local.state.folder import OF_A_PROJECT

ROOT = Path(__file__).parents[3]
STATE = "JOBFLOW_STATE_DIR"
SHARDS = {"INDEX_SHARDS": shards.WRITTEN, "INDEX_SHARDS_READ": shards.READ}
"""Names of the stack's parameters, by the library's variable with the same meaning."""


def settings(account: Account, stack: Stack) -> Settings:
    """Return the settings with which the library accesses a stage's tables; raises CloudError without such a stack."""
    outputs = stack.outputs()
    if "ControlTableName" not in outputs:
        raise CloudError(
            f"{stack.name} is no stage of JobFlow. For the platform on this machine, leave the stage out: `make token`."
        )
    chosen = parameters.known({}, (stack.describe() or {}).get("Parameters", []))
    return Settings.from_env({
        "AWS_REGION": account.region,
        "CONTROL_TABLE": outputs["ControlTableName"],
        "JOBS_TABLE": outputs["JobsTableName"],
        "SIGNING_KEY": "",  # the key is not set here: a command that makes jobs reads the stage's key itself
        **{variable: chosen[name] for variable, name in SHARDS.items() if name in chosen},
    })  # fmt: skip


def tokens(account: Account, stack: Stack) -> Tokens:
    """Return the tokens of a stack; raises CloudError if there is no such stack."""
    known = settings(account, stack)
    return RecordedTokens(DynamoTokenStore(known, _unreadable), DynamoAudit(known), _say, account.identity)


def tokens_here() -> Tokens:
    """Return the tokens of the platform that runs on this machine; raises CloudError if none runs for this project.

    After this call, AWS clients of this process use only the platform's emulator, whatever the shell's variables and
    the files in ~/.aws say.
    """
    folder = Path(os.environ.get(STATE, ROOT / OF_A_PROJECT))
    try:
        state = json.loads((folder / "dev.json").read_text())
        os.kill(state["pids"]["runner"], 0)  # if the runner was ended by SIGKILL, the file still exists
    except (OSError, ValueError, KeyError) as error:
        raise CloudError(
            "`make dev` does not run here. Start it, or name a stage in your account: STAGE=prod."
        ) from error
    of_the_shell = set(os.environ) - set(shell.without_aws())
    for name in of_the_shell:
        del os.environ[name]
    os.environ.update(environment_of(state["aws"]), AWS_CONFIG_FILE=os.devnull, AWS_SHARED_CREDENTIALS_FILE=os.devnull)
    tables = {"CONTROL_TABLE": f"{state['stack']}-control", "JOBS_TABLE": f"{state['stack']}-jobs"}
    known = Settings.from_env({**tables, "AWS_REGION": REGION})
    return RecordedTokens(DynamoTokenStore(known, _unreadable), DynamoAudit(known), _say)


def deploys(account: Account, stack: Stack) -> DynamoCounters:
    """Return the record of a stack's deployments; raises CloudError if there is no such stack."""
    return DynamoCounters(settings(account, stack))


def audit(account: Account, stack: Stack) -> DynamoAudit:
    """Return the audit log of a stack; raises CloudError if there is no such stack.

    A command goes on without its entry, so a table that hangs must not delay it: a write takes about a second at most.
    """
    return DynamoAudit(settings(account, stack), briefly=True)


def _unreadable(token_id: str, error: Exception) -> None:
    _say(
        f"The token {token_id} cannot be read by this version of JobFlow ({type(error).__name__}), so it is not "
        "listed, rotated or revoked. Use the version that the stage has; an unreadable token is refused by the API."
    )


def _say(text: str) -> None:
    print(text, file=sys.stderr)


@contextmanager
def quiet() -> Iterator[None]:
    """Do not write the library's events to standard output, which is only for answers."""
    log = logger()
    before = log.log_level
    log.setLevel("WARNING")
    try:
        yield
    finally:
        log.setLevel(before)
