"""Delete a stage and check that nothing is left of it."""

import contextlib
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

from infra.cloud.account import Account
from infra.cloud.commands import access
from infra.cloud.commands.deploy import tags_of
from infra.cloud.errors import CloudError
from infra.cloud.stack import artifacts, recording
from infra.cloud.stack.cloudformation import Stack, names_of
from infra.cloud.stack.emptying import TABLE, empty, remove, unlock
from infra.cloud.stack.leftovers import exists
from infra.cloud.stack.recording import Command
from infra.cloud.terminal import Terminal

LOGS = "/aws/lambda/{stack}-"
LAST_RUNS = 5.0
"""Seconds to wait until running invocations have ended, because a running invocation would create its log group
again."""


@dataclass
class Destruction:
    """One run of destroy. `confirmed` is the stage's name as typed for confirmation."""

    account: Account
    stack: Stack
    terminal: Terminal
    confirmed: str = ""
    sleep: Callable[[float], None] = time.sleep

    def run(self) -> list[str]:
        """Delete everything, with the audit log; return the ARNs of what could not be deleted.

        The log has an entry as long as it exists, such as after a destruction that failed. Raises CloudError without
        the confirmation.
        """
        if self.confirmed != self.stack.name:
            raise CloudError(
                f"This deletes every job, file and log of {self.stack.name} permanently. "
                f"To confirm, add --confirm {self.stack.name}."
            )
        log = partial(access.audit, self.account, self.stack)
        # no word about the outcome: normally it cannot be stored, because the table is gone
        with recording.acting(log, Command.DESTROY, self.stack.name, self.account.identity, lambda _: None):
            return self._run()

    def _run(self) -> list[str]:
        resources = [] if self.stack.describe() is None else self.stack.resources()
        unlock(self.account, names_of(resources, TABLE), self.terminal.say)
        self._empty_buckets(resources)
        with self.terminal.progress(len(resources)) as seen:
            self.stack.delete(seen)
        remove(self.account, artifacts.name(self.account, self.stack.name))
        self._delete_logs()
        self._delete_secrets()
        left = list(self.left())
        if set(left) & set(self._log_groups()):
            self.sleep(LAST_RUNS)
            self._delete_logs()
            left = list(self.left())
        return left

    def left(self) -> Iterator[str]:
        """Yield the ARNs of everything that still has the stack's tags, and of log groups with its name."""
        yield from (arn for arn in self._tagged() if exists(self.account, arn))
        yield from self._log_groups()

    def _tagged(self) -> Iterator[str]:
        tagging = self.account.client("resourcegroupstaggingapi")
        filters = [{"Key": key, "Values": [value]} for key, value in tags_of(self.stack.name).items()]
        for page in tagging.get_paginator("get_resources").paginate(TagFilters=filters):
            yield from (mapping["ResourceARN"] for mapping in page["ResourceTagMappingList"])

    def _delete_secrets(self) -> None:
        """Delete the secret with a deleted stage's first token, without a delay: a new stage may use its name."""
        for arn in [arn for arn in self._tagged() if arn.split(":")[2] == "secretsmanager"]:
            client = self.account.client("secretsmanager")
            with contextlib.suppress(client.exceptions.ResourceNotFoundException):
                client.delete_secret(SecretId=arn, ForceDeleteWithoutRecovery=True)

    def _empty_buckets(self, resources: list[dict[str, Any]]) -> None:
        for name in names_of(resources, "AWS::S3::Bucket"):
            if count := empty(self.account, name):
                self.terminal.say(f"Deleted {count} objects of {name}.")

    def _delete_logs(self) -> None:
        for name in list(self._log_groups()):
            self.account.client("logs").delete_log_group(logGroupName=name)

    def _log_groups(self) -> Iterator[str]:
        pages = (
            self.account.client("logs")
            .get_paginator("describe_log_groups")
            .paginate(logGroupNamePrefix=LOGS.format(stack=self.stack.name))
        )
        yield from (group["logGroupName"] for page in pages for group in page["logGroups"])
