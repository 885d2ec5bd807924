"""Check that the stage's alarms are watched during a deployment, that it is recorded, and the deployer's tags."""

import io
import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from chalicelib.adapters.memory.counters import MemoryCounters
from chalicelib.counters.port import Deploy, Deploys
from infra.cloud.account import Account
from infra.cloud.commands.deploy import Deployment
from infra.cloud.errors import CloudError
from infra.cloud.package.build import Package
from infra.cloud.stack import deploys, versions
from infra.cloud.stack.cloudformation import Stack
from infra.cloud.stack.monitoring import LONGEST, TRIGGERS, configuration
from infra.cloud.terminal import Terminal
from infra.definition.monitoring.alarms import all_alarms
from tests.infra.cloud.support import terminal_of
from tests.support import built_in

NAME, REGION = "jobflow-new", "us-east-1"
NOTHING = {"RollbackTriggers": [], "MonitoringTimeInMinutes": 0}
"""Sent explicitly, because otherwise CloudFormation would watch the alarms of the previous change."""


def package(folder: Path, retention: str) -> Package:
    """Return a package with a queue."""
    queue = {"QueueName": f"{NAME}-q", "MessageRetentionPeriod": retention}
    resources = {"Queue": {"Type": "AWS::SQS::Queue", "Properties": queue}}
    (folder / "sam.json").write_text(json.dumps({"Parameters": {}, "Resources": resources}))
    (folder / "deployment.zip").write_bytes(b"code")
    return Package(folder / "deployment.zip", folder / "sam.json", NAME)


def alarms(account: Account, *kinds: str, state: str = "OK") -> None:
    """Create alarms as the stack does."""
    cloudwatch = account.client("cloudwatch")
    for kind in kinds:
        cloudwatch.put_metric_alarm(
            AlarmName=f"{NAME}-{kind}", ComparisonOperator="GreaterThanThreshold", EvaluationPeriods=1,
            MetricName="x", Namespace="x", Period=60, Statistic="Sum", Threshold=1.0,
        )  # fmt: skip
        cloudwatch.set_alarm_state(AlarmName=f"{NAME}-{kind}", StateValue=state, StateReason="x")


def change_sets(account: Account) -> list[dict[str, Any]]:
    """Return a list of the requests for change sets from now on; it grows."""
    asked: list[dict[str, Any]] = []
    account.cloudformation.meta.events.register(
        "provide-client-params.cloudformation.CreateChangeSet", lambda params, **_: asked.append(params)
    )
    return asked


def applied(account: Account, made: Package, **more: Any) -> dict[str, Any]:
    """Apply a package; return the request of the change set."""
    asked = change_sets(account)
    stack = Stack(account, NAME, sleep=lambda _: None)
    Deployment(account, stack, terminal_of(), dashboard=None, **more)._apply(made, {})
    return asked[-1]


def test_each_trigger_is_an_alarm_of_the_stack() -> None:
    assert set(TRIGGERS) <= {alarm.name for alarm in all_alarms(built_in(), NAME)}
    assert len(TRIGGERS) <= 5, "CloudFormation takes no more"


def test_an_update_is_watched_by_the_alarms_that_are_there_and_the_first_one_by_none(
    account: Account, tmp_path: Path
) -> None:
    first = applied(account, package(tmp_path, "60"), monitor=600)
    assert first["RollbackConfiguration"] == NOTHING
    alarms(account, "api-errors")
    second = applied(account, package(tmp_path, "120"), monitor=600)
    arn = f"arn:aws:cloudwatch:us-east-1:123456789012:alarm:{NAME}-api-errors"
    assert second["RollbackConfiguration"] == {
        "RollbackTriggers": [{"Arn": arn, "Type": "AWS::CloudWatch::Alarm"}], "MonitoringTimeInMinutes": 10,
    }  # fmt: skip
    third = applied(account, package(tmp_path, "180"))
    assert third["RollbackConfiguration"] == NOTHING, "CloudFormation would take what it was told at the second"


def test_an_update_while_all_alarms_ring_is_watched_by_none(account: Account, tmp_path: Path) -> None:
    applied(account, package(tmp_path, "60"))
    alarms(account, *TRIGGERS, state="ALARM")
    second = applied(account, package(tmp_path, "120"), monitor=600)
    assert second["RollbackConfiguration"] == NOTHING


def test_an_alarm_that_rings_already_does_not_roll_back_its_own_repair(account: Account) -> None:
    alarms(account, TRIGGERS[0], state="ALARM")
    alarms(account, *TRIGGERS[1:])
    found = configuration(account, NAME, 61)
    names = [trigger["Arn"].rpartition(":")[2] for trigger in found["RollbackTriggers"]]
    assert names == [f"{NAME}-{kind}" for kind in TRIGGERS[1:]]
    assert found["MonitoringTimeInMinutes"] == 2
    with pytest.raises(CloudError, match=f"at most {LONGEST} seconds"):
        configuration(account, NAME, LONGEST + 1)


def test_tags_of_ones_own_are_on_the_stack_and_stay(account: Account, tmp_path: Path) -> None:
    def tags(asked: dict[str, Any]) -> dict[str, str]:
        return {tag["Key"]: tag["Value"] for tag in asked["Tags"]}

    own = {"project": "jobflow", "stage": "new"}
    assert tags(applied(account, package(tmp_path, "60"), tags={"team": "a", "stage": "x"})) == {**own, "team": "a"}
    assert tags(applied(account, package(tmp_path, "120"))) == {**own, "team": "a"}
    assert tags(applied(account, package(tmp_path, "180"), tags={"team": "b"})) == {**own, "team": "b"}


URL = "https://s3.eu-central-1.amazonaws.com/jobflow-prod-artifacts/0123456789abcdef.json"


def git(folder: Path, *arguments: str) -> None:
    who = ["-c", "user.name=Ada", "-c", "user.email=ada@example.com", "-c", "commit.gpgsign=false"]
    subprocess.run(["git", "-C", str(folder), *who, *arguments], check=True, capture_output=True)


def test_a_checkouts_commit_is_the_version_and_says_what_is_not_committed(tmp_path: Path) -> None:
    git(tmp_path, "init")
    (tmp_path / "job.py").write_text("1")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-m", "Begin")
    git(tmp_path, "tag", "v1.2")
    assert versions.version_of(URL, tmp_path) == "v1.2"
    (tmp_path / "job.py").write_text("2")
    assert versions.version_of(URL, tmp_path) == "v1.2-dirty"


def test_without_a_checkout_the_templates_digest_is_the_version(tmp_path: Path) -> None:
    assert versions.version_of(URL, tmp_path) == "0123456"


def test_a_mark_is_written_and_one_that_cannot_be_is_told() -> None:
    said = io.StringIO()
    terminal = Terminal(Console(file=said), Console(file=io.StringIO()))
    counters = MemoryCounters()
    deploys.mark(lambda: counters, "v1", terminal.say, lambda: 5.0)
    assert list(counters.standing().deploys) == [Deploy(5.0, "v1")]

    def no_such_stack() -> Deploys:
        raise PermissionError

    deploys.mark(no_such_stack, "v2", terminal.say)
    assert "The charts will not show this deployment: PermissionError." in said.getvalue()
