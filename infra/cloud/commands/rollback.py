"""Bring a stage back to the template and the packages of the deployment before its present one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

from infra.cloud.account import Account
from infra.cloud.commands import access
from infra.cloud.errors import CloudError
from infra.cloud.package.shift import at_once
from infra.cloud.stack import artifacts, deploys, history
from infra.cloud.stack.cloudformation import ChangeSet, Stack
from infra.cloud.stack.parameters import HIDDEN
from infra.cloud.terminal import Terminal


@dataclass(frozen=True, slots=True)
class Former:
    """A stack as it is before a deployment: the URL of its template, and its parameters as CloudFormation shows them.

    The tags need no going back: they are on everything again with the next deployment.
    """

    url: str
    parameters: Sequence[Mapping[str, str]]

    @classmethod
    def of(cls, account: Account, stack: Stack) -> Self | None:
        """Return the present one; None for a stack that is not up, or whose template nobody remembers."""
        found, urls = stack.describe(), history.read(account, stack.name)
        if found is None or not urls or stack.failed_at_first():
            return None
        return cls(urls[-1], found.get("Parameters", []))

    def values(self) -> dict[str, str]:
        """Return the values that can be given back: a secret one is not shown, and stays as it is."""
        shown = {entry["ParameterKey"]: entry.get("ParameterValue", "") for entry in self.parameters}
        return {name: value for name, value in shown.items() if value != HIDDEN}


def rollback(account: Account, stack: Stack, terminal: Terminal, *, yes: bool = False) -> None:
    """Go one deployment back, with the stage's present parameters; again goes one further.

    Raises CloudError when there is none before, or when data would be lost and `yes` was not said.
    """
    stack.check_changeable()
    urls = history.read(account, stack.name)
    if len(urls) < 2:
        raise CloudError(f"No deployment of {stack.name} before the present one is known.")
    _go_to(account, stack, terminal, urls[-2], {}, yes=yes)
    history.write(account, stack.name, urls[:-1])
    terminal.say("Back at the deployment before. The dashboard's files are those of the last upload.")


def bring_back(account: Account, stack: Stack, terminal: Terminal, former: Former) -> None:
    """Undo a deployment: its template and its parameters. Raises CloudError when data would be lost by it."""
    _go_to(account, stack, terminal, former.url, former.values(), yes=False)
    urls = history.read(account, stack.name)
    if urls[-1:] != [former.url]:
        history.write(account, stack.name, urls[:-1])


def _go_to(
    account: Account, stack: Stack, terminal: Terminal, url: str, values: Mapping[str, str], *, yes: bool
) -> None:
    proposed = _propose(account, stack, url, values)
    if proposed is None:
        terminal.say("The stack is as it was then: nothing changes.")
        return
    terminal.diff(proposed.changes)
    lost = [change.logical_id for change in proposed.changes if change.loses_data]
    if lost and not yes:
        stack.discard(proposed)
        raise CloudError(f"This would lose the data in {', '.join(lost)}. Say --yes if that is what you want.")
    with terminal.progress(len(proposed.changes)) as seen:
        stack.execute(proposed, seen)
    deploys.mark(lambda: access.deploys(account, stack), deploys.digest(url), terminal)


def _propose(account: Account, stack: Stack, url: str, values: Mapping[str, str]) -> ChangeSet | None:
    template = history.template(account, stack.name, url)
    declared, straight = template["Parameters"], at_once(template)
    if straight != template:
        url = artifacts.put_template(account, stack.name, straight)
    found = stack.describe() or {}
    kept = [entry["ParameterKey"] for entry in found.get("Parameters", []) if entry["ParameterKey"] in declared]
    given: list[dict[str, Any]] = [
        {"ParameterKey": name, "ParameterValue": value} for name, value in values.items() if name in declared
    ]
    given += [{"ParameterKey": name, "UsePreviousValue": True} for name in kept if name not in values]
    tags = {tag["Key"]: tag["Value"] for tag in found.get("Tags", [])}
    return stack.propose(url, given, tags)
