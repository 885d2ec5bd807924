"""Let a deployed stage recount its jobs now, as it does every night, and report the result."""

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from botocore.config import Config

from infra.cloud.account import Account
from infra.cloud.commands import access
from infra.cloud.errors import CloudError
from infra.cloud.stack import recording
from infra.cloud.stack.cloudformation import Stack
from infra.cloud.stack.recording import Command
from infra.definition.lambdas.functions import FunctionDefinition, functions

FUNCTION = "recount"
CONNECTION_SPARE = 30
"""Seconds to wait for the answer, in addition to the function's timeout."""
INVOCATION_PAUSE = 5.0
"""Seconds between two invocations."""
MOST_WAITS = 120
"""Maximum number of invocations while the stream is late or another recount runs, which take about two hours."""


@dataclass(frozen=True, slots=True)
class Found:
    """The number of jobs, the needed corrections by counter, and the corrections that were made."""

    jobs: int
    wrong: Mapping[str, int]
    repaired: Mapping[str, int]

    @property
    def right(self) -> bool:
        """Return whether the counters are now correct.

        A difference of a job that changes its state meanwhile is not an error.
        """
        return self.wrong.keys() <= self.repaired.keys()

    def lines(self) -> list[str]:
        """Return lines for the person at the terminal."""
        told = [
            f"{name.replace('#', ' ')}: off by {n:+,}{self._repaired_or_not(name)}" for name, n in self.wrong.items()
        ]
        return [f"{self.jobs:,} jobs, {len(self.wrong)} counters wrong.", *told]

    def _repaired_or_not(self, name: str) -> str:
        return ", repaired" if name in self.repaired else ", not repaired: another recount was faster"


def recount(
    account: Account, stack: Stack, say: Callable[[str], None], sleep: Callable[[float], None] = time.sleep
) -> Found:
    """Run the stage's recount function until it has finished, with the rules of the nightly recount, and record this.

    No data leaves the region. It takes about 100 s for a million jobs. Raises CloudError if there is no such stack, if
    the function fails, or if the counters do not catch up with the stream.
    """
    stack.outputs()
    log = partial(access.audit, account, stack)
    with recording.acting(log, Command.RECOUNT, stack.name, account.identity, say):
        return _recount(account, stack, sleep)


def _recount(account: Account, stack: Stack, sleep: Callable[[float], None]) -> Found:
    (function,) = (f for f in functions([], stack.name) if f.short == FUNCTION)
    patient = Config(read_timeout=function.timeout + CONNECTION_SPARE, retries={"total_max_attempts": 1})
    client = account.client("lambda", config=patient)
    waits = 0
    while waits < MOST_WAITS:
        said = _invoke(client, function)
        if said["judged"]:
            return Found(said["jobs"], said["wrong"], said["repaired"])
        waits += said["phase"] != "counting"
        sleep(INVOCATION_PAUSE)
    raise CloudError("The counters did not catch up, so nothing was compared: see the alarm counters-behind.")


def _invoke(client: Any, function: FunctionDefinition) -> dict[str, Any]:
    answer = client.invoke(FunctionName=function.name, Payload=b'{"start":true}')
    said: dict[str, Any] = json.loads(answer["Payload"].read())
    if "FunctionError" in answer:
        reason = said.get("errorMessage", answer["FunctionError"])
        raise CloudError(f"The recount failed: {reason}. Its log group is {function.log_group}.")
    return said
