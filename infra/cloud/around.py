"""Define the commands around a deployment: preflight, rollback, drift, restore."""

import argparse
import json
import time
from collections.abc import Callable

from infra.cloud import job_types
from infra.cloud.account import sign_in
from infra.cloud.commands import backup, restore
from infra.cloud.commands.check import check
from infra.cloud.commands.deploy import tags_of
from infra.cloud.commands.drift import drift
from infra.cloud.commands.recount import recount
from infra.cloud.commands.rollback import rollback
from infra.cloud.stack import parameters
from infra.cloud.stack.cloudformation import Stack
from infra.cloud.terminal import Terminal
from infra.definition.names import stack_name


def parsers(staged: Callable[..., argparse.ArgumentParser]) -> list[argparse.ArgumentParser]:
    """Add the commands; return those that accept a role for CloudFormation."""
    preflight = staged(
        "preflight", _preflight, "Say what cannot work in this account; ends with 1 if deploy stops.", "--json"
    )
    preflight.add_argument("--json", action="store_true", help="for a pipeline: a list of about, sentence, stops")
    preflight.add_argument("--set", action="append", default=[], metavar="Name=value", help="a parameter of the stack")
    back = staged("rollback", _rollback, "Bring back the template and packages of the deployment before this one.")
    back.add_argument("--yes", action="store_true", help="continue even when data would be lost")
    kept = staged("backup", _backup, "Back up the stage's tables on demand, or list its backups.", "--keep 30")
    kept.add_argument("--keep", type=int, default=0, metavar="N", help="delete all but the newest N; 0: none")
    kept.add_argument("--list", action="store_true", help="only name the backups there are")
    lost = staged(
        "restore",
        _restore,
        "Bring back the jobs and schedules that are missing, as they were at a moment.",
        "--at 2027-01-02T03:04:05Z",
    )
    lost.add_argument("--at", default="", metavar="TIME", help="a moment of the last 35 days, 2027-01-02T03:04:05Z")
    lost.add_argument("--from", dest="backup", default="", metavar="BACKUP", help="a backup, in place of a moment")
    lost.add_argument("--run", action="store_true", help="what was unfinished runs again; without it, it is failed")
    lost.add_argument("--tables", default="", metavar="JOBS,CONTROL", help="two tables that are there: an import")
    lost.add_argument("--keep-tables", action="store_true", help="leave the restored tables for a look at them")
    staged("drift", _drift, "Say what was changed by hand since the last deployment; ends with 1 if anything was.")
    return [preflight, back]


def _preflight(options: argparse.Namespace, terminal: Terminal) -> int:
    account = sign_in()
    stack = Stack(account, stack_name(options.stage), role=options.role_arn)
    found = check(account, stack, job_types.load(), parameters.parse(options.set))
    if options.json:
        print(json.dumps([finding.as_json() for finding in found.findings], indent=1))
    for finding in [] if options.json else found.findings:
        terminal.say(finding.line())
    if not (found.findings or options.json):
        terminal.say("No problems found.")
    return 1 if found.stopping else 0


def _rollback(options: argparse.Namespace, terminal: Terminal) -> int:
    account = sign_in()
    rollback(account, Stack(account, stack_name(options.stage), role=options.role_arn), terminal, yes=options.yes)
    return 0


def _backup(options: argparse.Namespace, terminal: Terminal) -> int:
    account, stack = sign_in(), stack_name(options.stage)
    if options.list:
        for name in backup.names(account, stack):
            print(name)
        return 0
    with terminal.working("Backing up"):
        made, deleted = backup.backup(account, Stack(account, stack), terminal.say, keep=options.keep, now=time.time())
    terminal.say(f"Backup {made} holds both tables. Files in S3 are in no backup.")
    for name in deleted:
        terminal.say(f"Deleted the backup {name}.")
    return 0


def _restore(options: argparse.Namespace, terminal: Terminal) -> int:
    account, name = sign_in(), stack_name(options.stage)
    stack = Stack(account, name)
    at = restore.moment(account, name, options.at, options.backup)
    work = restore.Restoration(
        account, stack, terminal, at, options.backup, options.run, options.keep_tables, tags=tags_of(name),
        given=[one for one in options.tables.split(",") if one],
    )  # fmt: skip
    for what, number in sorted(work.go().items()):
        terminal.say(f"{number:,} jobs: {what}.")
    with terminal.working("Recounting"):
        found = recount(account, stack, terminal.say)
    for line in found.lines():
        terminal.say(line)
    return 0 if found.right else 1


def _drift(options: argparse.Namespace, terminal: Terminal) -> int:
    account = sign_in()
    with terminal.working("Comparing"):
        lines = drift(Stack(account, stack_name(options.stage)))
    for line in lines or ["Everything is as it was deployed."]:
        terminal.say(line)
    return 1 if lines else 0
