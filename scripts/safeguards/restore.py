"""List the safeguards of restore and rollback: nothing is overwritten, nothing runs unasked, no step goes too far."""

from scripts.safeguards.safeguard import Safeguard

RULES = ("tests/infra/cloud/restore/test_rules.py",)
COPYING = ("tests/infra/cloud/restore/test_copying.py",)
RESTORING = ("tests/infra/cloud/restore/test_restoring.py",)
SHARDS = ("tests/infra/cloud/restore/test_shards.py",)
TABLES = ("tests/infra/cloud/restore/test_tables.py",)
BACKUPS = ("tests/infra/cloud/restore/test_backups.py",)
ROLLBACK = ("tests/infra/cloud/commands/test_rollback.py",)

RESTORE = (
    Safeguard(
        "nothing that is restored runs unless the operator says so",
        "infra.cloud.restore.rules:revived",
        "not run or spent or lost.cancel_requested",
        "spent or lost.cancel_requested",
        RULES,
    ),
    Safeguard(
        "a restored job that was to stop or has no attempt left never runs",
        "infra.cloud.restore.rules:revived",
        "not run or spent or lost.cancel_requested",
        "not run",
        RULES,
    ),
    Safeguard(
        "a restored job runs in a new generation",
        "infra.cloud.restore.rules:_goes_on",
        "{'gen': lost.gen + 1}",
        "{}",
        RULES,
    ),
    Safeguard(
        "a restored job needs a message",
        "infra.cloud.restore.rules:_idle",
        "{'sent': False}",
        "{}",
        RULES,
    ),
    Safeguard(
        "a restored job's history is there before the job",
        "infra.cloud.restore.copying:Copying._bring_back",
        """
self._history(job_id, found)
try:
    self.target.add(job)
except JobExists:
    return 'there'
""",
        """
try:
    self.target.add(job)
except JobExists:
    return 'there'
self._history(job_id, found)
""",
        COPYING,
    ),
    Safeguard(
        "a job that is back already is left alone by a second restore",
        "infra.cloud.restore.copying:Copying._bring_back",
        """
try:
    self.target.add(job)
except JobExists:
    return 'there'
""",
        "self.target.add(job)",
        COPYING,
    ),
    Safeguard(
        "a restored schedule is paused",
        "infra.cloud.restore.copying:_paused",
        "replace(schedule, paused=True, next_at=None, writer=uuid.uuid4().hex[:12])",
        "replace(schedule, writer=uuid.uuid4().hex[:12])",
        COPYING,
    ),
    Safeguard(
        "no job is restored while a worker from before may hold one",
        "infra.cloud.commands.restore:Restoration.go",
        "self.sleep(max(0.0, started + LONGEST_LEASE - self.clock()))",
        "None",
        RESTORING,
    ),
    Safeguard(
        "a restore reads every shard that there may have been",
        "infra.cloud.commands.restore:Restoration.go",
        "replace(settings, jobs_table=jobs, control_table=control, index_shards_read=SHARDS[-1])",
        "replace(settings, jobs_table=jobs, control_table=control)",
        SHARDS,
    ),
    Safeguard(
        "no restored table is deleted before each job in it was found",
        "infra.cloud.commands.restore:Restoration.go",
        "done.total() < there",
        "False",
        SHARDS,
    ),
    Safeguard(
        "a table that is being deleted is made anew, not waited for",
        "infra.cloud.restore.tables:Tables.restore",
        "self._missing(name)",
        "self._described(name) is None",
        TABLES,
    ),
    Safeguard(
        "a stage's tables are written into as many shards as its functions write",
        "infra.cloud.commands.access:settings",
        "{variable: chosen[name] for variable, name in SHARDS.items() if name in chosen}",
        "{}",
        SHARDS,
    ),
    Safeguard(
        "old backups are deleted once the new one is complete",
        "infra.cloud.commands.backup:_delete_old",
        "itertools.takewhile(lambda one: one != kept[0], found)",
        "found",
        BACKUPS,
    ),
    Safeguard(
        "a backup that was not made by this command is never deleted by it",
        "infra.cloud.commands.backup:_own",
        "{name: arn for name, arn in backups(account, stack, short).items() if form.fullmatch(name)}",
        "backups(account, stack, short)",
        BACKUPS,
    ),
    Safeguard(
        "a deployment that nobody noted is one step of a rollback",
        "infra.cloud.stack.history:unnoted",
        "bool(deployments and deployments[-1].at and (deployments[-1].at != changed_at(found)))",
        "False",
        ROLLBACK,
    ),
    Safeguard(
        "a rollback that ended half-way does not come back to the bad version",
        "infra.cloud.commands.rollback:rollback",
        "history.write(account, stack.name, left)",
        "None",
        ROLLBACK,
    ),
    Safeguard(
        "a rollback that CloudFormation undid can be tried again",
        "infra.cloud.commands.rollback:rollback",
        "_write(account, stack, known)",
        "None",
        ROLLBACK,
    ),
    Safeguard(
        "a rollback brings the parameters back, too",
        "infra.cloud.commands.rollback:_proposed",
        "_propose(account, stack, to.url, template, values)",
        "_propose(account, stack, to.url, template, {})",
        ROLLBACK,
    ),
)
