"""Read one CloudFormation stack, change it through change sets, delete it, and follow these operations."""

import itertools
import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import ClientError

from infra.cloud.account import Account
from infra.cloud.errors import CloudError
from infra.cloud.stack.changes import Change, read
from infra.cloud.stack.events import Event, event_of

POLL = 2.0
"""Seconds between two reads of a changing stack."""
LONGEST = 3600.0
"""Seconds after which the wait for a change ends with an error. A CloudFront distribution alone takes 5 minutes."""
NOTHING = ("didn't contain changes", "No updates are to be performed")
SHELL = "REVIEW_IN_PROGRESS"
"""Status of a stack for which there is only a first change set: it has a name and no resources."""
FAILED_START = ("ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "CREATE_FAILED")
NOT_YET_UP = (*FAILED_START, "CREATE_IN_PROGRESS", "ROLLBACK_IN_PROGRESS")
UNWATCHED: Mapping[str, Any] = {"RollbackTriggers": [], "MonitoringTimeInMinutes": 0}
"""Rollback configuration for a change that no alarm may undo. CloudFormation stores the last configuration, and uses it
for each later change without one."""
QUEUE = "AWS::SQS::Queue"
NAME_IS_HELD = 65.0
"""Seconds for which SQS blocks the name of a deleted queue (`QueueDeletedRecently`): 60, and some more because clocks
differ."""
STUCK = {
    "DELETE_FAILED": "its deletion did not finish. `make destroy` continues it.",
    "UPDATE_ROLLBACK_FAILED": "fix what its events say the rollback failed at, then let CloudFormation continue: "
    "`aws cloudformation continue-update-rollback --stack-name {name}`.",
}
"""States in which CloudFormation refuses every change, and what to do about each."""


@dataclass(frozen=True, slots=True)
class ChangeSet:
    """Changes that CloudFormation has computed and not yet made."""

    name: str
    changes: Sequence[Change]
    creates: bool


@dataclass
class Stack:
    """A stack by name.

    `sleep` takes seconds; `role` is the ARN of the role with which CloudFormation changes resources.
    """

    account: Account
    name: str
    sleep: Callable[[float], None] = time.sleep
    clock: Callable[[], float] = time.monotonic
    role: str = ""
    _seen: set[str] = field(default_factory=set)

    def describe(self) -> dict[str, Any] | None:
        """Return CloudFormation's description; None if there is no stack, or only a first change set for it."""
        found = self._find()
        return None if found is None or found["StackStatus"] == SHELL else found

    def outputs(self) -> dict[str, str]:
        """Return the stack's outputs; raises CloudError if there is no such stack, or it never worked."""
        found = self.describe()
        if found is None:
            raise CloudError(f"There is no stack {self.name} in {self.account.region}. `make deploy` creates it.")
        if found["StackStatus"] in NOT_YET_UP:
            raise CloudError(f"The stack {self.name} is {found['StackStatus']} and does not work. Run `make deploy`.")
        return {output["OutputKey"]: output["OutputValue"] for output in found.get("Outputs", [])}

    def check_changeable(self) -> None:
        """Raise CloudError with a solution if CloudFormation would refuse to change the stack now."""
        status = (self.describe() or {}).get("StackStatus", "")
        why = STUCK.get(status, "").format(name=self.name)
        if status.endswith("_IN_PROGRESS"):
            why = "CloudFormation is still changing it. `make status` tells when that has ended; then try again."
        if why:
            raise CloudError(f"The stack {self.name} is {status}: {why}")

    def failed_at_first(self) -> bool:
        """Return whether the creation of the stack failed: such a stack can only be deleted."""
        return (self.describe() or {}).get("StackStatus") in FAILED_START

    def propose(
        self,
        template_url: str,
        parameters: Sequence[Mapping[str, Any]],
        tags: Mapping[str, str],
        rollback: Mapping[str, Any] = UNWATCHED,
    ) -> ChangeSet | None:
        """Compute the changes; None if there are none. `rollback` is CloudFormation's rollback configuration.

        Raises CloudError with CloudFormation's reason.
        """
        creates = self.describe() is None
        name = f"deploy-{uuid.uuid4()}"
        self.account.cloudformation.create_change_set(
            StackName=self.name,
            ChangeSetName=name,
            ChangeSetType="CREATE" if creates else "UPDATE",
            TemplateURL=template_url,
            Parameters=list(parameters),
            Capabilities=["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"],
            Tags=[{"Key": key, "Value": value} for key, value in tags.items()],
            RollbackConfiguration=dict(rollback),
            **self._as_role(),
        )
        described = self._wait_for_change_set(name)
        if described["Status"] == "FAILED":
            self.discard(ChangeSet(name, [], creates))
            reason = described.get("StatusReason", "")
            if any(words in reason for words in NOTHING):
                return None
            raise CloudError(f"CloudFormation refuses the template: {reason}")
        return ChangeSet(name, read(self._changes(name)), creates)

    def execute(self, change_set: ChangeSet, report: Callable[[Event], None]) -> None:
        """Make the changes and report each event; raises CloudError with the first failure."""
        self._seen.update(event.id for event in self._events())
        self.account.cloudformation.execute_change_set(StackName=self.name, ChangeSetName=change_set.name)
        self._watch(report, "CREATE_COMPLETE" if change_set.creates else "UPDATE_COMPLETE")

    def wait_for_names(self, change_set: ChangeSet, say: Callable[[str], None], now: float) -> None:
        """Wait until SQS releases names of queues that this stack deleted in the last minute, and print that."""
        added = {one.logical_id for one in change_set.changes if one.type == QUEUE and one.kind in ("add", "replace")}
        if not added or change_set.creates:
            return
        recent = itertools.takewhile(lambda event: event.at > now - NAME_IS_HELD, self._events())
        deleted = [event.at for event in recent if event.resource in added and event.status == "DELETE_COMPLETE"]
        if deleted:
            left = NAME_IS_HELD - max(0.0, now - max(deleted))
            say(
                f"A queue of that name was deleted just now, and SQS holds its name for a minute: waiting {left:.0f} s."
            )
            self.sleep(left)

    def discard(self, change_set: ChangeSet) -> None:
        """Delete proposed changes; if they were the first of the stack, also the empty stack."""
        self.account.cloudformation.delete_change_set(StackName=self.name, ChangeSetName=change_set.name)
        if change_set.creates:
            self.account.cloudformation.delete_stack(StackName=self.name, **self._as_role())

    def delete(self, report: Callable[[Event], None]) -> None:
        """Delete the stack, empty or not, with all its resources.

        Raises CloudError that names resources it could not delete.
        """
        found = self._find()
        if found is None:
            return
        # use the stack's id, because a deleted stack is not found by its name
        by_id = Stack(self.account, found["StackId"], self.sleep, self.clock)
        by_id._seen.update(event.id for event in by_id._events())
        self.account.cloudformation.delete_stack(StackName=self.name, **self._as_role())
        by_id._watch(report, "DELETE_COMPLETE")

    def resources(self) -> list[dict[str, Any]]:
        """Return every resource: LogicalResourceId, PhysicalResourceId, ResourceType, ResourceStatus."""
        pages = self.account.cloudformation.get_paginator("list_stack_resources").paginate(StackName=self.name)
        return [resource for page in pages for resource in page["StackResourceSummaries"]]

    def _as_role(self) -> dict[str, str]:
        return {"RoleARN": self.role} if self.role else {}

    def _find(self) -> dict[str, Any] | None:
        try:
            found: dict[str, Any] = self.account.cloudformation.describe_stacks(StackName=self.name)["Stacks"][0]
        except ClientError as error:
            if "does not exist" in str(error):
                return None
            raise
        return None if found["StackStatus"] == "DELETE_COMPLETE" else found

    def _watch(self, report: Callable[[Event], None], wanted: str) -> None:
        failures: list[str] = []
        until = self.clock() + LONGEST
        while self.clock() < until:
            for event in self._new_events():
                report(event)
                if event.failed:
                    failures.append(f"{event.resource} ({event.type}): {event.reason}")
            status = self._status()
            if status == wanted:
                return
            if not status.endswith("_IN_PROGRESS"):
                because = "\n  ".join(failures) or "see the stack's events"
                raise CloudError(f"The stack {self.name} is {status}, not {wanted}:\n  {because}")
            self.sleep(POLL)
        raise CloudError(f"The stack {self.name} is still changing after an hour.")

    def _status(self) -> str:
        try:
            found = self.account.cloudformation.describe_stacks(StackName=self.name)["Stacks"]
        except ClientError as error:
            if "does not exist" in str(error):
                return "DELETE_COMPLETE"
            raise
        return str(found[0]["StackStatus"])

    def _new_events(self) -> Iterator[Event]:
        new = list(itertools.takewhile(lambda event: event.id not in self._seen, self._events()))
        self._seen.update(event.id for event in new)
        yield from reversed(new)

    def _events(self) -> Iterator[Event]:
        """Yield the stack's events, newest first. The next page is requested only when it is needed."""
        try:
            pages = self.account.cloudformation.get_paginator("describe_stack_events").paginate(StackName=self.name)
            yield from (event_of(entry) for page in pages for entry in page["StackEvents"])
        except ClientError as error:
            if "does not exist" not in str(error):
                raise

    def _wait_for_change_set(self, name: str) -> dict[str, Any]:
        until = self.clock() + LONGEST
        while self.clock() < until:
            found: dict[str, Any] = self.account.cloudformation.describe_change_set(
                StackName=self.name, ChangeSetName=name
            )
            if found["Status"] in ("CREATE_COMPLETE", "FAILED"):
                return found
            self.sleep(POLL)
        raise CloudError(f"CloudFormation has not computed the changes of {self.name} within an hour.")

    def _changes(self, name: str) -> list[dict[str, Any]]:
        pages = self.account.cloudformation.get_paginator("describe_change_set").paginate(
            StackName=self.name, ChangeSetName=name
        )
        return [change for page in pages for change in page["Changes"]]


def names_of(resources: Sequence[Mapping[str, Any]], kind: str) -> list[str]:
    """Return the physical names of the resources of one type, those that exist and those that may exist."""
    return [
        resource["PhysicalResourceId"]
        for resource in resources
        if resource["ResourceType"] == kind
        and resource.get("PhysicalResourceId")
        and resource["ResourceStatus"] != "DELETE_COMPLETE"
    ]
