"""Count the unfinished jobs of types that a deployment would remove: without a type's code, its jobs cannot run."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from chalicelib.adapters.dynamo.counting.counters import DynamoCounters
from chalicelib.job_types.queue import PREFIX, first_key
from chalicelib.jobs.constants import FIFO_ENDING
from chalicelib.jobs.job import ACTIVE
from infra.cloud.account import Account
from infra.cloud.commands import access
from infra.cloud.commands.status import depths
from infra.cloud.errors import CloudError, refusal
from infra.cloud.preflight.finding import Finding
from infra.cloud.stack import history
from infra.cloud.stack.changes import Change
from infra.cloud.stack.cloudformation import QUEUE, Stack, names_of
from infra.definition.lambdas.compute import SHARED_BY
from infra.definition.names import dead_of, is_urgent, logical

ABOUT = "job types"


@dataclass(frozen=True, slots=True)
class Removal:
    """The types that the running stack has and the code no longer declares, each with its number of unfinished jobs."""

    unfinished: Mapping[str, int]
    refused: str = ""
    """The reason why the jobs could not be counted."""
    moved: Collection[str] = ()
    """The last parts of the names of the queues that the new version does not have."""
    unnamed: bool = False
    """True if neither the counters nor the recorded deployment could tell which types the shared queues have."""
    emptied: Mapping[str, int] = field(default_factory=dict)
    """The last parts of the names of urgent queues that go while their types stay, each with its number of messages."""

    def at_stake(self, changes: Iterable[Change]) -> list[str]:
        """Return the logical ids of resources that lose data.

        The queues of types are left out, because no job is lost with them: the jobs are in the table, and jobs of a
        type that moves get a message on its new queue.
        """
        names = [*(name.replace(".", "-") for name in self.unfinished), *self.moved]
        queues = {logical(name, suffix) for name in names for suffix in ("Queue", "Dlq")}
        return [change.logical_id for change in changes if change.loses_data and change.logical_id not in queues]

    def findings(self, *, force: bool) -> list[Finding]:
        """Return a finding for each type with unfinished jobs.

        It stops the deployment, unless the removal is forced.
        """
        found = [
            Finding(ABOUT, self._sentence(name, number, force=force), stops=not force)
            for name, number in self.unfinished.items()
            if number or self.refused
        ]
        way = "" if force else " Let this account read the stage's tables, or set FORCE_REMOVE=1."
        return [
            *found,
            *(Finding(ABOUT, f"{line}{way}", stops=not force) for line in self._unnamed()),
            *(Finding(ABOUT, line) for line in self.notes()),
        ]

    def notes(self) -> list[str]:
        """Return a line for each urgent queue that is removed with messages: their jobs wait for the watchdog."""
        return [
            f"The queue {name} goes with {number:,} messages. The watchdog sends their jobs to the type's other queue: "
            "soon without fair_by, else when that queue is empty (docs/job-types/urgent.md)."
            for name, number in self.emptied.items()
        ]

    def told(self) -> list[str]:
        """Return a line for each type whose unfinished jobs are cancelled if an earlier version is restored."""
        number = f"an unknown number of unfinished jobs ({self.refused})" if self.refused else ""
        known = [
            f"{name} goes with its queues. It has {number or f'{jobs:,} unfinished jobs'}: the watchdog ends them as "
            "cancelled, with the error TypeRemoved."
            for name, jobs in self.unfinished.items()
            if jobs or self.refused
        ]
        return [*known, *self._unnamed()]

    def given_up(self) -> list[str]:
        """Return the types whose unfinished jobs are cancelled, also if their number is not known."""
        return [name for name, jobs in self.unfinished.items() if jobs or self.refused]

    def _unnamed(self) -> list[str]:
        told = "It is unknown whether types of a shared queue are removed that have unfinished jobs"
        return [f"{told}: the counters could not be read ({self.refused})."] if self.unnamed else []

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


def look(account: Account, stack: Stack, declared: Collection[str], queues: Collection[str] | None = None) -> Removal:
    """Compare the stack's queues with the declared types, and read the counters of types that are not declared.

    `queues`: the last parts of the names of the new version's queues; None: each type has its own. The name of a shared
    queue does not contain its types, so the types that are no longer declared are read from the counters.
    """
    if stack.describe() is None or stack.failed_at_first():
        return Removal({})
    names = {url.rpartition("/")[2] for url in names_of(stack.resources(), QUEUE)}
    there = _queues(names, stack.name)
    own = {queue.replace("-", ".") for queue in there if not queue.startswith(PREFIX)}
    second = _urgent(names, stack.name)
    every = [*there, *second]
    moved = () if queues is None else tuple(queue for queue in every if queue not in queues)
    gone = [name for name in second if name in moved and queues is not None and first_key(name) in queues]
    emptied = _messages(account, stack, gone)
    removed = sorted(own - set(declared))
    if not removed and len(own) == len(there):
        return Removal({}, moved=moved, emptied=emptied)
    try:
        totals = DynamoCounters(access.settings(account, stack)).standing().totals
    except Exception as error:
        why = str(error) if isinstance(error, CloudError) else refusal(error)
        if why is None:
            raise
        before = _recorded(account, stack) if len(own) < len(there) else set()
        removed = sorted({*removed, *(before or ())} - set(declared))
        return Removal(dict.fromkeys(removed, 0), why, moved, unnamed=before is None, emptied=emptied)
    unfinished = dict.fromkeys(removed, 0)
    for (name, status), number in totals.items():
        if name not in declared and status in ACTIVE and number > 0:
            unfinished[name] = unfinished.get(name, 0) + number
    return Removal(dict(sorted(unfinished.items())), moved=moved, emptied=emptied)


def _messages(account: Account, stack: Stack, queues: Sequence[str]) -> dict[str, int]:
    """Return the numbers of messages of those of these queues that have some."""
    found = dict[str, int]()
    for url in names_of(stack.resources(), QUEUE) if queues else ():
        if (name := url.rpartition("/")[2].removeprefix(f"{stack.name}-")) in queues:
            with suppress(ClientError):  # only a note is missing: no job is lost with the messages
                found[name] = sum(depths(account.client("sqs"), url))
    return {name: number for name, number in found.items() if number}


def _recorded(account: Account, stack: Stack) -> set[str] | None:
    """Return the types of the last recorded deployment; None if there is none, or if it cannot be read."""
    try:
        known = history.read(account, stack.name)
        return types_in(history.template(account, stack.name, known[-1].url), stack.name) if known else None
    except (ClientError, BotoCoreError):
        return None


def types_in(template: Mapping[str, Any], stack: str) -> set[str]:
    """Return the types of a packaged template."""
    shared = (one.get("Metadata", {}).get(SHARED_BY, "") for one in template["Resources"].values())
    queues = _queues(_names_in(template), stack)
    own = {queue.replace("-", ".") for queue in queues if not queue.startswith(PREFIX)}
    return own | {name for names in shared for name in names.split(",") if name}


def shared_in(template: Mapping[str, Any]) -> dict[str, str]:
    """Return the shared queue of each type of a packaged template that has one."""
    functions = [one for one in template["Resources"].values() if SHARED_BY in one.get("Metadata", {})]
    return {
        name: str(one["Properties"]["Handler"]).rpartition(".")[2]
        for one in functions
        for name in one["Metadata"][SHARED_BY].split(",")
    }


def queues_in(template: Mapping[str, Any], stack: str) -> list[str]:
    """Return the last parts of the names of the job types' queues in a packaged template, also of urgent queues."""
    names = _names_in(template)
    return [*_queues(names, stack), *_urgent(names, stack)]


def _names_in(template: Mapping[str, Any]) -> set[str]:
    found = [one["Properties"] for one in template["Resources"].values() if one["Type"] == QUEUE]
    return {str(properties.get("QueueName", "")) for properties in found}


def _queues(names: Collection[str], stack: str) -> list[str]:
    """Return the last parts of the names of the queues that have a dead-letter queue."""
    return sorted(name.removeprefix(f"{stack}-").removesuffix(FIFO_ENDING) for name in names if dead_of(name) in names)


def _urgent(names: Collection[str], stack: str) -> list[str]:
    """Return the last parts of the names of the urgent queues: they use the dead-letter queue of their type."""
    return sorted(name.removeprefix(f"{stack}-") for name in names if is_urgent(name, names))
