"""Have a deployed stage recount its jobs now, as it does every night, and tell what it found."""

import json
from collections.abc import Mapping
from dataclasses import dataclass

from botocore.config import Config

from infra.cloud.account import Account
from infra.cloud.errors import CloudError
from infra.cloud.stack import Stack
from infra.definition.functions import functions

FUNCTION = "recount"
CONNECTION_SPARE = 30
"""Seconds that the answer may take on top of the function's own time."""


@dataclass(frozen=True, slots=True)
class Found:
    """How many jobs there are, what must be added to which counter to be right, and what of it was added."""

    jobs: int
    wrong: Mapping[str, int]
    repaired: Mapping[str, int]

    @property
    def right(self) -> bool:
        """Whether the counters are right now, as far as can be said while jobs move."""
        return self.wrong.keys() <= self.repaired.keys()

    def lines(self) -> list[str]:
        """For a person."""
        told = [f"{_name(name)}: off by {number:+,}{self._mended(name)}" for name, number in self.wrong.items()]
        return [f"{self.jobs:,} jobs, {len(self.wrong)} counters wrong.", *told]

    def _mended(self, name: str) -> str:
        return ", repaired" if name in self.repaired else ", repaired when the next night finds it too"


def recount(account: Account, stack: Stack) -> Found:
    """Run the stage's own recount: nothing leaves the region, and it repairs by the nightly rules.

    Takes some 100 s a million jobs. Raises CloudError when there is no such stack, or the function fails.
    """
    stack.outputs()
    (function,) = (f for f in functions([], stack.name) if f.short == FUNCTION)
    patient = Config(read_timeout=function.timeout + CONNECTION_SPARE, retries={"total_max_attempts": 1})
    answer = account.client("lambda", config=patient).invoke(FunctionName=function.name, Payload=b"{}")
    said = json.loads(answer["Payload"].read())
    if "FunctionError" in answer:
        reason = said.get("errorMessage", answer["FunctionError"])
        raise CloudError(f"The recount failed: {reason}. Its log group is {function.log_group}.")
    return Found(said["jobs"], said["wrong"], said["repaired"])


def _name(counter: str) -> str:
    """ "n#email.send#completed" in words."""
    return " ".join(counter.split("#")[1:])
