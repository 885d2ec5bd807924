"""Run the commands around a deployment: look before it, go back after it, compare since it."""

import argparse
import json
from collections.abc import Callable

from chalicelib.jobs import jobtype
from infra.cloud.account import sign_in
from infra.cloud.commands.check import check
from infra.cloud.commands.drift import drift
from infra.cloud.commands.rollback import rollback
from infra.cloud.stack import parameters
from infra.cloud.stack.cloudformation import Stack
from infra.cloud.terminal import Terminal
from infra.definition.names import stack_name


def parsers(staged: Callable[..., argparse.ArgumentParser]) -> list[argparse.ArgumentParser]:
    """Add the commands; returns those that take a role for CloudFormation."""
    preflight = staged("preflight", _preflight, "Say what cannot work in this account; ends with 1 if deploy stops.")
    preflight.add_argument("--json", action="store_true", help="for a pipeline: a list of about, sentence, stops")
    preflight.add_argument("--set", action="append", default=[], metavar="Name=value", help="a parameter of the stack")
    back = staged("rollback", _rollback, "Bring back the template and packages of the deployment before this one.")
    back.add_argument("--yes", action="store_true", help="go on even when data would be lost")
    staged("drift", _drift, "Say what was changed by hand since the last deployment; ends with 1 if anything was.")
    return [preflight, back]


def _preflight(options: argparse.Namespace, terminal: Terminal) -> int:
    account = sign_in()
    stack = Stack(account, stack_name(options.stage), role=options.role_arn)
    found = check(account, stack, jobtype.load(), parameters.parse(options.set))
    if options.json:
        print(json.dumps([finding.as_json() for finding in found.findings], indent=1))
    for finding in [] if options.json else found.findings:
        terminal.say(finding.line())
    if not (found.findings or options.json):
        terminal.say("Nothing stands in the way.")
    return 1 if found.stopping else 0


def _rollback(options: argparse.Namespace, terminal: Terminal) -> int:
    account = sign_in()
    rollback(account, Stack(account, stack_name(options.stage), role=options.role_arn), terminal, yes=options.yes)
    return 0


def _drift(options: argparse.Namespace, terminal: Terminal) -> int:
    account = sign_in()
    with terminal.working("Comparing"):
        lines = drift(Stack(account, stack_name(options.stage)))
    for line in lines or ["Everything is as it was deployed."]:
        terminal.say(line)
    return 1 if lines else 0
