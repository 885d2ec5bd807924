"""Bring a stage back to the template and the packages of the deployment before its present one."""

from infra.cloud.account import Account
from infra.cloud.commands import access
from infra.cloud.errors import CloudError
from infra.cloud.stack import deploys, history
from infra.cloud.stack.cloudformation import ChangeSet, Stack
from infra.cloud.terminal import Terminal


def rollback(account: Account, stack: Stack, terminal: Terminal, *, yes: bool = False) -> None:
    """Go one deployment back, with the stage's present parameters; again goes one further.

    Raises CloudError when there is none before, or when data would be lost and `yes` was not said.
    """
    stack.check_changeable()
    urls = history.read(account, stack.name)
    if len(urls) < 2:
        raise CloudError(f"No deployment of {stack.name} before the present one is known.")
    proposed = _propose(account, stack, urls[-2])
    if proposed is None:
        terminal.say("The stack is as it was then: nothing changes.")
    else:
        terminal.diff(proposed.changes)
        lost = [change.logical_id for change in proposed.changes if change.loses_data]
        if lost and not yes:
            stack.discard(proposed)
            raise CloudError(f"This would lose the data in {', '.join(lost)}. Say --yes if that is what you want.")
        with terminal.progress(len(proposed.changes)) as seen:
            stack.execute(proposed, seen)
        deploys.mark(lambda: access.deploys(account, stack), deploys.digest(urls[-2]), terminal)
    history.write(account, stack.name, urls[:-1])
    terminal.say("Back at the deployment before. The dashboard's files are those of the last upload.")


def _propose(account: Account, stack: Stack, url: str) -> ChangeSet | None:
    declared = history.template(account, stack.name, url)["Parameters"]
    found = stack.describe() or {}
    kept = [entry["ParameterKey"] for entry in found.get("Parameters", []) if entry["ParameterKey"] in declared]
    tags = {tag["Key"]: tag["Value"] for tag in found.get("Tags", [])}
    values = [{"ParameterKey": name, "UsePreviousValue": True} for name in kept]
    return stack.propose(url, values, tags)
