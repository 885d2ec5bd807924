"""Test a stage: call each function with an event without work, then run one job of each type with a smoke payload."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from chalicelib.access.tokens import Role
from chalicelib.job_types.jobtype import JobType
from infra.cloud.account import Account
from infra.cloud.commands import access
from infra.cloud.commands.first_token import OF_DEPLOYMENTS
from infra.cloud.commands.status import ringing_alarms
from infra.cloud.smoke.calls import PATIENCE, Api
from infra.cloud.smoke.functions import asked, failing
from infra.cloud.smoke.jobs import Jobs
from infra.cloud.smoke.problem import SmokeFailed
from infra.cloud.stack.cloudformation import Stack
from infra.definition.lambdas.functions import functions

TTL = 900.0
"""Seconds for which the token of the test is valid, in case it is not revoked."""


def own_address(outputs: Mapping[str, str]) -> str:
    """Return API Gateway's address of the API, which works even before your own domain points to the API."""
    return outputs["EndpointURL"]


@dataclass(frozen=True)
class Smoke:
    """One test. `address` finds the API's URL in the stack's outputs; a request is repeated for `patience` seconds."""

    account: Account
    stack: Stack
    types: Sequence[JobType[Any, Any]]
    address: Callable[[Mapping[str, str]], str] = own_address
    patience: float = PATIENCE

    def run(self, outputs: Mapping[str, str]) -> str:
        """Return one line with everything that works; raises SmokeFailed with the failures."""
        defined = asked(functions(self.types, self.stack.name))
        broken = failing(self.account, defined)
        if broken:
            raise SmokeFailed("; ".join(broken))
        told = [f"{len(defined)} functions answer", *self._jobs(outputs)]
        return f"Smoke: {'; '.join(told)}."

    def _jobs(self, outputs: Mapping[str, str]) -> list[str]:
        tried = [kind for kind in self.types if kind.changes.smoke is not None]
        lagging = f"{self.stack.name}-counters-behind" in ringing_alarms(self.account, self.stack.name)
        tokens = access.tokens(self.account, self.stack)
        text, token = tokens.issue(Role.OPERATOR, OF_DEPLOYMENTS, TTL, self.account.identity)
        try:
            told = Jobs(Api(self.address(outputs), text, self.patience), lagging).run(tried)
        finally:
            tokens.revoke(token.id, self.account.identity)
        return told if tried else ["the API answers; no job type declares Changes(smoke=…), so no job was run"]
