"""Create a stage, check the promises that need an account, report the results, and destroy the stage completely."""

import json
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from chalicelib.job_types.jobtype import JobType
from infra.cloud.acceptance.promises import BROKEN, PROMISES, Promise, Result, check
from infra.cloud.acceptance.stand import PATIENCE, Stand
from infra.cloud.account import Account
from infra.cloud.commands.destroy import Destruction
from infra.cloud.commands.smoke import own_address
from infra.cloud.cost.calculation import MINUTES, idle, total
from infra.cloud.errors import CloudError
from infra.cloud.preflight.production import is_production
from infra.cloud.stack import versions
from infra.cloud.stack.cloudformation import Stack
from infra.cloud.terminal import Terminal
from infra.definition.names import stage_of

Deploy = Callable[[Mapping[str, str]], dict[str, str]]


@dataclass
class Acceptance:
    """One run. `deploy` creates or changes the stage with parameters, and returns its outputs."""

    account: Account
    stack: Stack
    terminal: Terminal
    types: Sequence[JobType[Any, Any]]
    deploy: Deploy
    given: Mapping[str, str] = field(default_factory=dict)
    promises: Sequence[Promise] = PROMISES
    address: Callable[[Mapping[str, str]], str] = own_address
    patience: float = PATIENCE
    redeploys: bool = True

    def run(self) -> list[Result]:
        """Deploy, check, destroy; return the results. Raises CloudError for an existing stage, and for production."""
        stage = stage_of(self.stack.name)
        if is_production(stage) or self.stack.describe() is not None:
            raise CloudError(
                f"{self.stack.name} is {'production' if is_production(stage) else 'there already'}, and an acceptance "
                "destroys its stage at the end. Name one that is not there: --stage try."
            )
        began = datetime.now(UTC)
        results: list[Result] = []
        try:
            outputs = self.deploy(self.given)
            again = self._again if self.redeploys else None
            stand = Stand(
                self.account, self.stack, outputs, self.types, self.address, patience=self.patience, redeploy=again
            )
            for result in check(stand, self.promises):
                self.terminal.say(line(result))
                results.append(result)
        finally:
            left = Destruction(self.account, self.stack, self.terminal, self.stack.name).run()
        hours = (datetime.now(UTC) - began).total_seconds() / 3600
        stood = total(idle(self.types)) * hours * 60 / MINUTES
        spent = stood + sum(result.dollars for result in results)
        self.terminal.say(f"{hours * 60:.0f} minutes, ${spent:.2f}. {_left(left)}")
        if left:
            results.append(Result("destroy leaves nothing", BROKEN, ", ".join(left), 0.0, 0.0))
        return results

    def _again(self, given: Mapping[str, str]) -> None:
        self.deploy({**self.given, **given})


def line(result: Result) -> str:
    """Return promise, state, observation, seconds and dollars in a line."""
    return f"{result.state}: {result.promise} | {result.seen} | {result.seconds:.0f} s | ${result.dollars:.4f}"


def recorded(account: Account, results: Sequence[Result], now: datetime, folder: Path) -> dict[str, Any]:
    """Return the report of the last run in a real account: date, region, commit, and each promise.

    It is for docs/deploy.md.
    """
    return {
        "date": f"{now:%Y-%m-%d}",
        "region": account.region,
        "commit": versions.version_of("", folder),
        "results": [result.as_json() for result in results],
    }


def write(path: Path, record: Mapping[str, Any]) -> None:
    """Write the report. Raises CloudError with an emulator, whose answers show nothing about AWS."""
    if any(name.startswith("AWS_ENDPOINT_URL") for name in os.environ):
        raise CloudError("AWS_ENDPOINT_URL is set: the report is for an AWS account, not for an emulator.")
    path.write_text(json.dumps(record, indent=1) + "\n")


def _left(left: Sequence[str]) -> str:
    return f"Still there, remove by hand: {', '.join(left)}." if left else "Nothing is left."
