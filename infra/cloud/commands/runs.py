"""Count the runs of versions that a deployment takes away: they wait until a deployment brings their version back."""

from collections import Counter
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from chalicelib.adapters.constants import BATCH_GET
from chalicelib.adapters.dynamo.counting.counters import DynamoCounters
from chalicelib.adapters.dynamo.jobs.store import DynamoJobStore
from chalicelib.errors import UNREADABLE
from chalicelib.job_types.changes import FIRST_VERSION
from chalicelib.job_types.jobtype import JobType
from chalicelib.jobs.constants import ANY_TIME
from chalicelib.jobs.job import ACTIVE, Job, Status
from chalicelib.jobs.port import JobStore, Search
from chalicelib.jobs.step import VERSION
from infra.cloud.account import Account
from infra.cloud.commands import access
from infra.cloud.errors import CloudError, refusal
from infra.cloud.preflight.finding import Finding
from infra.cloud.stack.cloudformation import Stack

ABOUT = "versions"
MOST_READ = 2_000
"""Maximum number of unfinished jobs of a type that are read: 20 requests, and one for each run that has begun."""
AT_ONCE = 16
RUNNING = ACTIVE - {Status.SCHEDULED}


@dataclass(frozen=True, slots=True)
class Runs:
    """The runs that no code continues after the deployment, by type and version.

    `part`: the types with more unfinished jobs than were read. `refused`: why runs could not be counted.
    """

    left: Mapping[tuple[str, str], int] = field(default_factory=dict)
    part: frozenset[str] = frozenset()
    refused: str = ""

    def findings(self, *, force: bool) -> list[Finding]:
        """Return a finding for each version that runs still have. It stops the deployment, unless that is forced.

        Runs that could not be counted stop nothing, because none of them would be lost.
        """
        found = [
            Finding(ABOUT, self._sentence(*of, number, force=force), stops=not force)
            for of, number in sorted(self.left.items())
        ]
        unknown = "It is unknown whether runs of older versions are under way that the code can no longer continue"
        return [*found, *([Finding(ABOUT, f"{unknown} ({self.refused}).")] if self.refused else [])]

    def _sentence(self, name: str, version: str, number: int, *, force: bool) -> str:
        least = "at least " if name in self.part else ""
        runs = f"1 run of {name} is" if number == 1 and not least else f"{least}{number:,} runs of {name} are"
        told = f"{runs} of version {version}, which its code no longer lists"
        if force:
            return f"{told}: they wait with the error VersionRemoved until a deployment lists it."
        return (
            f"{told}: they would wait. Add {version!r} to versions= of its Changes until they have ended, or cancel "
            f"them (`jobflow jobs list --type {name}`). With FORCE_REMOVE=1 they wait with the error VersionRemoved."
        )


def look(account: Account, stack: Stack, types: Sequence[JobType[Any, Any]]) -> Runs:
    """Read which versions the unfinished runs of these types have, and compare them with what the code declares."""
    if stack.describe() is None or stack.failed_at_first():
        return Runs()
    try:
        settings = access.settings(account, stack)
        totals, store = DynamoCounters(settings).standing().totals, DynamoJobStore(settings)
        asked = [kind for kind in types if any(totals.get((kind.name, status), 0) > 0 for status in RUNNING)]
        left, part = Counter[tuple[str, str]](), set[str]()
        for kind in asked:
            found = ids(store, kind.name)
            part |= {kind.name} if len(found) > MOST_READ else set()
            gone = (version for version in versions(store, found[:MOST_READ]) if not kind.changes.runs(version))
            left.update((kind.name, version) for version in gone)
        return Runs(left, frozenset(part))
    except Exception as error:  # whatever it is, no run is lost by the deployment
        why = str(error) if isinstance(error, CloudError) else refusal(error)
        return Runs(refused=why or f"{type(error).__name__}: {error}")


def ids(store: JobStore, name: str) -> list[str]:
    """Return the unfinished jobs of a type that may have begun: first those that wait without a message."""
    searches = Search(name, planned=True, parked=True), Search(name)
    return [one.id for search in searches for one in store.overdue(search, ANY_TIME, MOST_READ + 1)]


def versions(store: JobStore, found: Sequence[str]) -> list[str]:
    """Return the versions of those of these jobs whose runs have begun, and have kept something."""
    portions = [found[start : start + BATCH_GET] for start in range(0, len(found), BATCH_GET)]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        jobs = [job for portion in pool.map(store.get_many, portions) for job in portion]
        begun = [job for job in jobs if not job.terminal and (job.claims or job.gen > 1)]
        return [version for version in pool.map(lambda job: _version(store, job), begun) if version is not None]


def _version(store: JobStore, job: Job) -> str | None:
    try:
        kept = store.kept_step(job, VERSION)
    except UNREADABLE:
        return None
    if kept is not None:
        return str(kept.value)
    return FIRST_VERSION if job.kept else None  # it began before its type declared a version
