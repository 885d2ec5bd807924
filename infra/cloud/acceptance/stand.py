"""Provide the stage for the checks: its API, its clients, its jobs, and the waiting times."""

import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

import urllib3

from chalicelib.access.tokens import Role
from chalicelib.job_types.jobtype import JobType
from chalicelib.jobs.job import TERMINAL
from infra.cloud.account import Account
from infra.cloud.commands import access
from infra.cloud.commands.smoke import own_address
from infra.cloud.smoke.calls import SECONDS, Api
from infra.cloud.stack.cloudformation import Stack

T = TypeVar("T")
LABEL = "acceptance"
TTL = 4 * 3600.0
POLL = 1.0
PATIENCE = 300.0
"""Seconds to wait for a result, unless a promise sets another number."""


class NotTried(Exception):
    """A promise that cannot be checked here; the message gives the reason."""


class NotKept(Exception):
    """A promise was broken; the message contains the observation."""


@dataclass
class Stand:
    """The stage.

    `made` counts the created jobs, because jobs cost money; `address` finds the API's URL in the stack's outputs.

    `redeploy` deploys the stage again with other parameters; it is None if no check needs a second deployment.
    """

    account: Account
    stack: Stack
    outputs: Mapping[str, str]
    types: Sequence[JobType[Any, Any]]
    address: Callable[[Mapping[str, str]], str] = own_address
    sleep: Callable[[float], None] = time.sleep
    clock: Callable[[], float] = time.monotonic
    patience: float = PATIENCE
    redeploy: Callable[[Mapping[str, str]], None] | None = None
    made: int = 0
    pool: urllib3.PoolManager = field(default_factory=lambda: urllib3.PoolManager(retries=False))
    _apis: dict[Role, Api] = field(default_factory=dict)

    @property
    def url(self) -> str:
        """Return the API's URL."""
        return self.address(self.outputs).rstrip("/")

    def api(self, role: Role = Role.OPERATOR) -> Api:
        """Return the API for a caller with that role."""
        if role not in self._apis:
            text, _ = access.tokens(self.account, self.stack).issue(role, LABEL, TTL, self.account.identity)
            self._apis[role] = Api(self.url, text, self.patience, self.sleep, self.clock)
        return self._apis[role]

    def get(self, url: str, **headers: str) -> urllib3.BaseHTTPResponse:
        """Request a page; any answer is accepted."""
        return self.pool.request("GET", url, headers=headers, timeout=SECONDS, redirect=False)

    def has(self, name: str) -> JobType[Any, Any]:
        """Return a job type of the stage. Raises NotTried if the stage has no type of this name."""
        for kind in self.types:
            if kind.name == name:
                return kind
        raise NotTried(f"the stage has no {name}")

    def job(self, job_type: str, payload: Any, **more: Any) -> str:
        """Make a job; returns its id."""
        wanted = {"type": job_type, "payload": payload, "tags": [LABEL], **more}
        self.made += 1
        return str(self.api().send("POST", "/jobs", wanted, key=f"{LABEL}-{uuid.uuid4()}")["id"])

    def ended(self, job_id: str) -> dict[str, Any]:
        """Return a job when it has ended. Raises NotKept if that takes too long."""
        return self.until(lambda: self._over(self.api().send("GET", f"/jobs/{job_id}")), f"the end of job {job_id}")

    def until(self, look: Callable[[], T | None], what: str, patience: float | None = None) -> T:
        """Repeat until there is a result. Raises NotKept after `patience` seconds."""
        end = self.clock() + (self.patience if patience is None else patience)
        while (found := look()) is None:
            if self.clock() >= end:
                raise NotKept(f"{what} did not come within {self.patience if patience is None else patience:.0f} s")
            self.sleep(POLL)
        return found

    def _over(self, job: dict[str, Any]) -> dict[str, Any] | None:
        return job if job["status"] in TERMINAL else None
