"""Count the unfinished jobs of types that a deployment would remove: without their code they cannot run."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from chalicelib.adapters.dynamo.counting.counters import DynamoCounters
from chalicelib.jobs.constants import FIFO_ENDING
from chalicelib.jobs.job import ACTIVE
from infra.cloud.account import Account
from infra.cloud.commands import access
from infra.cloud.errors import CloudError, refusal
from infra.cloud.preflight.finding import Finding
from infra.cloud.stack.changes import Change
from infra.cloud.stack.cloudformation import QUEUE, Stack, names_of
from infra.definition.names import dead_of, logical

ABOUT = "job types"


@dataclass(frozen=True, slots=True)
class Removal:
    """The types that the running stack has and the code no longer declares, each with its number of unfinished jobs."""

    unfinished: Mapping[str, int]
    refused: str = ""
    """The reason why the jobs could not be counted."""

    def at_stake(self, changes: Iterable[Change]) -> list[str]:
        """Return the logical ids of resources that lose data.

        The queues of types are left out: their jobs are in the table.
        """
        names = [name.replace(".", "-") for name in self.unfinished]
        queues = {logical(name, suffix) for name in names for suffix in ("Queue", "Dlq")}
        return [change.logical_id for change in changes if change.loses_data and change.logical_id not in queues]

    def findings(self, *, force: bool) -> list[Finding]:
        """Return a finding for each type with unfinished jobs.

        It stops the deployment, unless the removal is forced.
        """
        return [
            Finding(ABOUT, self._sentence(name, number, force=force), stops=not force)
            for name, number in self.unfinished.items()
            if number or self.refused
        ]

    def told(self) -> list[str]:
        """Return a line for each type whose unfinished jobs are cancelled if an earlier version is restored."""
        number = f"an unknown number of unfinished jobs ({self.refused})" if self.refused else ""
        return [
            f"{name} goes with its queues. It has {number or f'{jobs:,} unfinished jobs'}: the watchdog ends them as "
            "cancelled, with the error TypeRemoved."
            for name, jobs in self.unfinished.items()
            if jobs or self.refused
        ]

    def _sentence(self, name: str, number: int, *, force: bool) -> str:
        told = f"{name} is no longer declared, and has {number:,} unfinished jobs"
        if self.refused:
            told = f"{name} is no longer declared, and its unfinished jobs could not be counted ({self.refused})"
        if force:
            return f"{told}: the watchdog ends them as cancelled, with the error TypeRemoved."
        return (
            f"{told}. Declare it with @job(…, changes=Changes(retired=True)) until it has none: it then takes no new "
            "jobs and processes the old ones. With FORCE_REMOVE=1 the watchdog ends them as cancelled."
        )


def look(account: Account, stack: Stack, declared: Collection[str]) -> Removal:
    """Compare the stack's queues with the declared types, and read the counters of types that are not declared."""
    if stack.describe() is None or stack.failed_at_first():
        return Removal({})
    removed = sorted(_types_of(stack) - set(declared))
    if not removed:
        return Removal({})
    try:
        totals = DynamoCounters(access.settings(account, stack)).standing().totals
    except Exception as error:
        why = str(error) if isinstance(error, CloudError) else refusal(error)
        if why is None:
            raise
        return Removal(dict.fromkeys(removed, 0), why)
    return Removal({name: sum(max(0, totals.get((name, status), 0)) for status in ACTIVE) for name in removed})


def types_in(template: Mapping[str, Any], stack: str) -> set[str]:
    """Return the types with queues in a packaged template."""
    found = [one["Properties"] for one in template["Resources"].values() if one["Type"] == QUEUE]
    return _types({str(properties.get("QueueName", "")) for properties in found}, stack)


def _types_of(stack: Stack) -> set[str]:
    return _types({url.rpartition("/")[2] for url in names_of(stack.resources(), QUEUE)}, stack.name)


def _types(queues: Collection[str], stack: str) -> set[str]:
    """Return the types that have a queue and a dead-letter queue; their names contain no hyphen."""
    return {
        queue.removeprefix(f"{stack}-").removesuffix(FIFO_ENDING).replace("-", ".")
        for queue in queues
        if dead_of(queue) in queues
    }  # fmt: skip
