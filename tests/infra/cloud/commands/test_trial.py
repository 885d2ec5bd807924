"""Check that a deployment whose smoke test fails is undone.

Template, parameters and list of deployments are as before.
"""

import io
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from infra.cloud.account import Account
from infra.cloud.commands import access
from infra.cloud.commands.rollback import Former, rollback
from infra.cloud.commands.rollback_on_failure import Trial
from infra.cloud.errors import CloudError
from infra.cloud.package.build import Package
from infra.cloud.smoke.problem import SmokeFailed
from infra.cloud.stack import artifacts, history
from infra.cloud.stack.cloudformation import QUEUE, Stack
from infra.cloud.stack.events import Event
from infra.cloud.stack.history import Deployed
from infra.definition.names import logical
from tests.infra.cloud.stack.test_monitoring import NAME
from tests.infra.cloud.support import terminal_of

DECLARED = {
    "Seconds": {"Type": "Number", "Default": 1},
    "Key": {"Type": "String", "NoEcho": True, "Default": "first"},
}
SHARDS = {name: {"Type": "Number", "Default": 4} for name in ("IndexShards", "IndexShardsRead")}


@dataclass
class Stage:
    """A stack of queues, which the test changes as a deployment does."""

    account: Account
    folder: Path
    said: io.StringIO = field(default_factory=io.StringIO)
    sharded: bool = False
    """Whether its templates have the parameters of the index partitions."""
    types: tuple[str, ...] = ()
    """Additional job types whose two queues its templates have."""
    waited: list[float] = field(default_factory=list)

    @property
    def stack(self) -> Stack:
        return Stack(self.account, NAME, sleep=self.waited.append)

    def deploy(self, hidden: int, *more: str, **values: str) -> None:
        """Deploy a template with a queue with this visibility timeout, and more queues."""
        waits = {"Ref": "Seconds"}
        queue = {"QueueName": f"{NAME}-q", "VisibilityTimeout": hidden, "ReceiveMessageWaitTimeSeconds": waits}
        others = {name: {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": f"{NAME}-{name}"}} for name in more}
        for kind in self.types:
            for suffix, end in (("Queue", ""), ("Dlq", "-dlq")):
                name = {"QueueName": f"{NAME}-{kind.replace('.', '-')}{end}"}
                others[logical(kind.replace(".", "-"), suffix)] = {"Type": "AWS::SQS::Queue", "Properties": name}
        resources = {"Queue": {"Type": "AWS::SQS::Queue", "Properties": queue}, **others}
        declared = {**DECLARED, **(SHARDS if self.sharded else {})}
        (self.folder / "sam.json").write_text(json.dumps({"Parameters": declared, "Resources": resources}))
        (self.folder / "deployment.zip").write_bytes(b"code")
        made = Package(self.folder / "deployment.zip", self.folder / "sam.json", NAME)
        url = artifacts.upload(self.account, made, {}, values)
        given = [{"ParameterKey": name, "ParameterValue": value} for name, value in values.items()]
        proposed = self.stack.propose(url, given, {})
        assert proposed is not None
        self.stack.execute(proposed, lambda _: None)
        history.remember(self.account, NAME, Deployed.of(self.stack.describe() or {}, url))

    def attributes(self) -> tuple[str, str]:
        """Return the queue's visibility timeout, set by the template, and its wait time, set by the parameter."""
        sqs = self.account.client("sqs")
        url = sqs.get_queue_url(QueueName=f"{NAME}-q")["QueueUrl"]
        found = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
        return found["VisibilityTimeout"], found["ReceiveMessageWaitTimeSeconds"]

    def try_it(self, former: Former | None, **more: Any) -> str:
        """Deploy with a smoke test that fails; return the text of the error."""

        def smoke(_: Mapping[str, str]) -> str:
            raise SmokeFailed("the job is dead")

        with pytest.raises(SmokeFailed, match=r"The smoke test failed: the job is dead\.") as failed:
            Trial(self.account, self.stack, terminal_of(self.said), smoke, **more).run({}, former)
        return str(failed.value)


@pytest.fixture
def stage(account: Account, tmp_path: Path) -> Stage:
    return Stage(account, tmp_path)


def test_template_parameters_and_history_are_those_before(stage: Stage) -> None:
    stage.deploy(1, Seconds="1")
    stage.deploy(2, Seconds="2")
    former, urls = Former.of(stage.account, stage.stack), history.read(stage.account, NAME)
    stage.deploy(3, Seconds="3")
    assert "The former version is back." in stage.try_it(former)
    assert stage.attributes() == ("2", "2")
    assert history.read(stage.account, NAME) == urls


def test_a_secret_that_nobody_is_shown_stays() -> None:
    told = [{"ParameterKey": "Key", "ParameterValue": "****"}, {"ParameterKey": "Seconds", "ParameterValue": "1"}]
    assert history.shown({"Parameters": told}) == {"Seconds": "1"}


def test_it_stays_when_it_is_to_be_looked_at(stage: Stage) -> None:
    stage.deploy(1)
    former = Former.of(stage.account, stage.stack)
    stage.deploy(2)
    assert "`make rollback STAGE=new` brings the former version back" in stage.try_it(former, keep=True)
    assert stage.attributes()[0] == "2"


def test_a_first_deployment_has_nothing_to_go_back_to(stage: Stage) -> None:
    assert Former.of(stage.account, stage.stack) is None
    stage.deploy(1)
    assert "the stage stays as it is" in stage.try_it(None)
    assert stage.attributes()[0] == "1"


def test_data_of_a_new_queue_is_not_thrown_away(stage: Stage) -> None:
    stage.deploy(1)
    former = Former.of(stage.account, stage.stack)
    stage.deploy(2, "New")
    told = stage.try_it(former)
    assert "could not be brought back: This would lose the data in New" in told
    assert stage.attributes()[0] == "2"


@pytest.fixture
def uncounted(monkeypatch: pytest.MonkeyPatch) -> None:
    """A stage without tables here, so that its jobs cannot be counted."""

    def settings(*_: Any) -> None:
        raise CloudError("no tables")

    monkeypatch.setattr(access, "settings", settings)


def queues(stage: Stage) -> set[str]:
    found = stage.account.client("sqs").list_queues().get("QueueUrls", [])
    return {url.rpartition("/")[2].removeprefix(f"{NAME}-") for url in found}


@pytest.mark.usefixtures("uncounted")
def test_a_version_that_added_a_type_is_undone(stage: Stage) -> None:
    stage.types = ("image.process",)
    stage.deploy(1, Seconds="1")
    former = Former.of(stage.account, stage.stack)
    stage.types = ("image.process", "order.place")
    stage.deploy(2, Seconds="2")
    assert "The former version is back." in stage.try_it(former)
    assert queues(stage) == {"q", "image-process", "image-process-dlq"}
    assert stage.attributes() == ("1", "1")
    assert "order.place goes with its queues" in stage.said.getvalue()


@pytest.mark.usefixtures("uncounted")
def test_by_hand_it_is_asked_whether_the_jobs_of_a_type_may_end(stage: Stage) -> None:
    stage.deploy(1)
    stage.types = ("order.place",)
    stage.deploy(2)
    terminal = terminal_of(stage.said)
    with pytest.raises(CloudError, match=r"would cancel unfinished jobs\."):
        rollback(stage.account, stage.stack, terminal)
    rollback(stage.account, stage.stack, terminal, yes=True)
    assert queues(stage) == {"q"}


def test_a_type_that_was_removed_comes_back_when_sqs_gives_its_names_back(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage.types = ("order.place",)
    stage.deploy(1)
    former = Former.of(stage.account, stage.stack)
    stage.types = ()
    stage.deploy(2)
    # the emulator does not list deleted resources
    gone = Event("1", "OrderPlaceQueue", QUEUE, "DELETE_COMPLETE", "", time.time() - 10)
    monkeypatch.setattr(Stack, "_events", lambda _: iter([gone, replace(gone, id="2", at=0.0)]))
    stage.waited.clear()
    assert "The former version is back." in stage.try_it(former)
    assert [seconds for seconds in stage.waited if 50 < seconds < 60]
    assert "SQS holds its name for a minute: waiting" in stage.said.getvalue()


def test_a_fault_of_our_own_is_not_taken_for_one_of_aws(stage: Stage) -> None:
    with pytest.raises(ZeroDivisionError):
        Trial(stage.account, stage.stack, terminal_of(), lambda _: str(1 / 0)).run({}, None)


@pytest.mark.parametrize(
    "refused",
    [ClientError({"Error": {"Code": "TooManyRequestsException"}}, "Invoke"), EndpointConnectionError(endpoint_url="x")],
)
def test_an_aws_that_does_not_let_it_be_tried_undoes_nothing_and_is_told(stage: Stage, refused: Exception) -> None:
    stage.deploy(1)
    former = Former.of(stage.account, stage.stack)
    stage.deploy(2)

    def smoke(_: Mapping[str, str]) -> str:
        raise refused

    with pytest.raises(SmokeFailed, match=r"AWS refused: .* brings the former version back"):
        Trial(stage.account, stage.stack, terminal_of(), smoke).run({}, former)
    assert stage.attributes()[0] == "2"
