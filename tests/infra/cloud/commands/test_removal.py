"""A deployment that would leave unfinished jobs without their code stops, and says what to do."""

import io
import json
from collections import Counter
from dataclasses import replace

import pytest

from chalicelib.adapters.dynamo.counting.counters import DynamoCounters
from chalicelib.counters import keys
from chalicelib.counters.port import Additions
from chalicelib.job_types.changes import Changes
from chalicelib.jobs.job import Status
from infra.cloud.account import Account
from infra.cloud.commands import access, removal
from infra.cloud.commands.deploy import Deployment
from infra.cloud.commands.removal import Removal
from infra.cloud.errors import CloudError
from infra.cloud.stack.changes import Change
from infra.cloud.stack.cloudformation import Stack
from infra.cloud.terminal import Terminal
from infra.definition import stateful
from infra.definition.parameters import outputs
from infra.definition.template import resources
from tests.support import built_in

STACK = "jobflow-prod"
TYPES = built_in()
LEFT = [kind for kind in TYPES if kind.name != "email.send"]
STATES = (Status.QUEUED, Status.SCHEDULED, Status.PROCESSING, Status.RETRYING, Status.COMPLETED, Status.DEAD_LETTER)


@pytest.fixture
def stack(account: Account) -> Stack:
    """Return a stage with all types."""
    told = {name: outputs()[name] for name in ("ControlTableName", "JobsTableName")}
    template = json.dumps({"Resources": stateful(TYPES, STACK), "Outputs": told})
    account.cloudformation.create_stack(StackName=STACK, TemplateBody=template)
    return Stack(account, STACK)


def counted(account: Account, stack: Stack) -> None:
    """Let the counters tell of a job of email.send in each of six states; two of them are ends."""
    numbers = Counter({keys.number(status): 1 for status in STATES})
    rows = DynamoCounters(access.settings(account, stack))
    rows.add(keys.totals("email.send"), Additions(numbers), "test", "0", "1")


def deployment(account: Account, stack: Stack, terminal: Terminal, *, force: bool = False) -> Deployment:
    return Deployment(
        account, stack, terminal, dashboard=None, force_remove=force, package=lambda _: pytest.fail("it was built"),
        types=lambda: LEFT,
    )  # fmt: skip


def test_unfinished_jobs_of_a_removed_type_stop_it_unless_it_is_forced(
    account: Account, stack: Stack, terminal: Terminal, said: io.StringIO
) -> None:
    counted(account, stack)
    with pytest.raises(CloudError, match=r"email\.send is no longer declared, and has 4 unfinished jobs.*retired=True"):
        deployment(account, stack, terminal).run()
    with pytest.raises(pytest.fail.Exception, match="it was built"):
        deployment(account, stack, terminal, force=True).run()
    assert "email.send is no longer declared, and has 4 unfinished jobs: the watchdog ends them" in said.getvalue()


def test_a_type_without_unfinished_jobs_may_go_with_its_queues(
    account: Account, stack: Stack, terminal: Terminal
) -> None:
    deployment(account, stack, terminal)._preflight()
    found = removal.look(account, stack, [kind.name for kind in LEFT])
    removed = ("EmailSendQueue", "EmailSendDlq", "ReportGenerateQueue")
    changes = [Change("remove", name, "AWS::SQS::Queue") for name in removed]
    assert found.at_stake(changes) == ["ReportGenerateQueue"]


def test_nothing_is_removed_while_all_are_declared_or_before_the_first_deployment(
    account: Account, stack: Stack
) -> None:
    assert removal.look(account, stack, [kind.name for kind in TYPES]) == Removal({})
    assert removal.look(account, Stack(account, "jobflow-new"), []) == Removal({})


def test_jobs_that_cannot_be_counted_stop_it_too() -> None:
    (finding,) = Removal({"email.send": 0}, "AccessDenied").findings(force=False)
    assert finding.stops
    assert "its unfinished jobs could not be counted (AccessDenied)" in finding.sentence
    (forced,) = Removal({"email.send": 0}, "AccessDenied").findings(force=True)
    assert not forced.stops


def test_counters_that_do_not_answer_are_told(account: Account, stack: Stack) -> None:
    account.client("dynamodb").delete_table(TableName=f"{STACK}-control")
    found = removal.look(account, stack, [kind.name for kind in LEFT])
    assert "ResourceNotFound" in found.refused
    assert found.unfinished == {"email.send": 0}


def test_a_retired_type_keeps_its_queues_its_function_and_its_alarms() -> None:
    retired = [replace(kind, changes=Changes(retired=True)) for kind in TYPES]
    assert resources(retired, STACK) == resources(TYPES, STACK)
