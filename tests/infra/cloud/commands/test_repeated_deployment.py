"""Repeat a deployment that failed or was stopped: no setting is lost, and no bad version stays."""

import io
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest.mock import ANY

import pytest
from moto.cloudformation.models import cloudformation_backends

from infra.cloud.account import Account
from infra.cloud.commands.check import check
from infra.cloud.commands.deploy import Deployment
from infra.cloud.package.build import Package
from infra.cloud.smoke.problem import SmokeFailed
from infra.cloud.stack import history
from infra.cloud.stack.cloudformation import ChangeSet, Stack
from infra.definition.data.tables import tables
from infra.definition.parameters import parameters
from tests.infra.cloud.stack.test_monitoring import change_sets
from tests.infra.cloud.support import terminal_of

NAME = "jobflow-prod"
BOUNDARY = "arn:aws:iam::123456789012:policy/jobflow-boundary"
FIRST = {"AlarmEmail": "me@example.com", "MailRate": "7", "Dashboard": "false", "PermissionsBoundary": BOUNDARY}


class Ended(BaseException):
    """The process ends here."""


def works(_: Mapping[str, str]) -> str:
    return "Smoke: all is well."


def fails(_: Mapping[str, str]) -> str:
    raise SmokeFailed("the job is dead")


def ends(_: Mapping[str, str]) -> str:
    raise Ended


class Telling(Stack):
    """A stack with outputs, and without change sets that change nothing, as in CloudFormation."""

    def propose(self, *asked: Any) -> ChangeSet | None:
        """See Stack."""
        proposed = super().propose(*asked)
        if proposed is None or proposed.creates or proposed.changes:
            return proposed
        self.discard(proposed)
        return None

    def outputs(self) -> dict[str, str]:
        """See Stack."""
        super().outputs()
        tables = {"ControlTableName": f"{NAME}-control", "JobsTableName": f"{NAME}-jobs"}
        return {**tables, "ApiUrl": "https://api.example"}


@dataclass
class Prod:
    """A stage of two protected tables and a queue; `version` is the queue's visibility timeout."""

    account: Account
    folder: Path
    said: io.StringIO = field(default_factory=io.StringIO)
    signs: bool = False

    @property
    def stack(self) -> Stack:
        return Telling(self.account, NAME, sleep=lambda _: None)

    def deploy(self, version: int, smoke: Any = works, **given: str) -> None:
        """Deploy as the command does."""
        queue = {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": f"{NAME}-q", "VisibilityTimeout": version}}
        # the emulator cannot update a stack with parameters that are lists; without the API, the signing keys cannot be
        # read
        declared = {
            name: about
            for name, about in parameters().items()
            if about["Type"] in ("String", "Number") and (self.signs or name not in ("SigningKey", "UnsignedUntil"))
        }
        template = {"Parameters": declared, "Resources": {**tables(NAME, True), "Queue": queue}}
        (self.folder / "sam.json").write_text(json.dumps(template))
        (self.folder / "deployment.zip").write_bytes(b"code")
        made = Package(self.folder / "deployment.zip", self.folder / "sam.json", NAME)
        Deployment(
            self.account, self.stack, terminal_of(self.said), given, dashboard=None, package=lambda _: made,
            types=list, smoke=smoke,
        ).run()  # fmt: skip

    def is_now(self, status: str) -> None:
        """Put the stack into a state that the emulator itself never reaches."""
        (found,) = cloudformation_backends[self.account.id][self.account.region].stacks.values()
        found.status = status

    @property
    def version(self) -> str:
        sqs = self.account.client("sqs")
        url = sqs.get_queue_url(QueueName=f"{NAME}-q")["QueueUrl"]
        return str(sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]["VisibilityTimeout"])


@pytest.fixture
def prod(account: Account, tmp_path: Path) -> Prod:
    return Prod(account, tmp_path)


def values(asked: Mapping[str, Any]) -> dict[str, str]:
    return {one["ParameterKey"]: one["ParameterValue"] for one in asked["Parameters"] if "ParameterValue" in one}


def test_a_first_deployment_that_failed_is_repeated_with_all_that_was_set(prod: Prod) -> None:
    prod.deploy(1, **FIRST)
    prod.is_now("ROLLBACK_FAILED")
    asked = change_sets(prod.account)
    prod.deploy(2, MailRate="8")
    (again,) = asked
    assert again["ChangeSetType"] == "CREATE"
    wanted = {**FIRST, "MailRate": "8", "Protect": "true"}
    assert values(again) == {**wanted, "CursorSecret": ANY}
    assert prod.said.getvalue().count("Switching off the deletion protection of jobflow-prod-") == 2
    assert (prod.stack.describe() or {})["StackStatus"] == "CREATE_COMPLETE"


def test_one_whose_stack_has_the_defaults_of_the_template_is_a_first_one_all_the_same(prod: Prod) -> None:
    prod.deploy(1, **FIRST, Protect="false")
    assert check(prod.account, prod.stack, [], {}).defaults == {}, "what is up stays as it is"
    prod.is_now("ROLLBACK_COMPLETE")
    kept = {**FIRST, "CursorSecret": ANY}  # which CloudFormation would not show
    assert check(prod.account, prod.stack, [], {"Protect": "false"}).defaults == kept
    assert check(prod.account, prod.stack, [], {}).defaults == {**kept, "Protect": "true"}


def test_that_a_first_deployment_wants_no_boundary_and_no_alarms_is_asked_once(prod: Prod) -> None:
    prod.deploy(1, **{**FIRST, "AlarmEmail": "", "PermissionsBoundary": ""})
    prod.is_now("ROLLBACK_COMPLETE")
    checked = check(prod.account, prod.stack, [], {})
    assert checked.defaults.items() >= {("AlarmEmail", ""), ("PermissionsBoundary", "")}
    assert [finding for finding in checked.stopping if finding.about in ("alarms", "boundary")] == []


def test_protected_tables_of_a_stage_that_is_up_stay_so(prod: Prod) -> None:
    prod.deploy(1, **FIRST)
    prod.is_now("UPDATE_ROLLBACK_COMPLETE")
    prod.deploy(2)
    assert "Switching off" not in prod.said.getvalue()


def test_a_bad_version_whose_trial_was_interrupted_is_undone_by_the_repeated_one(prod: Prod) -> None:
    prod.deploy(1, **FIRST)
    known = history.read(prod.account, NAME)
    with pytest.raises(Ended):
        prod.deploy(2, ends)
    assert prod.version == "2"
    with pytest.raises(SmokeFailed, match=r"The smoke test failed: the job is dead\. The former version is back\."):
        prod.deploy(2, fails)
    assert (prod.version, history.read(prod.account, NAME)) == ("1", known)


def test_a_good_version_whose_trial_was_interrupted_is_noted_by_the_repeated_one(prod: Prod) -> None:
    prod.deploy(1, **FIRST)
    with pytest.raises(Ended):
        prod.deploy(2, ends)
    prod.deploy(2)
    assert (prod.version, len(history.read(prod.account, NAME))) == ("2", 2)


def test_a_version_that_has_worked_is_not_undone_by_a_deployment_that_changes_nothing(prod: Prod) -> None:
    prod.deploy(1, **FIRST)
    with pytest.raises(SmokeFailed, match="There is no version before it"):
        prod.deploy(1, fails)
    prod.deploy(2)
    with pytest.raises(SmokeFailed, match=r"changed nothing, .*`make rollback STAGE=prod` brings the former version"):
        prod.deploy(2, fails)
    assert (prod.version, len(history.read(prod.account, NAME))) == ("2", 2)
