"""Return a stage to its previous deployment: template, packages and parameters."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

from infra.cloud.account import Account
from infra.cloud.commands import access, pauses, removal
from infra.cloud.errors import CloudError
from infra.cloud.package.shift import at_once
from infra.cloud.preflight import shards
from infra.cloud.stack import artifacts, deploys, history, recording, signing, versions
from infra.cloud.stack.cloudformation import ChangeSet, Stack
from infra.cloud.stack.history import Deployed
from infra.cloud.stack.recording import Command
from infra.cloud.terminal import Terminal


@dataclass(frozen=True, slots=True)
class Former:
    """The state of a stack before a deployment, and the deployments that were recorded then, oldest first.

    A rollback does not restore tags: the next deployment sets them again.
    """

    deployed: Deployed
    known: Sequence[Deployed]

    @classmethod
    def of(cls, account: Account, stack: Stack) -> Self | None:
        """Return the present deployment; None if the stack is not up, or if its template is unknown.

        If the present state was not recorded, it may be untested; then return the last recorded deployment.
        """
        found, known = stack.describe(), history.read(account, stack.name)
        if found is None or not known or stack.failed_at_first():
            return None
        if history.unnoted(known, found):
            return cls(known[-1], known)
        return cls(Deployed.of(found, known[-1].url), known)


def rollback(account: Account, stack: Stack, terminal: Terminal, *, yes: bool = False) -> None:
    """Go back one deployment; a second call goes back one more.

    Raises CloudError if there is no earlier one, or if data would be lost without `yes`.
    """
    stack.check_changeable()
    known = history.read(account, stack.name)
    left = history.before(known, stack.describe() or {})
    if not left:
        raise CloudError(f"No deployment of {stack.name} before the present one is known.")
    proposed, removed = _proposed(account, stack, terminal, left[-1], yes=yes)
    # Write the history before the change: if this run ends after the change and is repeated, it must not return to the
    # newer deployment.
    history.write(account, stack.name, left)
    with recording.acting(
        lambda: access.audit(account, stack), Command.ROLLBACK, stack.name, account.identity, terminal.say,
        versions.digest(left[-1].url), removed.given_up(),
    ):  # fmt: skip
        try:
            _execute(account, stack, terminal, left[-1], proposed)
        except CloudError:
            # Write the old history again: otherwise the deployment to which CloudFormation returned would be missing in
            # it.
            if known != left:
                _write(account, stack, known)
            raise
        _write(account, stack, left)
    terminal.say("Back at the deployment before. The dashboard's files are those of the last upload.")


def bring_back(account: Account, stack: Stack, terminal: Terminal, former: Former) -> None:
    """Undo a deployment: its template and its parameters. Raises CloudError if data would be lost.

    The queues of types that the undone deployment added do not count as data: the previous version never had their
    jobs.
    """
    proposed, removed = _proposed(account, stack, terminal, former.deployed, yes=False, undoes=True)
    with recording.giving_up(
        lambda: access.audit(account, stack), account.identity, terminal.say, versions.digest(former.deployed.url),
        removed.given_up(),
    ):  # fmt: skip
        _execute(account, stack, terminal, former.deployed, proposed)
    _write(account, stack, former.known)


def _write(account: Account, stack: Stack, known: Sequence[Deployed]) -> None:
    """Store these deployments. The stack now has the last one, except for parameters that could not be restored."""
    last = Deployed.of(stack.describe() or {}, known[-1].url)
    history.write(account, stack.name, [*known[:-1], last])


def _proposed(
    account: Account, stack: Stack, terminal: Terminal, to: Deployed, *, yes: bool, undoes: bool = False
) -> tuple[ChangeSet | None, removal.Removal]:
    """Print the changes to a deployment; return them with the types that it removes.

    Raises CloudError if data would be lost without `yes`.
    """
    present, template = history.shown(stack.describe() or {}), history.template(account, stack.name, to.url)
    values = shards.kept(present, to.parameters)
    if values != to.parameters:
        terminal.say(f"{shards.READ} stays at {values[shards.READ]}: with fewer, jobs would be missing from lists.")
    proposed = _propose(account, stack, to.url, template, values)
    if proposed is None:
        terminal.say("The stack is as it was then: nothing changes.")
        return None, removal.Removal({})
    terminal.diff(proposed.changes)
    for name, value in values.items():
        if present.get(name, value) != value:
            terminal.say(f"{name} is {value or 'empty'} again, not {present[name] or 'empty'}.")
    removed = removal.look(
        account, stack, removal.types_in(template, stack.name), removal.queues_in(template, stack.name)
    )
    for line in (*removed.notes(), *removed.told()):
        terminal.say(line)
    lost = removed.at_stake(proposed.changes)
    if (lost or (removed.told() and not undoes)) and not yes:
        stack.discard(proposed)
        what = f"lose the data in {', '.join(lost)}" if lost else "cancel unfinished jobs"
        raise CloudError(f"This would {what}. Add --yes to confirm.")
    return proposed, removed


def _execute(account: Account, stack: Stack, terminal: Terminal, to: Deployed, proposed: ChangeSet | None) -> None:
    if proposed is None:
        return
    before = (stack.describe() or {}).get("Outputs", [])
    # read before the change, because S3 may refuse
    shared = removal.shared_in(history.template(account, stack.name, to.url))
    stack.wait_for_names(proposed, terminal.say, time.time())
    with terminal.progress(len(proposed.changes)) as seen:
        stack.execute(proposed, seen)
    pauses.keep(account, stack, proposed.changes, terminal.say)
    after = (stack.describe() or {}).get("Outputs", [])
    if (address := _address(after)) != (former := _address(before)):
        terminal.say(f"The API's address is now {address or 'unknown'}, not {former}.")
    deploys.mark_queues(lambda: access.deploys(account, stack), shared, terminal.say)
    deploys.mark(lambda: access.deploys(account, stack), versions.digest(to.url), terminal.say)


def _address(outputs: Sequence[Mapping[str, str]]) -> str:
    return next((one["OutputValue"] for one in outputs if one["OutputKey"] == "ApiUrl"), "")


def _propose(
    account: Account, stack: Stack, url: str, template: dict[str, Any], values: Mapping[str, str]
) -> ChangeSet | None:
    declared, straight = template["Parameters"], at_once(template)
    if straight != template:
        url = artifacts.put_template(account, stack.name, straight)
    found = stack.describe() or {}
    values = {**values, **signing.of(account, stack.name, found, declared, {}, time.time())}
    kept = [entry["ParameterKey"] for entry in found.get("Parameters", []) if entry["ParameterKey"] in declared]
    given: list[dict[str, Any]] = [
        {"ParameterKey": name, "ParameterValue": value} for name, value in values.items() if name in declared
    ]
    given += [{"ParameterKey": name, "UsePreviousValue": True} for name in kept if name not in values]
    tags = {tag["Key"]: tag["Value"] for tag in found.get("Tags", [])}
    return stack.propose(url, given, tags)
