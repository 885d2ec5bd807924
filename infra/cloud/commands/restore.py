"""Restore missing jobs and schedules of a stage, from its tables at another moment."""

import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import partial

from chalicelib.adapters.dynamo.jobs.store import DynamoJobStore
from chalicelib.batches.dynamo import DynamoBatches
from chalicelib.erasing.dynamo import DynamoErasures, DynamoRemoval
from chalicelib.schedules.dynamo import DynamoSchedules
from chalicelib.settings import SHARDS, Settings
from infra.cloud.account import Account
from infra.cloud.commands import access
from infra.cloud.commands.backup import names
from infra.cloud.errors import CloudError
from infra.cloud.restore import copying, rows
from infra.cloud.restore.erased import Erased
from infra.cloud.restore.tables import Tables, stamp
from infra.cloud.stack import recording, signing
from infra.cloud.stack.cloudformation import Stack
from infra.cloud.stack.recording import Command
from infra.cloud.terminal import Terminal

LONGEST_LEASE = 15 * 60 + 10.0
"""Minimum seconds from the start of a restore to the first copied row. Lambda ends an invocation after at most 15
minutes, and its lease ends 5 seconds later. After this time, every worker that held a lost job has ended, so no worker
has a fencing token that a new run could get again."""
MOMENT = "%Y%m%dT%H%M%SZ"


@dataclass
class Restoration:
    """One run of restore: the state at `at` (seconds since the epoch), or a backup, whose name contains the moment.

    `run`: unfinished jobs run again. `keep`: the restored tables stay. `given`: the names of two existing tables to
    copy from (jobs, control), with the state of another stage or moment; they also stay.
    """

    account: Account
    stack: Stack
    terminal: Terminal
    at: float
    backup: str = ""
    run: bool = False
    keep: bool = False
    clock: Callable[[], float] = time.time
    sleep: Callable[[float], None] = time.sleep
    tags: dict[str, str] = field(default_factory=dict)
    given: Sequence[str] = ()

    def go(self) -> Counter[str]:
        """Restore the tables, copy from them, and delete them; return the numbers of jobs by result. Record this.

        Raises CloudError.

        It may be stopped at any moment and run again.
        """
        log = partial(access.audit, self.account, self.stack)
        source = self.backup or ",".join(self.given) or stamp(self.at)
        with recording.acting(
            log, Command.RESTORE, self.stack.name, self.account.identity, self.terminal.say, source
        ):  # fmt: skip
            return self._go()

    def _go(self) -> Counter[str]:
        started = self.clock()
        files = self.stack.outputs()["FilesBucketName"]
        # this stage signs each restored job again, because the tables may come from a stage with other keys
        keys = signing.masters(self.account, self.stack.name)
        settings = replace(access.settings(self.account, self.stack), files_bucket=files, signing_key=keys)
        tables = Tables(self.account, self.stack.name, self.tags, self.clock, self.sleep)
        if not (self.backup or self.given):
            tables.check(self.at)
        told = "Waiting until no worker from before is left" if self.given else "Restoring into new tables"
        with self.terminal.working(f"{told} (15 minutes and more)"):
            jobs, control = tables.there(self.given) if self.given else tables.restore(self.at, self.backup)
            self.sleep(max(0.0, started + LONGEST_LEASE - self.clock()))
        # Search the maximum number of shards: the restored tables may have more shards than the stage has now. An empty
        # shard costs half a read unit.
        then = replace(settings, jobs_table=jobs, control_table=control, index_shards_read=SHARDS[-1])
        there = tables.jobs_in(jobs)
        done = self._copy(then, settings)
        if done.total() < there:
            raise CloudError(
                f"{jobs} holds {there:,} jobs, and only {done.total():,} were found: no table is deleted. Run the same "
                "command again with the version of JobFlow that wrote them."
            )
        if not (self.keep or self.given):
            tables.remove([jobs, control])
        return done

    def _copy(self, then: Settings, now: Settings) -> Counter[str]:
        source, target = DynamoJobStore(then, self.clock), DynamoJobStore(now, self.clock)
        pairs = {"jobs": (then.jobs_table, now.jobs_table), "control": (then.control_table, now.control_table)}
        client = self.account.client("dynamodb")
        # first of all: what says which jobs must not come back
        rows.erasures(client, pairs, self.clock())
        erased = Erased(DynamoErasures(now, self.clock), DynamoRemoval(then, self.clock).find, self.clock)
        copy = copying.Copying(source, target, self.at, self.clock, self.run, erased)
        # The stage answers requests meanwhile: keys come first, because a request for a key that is not there yet makes
        # a second job.
        with self.terminal.working("Copying keys of requests, with their jobs"):
            keys = rows.keys(client, pairs, self.clock(), copy.named)
        self.terminal.say(f"Keys of requests are back: {keys.total():,}.")
        with self.terminal.working("Copying what is missing"):
            done = copy.jobs()
            back = copying.schedules(DynamoSchedules(then), DynamoSchedules(now))
            ended = copying.batches(DynamoBatches(then), DynamoBatches(now))
            beside = rows.bring_back(client, pairs, self.clock())
        if beside:
            self.terminal.say(f"Rows that promises rest on are back: {_told(beside)}.")
        if ended:
            self.terminal.say(f"{ended:,} batches are back.")
        for schedule in back:
            self.terminal.say(f"Schedule {schedule} is back, paused.")
        return done


def _told(beside: Counter[str]) -> str:
    names = {
        "QuotaRow": "days of a quota",
        "PlanRow": "types with a rate",
        "WebhookRow": "webhooks (rotate the secret of each that was deleted)",
        "WebhookStateRow": "states of webhooks",
    }
    return ", ".join(f"{number:,} {names[kind]}" for kind, number in sorted(beside.items()))


def moment(account: Account, stack: str, at: str, backup: str) -> float:
    """Return the moment (epoch seconds) of `at` (ISO 8601 with a zone) or of a backup's name. Raises CloudError."""
    if bool(at) == bool(backup):
        raise CloudError("Give AT=2027-01-02T03:04:05Z for a point in time, or FROM=… for a backup, not both.")
    if backup:
        if backup not in names(account, stack):
            raise CloudError(f"There is no backup {backup} of {stack}. `make backup LIST=1` lists them.")
        try:
            return datetime.strptime(backup.rpartition("-")[2], MOMENT).replace(tzinfo=UTC).timestamp()
        except ValueError:
            raise CloudError(
                f"{backup} was not made by `make backup`: its name does not contain its time. Restore it into two "
                "tables yourself, then give TABLES=jobs,control and AT=."
            ) from None
    try:
        found = datetime.fromisoformat(at)
    except ValueError:
        found = None
    if found is None or found.tzinfo is None:
        raise CloudError(f"AT={at} is not a time with a time zone, like 2027-01-02T03:04:05Z.")
    return found.timestamp()
